import type { ActionDetails } from '../../functions/ledger/items.ts';
import { LedgerUnreachable } from '../../functions/ledger/ledger.ts';
import { explanationOf } from '../deployment/aws-errors.ts';
import type { Connection, Context } from '../deployment/connect.ts';
import { confirm, type Question } from '../terminal/confirm.ts';
import { print } from '../terminal/io.ts';
import { written } from './written.ts';

/** A change of state that is about to be made. */
export interface Change {
  /** For the list of actions, without anything that may hold an address: "lane pause bulk". */
  command: string;
  /** What the operator is told before being asked. */
  about: readonly string[];
  details?: ActionDetails;
  /** How many single changes it is made of. @default 1 */
  planned?: number;
  yes: boolean | undefined;
  /** The number to be typed in place of a yes. */
  typed?: Question['typed'];
  /** What is said if nothing came of it: "Nothing was changed." */
  undone: string;
  /** Throws if what was shown is no longer so: the answer may have taken a while. */
  recheck?: () => Promise<void>;
}

/** The action while it is carried out. */
export interface RunningAction {
  id: string;
  /** The ARN of whoever carries it out. */
  who: string;
  /** Given when the operator interrupts it, or another one aborts it. */
  stopped: AbortSignal;
  /** So many of the single changes are made by now. */
  done(count: number): void;
  /** Adds to its details what is known only at its end, without anything that may hold an address. */
  note(more: ActionDetails): void;
}

export interface CarriedOut<T> {
  result: T;
  actionId: string;
  /** All that was planned is done, or what kept it from being done. */
  end: 'done' | 'interrupted' | 'aborted';
}

export const NOTHING_CHANGED = 'Nothing was changed.';

/** An abort is heard of within this time, and whoever looks at the actions sees that this one is alive. */
const BEAT_MS = 5_000;

/**
 * Tells what is about to be done and where, asks, writes it down as an action, does it, and writes down what came of it.
 * @throws CommandFailed if the answer is no, or the action can't be written down: then nothing is done.
 */
export async function carryOut<T>(
  context: Context,
  connection: Connection,
  change: Change,
  work: (action: RunningAction) => Promise<T>,
): Promise<CarriedOut<T>> {
  const { command, details = {}, planned = 1, about, yes, typed, undone, recheck } = change;
  const who = await connection.caller();
  await confirm(context, { yes, about, undone, typed });
  await recheck?.();
  // Enough of it to be unique, and short enough to be typed.
  const actionId = context.newId().slice(0, 13);
  await written(connection, { undone }, connection.actions.begin({ actionId, command, who, details, planned }));
  // Before anything is done: results may be lost, to a full disk say, and this leads back to them.
  await print(context.stderr, `Action ${actionId}.`);

  return context.graceful(async (interrupted) => {
    const aborted = new AbortController();
    const stopped = AbortSignal.any([interrupted, aborted.signal]);
    let done = 0;
    let noted: ActionDetails | undefined;
    const beats = context.clock.every(BEAT_MS, async () => {
      // A beat that is lost harms nobody; the next one tells the same and more.
      if (await connection.actions.beat(actionId, done).catch(() => false)) aborted.abort();
    });
    let hasFailed = true;
    try {
      const result = await work({
        id: actionId,
        who,
        stopped,
        done(count) {
          done = count;
        },
        note(more) {
          noted = { ...details, ...noted, ...more };
        },
      });
      hasFailed = false;
      return { result, actionId, end: endOf() };
    } finally {
      await beats.stop();
      await connection.actions
        .end(actionId, endOf(), done, noted)
        .catch((error: unknown) => lost(context, actionId, error));
    }

    function endOf(): CarriedOut<T>['end'] {
      if (!hasFailed && done >= planned) return 'done';
      return aborted.signal.aborted ? 'aborted' : 'interrupted';
    }
  });
}

/** What was done is done, whether or not the list of actions says so. */
async function lost(context: Context, actionId: string, error: unknown): Promise<void> {
  if (!(error instanceof LedgerUnreachable)) throw error;
  await print(
    context.stderr,
    `resets: How action ${actionId} ended could not be written down; it will be listed as interrupted. ${explanationOf('the ledger table', error.cause)}`,
  );
}
