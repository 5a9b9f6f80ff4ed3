import { type BudgetState, freshBudget } from '../../../functions/call-budget/state.ts';
import type { EpochMs } from '../../../functions/common/clock.ts';
import { LANES } from '../../../functions/contract/reset-request.ts';
import { BUDGET_KEY } from '../../../functions/ledger/items.ts';
import type { Table } from './aws/table.ts';
import type { Scope } from './options.ts';

/**
 * What an operator does to the call budget: from state to state, written by hand until functions/call-budget/operator.ts offers the same.
 * The same object where there is nothing to do: then nothing is written.
 */
export type Change = (state: BudgetState, now: EpochMs) => BudgetState;

/** Ends every hold but an operator's own, and switches the brake off where it held. */
export const release: Change = (state) => {
  const { holds, brakeOff } = state.holds;
  if (Object.keys(holds).length === 0) return state;
  const braked = LANES.filter((lane) => holds[lane]?.why === 'brake').map((lane) => [lane, true] as const);
  return {
    ...state,
    holds: { ...state.holds, holds: {}, suspects: [], brakeOff: { ...brakeOff, ...Object.fromEntries(braked) } },
  };
};

/** Until it is resumed. */
export const pause =
  (scope: Scope): Change =>
  (state) => {
    const operatorHolds = { ...state.holds.operatorHolds, [scope]: { until: Number.MAX_SAFE_INTEGER } };
    return { ...state, holds: { ...state.holds, operatorHolds } };
  };

export const resume =
  (scope: Scope): Change =>
  (state) => {
    const { [scope]: _, ...operatorHolds } = state.holds.operatorHolds;
    return { ...state, holds: { ...state.holds, operatorHolds } };
  };

/** Does it to the item in the table, as the command line would. */
export function doTo(table: Table, change: Change, now: EpochMs): void {
  const item = table.items.get(BUDGET_KEY) as { revision: number; state: BudgetState } | undefined;
  const state = item?.state ?? freshBudget(now);
  const next = change(state, now);
  if (next === state) return;
  const revision = state.revision + 1;
  table.put(BUDGET_KEY, { pk: BUDGET_KEY, revision, writer: 'operator', state: { ...next, revision } });
}
