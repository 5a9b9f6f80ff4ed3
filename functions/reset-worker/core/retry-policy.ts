import type { EpochMs } from '../../common/clock.ts';
import type { FailureReason } from '../../contract/dead-letter.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

const BACKOFF_BASE_MS = SECOND_MS;
const BACKOFF_CAP_MS = 15 * MINUTE_MS;
/** A server may ask for any time; more than this is not believed. */
const RETRY_AFTER_CAP_MS = 60 * MINUTE_MS;
/** A shorter wait is slept inside the invocation. */
const SHORT_WAIT_MS = 10 * SECOND_MS;
/** About five hours of trying: 10 short waits, then 40 of 7.5 minutes on average. */
export const MAX_FAILED_CALLS = 50;
/** A person is asked before a password is perhaps reset a fourth time. */
export const MAX_UNKNOWNS = 3;

/** SQS allows 12 h of invisibility counted from the receive; this leaves an hour for the work before. */
const MAX_HIDE_SECONDS = 11 * 60 * 60;
/** A message that is given back again and again waits this long: 1,000 receives then outlast the queue's 14 days. */
const FREQUENT_HIDE_SECONDS = 20 * 60;
/** After 46 receives the growing wait reaches its bound. */
const RECEIVES_TO_DOUBLE = 4.5;

export type NextTry =
  | { kind: 'now'; delayMs: number }
  | { kind: 'later'; delayMs: number }
  | { kind: 'never'; reason: FailureReason };

/**
 * Full jitter, `random(0, min(cap, base · 2^n))`, after Marc Brooker, "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015).
 * @param failedCalls of this request, the one just made included.
 * @param latestStart when the last call of this invocation may start.
 */
export function nextTry(
  request: { failedCalls: number; unknowns: number; retryAfterMs?: number },
  times: { now: EpochMs; latestStart: EpochMs },
  random: () => number,
): NextTry {
  if (request.unknowns >= MAX_UNKNOWNS) return { kind: 'never', reason: 'outcome-unknown' };
  if (request.failedCalls >= MAX_FAILED_CALLS) return { kind: 'never', reason: 'retries-exhausted' };
  const jitterMs = Math.round(random() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** request.failedCalls));
  const delayMs = Math.max(jitterMs, clampRetryAfter(request.retryAfterMs ?? 0));
  const fits = delayMs <= SHORT_WAIT_MS && times.now + delayMs <= times.latestStart;
  return { kind: fits ? 'now' : 'later', delayMs };
}

export const clampRetryAfter = (retryAfterMs: number): number =>
  Math.min(Math.max(retryAfterMs, 0), RETRY_AFTER_CAP_MS);

/**
 * Seconds of invisibility for a wait; grows with the receive count where no attempt was spent, since such waits go on for as long as
 * their cause and every receive brings the message nearer to `maxReceiveCount`.
 */
export function hideSeconds(waitMs: number, receiveCount: number, attempted: boolean): number {
  const waitSeconds = Math.ceil(Math.max(waitMs, 0) / SECOND_MS);
  const growing = attempted ? 0 : Math.min(FREQUENT_HIDE_SECONDS, Math.ceil(2 ** (receiveCount / RECEIVES_TO_DOUBLE)));
  return Math.min(Math.max(waitSeconds, growing), MAX_HIDE_SECONDS);
}

/** The three forms of an HTTP date (RFC 9110, 5.6.7); the third names no zone and means GMT. */
const HTTP_DATES = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/** Milliseconds to wait by a `Retry-After` header, or undefined where it is neither a whole number of seconds nor an HTTP date. */
export function parseRetryAfter(value: string | undefined, now: EpochMs): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+$/.test(text)) return clampRetryAfter(Number(text) * SECOND_MS);
  if (!HTTP_DATES.some((form) => form.test(text))) return undefined;
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : clampRetryAfter(at - now);
}
