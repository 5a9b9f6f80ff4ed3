import { createLogUpdate } from 'log-update';
import type { Io } from './io.ts';

export interface ProgressLine {
  show(line: string): void;
  end(): void;
}

const REDRAW_MS = 100;
/** A log should stay short. */
const LOG_EVERY_MS = 10_000;

/** One line on stderr that is drawn again and again; on anything but a terminal, a line now and then. */
export function progressLineOn(io: Pick<Io, 'stderr' | 'clock'>): ProgressLine {
  if (!io.stderr.isTTY) return logOn(io);
  const draw = createLogUpdate(io.stderr);
  let drawnAt = Number.NEGATIVE_INFINITY;
  return {
    show(line) {
      if (io.clock.now() - drawnAt < REDRAW_MS) return;
      drawnAt = io.clock.now();
      draw(line);
    },
    end() {
      draw.clear();
      draw.done();
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
