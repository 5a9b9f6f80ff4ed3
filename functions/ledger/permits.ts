import type { Lane } from '../contract/reset-request.ts';
import type { EpochMs } from '../reset-worker/ports.ts';

/** How often the API may be called. */
export interface Pace {
  /** Calls a minute in the long run; above 0. */
  perMinute: number;
  /** Calls at once after a rest; at least 1. */
  burst: number;
  /** Permits of the burst that only `interactive` may take; below `burst`. */
  reserve: number;
}

/** A token bucket. Permits may be a fraction. */
export interface Bucket {
  permits: number;
  at: EpochMs;
}

export type PermitResult = { granted: true; bucket: Bucket } | { granted: false; bucket: Bucket; waitMs: number };

const MINUTE_MS = 60_000;
/** A permit that lacks less than this by rounding is whole. */
const ROUNDING = 1e-9;

export const fullBucket = (pace: Pace, now: EpochMs): Bucket => ({ permits: pace.burst, at: now });

/**
 * Takes one permit if there is one. In any window of `t` ms at most `burst + perMinute · t / 60,000` are granted (a token bucket's bound).
 * A clock that runs backwards refills nothing.
 */
export function takePermit(bucket: Bucket, pace: Pace, lane: Lane, now: EpochMs): PermitResult {
  const elapsedMs = Math.max(0, now - bucket.at);
  const permits = Math.min(pace.burst, bucket.permits + (elapsedMs * pace.perMinute) / MINUTE_MS);
  const at = Math.max(now, bucket.at);
  const needed = lane === 'bulk' ? 1 + pace.reserve : 1;
  if (permits + ROUNDING >= needed) return { granted: true, bucket: { permits: Math.max(0, permits - 1), at } };
  return {
    granted: false,
    bucket: { permits, at },
    waitMs: Math.ceil(((needed - permits) * MINUTE_MS) / pace.perMinute),
  };
}

/** One copy's part of the pace: a whole permit of burst at least, or nobody could call. */
export function paceOfOneCopy(pace: Pace, copies: number): Pace {
  const burst = Math.max(1, Math.floor(pace.burst / copies));
  return { perMinute: pace.perMinute / copies, burst, reserve: Math.min(Math.floor(pace.reserve / copies), burst - 1) };
}
