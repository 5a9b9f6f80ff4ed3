import type { EpochMs } from '../common/clock.ts';
import type { Lane } from '../contract/reset-request.ts';

/** One refused connection is bad luck; of three different requests it is an outage. */
const OUTAGE_REQUESTS = 3;
const FIRST_OUTAGE_MS = 5_000;
const LONGEST_OUTAGE_MS = 60_000;
/** The secret is read at most this often after a 401, so an earlier probe could learn nothing. */
const CREDENTIAL_HOLD_MS = 30_000;
/** So many rejections in a row mean a wrong URL, token owner or file rather than so many bad users. */
const BRAKE_REJECTIONS = 20;
const BRAKE_HOLD_MS = 5 * 60_000;
/** The request whose probe failed last stands back this long for another to probe. */
const STAND_BACK_MS = 30_000;

export type HoldCause = 'outage' | 'credential' | 'brake' | 'operator';

/** A time in which nobody in scope calls. At its end one call probes, except after an operator's, which ends when he says. */
export interface Hold {
  why: HoldCause;
  until: EpochMs;
  lengthMs: number;
  /** A probe is under way; were it never heard of again, the next may go then. */
  probeEnd?: EpochMs;
  lastProber?: string;
}

export type Scope = 'all' | Lane;
export type HoldsByScope = Partial<Record<Scope, Hold>>;
/** An operator's hold stands beside the others: ending one does not end the other. */
export type OperatorHolds = Partial<Record<Scope, { until: EpochMs }>>;

export interface Holds {
  holds: HoldsByScope;
  operatorHolds: OperatorHolds;
  /** Requests that found the API unavailable since its last success. */
  suspects: readonly string[];
  /** Rejections of each lane since its last success. */
  rejections: Partial<Record<Lane, number>>;
  /** Lanes whose brake an operator has switched off until their next success. */
  brakeOff: Partial<Record<Lane, boolean>>;
}

export const NO_HOLDS: Holds = {
  holds: {},
  operatorHolds: {},
  suspects: [],
  rejections: {},
  brakeOff: {},
};

export type Passage =
  | { kind: 'free' }
  /** This call is the probe of these scopes; `holds` remembers that it is under way. */
  | { kind: 'probe'; holds: Holds }
  /** `standsBack`: the hold is over, but this request probed last and leaves the next probe to another. */
  | { kind: 'held'; until: EpochMs; why: HoldCause; standsBack: boolean };

/** Whether a call of this request may be made now. */
export function passage(state: Holds, lane: Lane, key: string, now: EpochMs, leaseMs: number): Passage {
  const scopes: Scope[] = ['all', lane];
  for (const scope of scopes) {
    const operator = state.operatorHolds[scope];
    if (operator && now < operator.until)
      return {
        kind: 'held',
        until: operator.until,
        why: 'operator',
        standsBack: false,
      };
  }
  const probing: HoldsByScope = {};
  for (const scope of scopes) {
    const hold = state.holds[scope];
    if (!hold) continue;
    const free = Math.max(hold.until, hold.probeEnd ?? 0);
    if (now < free) return { kind: 'held', until: free, why: hold.why, standsBack: false };
    const until = hold.until + STAND_BACK_MS;
    if (hold.lastProber === key && now < until) return { kind: 'held', until, why: hold.why, standsBack: true };
    probing[scope] = { ...hold, probeEnd: now + leaseMs, lastProber: key };
  }
  if (Object.keys(probing).length === 0) return { kind: 'free' };
  return {
    kind: 'probe',
    holds: { ...state, holds: { ...state.holds, ...probing } },
  };
}

/** Of one call, as far as holds go by it. */
export interface CallSigns {
  lane: Lane;
  key: string;
  /** The call was a probe. */
  probe: boolean;
  now: EpochMs;
}

