import type { EventCode, EventFields } from '../../../functions/common/telemetry.ts';
import type { RequestItem } from '../../../functions/ledger/items.ts';
import type { ApiAnswer } from '../../../functions/reset-worker/core/ports.ts';
import type { Engine } from '../engine/engine.ts';
import type { History } from '../engine/history.ts';
import type { Options } from '../scenarios/options.ts';
import type { Judgement } from '../world/api.ts';
import type { StoredLetter } from '../world/aws/dead-letter-queue.ts';
import type { Messages } from '../world/aws/queue.ts';
import type { Sandbox } from '../world/aws/sandbox.ts';
import type { Item } from '../world/aws/table.ts';
import type { Requests } from '../world/requests.ts';

/** The promises, by name. The bounds are written out here and not taken from the code that they bind. */
export const PROMISES = {
  'nothing lost': 'Every accepted message ends as reset, dead-lettered, cancelled, or is still queued.',
  'reset or dead-lettered': 'No request is both, unless the outcome of a call was unknown.',
  'no second reset': 'No request is reset twice, unless the outcome of a call was unknown.',
  'lease kept': 'No claim is taken over before its lease has ended, and none by a late copy of an ended request.',
  'call within its lease': 'A call starts under a lease of its own that lasts longer than the call can.',
  'one run a redrive': 'A dead-lettered request starts anew once a letter that was sent back.',
  'attempts bounded': 'At most 50 failed calls and 3 calls of unknown outcome a round.',
  'delays bounded': 'Retries keep to jitter and Retry-After; no message is hidden for more than 11 hours.',
  'not before its time': 'No call is made before the time that the last one set.',
  'time for a call': 'No call starts with less than 30 s of the invocation left.',
  'within the budget': 'All copies together are granted at most burst + rate · (t + 2 s) calls in any time t.',
  'a 401 is nobody’s fault': 'A 401 spends no attempt and dead-letters nothing.',
  'no defect': 'Nothing in the worker throws what it does not expect.',
  drained: 'The queues drain when the faults stop.',
} as const;
export type PromiseName = keyof typeof PROMISES;

export interface Violation {
  promise: PromiseName;
  what: string;
  atMs: number;
  request?: number;
}

const MOST_FAILED_CALLS = 50;
const MOST_UNKNOWNS = 3;
const LONGEST_BACKOFF_MS = 15 * 60_000;
const LONGEST_RETRY_AFTER_MS = 60 * 60_000;
const LONGEST_HIDE_SECONDS = 11 * 60 * 60;
const LEAST_LEFT_MS = 30_000;
/** By so much two clocks may differ. */
const SKEW_MS = 2_000;
/** Trouble had begun before and goes on. */
const UNDER_WAY = -1;
/** A call's time-out. */
const LONGEST_CALL_MS = 20_000;

export interface PromisesParts {
  engine: Engine;
  options: Options;
  requests: Requests;
  messages: Messages;
  history: History;
}

/** Looks on as the world goes on. The first promise found broken ends the run. */
export class Promises {
  readonly violations: Violation[] = [];
  readonly #parts: PromisesParts;
  readonly #start: number;
  readonly #cancelled = new Set<number>();
  /** Calls of unknown outcome in the present round. */
  readonly #unknowns = new Map<number, number>();
  /** Requests whose present claim is counted among them. */
  readonly #counted = new Set<number>();
  /** The last answer heard, until the ledger is told: when by the sandbox's clock, and how long it asked to wait. */
  readonly #answers = new Map<number, { status: number; heardAt: number; retryAfterMs: number; failedCalls: number }>();
  /** The present lease: until when, whose, and what that sandbox had been through when it was written. */
  readonly #claims = new Map<number, { leaseEnd: number; sandbox: Sandbox | undefined; troubles: number }>();
  readonly #redriven = new Set<string>();
  readonly #consumed = new Set<string>();
  #budgetLevel = 0;
  #budgetAt = 0;

  constructor(parts: PromisesParts) {
    this.#parts = parts;
    this.#start = parts.engine.now;
  }

