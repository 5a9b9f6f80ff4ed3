import type { EpochMs } from '../common/clock.ts';
import type { Lane } from '../contract/reset-request.ts';
import type { CallHistory, HeldBy, HoldCause, Shown, Ticket } from './call-budget.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** One refused connection is bad luck; of three different requests it is an outage. */
const OUTAGE_SIGNS = 3;
/** Three unlucky users of three quiet days are no outage. */
const SIGN_AGE_MS = 60 * MINUTE_MS;
/** The API shows life while somebody's call of so short a time ago has succeeded. */
const LIFE_MS = MINUTE_MS;
const FIRST_OUTAGE_MS = 5 * SECOND_MS;
const LONGEST_OUTAGE_MS = MINUTE_MS;
/** The secret is read at most this often after a 401, so an earlier probe could learn nothing. */
const CREDENTIAL_HOLD_MS = 30 * SECOND_MS;
/** This many rejections in a row mean a wrong URL, token owner or file rather than this many bad users. */
export const BRAKE_REJECTIONS = 20;
const BRAKE_HOLD_MS = 5 * MINUTE_MS;
/** The request that last probed a brake leaves the next probe to another for this long. */
const BRAKE_STAND_BACK_MS = 30 * SECOND_MS;
/** How long a request leaves the probe of an outage to others: by the calls that an outage took, and by its unknown outcomes. */
const FIRST_STAND_BACK_MS = 5 * SECOND_MS;
const LONGEST_STAND_BACK_MS = 30 * SECOND_MS;
const ONE_UNKNOWN_STAND_BACK_MS = 15 * MINUTE_MS;
const TWO_UNKNOWNS_STAND_BACK_MS = 60 * MINUTE_MS;
/** The latest time that there is; a time, so that it can be reckoned with. */
const NEVER: EpochMs = 8.64e15;
/** The statuses with which a gateway speaks of what is behind it; any other 5xx may be one user's. */
const GATEWAY_STATUSES = [502, 503, 504];

/** A time in which nobody in scope calls. At its end one call probes. */
export interface Hold {
  why: Exclude<HoldCause, 'operator'>;
  since: EpochMs;
  /** The last permit taken before the hold began: only life shown by a later one ends it. */
  permit: number;
  until: EpochMs;
  lengthMs: number;
  /** A probe is under way; if it is never heard of again, the next may go then. */
  probeEnd?: EpochMs;
  lastProber?: string;
}

export type Scope = 'all' | Lane;

/** No call in scope until then, or until the operator lifts it. */
export interface OperatorHold {
  since: EpochMs;
  until?: EpochMs;
  /** Who acts, as AWS knows the caller. */
  who: string;
  why?: string;
}

/** A call that met an outage, or so it seems. */
export interface Trouble {
  key: string;
  permit: number;
  at: EpochMs;
  /** 1, or a half for what may be the user's own. */
  weight: number;
}

/** Of the latest permits whose calls showed that the API is there; 0 before the first. */
export interface Life {
  /** Its call was done or rejected. */
  permit: number;
  /** Its call succeeded, and was made at this time. */
  success: number;
  successAt: EpochMs;
}

export interface Holds {
  byScope: Partial<Record<Scope, Hold>>;
  /** An operator's hold stands beside the others: ending one does not end the other. */
  byOperator: Partial<Record<Scope, OperatorHold>>;
  /** The signs of an outage that no later call has disproved. */
  troubles: readonly Trouble[];
  life: Life;
  /** Rejections per lane since its last success. */
  rejections: Partial<Record<Lane, number>>;
  /** Lanes whose brake an operator has switched off: until a time, whatever succeeds meanwhile, or until their next success. */
  brakeOff: Partial<Record<Lane, { until?: EpochMs }>>;
  /** The last permit taken before the outage hold that ended last began: what its call met is that outage, whenever it is heard of. */
  lastOutage?: number;
  /** Until then an operator has switched the outage hold off. */
  outageOffUntil?: EpochMs;
}

export const NO_LIFE: Life = { permit: 0, success: 0, successAt: 0 };
export const NO_HOLDS: Holds = {
  byScope: {},
  byOperator: {},
  troubles: [],
  life: NO_LIFE,
  rejections: {},
  brakeOff: {},
};

