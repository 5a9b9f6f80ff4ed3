import type { ApiAnswer } from '../../../functions/reset-worker/core/ports.ts';
import { shorts } from '../engine/column.ts';
import type { Sandbox } from '../world/aws/sandbox.ts';
import type { Judgement } from '../world/judgement.ts';
import type { CheckedItem, CheckParts } from './promises.ts';

const MOST_FAILED_CALLS = 50;
const MOST_UNKNOWNS = 3;
/** Six 500s in a row, or three of a gateway, begin the hold; a few more may be disproved by successes of before. */
const MOST_AT_ITS_BEGINNING = 8;
const THIRD_CALL_AFTER_MS = 15 * 60_000;
/** By this much two clocks may differ. */
const SKEW_MS = 2_000;

/** The last answer to a call for a request, until the ledger is told. */
interface Answer {
  status: number;
  /** The caller can't know whether the reset was made. */
  isUnknown: boolean;
  /** An outage for everybody said it. */
  isOutage: boolean;
  /** A permanent no, or a page: the brake counts it. */
  isRejection: boolean;
  /** By the sandbox's clock. */
  heardAt: number;
  retryAfterMs: number;
}

/** Calls as they really were, beside what the ledger counts of them. A round ends with a redrive. */
export class Attempts {
  readonly #parts: CheckParts;
  /** Calls without an answer, or with a 504, in the present round. */
  readonly #silent = new Map<number, number>();
  /** Requests whose present claim is counted among them. */
  readonly #counted = new Set<number>();
  /** Who has called under the present claim, and what it was answered. */
  readonly #callers = new Map<number, Sandbox>();
  readonly #answers = new Map<number, Answer>();
  /** Of the present round: calls of unknown outcome in any form, and when a caller last heard of one. */
  readonly #unknowns = new Map<number, { count: number; heardAt?: number }>();
  /** Of the present round: answers of 429, signs of trouble, and failures that no outage for everybody explains. */
  readonly #refusals = shorts();
  readonly #troubles = shorts();
  readonly #ownFailures = shorts();
  /** Requests dead-lettered for the answers of an outage for everybody, since the last success. */
  readonly #outageLetters = new Set<number>();
  /** Calls that the ledger lays to an outage. */
  readonly #held = shorts();

  constructor(parts: CheckParts) {
    this.#parts = parts;
  }

  callStarts(request: number, sandbox: Sandbox): void {
    const { requests, breaches, engine } = this.#parts;
    this.#callers.set(request, sandbox);
    requests.calledAt.set(request, engine.now);
    if ((this.#silent.get(request) ?? 0) >= MOST_UNKNOWNS) {
      breaches.broken('attempts bounded', 'a call after three without an answer', request);
    }
    const spent = requests.failedCalls.get(request) - this.#refusals.get(request) - this.#held.get(request);
    if (spent >= MOST_FAILED_CALLS + requests.excuses.get(request)) {
      breaches.broken('attempts bounded', 'a call after fifty that failed', request);
    }
    const { count = 0, heardAt } = this.#unknowns.get(request) ?? {};
    if (count >= MOST_UNKNOWNS) {
      breaches.broken('three unknown outcomes', 'a call after three of unknown outcome', request);
    }
    const waitedMs = engine.now - (heardAt ?? 0);
    if (count === MOST_UNKNOWNS - 1 && waitedMs < THIRD_CALL_AFTER_MS - SKEW_MS) {
      breaches.broken('the third call waits', `a third call ${waitedMs} ms after the second`, request);
    }
  }

  judged(request: number, judgement: Judgement): void {
    const { requests } = this.#parts;
    const { status, madeReset, isUnknown, isOutage, silence } = judgement;
    requests.lastStatus.set(request, status);
    requests.calls.add(request, 1);
    if (madeReset && !isUnknown) this.#outageLetters.clear();
    if (isUnknown) this.#excuse(request, status === 504 || silence !== undefined);
    if ((madeReset && !isUnknown) || status === 401) return;
    requests.failedCalls.add(request, 1);
    if (status === 429) this.#refusals.add(request, 1);
    else if (!isOutage) this.#ownFailures.add(request, 1);
    if (isUnknown || status === 503 || silence === 'not-sent') this.#troubles.add(request, 1);
  }

  answered(request: number, answer: ApiAnswer, judgement: Judgement, sandbox: Sandbox): void {
    const { requests, engine } = this.#parts;
    // Somebody who stood still: its claim was taken over, and the call counted then.
    if (this.#callers.get(request) !== sandbox) return;
    const isLate = answer.kind === 'no-answer' && !judgement.isUnknown;
    // Slower than the client waited: what the API knows nobody else does.
    if (isLate) {
      this.#excuse(request, true);
      requests.failedCalls.add(request, 1);
      this.#troubles.add(request, 1);
    }
    const isUnknown = isLate || judgement.isUnknown;
    if (isUnknown) this.#unknowns.set(request, { count: 0, ...this.#unknowns.get(request), heardAt: engine.now });
    const { status, retryAfterMs } = answer.kind === 'answered' ? answer : { status: 0, retryAfterMs: 0 };
    this.#answers.set(request, {
      status,
      isUnknown,
      isOutage: judgement.isOutage === true,
      isRejection: (status >= 400 && status < 500 && status !== 401 && status !== 429) || judgement.isPage === true,
      heardAt: sandbox.clock.now(),
      retryAfterMs: retryAfterMs ?? 0,
    });
  }

