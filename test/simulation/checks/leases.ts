import type { StoredLetter } from '../world/aws/dead-letter-queue.ts';
import type { Sandbox } from '../world/aws/sandbox.ts';
import type { Attempts } from './attempts.ts';
import type { CheckedItem, CheckParts } from './promises.ts';

const LEAST_LEFT_MS = 30_000;
/** By this much two clocks may differ. */
const SKEW_MS = 2_000;
/** Trouble had begun before and goes on. */
const UNDER_WAY = -1;
/** A call's time-out. */
const LONGEST_CALL_MS = 20_000;
/** States that only a letter that was sent back can leave. */
const DEAD_LETTERED: readonly string[] = ['failed', 'redriven'];
/** States that only a late 200 can leave. */
const ENDED: readonly string[] = ['succeeded', 'cancelled', 'discarded'];

/** Who may call for a request, and from when on: leases, their ends, and the rounds that redrives begin. */
export class Leases {
  readonly #parts: CheckParts;
  readonly #attempts: Attempts;
  /** The present lease: until when, whose, and what that sandbox had been through when it was written. */
  readonly #claims = new Map<number, { leaseEnd: number; sandbox: Sandbox | undefined; troubles: number }>();
  /** Failure ids of letters that were sent back, and of those that a round has begun with. */
  readonly #redriven = new Set<string>();
  readonly #consumed = new Set<string>();

  constructor(parts: CheckParts, attempts: Attempts) {
    this.#parts = parts;
    this.#attempts = attempts;
  }

  callStarts(request: number, sandbox: Sandbox): void {
    const { engine, breaches } = this.#parts;
    const claim = this.#claims.get(request);
    const leaseLeftMs = (claim?.leaseEnd ?? 0) - sandbox.clock.now();
    if (claim?.sandbox !== sandbox) breaches.broken('call within its lease', 'a call without the lease', request);
    else if (leaseLeftMs < LONGEST_CALL_MS) {
      breaches.broken('call within its lease', `a call with ${leaseLeftMs} ms left of its lease`, request);
    }
    const leftMs = sandbox.invocationEnd - engine.now;
    if (leftMs < LEAST_LEFT_MS) breaches.broken('time for a call', `a call started with ${leftMs} ms left`, request);
  }

  redriven({ failureId }: StoredLetter): void {
    if (failureId !== undefined) this.#redriven.add(failureId);
  }

  /** Whether a round has begun with this letter: it says no more of its request. */
  isStale = ({ failureId }: StoredLetter): boolean => failureId !== undefined && this.#consumed.has(failureId);

  written(request: number, was: CheckedItem | undefined, is: CheckedItem, sandbox: Sandbox | undefined): void {
    this.#checkEnd(request, was, is, sandbox);
    this.#checkStart(request, was, is);
    if (is.state !== 'calling') {
      this.#claims.delete(request);
      return;
    }
    this.#claims.set(request, {
      leaseEnd: is.leaseEnd ?? 0,
      sandbox,
      troubles: sandbox?.isRunning ? sandbox.troubles : UNDER_WAY,
    });
  }

  #checkEnd(request: number, was: CheckedItem | undefined, is: CheckedItem, sandbox: Sandbox | undefined): void {
    const { engine, breaches } = this.#parts;
    const claim = this.#claims.get(request);
    if (was?.state !== 'calling' || !claim || is.state === 'succeeded') return;
    const isHolder = claim.sandbox === sandbox;
    if (!this.#isTakenOver(request, was, is, isHolder ? sandbox : undefined)) {
      if (isHolder) return;
      breaches.broken('lease kept', `${is.state} by another sandbox than the one that holds it`, request);
      return;
    }
    const earlyMs = (was.leaseEnd ?? 0) - engine.now;
    if (earlyMs > SKEW_MS) breaches.broken('lease kept', `taken over ${earlyMs} ms before its lease ended`, request);
    if (claim.sandbox?.isAlive && claim.sandbox.troubles === claim.troubles) {
      breaches.broken('lease kept', 'given up without a result by a sandbox that nothing had befallen', request);
    }
    // Whatever was answered did not reach the ledger.
    this.#attempts.lost(request);
  }

  #checkStart(request: number, was: CheckedItem | undefined, is: CheckedItem): void {
    const { breaches } = this.#parts;
    if (was === undefined) return;
    if (ENDED.includes(was.state) && is.state !== was.state && is.state !== 'succeeded') {
      breaches.broken('ended for good', `${is.state} after it was ${was.state}`, request);
    }
    const isAnew = DEAD_LETTERED.includes(was.state) && ['calling', 'failing', 'cancelled'].includes(is.state);
    if ((is.redrives ?? 0) - (was.redrives ?? 0) !== (isAnew ? 1 : 0)) {
      breaches.broken('one run a redrive', `${was.redrives ?? 0} redrives counted, then ${is.redrives ?? 0}`, request);
    }
    if (is.gone !== undefined && is.state !== 'failed') {
      breaches.broken('one run a redrive', `marked as gone while ${is.state}`, request);
    }
    if (!isAnew) return;
    const failureId = was.failureId ?? '';
    if (!this.#redriven.has(failureId)) {
      breaches.broken('one run a redrive', 'started anew without a redrive', request);
    }
    if (this.#consumed.has(failureId)) {
      breaches.broken('one run a redrive', 'started anew twice by one letter', request);
    }
    this.#consumed.add(failureId);
    this.#attempts.startsAnew(request);
  }

  /** Whether a claim was ended by somebody else than its holder: by another claim, or given up with one call of unknown outcome more than its holder had. */
  #isTakenOver(request: number, was: CheckedItem, is: CheckedItem, holder: Sandbox | undefined): boolean {
    if (is.leaseNonce !== was.leaseNonce) return true;
    if (is.state === 'waiting' || is.unknowns <= was.unknowns) return false;
    return this.#attempts.answerTo(request, holder)?.isUnknown !== true;
  }
}
