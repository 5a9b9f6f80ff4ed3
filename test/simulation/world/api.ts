import { DEFAULT_CALL_TIMEOUT_MS } from '../../../functions/ledger/lease.ts';
import type { ApiAnswer } from '../../../functions/reset-worker/core/ports.ts';
import { type Chance, hash } from '../engine/chance.ts';
import type { Engine } from '../engine/engine.ts';
import type { ApiPhase, Options } from '../scenarios/options.ts';
import type { Accidents } from './accidents.ts';
import type { Sandbox } from './aws/sandbox.ts';
import { type Quota, quotaOf } from './quota.ts';
import { type Requests, TRAIT } from './requests.ts';

/** Rejections for good, and the one that may have been made. */
const FAILING_STATUSES = [400, 403, 404, 409, 500] as const;
const REFUSED_AFTER_MS = 20;

/** What the API did with one call; `status` 0 for none. */
export interface Judgement {
  status: number;
  madeReset: boolean;
  /** The caller learns nothing, or no more than that it took too long. */
  isUnknown: boolean;
  retryAfterMs?: number;
  /** How the caller sees it where there is no status. */
  silence?: 'not-sent' | 'no-answer';
}

export interface ApiParts {
  engine: Engine;
  chance: Chance;
  options: Options['api'];
  faultsEnd: number;
  requests: Requests;
  /** Whether the API accepts the token now. */
  accepts: (token: string) => boolean;
  onJudged: (request: number, judgement: Judgement) => void;
  seed: number;
  befall: Accidents;
}

/** The API, with its quota, its moods and its outages. */
export class ResetApiWorld {
  readonly #parts: ApiParts;
  readonly #quota: Quota;
  readonly #start: number;
  #factor = 1;

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
    const { engine, chance, options } = this.#parts;
    const takesMs = Math.max(2, chance.latency(options.latency.medianMs, options.latency.p99Ms));
    const thereMs = Math.min(takesMs - 1, 20);
    const hear = (afterMs: number, answer: ApiAnswer, judgement: Judgement): void => {
      engine.after(afterMs, () => sandbox.tell(() => onAnswer(answer, judgement)));
    };
    engine.after(thereMs, () => {
      const request = this.#parts.requests.ofEmail(email);
      const judgement = this.#judge(request, token);
      this.#parts.onJudged(request, judgement);
      this.#parts.befall(sandbox);
      const { status, retryAfterMs } = judgement;
      if (judgement.silence === 'not-sent')
        return hear(REFUSED_AFTER_MS, { kind: 'not-sent', why: 'ECONNREFUSED' }, judgement);
      if (judgement.silence === 'no-answer' || takesMs > DEFAULT_CALL_TIMEOUT_MS) {
        return hear(DEFAULT_CALL_TIMEOUT_MS - thereMs, { kind: 'no-answer', why: 'timeout' }, judgement);
      }
      const retryAfter = retryAfterMs === undefined ? {} : { retryAfterMs };
      hear(takesMs - thereMs, { kind: 'answered', status, detail: status < 300 ? '' : 'no', ...retryAfter }, judgement);
    });
  }

  /** The quota of now, a minute. */
  get perMinute(): number {
    return this.#parts.options.perMinute * this.#factor;
  }

  #judge(request: number, token: string): Judgement {
    const { engine, chance, options, requests, faultsEnd } = this.#parts;
    const isFaulty = engine.now < faultsEnd;
    if (isFaulty && chance.hits(options.refusedConnections)) {
      return { status: 0, madeReset: false, isUnknown: false, silence: 'not-sent' };
    }
    this.#adjustQuota();
    if (this.#has('outage')) return this.#answer(503, 10_000);
    if (this.#has('unauthorized') || !this.#parts.accepts(token)) return this.#answer(401);
    const { admitted, waitMs } = this.#quota.admit(engine.now);
    if (!admitted) return this.#answer(429, waitMs);
    if (this.#has('wrong-url')) return this.#answer(404);
    if (isFaulty) {
      if (chance.hits(options.flaky429)) return this.#answer(429, 1_000);
      if (chance.hits(options.flaky503)) return this.#answer(503, 1_000);
      if (chance.hits(options.lost504)) return { status: 504, madeReset: false, isUnknown: true };
      if (chance.hits(options.lostUnanswered))
        return { status: 0, madeReset: false, isUnknown: true, silence: 'no-answer' };
    }
    if (requests.has(request, TRAIT.failing)) {
      const status = FAILING_STATUSES[hash(`${this.#parts.seed}/${request}`) % FAILING_STATUSES.length] ?? 404;
      return this.#answer(status);
    }
    if (isFaulty && chance.hits(options.ghosts504)) return { status: 504, madeReset: true, isUnknown: true };
    if (isFaulty && chance.hits(options.ghostsUnanswered)) {
      return { status: 0, madeReset: true, isUnknown: true, silence: 'no-answer' };
    }
    return { status: 200, madeReset: true, isUnknown: false };
  }

  #answer(status: number, waitMs?: number): Judgement {
    const seconds = Math.ceil((waitMs ?? 0) / 1000);
    const retryAfter = waitMs !== undefined && this.#parts.options.retryAfter ? { retryAfterMs: seconds * 1000 } : {};
    return { status, madeReset: false, isUnknown: false, ...retryAfter };
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
