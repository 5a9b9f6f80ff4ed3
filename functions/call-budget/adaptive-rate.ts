import type { EpochMs } from '../common/clock.ts';

/** Calls that the API had admitted by a time: granted and not refused. */
export type Sample = readonly [at: EpochMs, admitted: number];

/** The most that may be called. */
export interface Limit {
  /** Calls a millisecond. */
  rate: number;
  /** It is the API's quota, or a guess from above. */
  isKnown: boolean;
}

/** What the API's refusals taught about its quota. Rates are calls a millisecond. */
export interface Learned {
  /** When the first permit was taken: the slow start counts from there, and from later where nobody wanted a permit for a while. */
  startedAt: EpochMs;
  /** What the API admits, as of its last refusal; absent until it first refuses. */
  estimate?: number;
  /**
   * When the pause after the last refusal ends: the rate grows from there, and from later where nobody wanted a permit for a while. A call
   * granted before it says nothing new by being refused, too.
   */
  grewFrom?: EpochMs;
  /** The share of the estimate from which the rate grows: less than all of it after a rest. */
  beginsAt: number;
  pauseMs: number;
  /** Admitted by the last refusal. */
  admittedByRefusal: number;
  /** Of a bit more than the last minute, 5 s apart. */
  samples: readonly Sample[];
}

/** Of one 429 and the calls before it. */
export interface Refusal {
  /** Calls admitted so far. */
  admitted: number;
  /** When the refused call's permit was taken. */
  grantedAt: EpochMs;
  now: EpochMs;
  /** What the API asked for, clamped. */
  retryAfterMs?: number;
}

const MINUTE_MS = 60_000;
/** The lowest quota that the vendor's own provider assumes, a minute; and what part of a ceiling that is only a guess may be true. */
const START_PER_MINUTE = 60;
const START_SHARE = 1 / 5;
const START_DOUBLES_IN_MS = 20_000;
/** All three usual limiters (token bucket, fixed and sliding window of a minute) refuse only when about a quota was admitted in the last minute. */
const SPAN_MS = MINUTE_MS;
const SAMPLE_EVERY_MS = 5_000;
/** Growth over the estimate, `1 + (t / 110 s)^4`: a hundredth after 35 s, a tenth after 62 s, twice as much after 110 s. */
const DOUBLES_IN_MS = 110_000;
const GROWTH_POWER = 4;
/**
 * After a rest of a minute the rate begins so far below the estimate: nobody knows how much of a window others have used by now, and an
 * estimate can be a little high. At 60 a minute it keeps a campaign after three idle hours to six refusals (`--cases after-rest`).
 */
const REST_MS = MINUTE_MS;
const RESTED_SHARE = 0.85;
/** Grown past this the quota has probably risen; the estimate then follows the rate, of which the burst explains a part. */
const RISEN = 1.3;
const RISEN_SHARE = 0.6;
const GENTLE = 0.97;
const FIRM = 0.6;
const FAR_BELOW = 0.8;
/** From an estimate of next to nothing the rate would not grow back within hours. */
const LOWEST_PER_MINUTE = 1;
/** Without `Retry-After` a window that is used up is asked again after 3, 6, 12 and then every 16 s. */
const FIRST_PAUSE_MS = 3_000;
const LONGEST_PAUSE_MS = 16_000;

export const nothingLearned = (now: EpochMs): Learned => ({
  startedAt: now,
  beginsAt: 1,
  pauseMs: 0,
  admittedByRefusal: 0,
  samples: [],
});

/** Calls a millisecond that may be made now, at most the limit. */
export function rateAt(learned: Learned, limit: Limit, now: EpochMs): number {
  const { estimate, grewFrom } = learned;
  if (estimate === undefined || grewFrom === undefined) {
    if (limit.isKnown) return limit.rate;
    const age = Math.max(0, now - learned.startedAt);
    const start = Math.max(START_PER_MINUTE / MINUTE_MS, limit.rate * START_SHARE);
    return Math.min(limit.rate, start * 2 ** (age / START_DOUBLES_IN_MS));
  }
  const grown = Math.max(0, now - grewFrom) / DOUBLES_IN_MS;
  return Math.min(limit.rate, estimate * learned.beginsAt * (1 + grown ** GROWTH_POWER));
}

/**
 * The rate grows only while permits are wanted: a rest teaches nothing of the quota. After a long one it begins anew, a little below what
 * was learned; what it had grown to without being refused is learned by then, too.
 * @param wantedUntil when the bucket was full again, so that nobody has wanted a permit since.
 */
