import type { BudgetState } from '../../functions/call-budget/state.ts';
import type { Connection } from '../deployment/connect.ts';
import { laneCounts } from './lane-counts.ts';
import { type StandingHold, standingHolds } from './standing-holds.ts';

export interface HoldsNow {
  /** Undefined before the first call, or where the item was deleted. */
  state: BudgetState | undefined;
  holds: StandingHold[];
  /** Those that stand in another state of the same moment. */
  holdsOf(state: BudgetState): StandingHold[];
}

/** What holds a deployment. @throws LedgerUnreachable, BudgetDamaged */
export async function holdsNow(connection: Connection): Promise<HoldsNow> {
  const [state, counts] = await Promise.all([connection.budget.read(), laneCounts(connection)]);
  const holdsOf = (of: BudgetState | undefined): StandingHold[] => standingHolds(of, counts, connection.now());
  return { state, holds: holdsOf(state), holdsOf };
}