  /** What the holder of the present claim was answered, where it is this sandbox. */
  answerTo(request: number, sandbox: Sandbox | undefined): Answer | undefined {
    return this.#callers.get(request) === sandbox ? this.#answers.get(request) : undefined;
  }

  /** A claim that ended without a word of its call: the call was perhaps made. */
  lost(request: number): void {
    this.#excuse(request, true);
    this.#parts.requests.failedCalls.add(request, 1);
    this.#troubles.add(request, 1);
    this.#answers.delete(request);
    // Nobody heard of it, so nobody can wait from then on.
    this.#unknowns.set(request, { count: this.#unknowns.get(request)?.count ?? 0 });
  }

  written(request: number, was: CheckedItem | undefined, is: CheckedItem, sandbox: Sandbox | undefined): void {
    const answer = this.answerTo(request, sandbox);
    this.#held.set(request, is.heldCalls ?? 0);
    this.#checkCounters(request, is);
    if (is.state === 'waiting' && was !== undefined && spentOf(is) === spentOf(was) && answer?.isRejection) {
      // A rejection that the brake lays to our own charge spends no attempt.
      this.#parts.requests.failedCalls.add(request, -1);
    }
    if (is.state === 'failing' && was?.state !== 'failing') this.#checkReason(request, is, answer);
  }

  /** The ledger was told: of the next claim nothing is known yet. */
  settled(request: number, isClaim: boolean): void {
    if (isClaim) this.#counted.delete(request);
    this.#callers.delete(request);
    this.#answers.delete(request);
  }

  startsAnew(request: number): void {
    this.#silent.delete(request);
    this.#unknowns.delete(request);
    this.#parts.requests.failedCalls.set(request, 0);
    for (const column of [this.#refusals, this.#troubles, this.#ownFailures, this.#held]) column.set(request, 0);
  }

  /** A call whose outcome nobody can know. */
  #excuse(request: number, isSilent: boolean): void {
    this.#parts.requests.excuses.add(request, 1);
    // No answer, and then no word of it in the ledger either, is one call of unknown outcome.
    if (this.#counted.has(request)) return;
    this.#counted.add(request);
    const { count = 0, ...rest } = this.#unknowns.get(request) ?? {};
    this.#unknowns.set(request, { ...rest, count: count + 1 });
    if (isSilent) this.#silent.set(request, (this.#silent.get(request) ?? 0) + 1);
  }

  #checkCounters(request: number, is: CheckedItem): void {
    const { requests, breaches } = this.#parts;
    const made = requests.failedCalls.get(request);
    const { failedCalls, unknowns, throttled = 0, heldCalls = 0 } = is;
    if (failedCalls > MOST_FAILED_CALLS || unknowns > MOST_UNKNOWNS) {
      breaches.broken('attempts bounded', `${failedCalls} failed calls, ${unknowns} unknown`, request);
    }
    if (spentOf(is) > made) {
      const promise = requests.lastStatus.get(request) === 401 ? 'a 401 is nobody’s fault' : 'attempts bounded';
      breaches.broken(promise, `${spentOf(is)} failed calls counted, ${made} made`, request);
    }
    if (throttled > this.#refusals.get(request) || heldCalls > this.#troubles.get(request)) {
      breaches.broken('attempts bounded', `throttled ${throttled}, held ${heldCalls}: more than there were`, request);
    }
  }

  #checkReason(request: number, { reason, unknowns }: CheckedItem, answer: Answer | undefined): void {
    const { breaches } = this.#parts;
    const isHidden = reason === 'retries-exhausted' && unknowns > 0;
    const isOther = unknowns >= MOST_UNKNOWNS && reason !== 'outcome-unknown' && reason !== 'expired';
    if (isHidden || isOther) {
      breaches.broken('unknown is said', `${unknowns} calls of unknown outcome, dead-lettered as ${reason}`, request);
    }
    // An outage may take a few attempts before it is known as one; half of them are too many.
    const own = this.#ownFailures.get(request);
    if (reason === 'retries-exhausted' && own < MOST_FAILED_CALLS / 2) {
      breaches.broken('an outage spends no attempt', `given up after ${own} failures of its own`, request);
    }
    if (reason === 'server-error' && answer?.isOutage) this.#outageLetters.add(request);
    if (this.#outageLetters.size > MOST_AT_ITS_BEGINNING) {
      breaches.broken('an outage is nobody’s fault', `${this.#outageLetters.size} dead-lettered in one`, request);
    }
    if (answer?.status === 401 && reason !== 'expired') {
      breaches.broken('a 401 is nobody’s fault', `dead-lettered as ${reason} after a 401`, request);
    }
  }
}

/** Failed calls that the item has booked, on whatever account. */
const spentOf = ({ failedCalls, throttled = 0, heldCalls = 0 }: CheckedItem): number =>
  failedCalls + throttled + heldCalls;
