import type { Chance } from '../../engine/chance.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Accidents } from '../accidents.ts';
import type { Latency, Period, ServiceError, ServiceFaults } from '../options.ts';
import type { Sandbox } from './sandbox.ts';

/** As the worker's SDK clients are set: one repeat, and 3 s for each. */
const ATTEMPTS = 2;
const REQUEST_TIMEOUT_MS = 3_000;
const REPEAT_AFTER_MS = 75;

/** An AWS error as far as the worker looks at it. Made once: the making of a stack trace for each would cost more than the rest. */
const errorOf = (name: string): Error => Object.assign(new Error(name), { name });
const ERRORS = {
  failsBefore: errorOf('InternalServerError'),
  failsAfter: errorOf('InternalServerError'),
  throttled: errorOf('ThrottlingException'),
  unreachable: errorOf('TimeoutError'),
  AccessDeniedException: errorOf('AccessDeniedException'),
  ResourceNotFoundException: errorOf('ResourceNotFoundException'),
  ThrottlingException: errorOf('ThrottlingException'),
} as const satisfies Record<string | ServiceError, Error>;
type FaultKind = keyof typeof ERRORS;

export interface ServiceParts {
  engine: Engine;
  chance: Chance;
  latency: Latency;
  faults: ServiceFaults;
  /** From then on nothing fails. */
  faultsEnd: number;
  befall: Accidents;
}

/** An AWS service as its client in a sandbox meets it: it takes time, it fails, and the sandbox may die before it hears of what was done. */
export class Service {
  /** Attempts that reached the service. */
  requests = 0;
  readonly #parts: ServiceParts;
  readonly #start: number;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
    this.#start = parts.engine.now;
  }

  /** Does the work at the service, half-way through; what it throws is an answer as any other and is not repeated. */
  call<T>(sandbox: Sandbox, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => this.#attempt(sandbox, work, resolve, reject, ATTEMPTS));
  }

  /** Whether it is too busy for one part of a request that it answers. */
  throttles(): boolean {
    const { engine, chance, faults, faultsEnd } = this.#parts;
    return engine.now < faultsEnd && chance.hits(faults.throttled);
  }

  #attempt<T>(
    sandbox: Sandbox,
    work: () => T,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
    attempts: number,
  ): void {
    const { engine, chance, latency, befall } = this.#parts;
    const drawnMs = chance.latency(latency.medianMs, latency.p99Ms);
    // Slower than the client waits: done, and never heard of.
    const fault = this.#fault() ?? (drawnMs > REQUEST_TIMEOUT_MS ? 'failsAfter' : undefined);
    const takesMs = fault === 'unreachable' ? REQUEST_TIMEOUT_MS : Math.min(drawnMs, REQUEST_TIMEOUT_MS);
    const thereMs = takesMs >> 1;
    engine.after(thereMs, () => {
      this.requests += 1;
      let settle: () => void;
      if (fault === undefined || fault === 'failsAfter') {
        try {
          const value = work();
          settle = () => resolve(value);
        } catch (error) {
          settle = () => reject(error);
        }
      }
      if (fault !== undefined) {
        sandbox.troubles += 1;
        settle = () => {
          if (attempts <= 1 || isFinal(fault)) reject(ERRORS[fault]);
          else engine.after(REPEAT_AFTER_MS, () => this.#attempt(sandbox, work, resolve, reject, attempts - 1));
        };
      }
      befall(sandbox);
      engine.after(takesMs - thereMs, () => sandbox.tell(settle));
    });
  }

  #fault(): FaultKind | undefined {
    const { engine, chance, faults, faultsEnd } = this.#parts;
    if (isWithin(faults.unreachable, engine.now - this.#start)) return 'unreachable';
    const refusal = faults.refuses?.find((period) => isWithin([period], engine.now - this.#start));
    if (refusal) return refusal.error;
    if (engine.now >= faultsEnd) return undefined;
    if (chance.hits(faults.failsBefore)) return 'failsBefore';
    if (chance.hits(faults.failsAfter)) return 'failsAfter';
    return this.throttles() ? 'throttled' : undefined;
  }
}

/** What the SDK does not try again. */
const isFinal = (fault: FaultKind): boolean =>
  fault === 'AccessDeniedException' || fault === 'ResourceNotFoundException';

const isWithin = (periods: readonly Period[], timeMs: number): boolean =>
  periods.some(({ fromMs, toMs }) => timeMs >= fromMs && timeMs < toMs);
