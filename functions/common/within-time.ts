import type { Clock, EpochMs } from './clock.ts';

export type InTime<T> = { inTime: true; value: T } | { inTime: false };

/** Waits for the work, but no longer than until the time given. Work that is late goes on unwatched. */
export async function withinTime<T>(clock: Clock, until: EpochMs, work: Promise<T>): Promise<InTime<T>> {
  const alarm = new AbortController();
  const late = clock.sleep(Math.max(0, until - clock.now()), alarm.signal).then((): InTime<T> => ({ inTime: false }));
  try {
    return await Promise.race([work.then((value): InTime<T> => ({ inTime: true, value })), late]);
  } finally {
    // A reason of our own spares the making of an error that nobody sees.
    alarm.abort('not needed');
  }
}
