import type { EpochMs } from '../common/clock.ts';
import type { Lane } from '../contract/reset-request.ts';
import { afterRefusal, type Learned, nothingLearned, rateAt, withMark } from './adaptive-rate.ts';
import type { CallReport, Ticket } from './call-budget.ts';
import {
  afterAnswer,
  afterRejection,
  afterSuccess,
  afterUnanswered,
  afterUnauthorized,
  afterUnavailable,
  afterUnused,
  type CallSigns,
  type Holds,
  NO_HOLDS,
} from './holds.ts';
import type { Pace } from './permits.ts';

/** What an operator or a deployment allows. */
export interface Ceiling {
  /** Calls a minute; above 0. */
  perMinute: number;
  /** Calls at once after a rest; at least 1. */
  burst: number;
}

/** The call budget: one item that all copies of the function share. */
export interface BudgetState {
  /** Grows by one with each write; a write is made only over the revision that its writer saw. */
  revision: number;
  /** The theoretical arrival time of the cell rate algorithm. */
  arrival: EpochMs;
  /** Permits ever taken, and calls ever answered 429. */
  granted: number;
  refused: number;
  /** The API asked for a pause, or has refused and is left alone for a little. */
  quietUntil: EpochMs;
  learned: Learned;
  holds: Holds;
  /** Set by an operator at run time; wins over the deployed one. */
  ceiling?: Ceiling;
}

const MINUTE_MS = 60_000;
/** Calls arrive at the API a little early or late; so much of the burst is kept for that, or an even pace would be refused now and then. */
const JITTER_MS = 500;

export const freshBudget = (now: EpochMs): BudgetState => ({
  revision: 0,
  arrival: now,
  granted: 0,
  refused: 0,
  quietUntil: 0,
  learned: nothingLearned(now),
  holds: NO_HOLDS,
});

/** The pace of this moment: the ceiling, or what the API's refusals have taught. */
export function paceAt(state: BudgetState, deployed: Ceiling, reserve: number, now: EpochMs): Pace {
  const { perMinute, burst } = state.ceiling ?? deployed;
  const ceilingRate = perMinute / MINUTE_MS;
  const rate = rateAt(state.learned, ceilingRate, now);
  // Below the ceiling the API's bucket is empty or its window full: a burst would only be refused.
  const isLearned = state.learned.estimate !== undefined && rate < ceilingRate;
  const usable = isLearned ? 1 + reserve : burst - Math.ceil(ceilingRate * JITTER_MS);
  const kept = Math.max(1, Math.min(burst, usable));
  return { rate, burst: kept, reserve: Math.min(reserve, kept - 1) };
}

/** Permits were taken. */
export const afterPermits = (
  state: BudgetState,
  count: number,
  arrival: EpochMs,
  holds: Holds,
  now: EpochMs,
): BudgetState => ({
  ...state,
  arrival,
  holds,
  granted: state.granted + count,
  learned: withMark(state.learned, state.granted - state.refused, now),
});

/** What a call showed. The same object where it showed nothing new: then nothing need be written. */
export function afterCall(
  state: BudgetState,
  ticket: Ticket,
  report: CallReport,
  deployed: Ceiling,
  now: EpochMs,
): BudgetState {
  const signs: CallSigns = {
    lane: ticket.lane,
    key: ticket.key,
    probe: ticket.probe,
    now,
  };
  const holds = holdsAfter(state.holds, signs, report);
  if (report.kind !== 'throttled') return holds === state.holds ? state : { ...state, holds };
  const ceilingRate = (state.ceiling ?? deployed).perMinute / MINUTE_MS;
  const refused = state.refused + 1;
  const { retryAfterMs } = report;
  const { learned, quietUntil = 0 } = afterRefusal(state.learned, ceilingRate, {
    admitted: state.granted - refused,
    grantedAt: ticket.grantedAt,
    now,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
  const quiet = Math.max(state.quietUntil, quietUntil);
  return {
    ...state,
    holds,
    refused,
    learned,
    quietUntil: quiet,
    arrival: Math.max(state.arrival, quiet),
  };
}

function holdsAfter(holds: Holds, signs: CallSigns, { kind }: CallReport): Holds {
  switch (kind) {
    case 'success':
      return afterSuccess(holds, signs);
    case 'throttled':
    case 'answered':
      return afterAnswer(holds, signs);
    case 'rejected':
      return afterRejection(holds, signs);
    case 'unavailable':
      return afterUnavailable(holds, signs);
    case 'unanswered':
      return afterUnanswered(holds, signs);
    case 'unauthorized':
      return afterUnauthorized(holds, signs);
    case 'unused':
      return afterUnused(holds, signs);
  }
}

/** Until when a call with such a report is to wait, where the report is no fault of its request. */
export function heldUntil(state: BudgetState, lane: Lane, { kind }: CallReport): EpochMs | undefined {
  if (kind === 'unauthorized') return state.holds.holds.all?.until;
  if (kind === 'rejected') return state.holds.holds[lane]?.until;
  return undefined;
}
