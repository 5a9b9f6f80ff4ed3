import { DEFAULT_CALL_TIMEOUT_MS } from '../../../functions/ledger/lease.ts';
import type { ApiAnswer } from '../../../functions/reset-worker/core/ports.ts';
import { type Chance, hash } from '../engine/chance.ts';
import type { Engine } from '../engine/engine.ts';
import type { Accidents } from './accidents.ts';
import type { Sandbox } from './aws/sandbox.ts';
import {
  isWhole,
  type Judgement,
  NOT_SENT,
  outageJudgement,
  PAGE,
  RESET,
  refusal,
  silence,
  unknown,
} from './judgement.ts';
import { type ApiPhase, type Options, OUTAGE_FORMS } from './options.ts';
import { type Quota, quotaOf } from './quota.ts';
import { PROBE_ADDRESS, type Requests, TRAIT } from './requests.ts';

/** Rejections for good, and the one that may have been made. */
const FAILING_STATUSES = [400, 403, 404, 409, 500] as const;
const REFUSED_AFTER_MS = 20;

export interface ApiParts {
  engine: Engine;
  chance: Chance;
  options: Options['api'];
  faultsEnd: number;
  requests: Requests;
  /** Whether the API accepts the token now. */
  accepts: (token: string) => boolean;
  /** `request` is undefined for a call with the probe address. */
  onJudged: (request: number | undefined, judgement: Judgement) => void;
  seed: number;
  befall: Accidents;
}

/** The API, with its quota, its moods and its outages. */
export class ResetApiWorld {
  readonly #parts: ApiParts;
  readonly #quota: Quota;
  readonly #start: number;
  #factor = 1;
  /** Calls met by outages that take every so-many-th. */
  #met = 0;

  constructor(parts: ApiParts) {
    const { engine, options } = parts;
    this.#parts = parts;
    this.#start = engine.now;
    this.#quota = quotaOf(options.model, options, engine.now);
  }

  call(
    sandbox: Sandbox,
    email: string,
    token: string,
    onAnswer: (answer: ApiAnswer, judgement: Judgement) => void,
  ): void {
    const { engine, chance, options, requests, onJudged, befall } = this.#parts;
    const takesMs = Math.max(2, chance.latency(options.latency.medianMs, options.latency.p99Ms));
    const thereMs = Math.min(takesMs - 1, 20);
    engine.after(thereMs, () => {
      const request = email === PROBE_ADDRESS ? undefined : requests.ofEmail(email);
      const judgement = this.#judge(request, token);
      onJudged(request, judgement);
      befall(sandbox);
      const { answer, afterMs } = heard(judgement, takesMs - thereMs, DEFAULT_CALL_TIMEOUT_MS - thereMs);
      engine.after(afterMs, () => sandbox.tell(() => onAnswer(answer, judgement)));
    });
  }

  /** The quota of now, a minute. */
  get perMinute(): number {
    return this.#parts.options.perMinute * this.#factor;
  }

