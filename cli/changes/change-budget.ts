import { SharedItem } from '../../functions/call-budget/shared-item.ts';
import type { BudgetState } from '../../functions/call-budget/state.ts';
import type { Connection, Context } from '../deployment/connect.ts';
import { CommandFailed, EXIT } from '../terminal/io.ts';
import { NOTHING_CHANGED, type RunningAction } from './carry-out.ts';
import { writeFailure } from './written.ts';

/** The worker writes the item with every permit, so that a write of ours meets one of its own now and then. */
const LONGEST_MS = 10_000;

/**
 * Writes what is decided of the call budget as it is at that moment, and counts the action as done. The same state: nothing need be written.
 * @param decide may be asked several times, each time about what is there by then; what it throws ends it, and nothing is written.
 */
export async function changeBudget(
  { clock }: Pick<Context, 'clock'>,
  connection: Connection,
  action: RunningAction,
  decide: (state: BudgetState, now: number) => BudgetState,
): Promise<BudgetState> {
  const { budget, now } = connection;
  const item = new SharedItem(budget, { now, sleep: clock.sleep }, Math.random);
  const latest = now() + LONGEST_MS;
  for (let conflicts = 0; ; conflicts += 1) {
    if (action.stopped.aborted) throw new CommandFailed(NOTHING_CHANGED, EXIT.interrupted);
    let isSent = false;
    const change = item.change((state) => {
      const next = decide(state, now());
      isSent = next !== state;
      return { state: next, ...(isSent ? { next } : {}) };
    });
    const told = await change.catch((error: unknown) => {
      throw writeFailure(connection, { undone: NOTHING_CHANGED, ...(isSent ? { unknown: UNKNOWN } : {}) }, error);
    });
    if (told !== undefined) {
      action.done(1);
      return told.state;
    }
    if (now() >= latest) {
      throw new CommandFailed(
        `${NOTHING_CHANGED} The call budget is written by others again and again; give the command once more.`,
      );
    }
    await item.pauseAfterConflict(conflicts);
  }
}

const UNKNOWN = 'Whether it was changed is not known: give the command again, it changes nothing twice.';
