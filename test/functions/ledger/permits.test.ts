import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lane } from '../../../functions/contract/reset-request.ts';
import { type Bucket, fullBucket, type Pace, paceOfOneCopy, takePermit } from '../../../functions/ledger/permits.ts';
import { NOON } from '../../support/virtual-clock.ts';

/** One a second, ten at once, three for single requests alone. */
const PACE: Pace = { perMinute: 60, burst: 10, reserve: 3 };

describe('a permit', () => {
  it.each<[string, Lane, number, number, boolean, number, number]>([
    // what, lane, permits there, ms later, granted, permits left, wait
    ['of a full bucket', 'interactive', 10, 0, true, 9, 0],
    ['of a full bucket', 'bulk', 10, 0, true, 9, 0],
    ['of what was refilled', 'interactive', 0, 1000, true, 0, 0],
    ['a millisecond before it is refilled', 'interactive', 0, 999, false, 0.999, 1],
    ['of none', 'interactive', 0, 0, false, 0, 1000],
    ['of a half', 'interactive', 0.5, 0, false, 0.5, 500],
    ['that lacks a rounding error', 'interactive', 1 - 1e-10, 0, true, 0, 0],
    ['that lacks more than a rounding error', 'interactive', 1 - 1e-6, 0, false, 1 - 1e-6, 1],
    ['above the reserve', 'bulk', 4, 0, true, 3, 0],
    ['of the reserve', 'bulk', 3.5, 0, false, 3.5, 500],
    ['of the reserve', 'interactive', 3, 0, true, 2, 0],
    ['of an empty bucket', 'bulk', 0, 0, false, 0, 4000],
    ['after a long rest', 'interactive', 2, 3_600_000, true, 9, 0],
    ['while the clock runs backwards', 'interactive', 0.5, -60_000, false, 0.5, 500],
    ['while the clock runs backwards', 'interactive', 1.5, -60_000, true, 0.5, 0],
  ])('%s (%s, %d there, %d ms later): granted %s, %d left', (_, lane, permits, laterMs, granted, left, waitMs) => {
    const result = takePermit({ permits, at: NOON }, PACE, lane, NOON + laterMs);
    expect(result.granted).toBe(granted);
    expect(result.bucket.permits).toBeCloseTo(left, 9);
    expect(result.bucket.at).toBe(Math.max(NOON, NOON + laterMs));
    const wait = result.granted ? 0 : result.waitMs;
    // A fraction's rounding may cost a millisecond.
    expect([waitMs, waitMs + (waitMs > 0 ? 1 : 0)]).toContain(wait);
  });

  it('is there after the wait that was named, and not two milliseconds before', () => {
    const bucket = fc.record({ permits: fc.double({ min: 0, max: 10, noNaN: true }), at: fc.constant(NOON) });
    fc.assert(
      fc.property(bucket, fc.constantFrom<Lane>('interactive', 'bulk'), (full, lane) => {
        const refused = takePermit(full, PACE, lane, NOON);
        if (refused.granted) return;
        expect(takePermit(refused.bucket, PACE, lane, NOON + refused.waitMs).granted).toBe(true);
        expect(takePermit(refused.bucket, PACE, lane, NOON + refused.waitMs - 2).granted).toBe(false);
      }),
    );
  });
});

describe('however the calls come', () => {
  const pace = fc
    .record({
      perMinute: fc.integer({ min: 1, max: 1200 }),
      burst: fc.integer({ min: 1, max: 30 }),
      reserve: fc.nat(29),
    })
    .map((one) => ({ ...one, reserve: Math.min(one.reserve, one.burst - 1) }));
  /** Asked for after so many milliseconds; below nought where the clock is set back. */
  const askings = fc.array(
    fc.record({
      laterMs: fc.oneof(fc.integer({ min: -500, max: 500 }), fc.integer({ min: -60_000, max: 120_000 })),
      lane: fc.constantFrom<Lane>('interactive', 'bulk'),
    }),
    { maxLength: 150 },
  );

  const run = (rate: Pace, asked: { laterMs: number; lane: Lane }[]) => {
    let bucket: Bucket = fullBucket(rate, NOON);
    let now = NOON;
    /** The clock as the bucket knows it: it never runs backwards. */
    let latest = NOON;
    const granted: { at: number; lane: Lane; before: number }[] = [];
    for (const { laterMs, lane } of asked) {
      now += laterMs;
      latest = Math.max(latest, now);
      const { permits } = bucket;
      const result = takePermit(bucket, rate, lane, now);
      bucket = result.bucket;
      expect(bucket.permits).toBeGreaterThanOrEqual(0);
      expect(bucket.permits).toBeLessThanOrEqual(rate.burst);
      if (result.granted) granted.push({ at: latest, lane, before: permits });
      else expect(result.waitMs).toBeGreaterThanOrEqual(1);
    }
    return { granted, left: bucket.permits };
  };

  it('no window of t ms grants more than burst + rate · t', () => {
    fc.assert(
      fc.property(pace, askings, (rate, asked) => {
        const { granted } = run(rate, asked);
        granted.forEach((first, from) => {
          granted.slice(from).forEach((last, more) => {
            const most = rate.burst + (rate.perMinute / 60_000) * (last.at - first.at);
            expect(more + 1).toBeLessThanOrEqual(most + 1e-6);
          });
        });
      }),
    );
  });

  it('bulk never takes of the reserve', () => {
    fc.assert(
      fc.property(pace, askings, (rate, asked) => {
        const bulk = run(
          rate,
          asked.map((one) => ({ ...one, lane: 'bulk' as const })),
        );
        expect(bulk.left).toBeGreaterThanOrEqual(rate.reserve - 1e-6);
      }),
    );
  });
});

describe('the pace of one copy', () => {
  it.each<[Pace, number, Pace]>([
    [PACE, 1, PACE],
    [PACE, 4, { perMinute: 15, burst: 2, reserve: 0 }],
    [PACE, 3, { perMinute: 20, burst: 3, reserve: 1 }],
    [PACE, 100, { perMinute: 0.6, burst: 1, reserve: 0 }],
    [{ perMinute: 60, burst: 1, reserve: 5 }, 1, { perMinute: 60, burst: 1, reserve: 0 }],
    [{ perMinute: 60, burst: 4, reserve: 4 }, 2, { perMinute: 30, burst: 2, reserve: 1 }],
  ])('%o in %i copies is %o', (pace, copies, part) => {
    expect(paceOfOneCopy(pace, copies)).toEqual(part);
  });

  it('lets every copy call, in either lane, and all of them no more than the whole in the long run', () => {
    fc.assert(
      fc.property(
        fc.record({
          perMinute: fc.integer({ min: 1, max: 1200 }),
          burst: fc.integer({ min: 1, max: 100 }),
          reserve: fc.nat(100),
        }),
        fc.integer({ min: 1, max: 50 }),
        (pace, copies) => {
          const part = paceOfOneCopy(pace, copies);
          expect(part.perMinute * copies).toBeCloseTo(pace.perMinute, 6);
          expect(takePermit(fullBucket(part, NOON), part, 'bulk', NOON).granted).toBe(true);
          if (pace.burst >= copies) expect(part.burst * copies).toBeLessThanOrEqual(pace.burst);
        },
      ),
    );
  });
});