/** Without the pauses that are over: they hold nobody, and would be written with every permit. The same object if there is none. */
export function withoutEndedPauses(state: Holds, now: EpochMs): Holds {
  const pauses = Object.entries(state.byOperator);
  const standing = pauses.filter(([, { until = NEVER }]) => now < until);
  return standing.length === pauses.length ? state : { ...state, byOperator: Object.fromEntries(standing) };
}

export type Passage =
  | { kind: 'free' }
  /** This call is the probe of what is held; `holds` remembers that it is under way. */
  | { kind: 'probe'; by: 'request' | 'address'; holds: Holds }
  /** `standsBack`: the hold is over, but this request leaves its probe to others. */
  | { kind: 'held'; until: EpochMs; why: HoldCause; standsBack: boolean };

export interface ProbeOptions {
  /** How long a probe may be under way. */
  leaseMs: number;
  /** Outages are probed with an address of nobody's in place of a request; then no request stands back. */
  probesByAddress: boolean;
}

/** How long after the end of an outage hold a request leaves its probe to others. Who was never called goes first. */
export function standBackMs({ unknowns, heldCalls }: CallHistory): number {
  if (unknowns >= 2) return TWO_UNKNOWNS_STAND_BACK_MS;
  if (unknowns === 1) return ONE_UNKNOWN_STAND_BACK_MS;
  return heldCalls === 0 ? 0 : Math.min(LONGEST_STAND_BACK_MS, FIRST_STAND_BACK_MS * 2 ** (heldCalls - 1));
}

/** Whether a call of this request may be made now. */
export function passage(
  state: Holds,
  { lane, key, history }: Pick<Ticket, 'lane' | 'key' | 'history'>,
  now: EpochMs,
  { leaseMs, probesByAddress }: ProbeOptions,
): Passage {
  const scopes: Scope[] = ['all', lane];
  for (const scope of scopes) {
    const operator = state.byOperator[scope];
    const until = operator?.until ?? NEVER;
    if (operator && now < until) return { kind: 'held', until, why: 'operator', standsBack: false };
  }
  const probing: Holds['byScope'] = {};
  for (const scope of scopes) {
    const hold = state.byScope[scope];
    if (!hold) continue;
    const { why } = hold;
    const free = Math.max(hold.until, hold.probeEnd ?? 0);
    if (now < free) return { kind: 'held', until: free, why, standsBack: false };
    const probed: Hold = { ...hold, probeEnd: now + leaseMs, lastProber: key };
    if (why === 'outage' && probesByAddress) {
      return { kind: 'probe', by: 'address', holds: { ...state, byScope: { ...state.byScope, [scope]: probed } } };
    }
    const until = hold.until + standsBackMs(hold, key, history);
    if (now < until) return { kind: 'held', until, why, standsBack: true };
    probing[scope] = probed;
  }
  if (Object.keys(probing).length === 0) return { kind: 'free' };
  return { kind: 'probe', by: 'request', holds: { ...state, byScope: { ...state.byScope, ...probing } } };
}

/**
 * Which causes hold a lane now, and everybody in it. A hold of the worker's stands until it is lifted, also while its probe is due or under way;
 * an operator's ends with its time.
 */
export function heldBy(state: Holds, lane: Lane, now: EpochMs): HeldBy {
  const scopes: Scope[] = ['all', lane];
  const stands = (why: Hold['why']) => scopes.some((scope) => state.byScope[scope]?.why === why);
  return {
    outage: stands('outage'),
    credential: stands('credential'),
    brake: stands('brake'),
    operator: scopes.some((scope) => {
      const { [scope]: operator } = state.byOperator;
      return operator !== undefined && now < (operator.until ?? NEVER);
    }),
  };
}

function standsBackMs(hold: Hold, key: string, history: CallHistory): number {
  switch (hold.why) {
    case 'outage':
      return standBackMs(history);
    case 'brake':
      return hold.lastProber === key ? BRAKE_STAND_BACK_MS : 0;
    case 'credential':
      return 0;
  }
}

/** One call, as far as holds go by it. */
export interface CallSigns extends Ticket {
  now: EpochMs;
  /** The number of the latest permit taken by anybody. */
  latestPermit: number;
}

/** The life that a call showed: it was done, or rejected by the API itself rather than by something in front of it. */
export function lifeOf({ permit, grantedAt, probe }: Ticket, shown: Shown): Life | undefined {
  if (shown.kind === 'succeeded') return { permit, success: permit, successAt: grantedAt };
  const isOfTheApi = shown.kind === 'rejected' && (shown.status >= 400 || probe === 'address');
  return isOfTheApi ? { ...NO_LIFE, permit } : undefined;
}

