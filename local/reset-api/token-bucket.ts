/** A quota per minute with a burst on top, as the API has one. */
export interface Quota {
  perMinute: number;
  burst: number;
}

const MINUTE_MS = 60_000;

/** Full at first. Refills evenly, and never above the burst. */
export function createTokenBucket({ perMinute, burst }: Quota, startMs: number) {
  let tokens = burst;
  let at = startMs;
  return {
    /** @returns 0 where a token was taken, else the milliseconds until there is one. */
    take(nowMs: number): number {
      tokens = Math.min(burst, tokens + (Math.max(0, nowMs - at) * perMinute) / MINUTE_MS);
      at = Math.max(at, nowMs);
      if (tokens < 1) return ((1 - tokens) * MINUTE_MS) / perMinute;
      tokens -= 1;
      return 0;
    },
  };
}
