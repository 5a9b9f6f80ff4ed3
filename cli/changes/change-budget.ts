import { SharedItem } from '../../functions/call-budget/shared-item.ts';
import type { BudgetState } from '../../functions/call-budget/state.ts';
import type { Connection, Context } from '../deployment/connect.ts';
import { CommandFailed } from '../terminal/io.ts';
import { written } from './carry-out.ts';

/** The worker writes the item with every permit, so that a write of ours meets one of its own now and then. */
const LONGEST_MS = 10_000;

/** Writes what is decided of the call budget as it is at that moment. The same state: nothing need be written. */
export async function changeBudget(
  { clock }: Pick<Context, 'clock'>,
  connection: Connection,
  decide: (state: BudgetState, now: number) => BudgetState,
): Promise<BudgetState> {
  const { budget, now } = connection;
  const item = new SharedItem(budget, { now, sleep: clock.sleep }, Math.random);
  const latest = now() + LONGEST_MS;
  for (let conflicts = 0; ; conflicts += 1) {
    const told = await written(
      connection,
      'Whether it was changed is not known: give the command again, it changes nothing twice.',
      item.change((state) => {
        const next = decide(state, now());
        return { state: next, ...(next === state ? {} : { next }) };
      }),
    );
    if (told !== undefined) return told.state;
    if (now() >= latest) {
      throw new CommandFailed(
        'Nothing was changed: the call budget is written by others again and again; try once more.',
      );
    }
    await item.pauseAfterConflict(conflicts);
  }
}
