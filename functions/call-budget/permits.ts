import type { EpochMs } from '../common/clock.ts';
import type { Lane } from '../contract/reset-request.ts';

/** How often the API may be called. */
export interface Pace {
  /** Calls a millisecond in the long run; above 0. */
  rate: number;
  /** Calls at once after a rest; at least 1. */
  burst: number;
  /** Permits of the burst that only `interactive` may take. */
  reserve: number;
}

/** The next permit: when it may be used, and the theoretical arrival time that stands in the bucket once it is taken. */
export interface Permit {
  at: EpochMs;
  arrival: EpochMs;
}

/**
 * The generic cell rate algorithm (ITU-T I.371, virtual scheduling): one time in place of a count of tokens, so that a permit is one
 * write. Permits taken in advance, each to be used at its time, are bounded like those taken at once: in any window of `t` ms at most
 * `burst + rate · t` may be used.
 */
export function nextPermit(arrival: EpochMs, pace: Pace, lane: Lane, now: EpochMs): Permit {
  const intervalMs = 1 / pace.rate;
  const usable = lane === 'bulk' ? pace.burst - pace.reserve : pace.burst;
  const toleranceMs = Math.max(0, usable - 1) * intervalMs;
  const at = Math.max(now, arrival - toleranceMs);
  return { at, arrival: Math.max(arrival, at) + intervalMs };
}
