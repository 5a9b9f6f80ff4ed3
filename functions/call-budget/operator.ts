import type { EpochMs } from '../common/clock.ts';
import { LANES } from '../contract/reset-request.ts';
import type { Scope } from './holds.ts';
import type { BudgetState } from './state.ts';

/** After a release three signs of trouble begin no outage hold for this long. */
const OUTAGE_OFF_MS = 60 * 60_000;

/** No call in scope until then, or until it is resumed. */
export const pause = (state: BudgetState, scope: Scope, until: EpochMs): BudgetState => ({
  ...state,
  holds: { ...state.holds, byOperator: { ...state.holds.byOperator, [scope]: { until } } },
});

export function resume(state: BudgetState, scope: Scope): BudgetState {
  const { [scope]: _, ...byOperator } = state.holds.byOperator;
  return { ...state, holds: { ...state.holds, byOperator } };
}

/**
 * Ends every hold but an operator's, and a pause that the API asked for. A brake that was on stays off until the lane's next success, an outage hold for an hour: whoever
 * releases them knows better.
 */
export function release(state: BudgetState, now: EpochMs): BudgetState {
  const { holds, learned, quietUntil } = state;
  const braked = LANES.filter((lane) => holds.byScope[lane] !== undefined);
  return {
    ...state,
    quietUntil: Math.min(quietUntil, now),
    // Refusals teach again from now on, and not from the end of that pause.
    learned: learned.grewFrom === undefined ? learned : { ...learned, grewFrom: Math.min(learned.grewFrom, now) },
    holds: {
      ...holds,
      byScope: {},
      troubles: [],
      brakeOff: { ...holds.brakeOff, ...Object.fromEntries(braked.map((lane) => [lane, true])) },
      ...(holds.byScope.all?.why === 'outage' ? { outageOffUntil: now + OUTAGE_OFF_MS } : {}),
    },
  };
}
