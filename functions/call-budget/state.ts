import type { TransportCause } from '../common/causes.ts';
import type { EpochMs } from '../common/clock.ts';
import type { QuotaKind } from '../contract/quota.ts';
import { jitterCalls } from '../contract/quota.ts';
import {
  afterRefusal,
  type Learned,
  type Limit,
  nothingLearned,
  rateAt,
  withoutRest,
  withSample,
} from './adaptive-rate.ts';
import type { Ruling, Shown, Ticket } from './call-budget.ts';
import {
  type Hold,
  type Holds,
  holdsAfter,
  isOwnFault,
  type Life,
  NO_HOLDS,
  showsLife,
  withLife,
  withoutEndedPauses,
} from './holds.ts';
import { type Minutes, noMinutes, withCalls } from './minutes.ts';
import type { Pace } from './permits.ts';

/** What an operator or a deployment allows. */
export interface Ceiling {
  /** `known`: this is the API's quota, and all of it is used from the start. `ceiling`: a guess from above; the quota is found out. */
  quota: QuotaKind;
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
  minutes: Minutes;
  /** The API asked for a pause, or has refused and is left alone for a little. */
  quietUntil: EpochMs;
  learned: Learned;
  holds: Holds;
  /** Set by an operator at run time; wins over the deployed one. */
  ceiling?: Ceiling;
}

const MINUTE_MS = 60_000;

export const freshBudget = (now: EpochMs): BudgetState => ({
  revision: 0,
  arrival: now,
  granted: 0,
  refused: 0,
  minutes: noMinutes(now),
  quietUntil: 0,
  learned: nothingLearned(now),
  holds: NO_HOLDS,
});

/** The pace of this moment: the ceiling, or what the API's refusals have taught. */
export function paceAt(state: BudgetState, deployed: Ceiling, reserve: number, now: EpochMs): Pace {
  const ceiling = state.ceiling ?? deployed;
  const limit = limitOf(ceiling);
  const rate = rateAt(withoutRest(state.learned, limit, state.arrival, now), limit, now);
  // Below the ceiling the API's bucket is empty or its window full: a burst would only be refused.
  const isLearned = state.learned.estimate !== undefined && rate < limit.rate;
  const usable = isLearned ? 0 : ceiling.burst - jitterCalls(ceiling.perMinute);
  const burst = Math.min(ceiling.burst, Math.max(usable, reserve + 1));
  return { rate, burst, reserve: Math.min(reserve, burst - 1) };
}

const limitOf = ({ perMinute, quota }: Ceiling): Limit => ({
  rate: perMinute / MINUTE_MS,
  isKnown: quota === 'known',
});

/** Permits were taken. */
export function afterPermits(
  state: BudgetState,
  taken: { count: number; arrival: EpochMs; holds: Holds },
  deployed: Ceiling,
  now: EpochMs,
): BudgetState {
  const { count, arrival, holds } = taken;
  const rested = withoutRest(state.learned, limitOf(state.ceiling ?? deployed), state.arrival, now);
  return {
    ...state,
    arrival,
    holds: withoutEndedPauses(holds, now),
    granted: state.granted + count,
    minutes: withCalls(state.minutes, now, count, 0),
    learned: withSample(rested, state.granted - state.refused, now),
  };
}

/** What a copy of the function has seen of life and not written yet, as it rarely needs to. The same object if nothing of it is new. */
export function withKnownLife(state: BudgetState, life: Life): BudgetState {
  const holds = withLife(state.holds, life);
  return holds === state.holds ? state : { ...state, holds };
}

