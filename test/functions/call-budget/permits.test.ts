import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextPermit, type Pace } from '../../../functions/call-budget/permits.ts';
import type { Lane } from '../../../functions/contract/reset-request.ts';
import { NOON } from '../../support/virtual-clock.ts';

/** One a second, ten at once, three for single requests alone. */
const PACE: Pace = { rate: 1 / 1000, burst: 10, reserve: 3 };

describe('the next permit', () => {
  it.each<[string, Lane, Partial<Pace>, number, number, number]>([
    // what, lane, pace, the arrival that stands, then: usable after, and the arrival that it leaves
    ['after a long rest is there at once', 'interactive', {}, -3_600_000, 0, 1000],
    ['after a long rest is there at once', 'bulk', {}, -3_600_000, 0, 1000],
    ['is the last of the burst', 'interactive', {}, 9000, 0, 10_000],
    ['is there an interval after the burst', 'interactive', {}, 10_000, 1000, 11_000],
    ['is there as soon as a part of an interval is over', 'interactive', {}, 9250, 250, 10_250],
    ['is the last that bulk may take', 'bulk', {}, 6000, 0, 7000],
    ['waits for the reserve to fill', 'bulk', {}, 7000, 1000, 8000],
    ['is taken of the reserve', 'interactive', {}, 7000, 0, 8000],
    ['waits for burst and reserve', 'bulk', {}, 10_000, 4000, 11_000],
    ['comes evenly where there is no burst', 'bulk', { burst: 1, reserve: 0 }, 1000, 1000, 2000],
    ['comes evenly where all is reserve', 'bulk', { burst: 3, reserve: 3 }, 1000, 1000, 2000],
    ['comes at the pace', 'interactive', { rate: 1 / 100, burst: 1, reserve: 0 }, 50, 50, 150],
  ])('%s (%s)', (_, lane, pace, arrival, usable, left) => {
    const permit = nextPermit(NOON + arrival, { ...PACE, ...pace }, lane, NOON);
    expect(permit).toEqual({ at: NOON + usable, arrival: NOON + left });
  });
});

describe('however permits are asked for', () => {
  const pace: fc.Arbitrary<Pace> = fc
    .record({
      perMinute: fc.integer({ min: 1, max: 1200 }),
      burst: fc.integer({ min: 1, max: 30 }),
      reserve: fc.nat(29),
    })
    .map(({ perMinute, burst, reserve }) => ({
      rate: perMinute / 60_000,
      burst,
      reserve: Math.min(reserve, burst - 1),
    }));
  const asked = fc.record({
    /** Below nought where the clock is set back, or the next copy's is behind. */
    laterMs: fc.oneof(fc.integer({ min: -500, max: 500 }), fc.integer({ min: -60_000, max: 120_000 })),
    lane: fc.constantFrom<Lane>('interactive', 'bulk'),
    /** Permits are taken so long before their time; others are left. */
    aheadMs: fc.oneof(fc.constant(0), fc.nat(300), fc.constant(Number.POSITIVE_INFINITY)),
  });
  const askings = fc.array(asked, { maxLength: 150 });
  type Asked = (typeof asked extends fc.Arbitrary<infer T> ? T : never)[];

  const take = (rate: Pace, all: Asked) => {
    let arrival = NOON;
    let now = NOON;
    const taken: { at: number; arrival: number }[] = [];
    for (const { laterMs, lane, aheadMs } of all) {
      now += laterMs;
      const permit = nextPermit(arrival, rate, lane, now);
      expect(permit.at).toBeGreaterThanOrEqual(now);
      if (permit.at - now > aheadMs) continue;
      arrival = permit.arrival;
      taken.push(permit);
    }
    return taken;
  };
  const expectWithin = (taken: { at: number }[], burst: number, rate: number) => {
    const times = taken.map(({ at }) => at).sort((a, b) => a - b);
    times.forEach((from, first) => {
      times.slice(first).forEach((to, more) => {
        // Times of our century are kept to a quarter of a microsecond, which adds up.
        expect(more + 1).toBeLessThanOrEqual(burst + rate * (to - from) + 1e-3);
      });
    });
  };

  it('no window of t ms holds more than burst + rate · t, also of permits taken in advance and with clocks that go back', () => {
    fc.assert(fc.property(pace, askings, (rate, all) => expectWithin(take(rate, all), rate.burst, rate.rate)));
  });

  it('bulk keeps to what is left beside the reserve', () => {
    fc.assert(
      fc.property(pace, askings, (rate, all) => {
        const bulk = take(
          rate,
          all.map((one) => ({ ...one, lane: 'bulk' as const })),
        );
        expectWithin(bulk, rate.burst - rate.reserve, rate.rate);
      }),
    );
  });

  it('the whole reserve is there for single requests at the moment of any bulk permit', () => {
    fc.assert(
      fc.property(pace, askings, fc.integer({ min: -60_000, max: 60_000 }), (rate, all, laterMs) => {
        const bulk = nextPermit(take(rate, all).at(-1)?.arrival ?? NOON, rate, 'bulk', NOON + laterMs);
        let { arrival } = bulk;
        for (let single = 0; single < rate.reserve; single += 1) {
          const permit = nextPermit(arrival, rate, 'interactive', bulk.at);
          expect(permit.at - bulk.at).toBeLessThan(0.01);
          arrival = permit.arrival;
        }
      }),
    );
  });

  it('of either lane, the wait is never longer than all that was taken before it', () => {
    fc.assert(
      fc.property(pace, askings, fc.constantFrom<Lane>('interactive', 'bulk'), (rate, all, lane) => {
        const taken = take(rate, all);
        const now = Math.max(NOON, ...taken.map(({ at }) => at));
        const { at } = nextPermit(taken.at(-1)?.arrival ?? NOON, rate, lane, now);
        expect(at - now).toBeLessThanOrEqual(rate.burst / rate.rate + 1e-3);
      }),
    );
  });
});
