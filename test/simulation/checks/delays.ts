import type { Sandbox } from '../world/aws/sandbox.ts';
import type { Attempts } from './attempts.ts';
import type { CheckedItem, CheckParts } from './promises.ts';

const MINUTE_MS = 60_000;
const LONGEST_BACKOFF_MS = 15 * MINUTE_MS;
const LONGEST_RETRY_AFTER_MS = 60 * MINUTE_MS;
const LONGEST_HIDE_SECONDS = 11 * 60 * 60;
/** What is put back for an unknown outcome waits this long the first time, and longer from the second on. */
const PUT_BACK_MS = 15 * MINUTE_MS;
const SECOND_PUT_BACK_MS = 60 * MINUTE_MS;
/** A call that an outage took waits for the hold's end, and for the probe that may be under way then. */
const LONGEST_HOLD_MS = 60_000 + 30_000;
/** A put-back is reckoned from when the budget was told, which may take a few tries. */
const TOLD_WITHIN_MS = 30_000;

/** How long requests wait between their calls, and messages out of sight. */
export class Delays {
  readonly #parts: CheckParts;
  readonly #attempts: Attempts;

  constructor(parts: CheckParts, attempts: Attempts) {
    this.#parts = parts;
    this.#attempts = attempts;
  }

  written(request: number, was: CheckedItem | undefined, is: CheckedItem, sandbox: Sandbox): void {
    const { breaches } = this.#parts;
    if (was?.state === 'waiting' && is.state === 'calling' && sandbox.clock.now() < (was.notBefore ?? 0)) {
      const earlyMs = (was.notBefore ?? 0) - sandbox.clock.now();
      breaches.broken('not before its time', `claimed ${earlyMs} ms early`, request);
    }
    const answer = this.#attempts.answerTo(request, sandbox);
    if (is.state !== 'waiting' || !answer || was === undefined || bookedOf(is) <= bookedOf(was)) return;
    const delayMs = (is.notBefore ?? 0) - answer.heardAt;
    const asked = Math.min(answer.retryAfterMs, LONGEST_RETRY_AFTER_MS);
    const longest = Math.max(asked, longestWait(was, is)) + sandbox.stalledMs;
    if (delayMs < asked || delayMs > longest) {
      breaches.broken('delays bounded', `waits ${delayMs} ms, asked for ${asked}, at most ${longest}`, request);
    }
  }

  hidden(request: number, seconds: number): void {
    if (seconds < 0 || seconds > LONGEST_HIDE_SECONDS || !Number.isInteger(seconds)) {
      this.#parts.breaches.broken('delays bounded', `hidden for ${seconds} s`, request);
    }
  }
}

function longestWait(was: CheckedItem, is: CheckedItem): number {
  const isHeld = (is.heldCalls ?? 0) > (was.heldCalls ?? 0);
  // A lone 503 backs off as ever, but spends no attempt.
  const failures = is.failedCalls + (is.throttled ?? 0) + (isHeld ? (is.heldCalls ?? 0) : 0);
  const backoff = Math.min(LONGEST_BACKOFF_MS, 1_000 * 2 ** failures);
  const hold = isHeld ? LONGEST_HOLD_MS + TOLD_WITHIN_MS : 0;
  const putBack = is.unknowns >= 2 ? SECOND_PUT_BACK_MS : PUT_BACK_MS;
  return Math.max(backoff, hold, is.unknowns > was.unknowns ? putBack + TOLD_WITHIN_MS : 0);
}

const bookedOf = ({ failedCalls, unknowns, throttled = 0, heldCalls = 0 }: CheckedItem): number =>
  failedCalls + unknowns + throttled + heldCalls;
