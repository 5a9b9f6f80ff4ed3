import type { Io } from './io.ts';
import { canMoveCursor } from './text.ts';
import { wrap } from './wrap.ts';

export interface ProgressLine {
  show(line: string): void;
  end(): void;
}

const REDRAW_MS = 100;
/** A log should stay short. */
const LOG_EVERY_MS = 10_000;
const CLEAR_ROW = '\r\u001b[2K';

/** One line on stderr that is drawn again and again; on anything but a terminal, a line now and then. */
export function progressLineOn(io: Pick<Io, 'stderr' | 'clock' | 'env'>): ProgressLine {
  const { stderr, clock, env } = io;
  if (!canMoveCursor(stderr, env)) return logOn(io);
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    show(line) {
      if (clock.now() - drawnAt < REDRAW_MS) return;
      drawnAt = clock.now();
      // A line that fills its row would make the next one begin a row lower.
      const [row = ''] = wrap(line, (stderr.columns || 80) - 1);
      stderr.write(CLEAR_ROW + row);
    },
    end() {
      stderr.write(CLEAR_ROW);
    },
  };
}

function logOn({ stderr, clock }: Pick<Io, 'stderr' | 'clock'>): ProgressLine {
  let loggedAt = clock.now();
  return {
    show(line) {
      if (clock.now() - loggedAt < LOG_EVERY_MS) return;
      loggedAt = clock.now();
      stderr.write(`${line}\n`);
    },
    end() {},
  };
}