  #judge(request: number | undefined, token: string): Judgement {
    const { engine, chance, options, faultsEnd } = this.#parts;
    const isFaulty = engine.now < faultsEnd;
    if (isFaulty && chance.hits(options.refusedConnections)) return NOT_SENT;
    this.#adjustQuota();
    const outage = this.#outage();
    if (outage) return outage;
    if (this.#has('html')) return PAGE;
    if (this.#has('unauthorized') || !this.#parts.accepts(token)) return refusal(401);
    const { admitted, waitMs } = this.#quota.admit(engine.now);
    if (!admitted) return this.#wait(429, waitMs);
    if (this.#has('wrong-url')) return refusal(404);
    return (isFaulty ? this.#mood() : undefined) ?? this.#answer(request, isFaulty);
  }

  /** What may happen to any call before anything is done. */
  #mood(): Judgement | undefined {
    const { chance, options } = this.#parts;
    if (chance.hits(options.flaky429)) return this.#wait(429, 1_000);
    if (chance.hits(options.flaky503)) return this.#wait(503, 1_000);
    if (chance.hits(options.lost504)) return unknown(504, false);
    if (chance.hits(options.lostUnanswered)) return silence('timeout', false);
    return undefined;
  }

  #answer(request: number | undefined, isFaulty: boolean): Judgement {
    const { chance, options, requests, seed } = this.#parts;
    // Nobody goes by the probe address.
    if (request === undefined || requests.has(request, TRAIT.notFound)) return refusal(404);
    if (requests.has(request, TRAIT.hanging)) return silence('timeout', false);
    if (requests.has(request, TRAIT.always500)) return unknown(500, false);
    // Alone in a world that is at rest it would be tried for 12 days.
    if (isFaulty && requests.has(request, TRAIT.always503)) return refusal(503);
    if (requests.has(request, TRAIT.failing)) {
      const status = FAILING_STATUSES[hash(`${seed}/${request}`) % FAILING_STATUSES.length] ?? 404;
      return status === 500 ? unknown(500, false) : refusal(status);
    }
    if (isFaulty && chance.hits(options.ghosts504)) return unknown(504, true);
    if (isFaulty && chance.hits(options.ghostsUnanswered)) return silence('timeout', true);
    return RESET;
  }

  #outage(): Judgement | undefined {
    const { chance, options } = this.#parts;
    if (options.phases.length === 0) return undefined;
    for (const phase of this.#phases()) {
      if (phase.kind !== 'outage') continue;
      this.#met += 1;
      if (phase.every !== undefined && this.#met % phase.every !== 0) continue;
      if (phase.odds !== undefined && !chance.hits(phase.odds)) continue;
      const form = phase.form === 'mixed' ? chance.pick(OUTAGE_FORMS) : phase.form;
      const judgement = outageJudgement(form, chance.hits(phase.ghosts ?? 0), options.retryAfter);
      return isWhole(phase) ? { ...judgement, isOutage: true } : judgement;
    }
    return undefined;
  }

  #wait(status: number, waitMs: number): Judgement {
    const retryAfterMs = Math.ceil(waitMs / 1000) * 1000;
    return { ...refusal(status), ...(this.#parts.options.retryAfter ? { retryAfterMs } : {}) };
  }

  #phases(): readonly ApiPhase[] {
    const timeMs = this.#parts.engine.now - this.#start;
    return this.#parts.options.phases.filter(({ fromMs, toMs }) => timeMs >= fromMs && timeMs < toMs);
  }

  #has(kind: ApiPhase['kind']): boolean {
    return this.#parts.options.phases.length > 0 && this.#phases().some((phase) => phase.kind === kind);
  }

  #adjustQuota(): void {
    if (this.#parts.options.phases.length === 0) return;
    const factor = this.#phases().reduce(
      (product, phase) => (phase.kind === 'quota' ? product * phase.factor : product),
      1,
    );
    if (factor === this.#factor) return;
    this.#factor = factor;
    this.#quota.scale(factor, this.#parts.engine.now);
  }
}

/** How the caller comes to know of it, and after how long. */
function heard(judgement: Judgement, answerMs: number, timeoutMs: number): { answer: ApiAnswer; afterMs: number } {
  const { status, retryAfterMs, detail = '', isPage } = judgement;
  if (judgement.silence === 'not-sent') {
    return { answer: { kind: 'not-sent', why: 'ECONNREFUSED' }, afterMs: REFUSED_AFTER_MS };
  }
  if (judgement.silence === 'timeout' || answerMs > timeoutMs) {
    return { answer: { kind: 'no-answer', why: 'timeout' }, afterMs: timeoutMs };
  }
  if (judgement.silence === 'cut') return { answer: { kind: 'no-answer', why: 'ECONNRESET' }, afterMs: answerMs };
  const retryAfter = retryAfterMs === undefined ? {} : { retryAfterMs };
  const page = isPage ? { isHtml: true } : {};
  return { answer: { kind: 'answered', status, detail, ...retryAfter, ...page }, afterMs: answerMs };
}
