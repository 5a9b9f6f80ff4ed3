import type { EventCode, EventFields } from '../../../functions/common/telemetry.ts';
import { CAMPAIGN_LIST } from '../../../functions/ledger/items.ts';
import type { ApiAnswer } from '../../../functions/reset-worker/core/ports.ts';
import type { Engine } from '../engine/engine.ts';
import type { History } from '../engine/history.ts';
import type { StoredLetter } from '../world/aws/dead-letter-queue.ts';
import type { Item } from '../world/aws/expressions.ts';
import type { Messages } from '../world/aws/queue.ts';
import type { Sandbox } from '../world/aws/sandbox.ts';
import type { Judgement } from '../world/judgement.ts';
import type { Observer } from '../world/observer.ts';
import type { Options } from '../world/options.ts';
import type { Requests } from '../world/requests.ts';
import { Attempts } from './attempts.ts';
import { Delays } from './delays.ts';
import { Endings } from './endings.ts';
import { Leases } from './leases.ts';
import { Permits } from './permits.ts';
import { Breaches, type CheckedItem, type Violation } from './promises.ts';

export interface WatchParts {
  engine: Engine;
  options: Options;
  requests: Requests;
  messages: Messages;
  history: History;
}

/** Looks on as the world goes on, writes down the history of those asked about, and passes all on to the checks. */
export class Watch implements Observer {
  readonly #parts: WatchParts;
  readonly #breaches: Breaches;
  readonly #attempts: Attempts;
  readonly #delays: Delays;
  readonly #leases: Leases;
  readonly #endings: Endings;
  readonly #permits: Permits;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#breaches = new Breaches(parts.engine);
    const checked = { ...parts, breaches: this.#breaches };
    this.#attempts = new Attempts(checked);
    this.#delays = new Delays(checked, this.#attempts);
    this.#leases = new Leases(checked, this.#attempts);
    this.#endings = new Endings(checked, this.#leases);
    this.#permits = new Permits(checked);
  }

  get violations(): readonly Violation[] {
    return this.#breaches.violations;
  }

  callStarts(request: number, sandbox: Sandbox): void {
    this.#parts.history.note(request, () => `sandbox ${sandbox.number} calls the API`);
    this.#leases.callStarts(request, sandbox);
    this.#attempts.callStarts(request, sandbox);
  }

  judged(request: number, judgement: Judgement): void {
    const { status, silence, madeReset } = judgement;
    this.#parts.history.note(request, () => `API: ${status || silence}${madeReset ? ', reset made' : ''}`);
    this.#attempts.judged(request, judgement);
    this.#endings.judged(request, judgement);
  }

  callAnswered(request: number, answer: ApiAnswer, judgement: Judgement, sandbox: Sandbox): void {
    const { requests, engine } = this.#parts;
    // A waiting person's time ends with the answer.
    if (answer.kind === 'answered' && judgement.madeReset && requests.resets.get(request) === 1) {
      requests.resetAt.set(request, engine.now);
    }
    this.#attempts.answered(request, answer, judgement, sandbox);
  }

  written = (key: string, before: Item | undefined, after: Item, sandbox: Sandbox | undefined): void => {
    if (before?.campaign === CAMPAIGN_LIST && before.state === 'cancelled' && after.state !== 'cancelled') {
      this.#breaches.broken('ended for good', `a campaign ${after.state} after it was cancelled`);
    }
    if (!key.startsWith('request#')) return;
    const request = this.#parts.requests.ofKey(key.slice('request#'.length));
    if (request === undefined) return;
    const [was, is] = [before as CheckedItem | undefined, after as unknown as CheckedItem];
    this.#parts.history.note(
      request,
      () =>
        `ledger: ${was?.state ?? 'new'} → ${is.state} (${describe(is)}) by ${sandbox ? `sandbox ${sandbox.number}` : 'an operator'}`,
    );
    this.#leases.written(request, was, is, sandbox);
    this.#attempts.written(request, was, is, sandbox);
    if (sandbox) this.#delays.written(request, was, is, sandbox);
    this.#endings.written(request, is);
    this.#attempts.settled(request, is.state === 'calling');
  };

  granted(sandbox: Sandbox): void {
    this.#permits.granted(sandbox);
  }

  hidden(messageId: string, seconds: number): void {
    const request = this.#parts.messages.request.get(Number(messageId.slice(1)));
    this.#parts.history.note(request, () => `message ${messageId} hidden for ${seconds} s`);
    this.#delays.hidden(request, seconds);
  }

  letterSent(letter: StoredLetter): void {
    const { request, failureId, reason } = letter;
    this.#parts.history.note(request, () => `dead letter ${failureId ?? 'without id'}: ${reason ?? 'moved by SQS'}`);
    this.#endings.letterSent(letter);
  }

  redriven(letter: StoredLetter): void {
    this.#parts.history.note(letter.request, () => `operator sends letter ${letter.failureId} back`);
    this.#leases.redriven(letter);
  }

  acknowledged(message: number): void {
    const request = this.#parts.messages.request.get(message);
    this.#parts.history.note(request, () => `message m${message} acknowledged`);
    this.#endings.gone(message, 'acknowledged without an end');
  }

  dropped(message: number): void {
    this.#endings.gone(message, 'outlived its retention');
  }

  logged(code: EventCode, fields: EventFields, sandbox: Sandbox): void {
    const request = this.#requestIn(fields);
    if (request !== undefined) {
      const { why, delayMs, status, reason } = fields;
      const words = [why, reason, status, delayMs === undefined ? undefined : `${delayMs} ms`].filter(Boolean);
      this.#parts.history.note(request, () => `sandbox ${sandbox.number} logs ${code} ${words.join(', ')}`);
    }
    if (code === 'RESET_NOT_RECORDED' && request !== undefined) this.#parts.requests.excuses.add(request, 1);
    if (code === 'UNEXPECTED') {
      this.#breaches.broken('no defect', `${fields.errorName} ${fields.errorPlace ?? ''}`, request);
    }
  }

  /** Looks at everything once more. */
  end(isDrained: boolean, left: Iterable<number>, letters: ReadonlySet<StoredLetter>): void {
    this.#endings.end(isDrained, left, letters);
  }

  #requestIn({ requestId, messageId }: EventFields): number | undefined {
    const { requests, messages } = this.#parts;
    if (requestId !== undefined) return requests.ofKey(requestId);
    return messageId === undefined ? undefined : messages.request.get(Number(messageId.slice(1)));
  }
}

const describe = ({ calls, failedCalls, unknowns, throttled, heldCalls, reason, lastStatus }: CheckedItem): string =>
  [
    `calls ${calls}`,
    `failed ${failedCalls}`,
    `unknown ${unknowns}`,
    throttled && `throttled ${throttled}`,
    heldCalls && `held ${heldCalls}`,
    lastStatus && `last ${lastStatus}`,
    reason,
  ]
    .filter(Boolean)
    .join(', ');