  callStarts(request: number, sandbox: Sandbox): void {
    const { engine, requests, history } = this.#parts;
    history.note(request, () => `sandbox ${sandbox.number} calls the API`);
    const leftMs = sandbox.invocationEnd - engine.now;
    const claim = this.#claims.get(request);
    const leaseLeftMs = (claim?.leaseEnd ?? 0) - sandbox.clock.now();
    if (claim?.sandbox !== sandbox) this.#broken('call within its lease', 'a call without the lease', request);
    else if (leaseLeftMs < LONGEST_CALL_MS) {
      this.#broken('call within its lease', `a call with ${leaseLeftMs} ms left of its lease`, request);
    }
    if (leftMs < LEAST_LEFT_MS) this.#broken('time for a call', `a call started with ${leftMs} ms left`, request);
    if ((this.#unknowns.get(request) ?? 0) >= MOST_UNKNOWNS) {
      this.#broken('attempts bounded', 'a call after three of unknown outcome', request);
    }
    if (requests.failedCalls.get(request) >= MOST_FAILED_CALLS + requests.excuses.get(request)) {
      this.#broken('attempts bounded', 'a call after fifty that failed', request);
    }
  }

  /** What the API did, before anybody hears of it. */
  judged(request: number, judgement: Judgement): void {
    const { requests, engine, history } = this.#parts;
    const { status, madeReset, isUnknown } = judgement;
    history.note(request, () => `API: ${status || judgement.silence}${madeReset ? ', reset made' : ''}`);
    requests.lastStatus.set(request, status);
    if (isUnknown) this.#excuse(request);
    if (status === 500) requests.excuses.add(request, 1);
    if (!madeReset && status !== 401) requests.failedCalls.add(request, 1);
    else if (isUnknown) requests.failedCalls.add(request, 1);
    if (!madeReset) return;
    const resets = requests.resets.add(request, 1);
    if (resets === 1) requests.resetAt.set(request, engine.now);
    else if (requests.excuses.get(request) < resets - 1) {
      this.#broken('no second reset', `reset ${resets} times`, request);
    }
  }

  callAnswered(request: number, answer: ApiAnswer, judgement: Judgement, sandbox: Sandbox): void {
    const { requests } = this.#parts;
    // Slower than the client waited: what the API knows nobody else does.
    if (answer.kind === 'no-answer' && !judgement.isUnknown) {
      this.#excuse(request);
      requests.failedCalls.add(request, 1);
    }
    // A waiting person's time ends with the answer.
    if (answer.kind === 'answered' && judgement.madeReset && requests.resets.get(request) === 1) {
      requests.resetAt.set(request, this.#parts.engine.now);
    }
    this.#answers.set(request, {
      status: answer.kind === 'answered' ? answer.status : 0,
      heardAt: sandbox.clock.now(),
      retryAfterMs: answer.kind === 'answered' ? (answer.retryAfterMs ?? 0) : 0,
      failedCalls: requests.failedCalls.get(request),
    });
  }

