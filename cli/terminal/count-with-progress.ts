import type { CountWatch } from '../../functions/ledger/dynamo/reader.ts';
import { unlessInterrupted } from './interruption.ts';
import type { Io } from './io.ts';
import { type ProgressLine, progressLineOn } from './progress-line.ts';
import { number } from './text.ts';

/** A count that is done so soon needs no progress. */
const SOON_MS = 500;

/** Counts with progress on stderr. @returns undefined after Ctrl-C: the count is left out. */
export async function countWithProgress<T>(
  io: Pick<Io, 'stderr' | 'clock' | 'env' | 'graceful'>,
  count: (watch: CountWatch) => Promise<T>,
): Promise<T | undefined> {
  const { clock } = io;
  const begunAt = clock.now();
  let progress: ProgressLine | undefined;
  let counted = 0;
  const onCounted = (more: number): void => {
    counted += more;
    if (clock.now() - begunAt < SOON_MS) return;
    progress ??= progressLineOn(io);
    progress.show(`Counting … ${number(counted)} (Ctrl-C leaves the totals out)`);
  };
  try {
    return await io.graceful((signal) => unlessInterrupted(count({ onCounted, signal }), signal));
  } finally {
    progress?.end();
  }
}
