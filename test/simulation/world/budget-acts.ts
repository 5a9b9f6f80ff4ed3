import { type BudgetState, freshBudget } from '../../../functions/call-budget/state.ts';
import type { EpochMs } from '../../../functions/common/clock.ts';
import { BUDGET_KEY } from '../../../functions/ledger/items.ts';
import type { Table } from './aws/table.ts';

/** Does what an operator's command does to the item in the table. */
export function doTo(table: Table, change: (state: BudgetState, now: EpochMs) => BudgetState, now: EpochMs): void {
  const item = table.items.get(BUDGET_KEY) as { revision: number; state: BudgetState } | undefined;
  const state = item?.state ?? freshBudget(now);
  const revision = state.revision + 1;
  table.put(BUDGET_KEY, { pk: BUDGET_KEY, revision, writer: 'operator', state: { ...change(state, now), revision } });
}
