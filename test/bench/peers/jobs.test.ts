import { expect, test } from 'vitest';
import { jobsOf, leastCalls, leastMs } from './jobs.ts';

test('a seed gives the same jobs in the same order, another seed another order', () => {
  expect(jobsOf(200, 1)).toEqual(jobsOf(200, 1));
  expect(jobsOf(200, 2)).not.toEqual(jobsOf(200, 1));
  expect(new Set(jobsOf(200, 2).map(({ email }) => email))).toEqual(new Set(jobsOf(200, 1).map(({ email }) => email)));
});

test('of 1,200 jobs 60 fail for good, and 36 need a second call', () => {
  const jobs = jobsOf(1_200, 1);
  expect(jobs.filter(({ failsForGood }) => failsForGood)).toHaveLength(60);
  expect(leastCalls(jobs)).toBe(1_236);
});

test.each([
  { calls: 1_236, perMinute: 600, burst: 20, leastSeconds: 121.6 },
  { calls: 20, perMinute: 600, burst: 20, leastSeconds: 0 },
  { calls: 5, perMinute: 60, burst: 10, leastSeconds: 0 },
])(
  '$calls calls at $perMinute a minute + $burst take at least $leastSeconds s',
  ({ calls, leastSeconds, ...quota }) => {
    expect(leastMs(calls, quota) / 1000).toBeCloseTo(leastSeconds);
  },
);
