import { setImmediate as allElseIdle } from 'node:timers/promises';
import type { Clock, EpochMs } from '../../functions/common/clock.ts';

/** Monday noon. Any time does; a round one reads well in failures. */
export const NOON: EpochMs = Date.UTC(2026, 10, 23, 12);

export interface VirtualClock extends Clock {
  /** Moves the time without waking anybody: the process was frozen, or the system's clock was set. */
  jump(ms: number): void;
  /** Real timers may end a millisecond early; these do by as much. */
  earlyMs: number;
  /** How many sleep now. */
  sleepers(): number;
  /** Runs the work to its end. Time passes only while nothing else can happen, and then to the next sleeper's end. */
  run<T>(work: Promise<T>): Promise<T>;
}

interface Sleeper {
  at: EpochMs;
  wake: () => void;
}

/** Time for tests: nothing ever waits for real. All other parts must be in memory, or their waits would not be seen. */
export function virtualClock(start: EpochMs = NOON): VirtualClock {
  let time = start;
  const sleepers = new Set<Sleeper>();

  const wakeNext = (): void => {
    const next = [...sleepers].reduce<Sleeper | undefined>(
      (first, one) => (first && first.at <= one.at ? first : one),
      undefined,
    );
    if (!next) throw new Error('Nothing is left to happen, and the work has not ended.');
    time = Math.max(time, next.at);
    next.wake();
  };

  const clock: VirtualClock = {
    earlyMs: 0,
    now: () => time,
    jump(ms) {
      time += ms;
    },
    sleepers: () => sleepers.size,
    sleep(delayMs, signal) {
      if (signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const early = delayMs > clock.earlyMs ? clock.earlyMs : 0;
        const sleeper: Sleeper = { at: time + Math.max(0, delayMs) - early, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake);
      });
    },
    async run(work) {
      let ended = false;
      const end = () => {
        ended = true;
      };
      work.then(end, end);
      for (;;) {
        await allElseIdle();
        if (ended) return work;
        wakeNext();
      }
    },
  };
  return clock;
}