/** What a call showed. The same object if it showed nothing new: then nothing need be written. */
export function afterCall(
  state: BudgetState,
  ticket: Ticket,
  shown: Shown,
  deployed: Ceiling,
  now: EpochMs,
): BudgetState {
  const holds = holdsAfter(state.holds, { ...ticket, now, latestPermit: state.granted }, shown);
  if (shown.kind !== 'throttled') return holds === state.holds ? state : { ...state, holds };
  const limit = limitOf(state.ceiling ?? deployed);
  const refused = state.refused + 1;
  const { retryAfterMs } = shown;
  const { learned, quietUntil = 0 } = afterRefusal(state.learned, limit, {
    admitted: state.granted - refused,
    grantedAt: ticket.grantedAt,
    now,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
  const quiet = Math.max(state.quietUntil, quietUntil);
  const slowedBy = rateAt(state.learned, limit, now) / rateAt(learned, limit, now);
  const arrival = arrivalAtRate(state.arrival, slowedBy, now);
  const minutes = withCalls(state.minutes, now, 0, 1);
  return { ...state, holds, refused, minutes, learned, quietUntil: quiet, arrival };
}

/** The arrival time says how many permits are ahead of their time: at another rate these many take longer, or not so long. */
const arrivalAtRate = (arrival: EpochMs, slowedBy: number, now: EpochMs): EpochMs =>
  arrival > now ? now + (arrival - now) * slowedBy : arrival;

/** Another ceiling from now on, also in place of what was learned under the one before; undefined for the deployed one. */
export function underCeiling(
  state: BudgetState,
  ceiling: Ceiling | undefined,
  deployed: Ceiling,
  now: EpochMs,
): BudgetState {
  const { ceiling: before, ...rest } = state;
  if (before?.perMinute === ceiling?.perMinute && before?.burst === ceiling?.burst) return state;
  const learned = { ...nothingLearned(now), samples: state.learned.samples };
  const rateBefore = rateAt(state.learned, limitOf(state.ceiling ?? deployed), now);
  const slowedBy = rateBefore / rateAt(learned, limitOf(ceiling ?? deployed), now);
  const arrival = arrivalAtRate(state.arrival, slowedBy, now);
  return { ...rest, learned, arrival, ...(ceiling === undefined ? {} : { ceiling }) };
}

export const OWN: Ruling = { fault: 'own' };

/** Whose fault it is that a call failed, by the state after it. */
export function rulingOn(state: BudgetState, { lane, history, permit }: Ticket, shown: Shown, now: EpochMs): Ruling {
  const { all, [lane]: ofLane } = state.holds.byScope;
  const byHold = (hold: Hold | undefined): Ruling => (hold ? { fault: 'ours', why: hold.why, until: hold.until } : OWN);
  switch (shown.kind) {
    case 'succeeded':
    case 'throttled':
    case 'nothing':
      return OWN;
    case 'unauthorized':
    case 'no-token':
      return byHold(all);
    case 'rejected':
      return byHold(ofLane);
    case 'server-error':
      if (isOwnFault(state.holds, history) && permit > (state.holds.lastOutage ?? 0)) return OWN;
      return byTrouble(state.holds, permit, now);
    case 'unavailable':
    case 'unknown':
      return byTrouble(state.holds, permit, now);
  }
}

function byTrouble(holds: Holds, permit: number, now: EpochMs): Ruling {
  const { all } = holds.byScope;
  if (all?.why === 'outage') return { fault: 'ours', why: 'outage', until: all.until };
  // Heard of late, after the end of the outage that it met.
  if (permit <= (holds.lastOutage ?? 0)) return { fault: 'ours', why: 'outage', until: now };
  return showsLife(holds, now) ? OWN : { fault: 'ours', why: 'no-life', until: now };
}

/** What a call met, for the log: the API's status, or what the transport said where there was none. */
export const metBy = (shown: Shown): { status?: number; why?: TransportCause } => ({
  ...('status' in shown && shown.status !== undefined ? { status: shown.status } : {}),
  ...('why' in shown && shown.why !== undefined ? { why: shown.why } : {}),
});

/** How long a failed call is taken to be ours if the state can be neither read nor written. */
const UNREACHABLE_MS = MINUTE_MS;

/** The ruling on a call of which nobody could be told. */
export function blindRuling(shown: Shown, now: EpochMs): Ruling {
  const isFailure = !['succeeded', 'throttled', 'nothing'].includes(shown.kind);
  return isFailure ? { fault: 'ours', why: 'budget-unreachable', until: now + UNREACHABLE_MS } : OWN;
}
