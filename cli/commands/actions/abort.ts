import type { ActionItem } from '../../../functions/ledger/items.ts';
import { written } from '../../changes/written.ts';
import { failureOf } from '../../deployment/aws-errors.ts';
import { type Connection, type Context, placeOf } from '../../deployment/connect.ts';
import { actionJson, actionState } from '../../queries/actions.ts';
import { confirm, requireConsent } from '../../terminal/confirm.ts';
import { CommandFailed, EXIT, type ExitCode, print } from '../../terminal/io.ts';
import { ago, plain, printJson, time } from '../../terminal/text.ts';
import { checkActionId, findAction } from './find-action.ts';
import { progressOf } from './progress-of.ts';

export interface AbortOptions {
  yes?: boolean;
  json?: boolean;
}

/** Whoever carries it out asks every 5 s whether to go on, and ends what is under way. */
const LONGEST_MS = 15_000;
const LOOK_MS = 1_000;
const NOT_ASKED = 'Nothing was stopped.';

/** Asks an action to stop, waits until it has, and tells how far it came. That somebody asked is kept in the action itself. */
export async function abortAction(context: Context, id: string, { yes, json }: AbortOptions): Promise<ExitCode> {
  checkActionId(id);
  requireConsent(context, yes);
  const connection = await context.connect();
  const item = await findAction(context, connection, id);
  refuseIfEnded(item, connection.now());
  const who = await connection.caller();
  const now = connection.now();
  await confirm(context, {
    yes,
    about: [
      `About to abort action ${id} of ${placeOf(connection)}: ${plain(item.command)}.`,
      `Begun by ${plain(item.who)} at ${time(item.startedAt)} (${ago(item.startedAt, now)}); ${progressOf(item, now)} done.`,
      `${whenItStops(item, now)} What it has done stays done.`,
    ],
    undone: NOT_ASKED,
  });
  const words = { undone: NOT_ASKED, unknown: 'Whether it was asked to stop is not known: give the command again.' };
  const isAsked = await written(connection, words, connection.actions.askToStop(id, who));
  const ended = await endOf(context, connection, id);
  const last = ended ?? item;
  const isStopped = isAsked && (ended?.state === 'aborted' || ended?.state === 'interrupted');
  if (json) await printJson(context, { stopped: isStopped, ...actionJson(last, connection.now()) });
  if (!isStopped) throw new CommandFailed(whyNot(id, ended, connection.now()));
  if (!json)
    await print(context.stdout, `Stopped: ${plain(last.command)}, ${progressOf(last, connection.now())} done.`);
  return EXIT.done;
}

/** One that has only fallen silent may go on, when a laptop is opened again, say. */
function refuseIfEnded(item: ActionItem, now: number): void {
  if (item.state === 'running') return;
  const endedAt = item.finishedAt ?? item.heardAt;
  throw new CommandFailed(
    `Action ${item.actionId} does not run: ${item.state}, ${progressOf(item, now)} done; it ended at ${time(endedAt)} (${ago(endedAt, now)}).`,
  );
}

const whenItStops = (item: ActionItem, now: number): string =>
  actionState(item, now) === 'running'
    ? 'It stops within 10 s, on whatever machine it runs.'
    : `Nothing was heard of it since ${time(item.heardAt)} (${ago(item.heardAt, now)}); should it go on, it stops within 10 s.`;

/** The action once it has ended, or undefined if it has not in time. */
async function endOf({ clock }: Context, { ledger, now }: Connection, id: string): Promise<ActionItem | undefined> {
  const latest = now() + LONGEST_MS;
  for (;;) {
    // It is asked already; a look that fails changes nothing of that.
    const item = await ledger.findAction(id).catch((error: unknown) => {
      if (failureOf(error) === undefined) throw error;
      return undefined;
    });
    if (item !== undefined && item.state !== 'running') return item;
    if (now() >= latest) return undefined;
    await clock.sleep(LOOK_MS);
  }
}

const whyNot = (id: string, ended: ActionItem | undefined, now: number): string =>
  ended === undefined
    ? `Action ${id} was asked to stop and has not said within ${LONGEST_MS / 1000} s that it did: its machine may be off or without a network. It is listed as interrupted once nothing was heard of it for a minute.`
    : `Action ${id} had ended before it could be stopped: ${ended.state}, ${progressOf(ended, now)} done.`;
