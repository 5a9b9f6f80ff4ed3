import { minutesUntil } from '../../functions/call-budget/minutes.ts';
import { type BudgetState, type Ceiling, freshBudget, paceAt } from '../../functions/call-budget/state.ts';
import { LANES, type Lane } from '../../functions/contract/reset-request.ts';
import type { DeployedCeiling } from '../deployment/find-deployment.ts';
import { rfc3339 } from './rfc3339.ts';

/** Calls and refusals are told of so many minutes of the clock, the present one included. */
export const CALL_MINUTES = 5;
const MINUTE_MS = 60_000;

/** How often the API may be called now, and why. Rates are calls a minute. */
export interface BudgetFigures {
  /** Undefined where no ceiling is known: none is set, and the outputs do not tell the deployed one. */
  pace: { perMinute: number; burst: number; reserve: number } | undefined;
  deployed: DeployedCeiling | undefined;
  /** By an operator: it wins. */
  set: Ceiling | undefined;
  /** The API's quota as its refusals taught it. */
  learned: number | undefined;
  /** Of the last five minutes. */
  calls: number;
  refusals: number;
  /** Lanes whose brake is switched off: until a time, or until their next success. */
  brakeOff: { lane: Lane; until: number | undefined }[];
  /** Until when three signs of trouble begin no outage hold. */
  outageOffUntil: number | undefined;
}

/** @param state undefined if there is no item yet: the first call makes it. */
export function budgetFigures(
  state: BudgetState | undefined,
  deployed: DeployedCeiling | undefined,
  now: number,
): BudgetFigures {
  const known = state ?? freshBudget(now);
  const { holds, learned, minutes, ceiling: set } = known;
  const ceiling = set ?? deployed;
  const last = minutesUntil(minutes, now).slice(0, CALL_MINUTES);
  return {
    pace: ceiling === undefined ? undefined : paceOf(known, ceiling, deployed?.reserve ?? 0, now),
    deployed,
    set,
    learned: learned.estimate === undefined ? undefined : learned.estimate * MINUTE_MS,
    calls: last.reduce((sum, { calls }) => sum + calls, 0),
    refusals: last.reduce((sum, { refusals }) => sum + refusals, 0),
    brakeOff: LANES.flatMap((lane) => {
      const off = holds.brakeOff[lane];
      const isOff = off !== undefined && (off.until === undefined || off.until > now);
      return isOff ? [{ lane, until: off.until }] : [];
    }),
    outageOffUntil: (holds.outageOffUntil ?? 0) > now ? holds.outageOffUntil : undefined,
  };
}

function paceOf(state: BudgetState, ceiling: Ceiling, reserve: number, now: number): BudgetFigures['pace'] {
  const pace = paceAt(state, ceiling, reserve, now);
  return { perMinute: pace.rate * MINUTE_MS, burst: pace.burst, reserve: pace.reserve };
}

/** As `--json` prints them. Every member is always there; rates are rounded to a tenth of a call a minute. */
export function budgetJson({ pace, deployed, set, learned, calls, refusals, brakeOff, outageOffUntil }: BudgetFigures) {
  const off = (lane: Lane) => brakeOff.find((one) => one.lane === lane);
  return {
    perMinute: tenths(pace?.perMinute),
    burst: pace?.burst ?? null,
    reserve: pace?.reserve ?? null,
    deployed: deployed ?? null,
    set: set ?? null,
    learnedPerMinute: tenths(learned),
    minutes: CALL_MINUTES,
    calls,
    refusals,
    brakeOff: Object.fromEntries(LANES.map((lane) => [lane, off(lane) ? { until: rfc3339(off(lane)?.until) } : null])),
    outageOffUntil: rfc3339(outageOffUntil),
  };
}

/** Null where there is none. */
export const tenths = (rate: number | undefined): number | null =>
  rate === undefined ? null : Math.round(rate * 10) / 10;
