import { expect, test } from 'vitest';
import { createTokenBucket } from '../../../local/reset-api/token-bucket.ts';

test('the burst is there at once and no more than it', () => {
  const bucket = createTokenBucket({ perMinute: 60, burst: 3 }, 0);
  expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([0, 0, 0, 1000]);
});

test('a permit comes back every minute divided by the quota', () => {
  const bucket = createTokenBucket({ perMinute: 120, burst: 1 }, 0);
  expect([0, 499, 500, 999, 1000].map((now) => Math.round(bucket.take(now)))).toEqual([0, 1, 0, 1, 0]);
});

test('an idle hour saves up the burst alone', () => {
  const bucket = createTokenBucket({ perMinute: 60, burst: 2 }, 0);
  const hour = 3_600_000;
  expect([hour, hour, hour].map((now) => bucket.take(now))).toEqual([0, 0, 1000]);
});

test('a clock that goes back mints nothing', () => {
  const bucket = createTokenBucket({ perMinute: 60, burst: 1 }, 1000);
  expect(bucket.take(1000)).toBe(0);
  expect(bucket.take(0)).toBe(1000);
  expect(bucket.take(1999)).toBeCloseTo(1);
});