/** Ends all holds of the call's scope but an operator's. The same object where there was nothing to end: then nothing need be written. */
export function afterSuccess(state: Holds, { lane }: CallSigns): Holds {
  const nothing =
    !state.holds.all &&
    !state.holds[lane] &&
    state.suspects.length === 0 &&
    !state.rejections[lane] &&
    !state.brakeOff[lane];
  if (nothing) return state;
  const { all: _, [lane]: __, ...holds } = state.holds;
  const { [lane]: ___, ...rejections } = state.rejections;
  const { [lane]: ____, ...brakeOff } = state.brakeOff;
  return { ...state, holds, suspects: [], rejections, brakeOff };
}

/** The API is there and took the token: what held all calls is over. The lane's brake is another matter. */
export function afterAnswer(state: Holds, signs: CallSigns): Holds {
  if (!signs.probe) return state;
  const { all: _, ...holds } = state.holds;
  return withoutProbe({ ...state, holds, suspects: [] }, signs);
}

/** A probe that showed nothing lets another go. */
export const afterUnused = (state: Holds, signs: CallSigns): Holds =>
  signs.probe ? withoutProbe(state, signs) : state;

/** A rejection counts towards the brake, unless the operator knows better. */
export function afterRejection(state: Holds, signs: CallSigns): Holds {
  const { lane, now } = signs;
  const answered = afterAnswer(state, signs);
  if (state.brakeOff[lane]) return answered;
  const braked = state.holds[lane];
  const rejections = {
    ...answered.rejections,
    [lane]: (answered.rejections[lane] ?? 0) + 1,
  };
  const isDue = braked ? signs.probe : (rejections[lane] ?? 0) >= BRAKE_REJECTIONS;
  if (!isDue) return { ...answered, rejections };
  return withHold(
    { ...answered, rejections },
    lane,
    { why: 'brake', lengthMs: BRAKE_HOLD_MS, lastProber: signs.key },
    now,
  );
}

/** 503 or no connection. */
export function afterUnavailable(state: Holds, signs: CallSigns): Holds {
  const { key, probe, now } = signs;
  const hold = state.holds.all;
  if (hold)
    return probe
      ? withHold(withoutProbe(state, signs), 'all', { why: 'outage', lengthMs: longer(hold), lastProber: key }, now)
      : state;
  const known = state.suspects.includes(key) ? state.suspects : [...state.suspects, key];
  const suspects = known.slice(-OUTAGE_REQUESTS);
  const freed = probe ? withoutProbe(state, signs) : state;
  if (suspects.length < OUTAGE_REQUESTS) return { ...freed, suspects };
  return withHold({ ...freed, suspects }, 'all', { why: 'outage', lengthMs: FIRST_OUTAGE_MS, lastProber: key }, now);
}

/** 504 or no answer: no sign of an outage by itself, and none of its end. */
export function afterUnanswered(state: Holds, signs: CallSigns): Holds {
  return state.holds.all?.why === 'outage' && signs.probe ? afterUnavailable(state, signs) : afterUnused(state, signs);
}

/** No accepted token. A hold that stands already is not lengthened. */
export function afterUnauthorized(state: Holds, signs: CallSigns): Holds {
  const { key, probe, now } = signs;
  const hold = state.holds.all;
  if (hold?.why === 'credential' && now < hold.until) return state;
  const freed = probe ? withoutProbe(state, signs) : state;
  return withHold(freed, 'all', { why: 'credential', lengthMs: CREDENTIAL_HOLD_MS, lastProber: key }, now);
}

const longer = (hold: Hold): number =>
  hold.why === 'outage' ? Math.min(hold.lengthMs * 2, LONGEST_OUTAGE_MS) : FIRST_OUTAGE_MS;

const withHold = (state: Holds, scope: Scope, hold: Omit<Hold, 'until'>, now: EpochMs): Holds => ({
  ...state,
  holds: { ...state.holds, [scope]: { ...hold, until: now + hold.lengthMs } },
});

/** The request's probe is over. Of a prober that was late the probe of the next one is not: two would go at once. */
function withoutProbe(state: Holds, { lane, key }: CallSigns): Holds {
  const holds: HoldsByScope = { ...state.holds };
  for (const scope of ['all', lane] as const) {
    const hold = holds[scope];
    if (hold?.lastProber !== key) continue;
    const { probeEnd: _, ...rest } = hold;
    holds[scope] = rest;
  }
  return { ...state, holds };
}
