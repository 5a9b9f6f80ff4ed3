import type { EpochMs } from '../../common/clock.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

const BACKOFF_BASE_MS = SECOND_MS;
const BACKOFF_CAP_MS = 15 * MINUTE_MS;
/** A server may ask for any time; more than this is not believed. */
const RETRY_AFTER_CAP_MS = 60 * MINUTE_MS;
/** A shorter wait is slept inside the invocation. */
export const SHORT_WAIT_MS = 10 * SECOND_MS;
/** About five hours of trying: 10 short waits, then 40 of 7.5 minutes on average. */
export const MAX_FAILED_CALLS = 50;
/** A person is asked before a password is perhaps reset a fourth time. */
export const MAX_UNKNOWNS = 3;
/** How long a request is put back for a failure while nobody knows whether the API is there: the first time, and then. */
const PUT_BACK_MS = 15 * MINUTE_MS;
const LONG_PUT_BACK_MS = 60 * MINUTE_MS;

/** Batches are fetched as fast as they are given back. Where no message can go on, this pause is what slows the intake of a backlog. */
export const INTAKE_PAUSE_MS = 30 * SECOND_MS;

/** SQS allows 12 h of invisibility counted from the receive; this leaves an hour for the work before. */
const MAX_HIDE_SECONDS = 11 * 60 * 60;
/** A message that is given back again and again waits ever longer: at first so that it doubles every few receives … */
const RECEIVES_TO_DOUBLE = 4.5;
/** … within the first day no longer than this, so that a request goes on ten minutes after what held it … */
const FIRST_DAY_HIDE_SECONDS = 9 * 60;
const FIRST_DAY_RECEIVES = 196;
/** … and then so long that 1,000 receives outlast the 12 days after which the next one dead-letters it as expired. */
const FREQUENT_HIDE_SECONDS = 20 * 60;

/**
 * Full jitter, `random(0, min(cap, base · 2^n))`, after Marc Brooker, "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015).
 * @param failures n: calls of this request that failed, the one just made included.
 */
export function backoffMs(failures: number, retryAfterMs: number, random: () => number): number {
  const jitterMs = Math.round(random() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** failures));
  return Math.max(jitterMs, clampRetryAfter(retryAfterMs));
}

/** For how long a request is put back while nobody knows whether the API is there. */
export const putBackMs = (unknowns: number): number => (unknowns >= 2 ? LONG_PUT_BACK_MS : PUT_BACK_MS);

export const clampRetryAfter = (retryAfterMs: number): number =>
  Math.min(Math.max(retryAfterMs, 0), RETRY_AFTER_CAP_MS);

/**
 * Seconds of invisibility for a wait; grows with the receive count if no attempt was spent, since such waits go on for as long as their
 * cause and every receive brings the message nearer to `maxReceiveCount`.
 * @param lifeMs what is left until the request's `notAfter`: soon after it the message is to be seen again.
 */
export function hideSeconds(waitMs: number, receiveCount: number, attempted: boolean, lifeMs?: number): number {
  const waitSeconds = Math.ceil(Math.max(waitMs, 0) / SECOND_MS);
  const growing = attempted ? 0 : growingSeconds(receiveCount);
  const seconds = Math.min(Math.max(waitSeconds, growing), MAX_HIDE_SECONDS);
  return lifeMs === undefined || lifeMs < 0 ? seconds : Math.min(seconds, Math.floor(lifeMs / SECOND_MS) + 1);
}

/** A window of a day that is used up says little of the next minute, and an hour of silence for all would help nobody. */
const RATE_LIMIT_RESET_CAP_MS = MINUTE_MS;
/** Seconds to wait are less than this, seconds since the epoch are more. */
const EPOCH_SECONDS = 1e9;

/**
 * Milliseconds to wait by a 429's `RateLimit-Reset` or `X-RateLimit-Reset`, which some send in place of `Retry-After`; undefined if it is no
 * number, or names a time that is over by our clock: the API has refused all the same.
 */
export function parseRateLimitReset(value: string | undefined, now: EpochMs): number | undefined {
  const text = value?.trim() ?? '';
  if (!/^\d+$/.test(text)) return undefined;
  const seconds = Number(text);
  const waitMs = seconds < EPOCH_SECONDS ? seconds * SECOND_MS : seconds * SECOND_MS - now;
  return waitMs > 0 ? Math.min(waitMs, RATE_LIMIT_RESET_CAP_MS) : undefined;
}

const growingSeconds = (receiveCount: number): number =>
  receiveCount > FIRST_DAY_RECEIVES
    ? FREQUENT_HIDE_SECONDS
    : Math.min(FIRST_DAY_HIDE_SECONDS, Math.ceil(2 ** (receiveCount / RECEIVES_TO_DOUBLE)));

/** The three forms of an HTTP date (RFC 9110, 5.6.7); the third names no zone and means GMT. */
const HTTP_DATES = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** Milliseconds to wait by a `Retry-After` header, or undefined if it is neither a whole number of seconds nor an HTTP date. */
export function parseRetryAfter(value: string | undefined, now: EpochMs): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+$/.test(text)) return clampRetryAfter(Number(text) * SECOND_MS);
  if (!HTTP_DATES.some((form) => form.test(text))) return undefined;
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : clampRetryAfter(at - now);
}