export const latestLife = (one: Life, other: Life): Life => ({
  permit: Math.max(one.permit, other.permit),
  success: Math.max(one.success, other.success),
  successAt: Math.max(one.successAt, other.successAt),
});

/**
 * What is known once life was shown: troubles of earlier permits are disproved, and a hold of all that began before it is over. Calls go
 * by the numbers of their permits, not by when their answers are heard of. Returns the same object if nothing of it is new.
 */
export function withLife(state: Holds, life: Life): Holds {
  const known = latestLife(state.life, life);
  if (known.permit === state.life.permit && known.success === state.life.success) return state;
  const standing = state.troubles.filter(({ permit }) => permit > known.permit);
  const { all, ...others } = state.byScope;
  return {
    ...state,
    life: known,
    troubles: standing.length === state.troubles.length ? state.troubles : standing,
    ...(all && all.permit < known.permit ? { byScope: others } : {}),
    ...(all?.why === 'outage' && all.permit < known.permit ? { lastOutage: all.permit } : {}),
  };
}

export const showsLife = (state: Holds, now: EpochMs): boolean => state.life.successAt >= now - LIFE_MS;

/** A request that was put back for a 5xx and meets one again after somebody's call has succeeded since is at fault itself. */
export const isOwnFault = (state: Holds, { serverErrorPermit }: CallHistory): boolean =>
  serverErrorPermit !== undefined && state.life.success > serverErrorPermit;

/** A probe that was under way when the hold began, of another one, says nothing new of it. */
const isProbeOf = (hold: Hold, { probe, permit }: CallSigns): boolean => probe !== undefined && permit > hold.permit;

/** Of a permit that the item never gave nothing is known: the item was lost and begun again. */
const shownLife = (call: CallSigns, shown: Shown): Life =>
  call.permit > call.latestPermit ? NO_LIFE : (lifeOf(call, shown) ?? NO_LIFE);

/** The holds after a call. The same object if it showed nothing that must be written. */
export function holdsAfter(state: Holds, call: CallSigns, shown: Shown): Holds {
  switch (shown.kind) {
    case 'succeeded':
      return afterSuccess(state, call, shown);
    case 'rejected':
      return afterRejection(state, call, shown);
    case 'throttled':
    case 'nothing':
      return withoutProbe(state, call);
    case 'unauthorized':
    case 'no-token':
      return afterUnauthorized(state, call);
    case 'unavailable':
    case 'unknown':
      return afterTrouble(state, call, 1);
    case 'server-error': {
      // The probe address speaks for nobody's request.
      if (call.probe !== 'address' && isOwnFault(state, call.history)) return withoutProbe(state, call);
      const isPerhapsOwn = !GATEWAY_STATUSES.includes(shown.status) && showsLife(state, call.now);
      return afterTrouble(state, call, isPerhapsOwn ? 0.5 : 1);
    }
  }
}

/** In calm a success is not written down: it goes along with the next permit. */
function afterSuccess(state: Holds, call: CallSigns, shown: Shown): Holds {
  const known = withLife(state, shownLife(call, shown));
  if (call.probe === 'address') return known;
  const { lane, now } = call;
  const off = state.brakeOff[lane];
  const staysOff = off === undefined || (off.until !== undefined && now < off.until);
  const isCalm =
    known.troubles === state.troubles &&
    known.byScope === state.byScope &&
    !state.byScope[lane] &&
    !state.rejections[lane] &&
    staysOff;
  if (isCalm) return state;
  const { [lane]: _, ...byScope } = known.byScope;
  const { [lane]: __, ...rejections } = known.rejections;
  const { [lane]: ___, ...brakeOff } = known.brakeOff;
  return { ...known, byScope, rejections, brakeOff: staysOff ? known.brakeOff : brakeOff };
}

function isBrakeOff({ brakeOff }: Holds, lane: Lane, now: EpochMs): boolean {
  const off = brakeOff[lane];
  return off !== undefined && now < (off.until ?? NEVER);
}

