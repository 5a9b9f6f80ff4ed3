import type { EpochMs } from '../common/clock.ts';
import { LANES } from '../contract/reset-request.ts';
import type { Holds, OperatorHold, Scope } from './holds.ts';
import { type BudgetState, type Ceiling, underCeiling } from './state.ts';

/** After a release three signs of trouble begin no outage hold for this long. */
const OUTAGE_OFF_MS = 60 * 60_000;

/** No call in scope until the hold's end, or until it is resumed. */
export const pause = (state: BudgetState, scope: Scope, hold: OperatorHold): BudgetState => ({
  ...state,
  holds: { ...state.holds, byOperator: { ...state.holds.byOperator, [scope]: hold } },
});

export function resume(state: BudgetState, scope: Scope): BudgetState {
  const { [scope]: _, ...byOperator } = state.holds.byOperator;
  return { ...state, holds: { ...state.holds, byOperator } };
}

/** A ceiling in place of the deployed one, used whole from now on: whoever sets it knows it. */
export const setCeiling = (
  state: BudgetState,
  ceiling: Pick<Ceiling, 'perMinute' | 'burst'>,
  deployed: Ceiling,
  now: EpochMs,
): BudgetState => underCeiling(state, { ...ceiling, quota: 'known' }, deployed, now);

/** The deployed ceiling again. */
export const clearCeiling = (state: BudgetState, deployed: Ceiling, now: EpochMs): BudgetState =>
  underCeiling(state, undefined, deployed, now);

/**
 * Ends every hold but an operator's, and a pause that the API asked for. A brake that was on stays off until the lane's next success, an
 * outage hold for an hour: whoever releases them knows better.
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
      brakeOff: { ...holds.brakeOff, ...Object.fromEntries(braked.map((lane) => [lane, {}])) },
      ...(holds.byScope.all?.why === 'outage' ? { outageOffUntil: now + OUTAGE_OFF_MS } : {}),
    },
  };
}

/** No rejections of the lanes in scope count until then, whatever succeeds meanwhile; a brake that is on is over. */
export function brakeOff(state: BudgetState, scope: Scope, until: EpochMs): BudgetState {
  const lanes = LANES.filter((lane) => scope === 'all' || scope === lane);
  const { byScope, rejections, ...holds } = state.holds;
  const others = <T>(of: Partial<Record<Scope, T>>) =>
    Object.fromEntries(Object.entries(of).filter(([name]) => !lanes.some((lane) => lane === name)));
  const off: Holds['brakeOff'] = Object.fromEntries(lanes.map((lane) => [lane, { until }]));
  return {
    ...state,
    holds: {
      ...holds,
      byScope: others(byScope),
      rejections: others(rejections),
      brakeOff: { ...holds.brakeOff, ...off },
    },
  };
}
