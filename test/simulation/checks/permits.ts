import type { Sandbox } from '../world/aws/sandbox.ts';
import type { CheckParts } from './promises.ts';

const MINUTE_MS = 60_000;

/** All copies together keep to the quota that they were told. */
export class Permits {
  readonly #parts: CheckParts;
  #level = 0;
  #at = 0;

  constructor(parts: CheckParts) {
    this.#parts = parts;
  }

  granted(sandbox: Sandbox): void {
    const { engine, options, breaches } = this.#parts;
    if (!sandbox.isAlive) return;
    const { perMinute, burst } = options.budget;
    const leaked = ((engine.now - this.#at) * perMinute) / MINUTE_MS;
    this.#level = Math.max(0, this.#level - leaked) + 1;
    this.#at = engine.now;
    // A leaky bucket of this size overflows exactly where some window before now had more than its bound.
    const bound = burst + (perMinute * 2) / 60;
    if (this.#level > bound + 1e-6) {
      breaches.broken('within the budget', `${this.#level.toFixed(1)} granted where ${bound.toFixed(1)} were allowed`);
    }
  }
}