/** A rejection counts towards the brake, unless an operator knows better. */
function afterRejection(state: Holds, call: CallSigns, shown: Shown): Holds {
  const { lane, key, now, probe } = call;
  const all = state.byScope.all;
  const lived = withoutProbe(withLife(state, shownLife(call, shown)), call);
  // A redirect or a page says nothing of the API: its outage goes on, or everybody would probe at once.
  const goesOn = all?.why === 'outage' && isProbeOf(all, call) && lived.byScope.all !== undefined;
  const known = goesOn
    ? withHold(lived, 'all', { why: 'outage', lengthMs: all.lengthMs, lastProber: key }, call, now)
    : lived;
  if (probe === 'address' || isBrakeOff(state, lane, now)) return known;
  const count = (known.rejections[lane] ?? 0) + 1;
  const counted = { ...known, rejections: { ...known.rejections, [lane]: count } };
  const hold = state.byScope[lane];
  const isDue = hold ? isProbeOf(hold, call) : count >= BRAKE_REJECTIONS;
  return isDue
    ? withHold(counted, lane, { why: 'brake', lengthMs: BRAKE_HOLD_MS, lastProber: key }, call, now)
    : counted;
}

/** Begins, or lengthens, the outage hold by what its probe or several different requests have met. */
function afterTrouble(state: Holds, call: CallSigns, weight: number): Holds {
  const { key, permit, now } = call;
  const freed = withoutProbe(state, call);
  const hold = state.byScope.all;
  if (hold) {
    // After a release a probe of the credential begins no outage hold, as nothing else does.
    const isReleased = hold.why !== 'outage' && now < (state.outageOffUntil ?? 0);
    if (!isProbeOf(hold, call) || isReleased) return freed;
    const lengthMs = hold.why === 'outage' ? Math.min(hold.lengthMs * 2, LONGEST_OUTAGE_MS) : FIRST_OUTAGE_MS;
    return withHold(freed, 'all', { why: 'outage', lengthMs, lastProber: key }, call, now);
  }
  const isDisproved = permit < state.life.permit;
  if (isDisproved || now < (state.outageOffUntil ?? 0)) return freed;
  const recent = state.troubles.filter(({ at }) => at > now - SIGN_AGE_MS);
  const before = recent.find((trouble) => trouble.key === key);
  const others = recent.filter((trouble) => trouble !== before);
  // Of a permit that the item never gave, later life could not disprove it.
  const known = Math.min(permit, call.latestPermit);
  const troubles = [...others, { key, permit: known, at: now, weight: Math.max(weight, before?.weight ?? 0) }];
  if (troubles.reduce((sum, trouble) => sum + trouble.weight, 0) < OUTAGE_SIGNS) return { ...freed, troubles };
  return withHold(
    { ...freed, troubles: [] },
    'all',
    { why: 'outage', lengthMs: FIRST_OUTAGE_MS, lastProber: key },
    call,
    now,
  );
}

/** No accepted token. A hold that stands already is not lengthened. */
function afterUnauthorized(state: Holds, call: CallSigns): Holds {
  const { key, now } = call;
  const hold = state.byScope.all;
  const freed = withoutProbe(state, call);
  if (hold?.why === 'credential' && now < hold.until) return freed;
  return withHold(freed, 'all', { why: 'credential', lengthMs: CREDENTIAL_HOLD_MS, lastProber: key }, call, now);
}

/** A hold from now on; one of the same cause has stood since it began. */
function withHold(
  state: Holds,
  scope: Scope,
  hold: Pick<Hold, 'why' | 'lengthMs' | 'lastProber'>,
  { latestPermit }: CallSigns,
  now: EpochMs,
): Holds {
  const before = state.byScope[scope];
  const begun = before?.why === hold.why ? before : { since: now, permit: latestPermit };
  const { since, permit } = begun;
  return { ...state, byScope: { ...state.byScope, [scope]: { ...hold, since, permit, until: now + hold.lengthMs } } };
}

/** The call's probe is over. If the prober was late, the probe of the next one is not: two would go at once. */
function withoutProbe(state: Holds, { lane, key, probe }: CallSigns): Holds {
  if (probe === undefined) return state;
  let freed = state;
  for (const scope of ['all', lane] as const) {
    const hold = state.byScope[scope];
    if (hold?.lastProber !== key || hold.probeEnd === undefined) continue;
    const { probeEnd: _, ...rest } = hold;
    freed = { ...freed, byScope: { ...freed.byScope, [scope]: rest } };
  }
  return freed;
}