  written(key: string, before: Item | undefined, after: Item, sandbox: Sandbox | undefined): void {
    if (!key.startsWith('request#')) return;
    const request = this.#parts.requests.ofKey(key.slice('request#'.length));
    if (request === undefined) return;
    const [was, is] = [before as RequestItem | undefined, after as unknown as RequestItem];
    this.#parts.history.note(
      request,
      () => `ledger: ${was?.state ?? 'new'} → ${is.state} (${describe(is)}) by sandbox ${sandbox?.number}`,
    );
    this.#checkTakenUp(request, was, is, sandbox);
    this.#checkCounters(request, is);
    if (is.state === 'waiting' && is.failedCalls === was?.failedCalls) this.#forgive(request);
    if (is.state === 'waiting' && sandbox) this.#checkDelay(request, was, is, sandbox);
    if (is.state === 'failing' && was?.state === 'calling') this.#checkCause(request, is);
    if (is.state === 'cancelled') this.#cancelled.add(request);
    if (is.state === 'calling') {
      this.#claims.set(request, {
        leaseEnd: is.leaseEnd ?? 0,
        sandbox,
        troubles: sandbox?.isRunning ? sandbox.troubles : UNDER_WAY,
      });
      this.#counted.delete(request);
    } else {
      this.#claims.delete(request);
      this.#answers.delete(request);
    }
  }

  granted(sandbox: Sandbox): void {
    const { engine, options } = this.#parts;
    if (!options.budget.factory.isShared || !sandbox.isAlive) return;
    const { perMinute, burst } = options.budget;
    const leaked = ((engine.now - this.#budgetAt) * perMinute) / 60_000;
    this.#budgetLevel = Math.max(0, this.#budgetLevel - leaked) + 1;
    this.#budgetAt = engine.now;
    // A leaky bucket of this size overflows exactly where some window before now had more than its bound.
    const bound = burst + (perMinute * 2) / 60;
    if (this.#budgetLevel > bound + 1e-6) {
      this.#broken(
        'within the budget',
        `${this.#budgetLevel.toFixed(1)} granted where ${bound.toFixed(1)} were allowed`,
      );
    }
  }

  hidden(messageId: string, seconds: number): void {
    const { messages } = this.#parts;
    const request = messages.request.get(Number(messageId.slice(1)));
    this.#parts.history.note(request, () => `message ${messageId} hidden for ${seconds} s`);
    if (seconds < 0 || seconds > LONGEST_HIDE_SECONDS || !Number.isInteger(seconds)) {
      this.#broken('delays bounded', `hidden for ${seconds} s`, request);
    }
  }

  letterSent(letter: StoredLetter): void {
    const { requests, history } = this.#parts;
    const { request, reason, failureId } = letter;
    if (request < 0) {
      this.#broken('nothing lost', `a letter for the unknown request ${letter.requestId}`);
      return;
    }
    history.note(request, () => `dead letter ${failureId ?? 'without id'}: ${reason ?? 'moved by SQS'}`);
    const isStale = failureId !== undefined && this.#consumed.has(failureId);
    if (requests.resets.get(request) > 0 && requests.excuses.get(request) === 0 && !isStale) {
      this.#broken('reset or dead-lettered', `dead-lettered as ${reason} after its reset`, request);
    }
  }

  redriven({ request, failureId }: StoredLetter): void {
    this.#parts.history.note(request, () => `operator sends letter ${failureId} back`);
    if (failureId !== undefined) this.#redriven.add(failureId);
  }

  /** SQS has forgotten a message for good. */
  acknowledged(message: number): void {
    const request = this.#parts.messages.request.get(message);
    this.#parts.history.note(request, () => `message m${message} acknowledged`);
    if (!this.#isAccountedFor(request))
      this.#broken('nothing lost', `message m${message} acknowledged without an end`, request);
  }

  dropped(message: number): void {
    const request = this.#parts.messages.request.get(message);
    if (!this.#isAccountedFor(request))
      this.#broken('nothing lost', `message m${message} outlived its retention`, request);
  }

  logged(code: EventCode, fields: EventFields, sandbox: Sandbox): void {
    const request = requestIn(fields, this.#parts);
    if (request !== undefined) {
      const { why, delayMs, status, reason } = fields;
      const words = [why, reason, status, delayMs === undefined ? undefined : `${delayMs} ms`]
        .filter(Boolean)
        .join(', ');
      this.#parts.history.note(request, () => `sandbox ${sandbox.number} logs ${code} ${words}`);
    }
    if (code === 'RESET_NOT_RECORDED' && request !== undefined) this.#parts.requests.excuses.add(request, 1);
    if (code === 'UNEXPECTED') {
      this.#broken('no defect', `${fields.errorName} ${fields.errorPlace ?? ''}`, request);
    }
  }

  /** Looks at everything once more. */
  end(isDrained: boolean, left: Iterable<number>): void {
    const { requests, messages } = this.#parts;
    if (!isDrained) {
      const first = [...left].slice(0, 1).map((message) => messages.request.get(message))[0];
      this.#broken('drained', 'messages are left in a lane', first);
    }
    for (let request = 0; request < requests.count; request += 1) {
      if (!this.#isAccountedFor(request)) this.#broken('nothing lost', 'nothing is left of it', request);
    }
  }

  /** Letters that nobody has sent back, of requests that were reset. */
  lettersAtEnd(letters: Iterable<StoredLetter>): void {
    const { requests } = this.#parts;
    for (const { request, failureId } of letters) {
      const isStale = failureId !== undefined && this.#consumed.has(failureId);
      if (requests.resets.get(request) > 0 && requests.excuses.get(request) === 0 && !isStale) {
        this.#broken('reset or dead-lettered', 'reset after it was dead-lettered', request);
      }
    }
  }

  #isAccountedFor(request: number): boolean {
    const { requests } = this.#parts;
    return (
      requests.resets.get(request) > 0 ||
      requests.letters.get(request) > 0 ||
      requests.copies.get(request) > 0 ||
      this.#cancelled.has(request)
    );
  }

  /** Whether a claim was ended by somebody else than its holder: by another claim, or given up with one call of unknown outcome more than its holder had. */
  #isTakenOver(request: number, was: RequestItem, is: RequestItem, isHolder: boolean): boolean {
    if (is.state === 'succeeded') return false;
    if (is.leaseNonce !== was.leaseNonce) return true;
    if (is.state === 'waiting' || is.unknowns <= was.unknowns) return false;
    const status = this.#answers.get(request)?.status;
    return !isHolder || (status !== 504 && status !== 0);
  }

  /** A call whose outcome nobody can know. */
  #excuse(request: number): void {
    this.#parts.requests.excuses.add(request, 1);
    // No answer, and then no word of it in the ledger either, is one call of unknown outcome.
    if (this.#counted.has(request)) return;
    this.#counted.add(request);
    this.#unknowns.set(request, (this.#unknowns.get(request) ?? 0) + 1);
  }

  #checkTakenUp(request: number, was: RequestItem | undefined, is: RequestItem, sandbox: Sandbox | undefined): void {
    const { engine, requests } = this.#parts;
    const isTaken = is.state === 'calling' || (is.state === 'failing' && was?.state !== 'calling');
    const claim = this.#claims.get(request);
    if (was?.state === 'calling' && claim && this.#isTakenOver(request, was, is, claim.sandbox === sandbox)) {
      const earlyMs = (was.leaseEnd ?? 0) - engine.now;
      if (earlyMs > SKEW_MS) this.#broken('lease kept', `taken over ${earlyMs} ms before its lease ended`, request);
      if (claim.sandbox?.isAlive && claim.sandbox.troubles === claim.troubles) {
        this.#broken('lease kept', 'given up without a result by a sandbox that nothing had befallen', request);
      }
      // Whatever was answered did not reach the ledger.
      this.#excuse(request);
      requests.failedCalls.add(request, 1);
      this.#answers.delete(request);
    } else if (was?.state === 'calling' && claim && is.state !== 'succeeded' && claim.sandbox !== sandbox) {
      this.#broken('lease kept', `${is.state} by another sandbox than the one that holds it`, request);
    }
    if (was?.state === 'waiting' && is.state === 'calling' && sandbox && sandbox.clock.now() < (was.notBefore ?? 0)) {
      this.#broken('not before its time', `claimed ${(was.notBefore ?? 0) - sandbox.clock.now()} ms early`, request);
    }
    if ((was?.state === 'succeeded' || was?.state === 'cancelled') && isTaken) {
      this.#broken('lease kept', `taken up again after it had ${was.state}`, request);
    }
    if ((was?.state === 'failed' || was?.state === 'discarded') && isTaken) {
      const failureId = was.failureId ?? '';
      if (!this.#redriven.has(failureId)) this.#broken('one run a redrive', 'started anew without a redrive', request);
      if (this.#consumed.has(failureId)) this.#broken('one run a redrive', 'started anew twice by one letter', request);
      this.#consumed.add(failureId);
      this.#unknowns.delete(request);
      requests.failedCalls.set(request, 0);
    }
  }

  #checkCounters(request: number, is: RequestItem): void {
    const { requests } = this.#parts;
    if (is.failedCalls > MOST_FAILED_CALLS || is.unknowns > MOST_UNKNOWNS) {
      this.#broken('attempts bounded', `${is.failedCalls} failed calls, ${is.unknowns} unknown`, request);
    }
    if (is.failedCalls > requests.failedCalls.get(request)) {
      const last = requests.lastStatus.get(request);
      const promise = last === 401 ? 'a 401 is nobody’s fault' : 'attempts bounded';
      this.#broken(
        promise,
        `${is.failedCalls} failed calls counted, ${requests.failedCalls.get(request)} made`,
        request,
      );
    }
  }

  /** A rejection that the brake lays to our own charge spends no attempt. */
  #forgive(request: number): void {
    const status = this.#answers.get(request)?.status ?? 0;
    const isRejection = status >= 400 && status < 500 && status !== 401 && status !== 429;
    if (isRejection) this.#parts.requests.failedCalls.add(request, -1);
  }

  #checkDelay(request: number, was: RequestItem | undefined, is: RequestItem, sandbox: Sandbox): void {
    const answer = this.#answers.get(request);
    if (!answer || was === undefined || is.failedCalls <= was.failedCalls) return;
    const delayMs = (is.notBefore ?? 0) - answer.heardAt;
    const asked = Math.min(answer.retryAfterMs, LONGEST_RETRY_AFTER_MS);
    const longest = Math.max(asked, Math.min(LONGEST_BACKOFF_MS, 1_000 * 2 ** is.failedCalls)) + sandbox.stalledMs;
    if (delayMs < asked || delayMs > longest) {
      this.#broken('delays bounded', `waits ${delayMs} ms, asked for ${asked}, at most ${longest}`, request);
    }
  }

  #checkCause(request: number, is: RequestItem): void {
    const answer = this.#answers.get(request);
    if (answer?.status === 401 && is.reason !== 'expired') {
      this.#broken('a 401 is nobody’s fault', `dead-lettered as ${is.reason} after a 401`, request);
    }
  }

  #broken(promise: PromiseName, what: string, request?: number): void {
    const atMs = this.#parts.engine.now - this.#start;
    if (this.violations.length < 10)
      this.violations.push({ promise, what, atMs, ...(request === undefined ? {} : { request }) });
  }
}

const describe = ({ calls, failedCalls, unknowns, reason, lastStatus }: RequestItem): string =>
  [`calls ${calls}`, `failed ${failedCalls}`, `unknown ${unknowns}`, lastStatus && `last ${lastStatus}`, reason]
    .filter(Boolean)
    .join(', ');

function requestIn(fields: EventFields, { requests, messages }: PromisesParts): number | undefined {
  if (fields.requestId !== undefined) return requests.ofKey(fields.requestId);
  return fields.messageId === undefined ? undefined : messages.request.get(Number(fields.messageId.slice(1)));
}
