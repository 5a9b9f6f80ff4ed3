import type { QuotaModel } from './options.ts';

const MINUTE_MS = 60_000;

/** Whether a call is let in, and if not how long until one would be. */
export interface Quota {
  admit(now: number): { admitted: boolean; waitMs: number };
  /** Changes the quota to so many times its usual size. */
  scale(factor: number, now: number): void;
}

export interface QuotaSize {
  perMinute: number;
  burst: number;
  countsRefused: boolean;
}

export function quotaOf(model: QuotaModel, size: QuotaSize, start: number): Quota {
  if (model === 'token-bucket') return tokenBucket(size, start);
  return model === 'fixed-window' ? fixedWindow(size, start) : slidingWindow(size);
}

function tokenBucket({ perMinute, burst }: QuotaSize, start: number): Quota {
  let factor = 1;
  let tokens = burst;
  let at = start;
  const refill = (now: number): void => {
    tokens = Math.min(burst * factor, tokens + ((now - at) * perMinute * factor) / MINUTE_MS);
    at = now;
  };
  return {
    admit(now) {
      refill(now);
      // By rounding a whole token may lack a billionth.
      if (tokens + 1e-9 < 1) return { admitted: false, waitMs: ((1 - tokens) * MINUTE_MS) / (perMinute * factor) };
      tokens -= 1;
      return { admitted: true, waitMs: 0 };
    },
    scale(next, now) {
      refill(now);
      factor = next;
    },
  };
}

/** Windows of a minute that begin at the full minute of the API's clock, which is not that of the simulation's start. */
function fixedWindow({ perMinute, countsRefused }: QuotaSize, start: number): Quota {
  const offsetMs = start - 17_000;
  let factor = 1;
  let window = -1;
  let used = 0;
  return {
    admit(now) {
      const current = Math.floor((now - offsetMs) / MINUTE_MS);
      if (current !== window) {
        window = current;
        used = 0;
      }
      const admitted = used < Math.floor(perMinute * factor);
      if (admitted || countsRefused) used += 1;
      return { admitted, waitMs: admitted ? 0 : offsetMs + (current + 1) * MINUTE_MS - now };
    },
    scale(next) {
      factor = next;
    },
  };
}

function slidingWindow({ perMinute, countsRefused }: QuotaSize): Quota {
  let factor = 1;
  /** Times of the calls within the last minute, the oldest first, from `head` on. */
  let times: number[] = [];
  let head = 0;
  return {
    admit(now) {
      while (head < times.length && (times[head] ?? 0) <= now - MINUTE_MS) head += 1;
      if (head > 10_000) {
        times = times.slice(head);
        head = 0;
      }
      const limit = Math.floor(perMinute * factor);
      const admitted = times.length - head < limit;
      const freeAt = (times[times.length - limit] ?? now) + MINUTE_MS;
      if (admitted || countsRefused) times.push(now);
      return { admitted, waitMs: admitted ? 0 : freeAt - now };
    },
    scale(next) {
      factor = next;
    },
  };
}
