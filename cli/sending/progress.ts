import type { Io } from '../terminal/io.ts';
import { progressLineOn } from '../terminal/progress-line.ts';
import { canMoveCursor, number, relative } from '../terminal/text.ts';

const BAR_COLUMNS = 24;
/** A rate of less time says nothing. */
const LEAST_MS = 1_000;
/** Words take longer than sending: they are made no more often than anybody sees them. */
const SHOW_EVERY_MS = 100;

export interface SendingProgress {
  /** So many are sent by now. */
  show(sent: number): void;
  end(): void;
}

/**
 * "Sending  ━━━━━━──────  12,000 of 40,000  4,100/s  about 7 s left" on stderr.
 * @param before so many of the total were sent by an earlier run.
 */
export function sendingProgressOn(
  io: Pick<Io, 'stderr' | 'clock' | 'env'>,
  { total, before = 0 }: { total: number; before?: number },
): SendingProgress {
  const line = progressLineOn(io);
  const hasBar = canMoveCursor(io.stderr, io.env);
  const begunAt = io.clock.now();
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    show(sent) {
      const now = io.clock.now();
      if (now - shownAt < SHOW_EVERY_MS) return;
      shownAt = now;
      const elapsedMs = now - begunAt;
      const perMs = elapsedMs < LEAST_MS ? 0 : (sent - before) / elapsedMs;
      const speed =
        perMs > 0 ? [`${number(Math.round(perMs * 1000))}/s`, `about ${timeLeft((total - sent) / perMs)} left`] : [];
      const bar = hasBar ? [barOf(sent / total)] : [];
      line.show(['Sending', ...bar, `${number(sent)} of ${number(total)}`, ...speed].join('  '));
    },
    end: () => line.end(),
  };
}

const timeLeft = (ms: number): string => relative(ms, 0).replace(/^in /, '').replace(/ ago$/, '');

function barOf(share: number): string {
  const full = Math.round(BAR_COLUMNS * share);
  return '━'.repeat(full) + '─'.repeat(BAR_COLUMNS - full);
}
