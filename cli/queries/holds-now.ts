import type { BudgetState } from '../../functions/call-budget/state.ts';
import type { Lane } from '../../functions/contract/reset-request.ts';
import type { Connection } from '../deployment/connect.ts';
import type { QueueCounts } from '../deployment/queues.ts';
import { CommandFailed } from '../terminal/io.ts';
import { type StandingHold, standingHolds } from './standing-holds.ts';

export interface HoldsNow {
  /** Undefined before the first call, or where the item was deleted. */
  state: BudgetState | undefined;
  holds: StandingHold[];
  /** Those that stand in another state of the same moment. */
  holdsOf(state: BudgetState): StandingHold[];
}

/** What holds a deployment. @throws LedgerUnreachable, BudgetDamaged */
export async function holdsNow({ budget, queues, deployment, now }: Connection): Promise<HoldsNow> {
  // A lane that can't be counted may have messages.
  const count = (lane: Lane): Promise<QueueCounts | undefined> =>
    queues.counts(deployment.laneQueueUrls[lane]).catch((error: unknown) => {
      if (error instanceof CommandFailed) return undefined;
      throw error;
    });
  const [state, interactive, bulk] = await Promise.all([budget.read(), count('interactive'), count('bulk')]);
  const holdsOf = (of: BudgetState | undefined): StandingHold[] => standingHolds(of, { interactive, bulk }, now());
  return { state, holds: holdsOf(state), holdsOf };
}