export function withoutRest(learned: Learned, limit: Limit, wantedUntil: EpochMs, now: EpochMs): Learned {
  const restedSince = (from: EpochMs): number => Math.max(0, now - Math.max(wantedUntil, from));
  const { startedAt, grewFrom, estimate } = learned;
  const later = { ...learned, startedAt: startedAt + restedSince(startedAt) };
  if (grewFrom === undefined || estimate === undefined) return later;
  const restedMs = restedSince(grewFrom);
  if (restedMs < REST_MS) return { ...later, grewFrom: grewFrom + restedMs };
  const rate = rateAt(learned, limit, now - restedMs);
  if (rate < limit.rate) return { ...later, grewFrom: now, beginsAt: RESTED_SHARE, estimate: risen(estimate, rate) };
  const { estimate: _, grewFrom: __, ...unlimited } = later;
  return { ...unlimited, beginsAt: 1 };
}

/** The estimate, or by far more if the rate has grown by far: then the quota has probably risen. */
const risen = (estimate: number, rate: number): number =>
  rate > estimate * RISEN ? Math.max(estimate, rate * RISEN_SHARE) : estimate;

/** Remembers, every 5 s, how many calls were admitted. */
export function withSample(learned: Learned, admitted: number, now: EpochMs): Learned {
  const last = learned.samples.at(-1);
  if (last && now - last[0] < SAMPLE_EVERY_MS) return learned;
  const recent = learned.samples.filter(([at]) => at > now - SPAN_MS - 2 * SAMPLE_EVERY_MS);
  return { ...learned, samples: [...recent, [now, admitted]] };
}

export interface AfterRefusal {
  learned: Learned;
  /** Nobody calls before. */
  quietUntil?: EpochMs;
}

/** Learns from a 429, once a row: later refusals of the row only lengthen the pause, and calls on their way at the first say nothing. */
export function afterRefusal(learned: Learned, limit: Limit, refusal: Refusal): AfterRefusal {
  const { admitted, grantedAt, now } = refusal;
  if (learned.grewFrom !== undefined && grantedAt < learned.grewFrom) return { learned };
  const isProbe = learned.estimate !== undefined && admitted - learned.admittedByRefusal <= 1;
  const estimate = isProbe ? (learned.estimate ?? limit.rate) : newEstimate(learned, limit, refusal);
  const longerPauseMs = Math.min(Math.max(learned.pauseMs * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
  // The API's word goes for the first pause; if it was too short, for the next one only if it is the longer.
  const pauseMs = isProbe
    ? Math.max(refusal.retryAfterMs ?? 0, longerPauseMs)
    : (refusal.retryAfterMs ?? FIRST_PAUSE_MS);
  const quietUntil = now + pauseMs;
  return {
    quietUntil,
    learned: {
      ...learned,
      estimate,
      grewFrom: quietUntil,
      beginsAt: 1,
      pauseMs: Math.min(pauseMs, LONGEST_PAUSE_MS),
      admittedByRefusal: admitted,
    },
  };
}

function newEstimate(learned: Learned, limit: Limit, { admitted, now }: Refusal): number {
  const rate = rateAt(learned, limit, now);
  const { estimate = rate } = learned;
  // After a rest the rate is below the estimate, and a refusal must not raise it.
  const before = Math.min(rate, risen(estimate, rate));
  const admittedRate = admittedLately(learned.samples, admitted, now) / SPAN_MS;
  // One refusal within a minute of the beginning, or of a rest, is no reason to doubt what is known.
  const isDoubted = !limit.isKnown || (learned.samples[0]?.[0] ?? now) <= now - SPAN_MS;
  const lowered = before * (isDoubted && admittedRate < before * FAR_BELOW ? FIRM : GENTLE);
  return Math.min(limit.rate, Math.max(admittedRate, lowered, LOWEST_PER_MINUTE / MINUTE_MS));
}

/** Calls admitted in the last minute, between samples in proportion; fewer if the samples do not reach back so far. */
function admittedLately(samples: readonly Sample[], admitted: number, now: EpochMs): number {
  const from = now - SPAN_MS;
  const after = samples.findIndex(([at]) => at > from);
  const next = after < 0 ? ([now, admitted] as const) : samples[after];
  const previous = after < 0 ? samples.at(-1) : samples[after - 1];
  if (!next) return 0;
  if (!previous) return admitted - next[1];
  const share = (from - previous[0]) / (next[0] - previous[0]);
  return admitted - (previous[1] + (next[1] - previous[1]) * share);
}
