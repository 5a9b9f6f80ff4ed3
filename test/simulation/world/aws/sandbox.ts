import type { Clock, EpochMs } from '../../../../functions/common/clock.ts';
import type { Chance } from '../../engine/chance.ts';
import type { Engine } from '../../engine/engine.ts';

/**
 * One process of the function: its own clock, and the border through which all news reaches the program in it. A frozen program hears its
 * news when it runs again; a dead one never.
 */
export class Sandbox {
  readonly number: number;
  readonly clock: Clock;
  isAlive = true;
  /** When the present invocation is ended by force. */
  invocationEnd: EpochMs = 0;
  /** Is told when the sandbox dies within an invocation. */
  onDeath: () => void = () => undefined;
  /** How long the program stood still at most, within the present invocation. */
  stalledMs = 0;
  /** Faults met and times stood still since the process began: what goes wrong after none of them has no excuse. */
  troubles = 0;
  readonly #engine: Engine;
  #isRunning = false;
  #news: (() => void)[] = [];

  constructor(engine: Engine, number: number, skewMs: number, chance: Chance, earlyTimers: number) {
    this.#engine = engine;
    this.number = number;
    this.clock = {
      now: () => engine.now + skewMs,
      sleep: (delayMs, signal) => {
        if (signal?.aborted) return Promise.resolve();
        return new Promise((resolve) => {
          const early = delayMs > 1 && chance.hits(earlyTimers) ? 1 : 0;
          const timer = engine.after(Math.max(1, delayMs) - early, () =>
            this.tell(() => {
              signal?.removeEventListener('abort', wake);
              resolve();
            }),
          );
          const wake = () => {
            engine.callOff(timer);
            signal?.removeEventListener('abort', wake);
            resolve();
          };
          signal?.addEventListener('abort', wake);
        });
      },
    };
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Something reaches the program. */
  tell(news: () => void): void {
    if (!this.isAlive) return;
    if (this.#isRunning) news();
    else this.#news.push(news);
  }

  thaw(): void {
    if (!this.isAlive || this.#isRunning) return;
    this.#isRunning = true;
    const missed = this.#news;
    this.#news = [];
    for (const news of missed) news();
  }

  freeze(): void {
    this.#isRunning = false;
  }

  /** Stands still for a while in the middle of an invocation; its time runs on. */
  stall(ms: number): void {
    if (!this.isAlive || !this.#isRunning) return;
    this.stalledMs += ms;
    this.troubles += 1;
    this.freeze();
    this.#engine.after(ms, () => this.thaw());
  }

  kill(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.#isRunning = false;
    this.#news = [];
    this.onDeath();
  }
}
