import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterRefusal,
  type Learned,
  type Limit,
  nothingLearned,
  type Refusal,
  rateAt,
  withoutRest,
  withSample,
} from '../../../functions/call-budget/adaptive-rate.ts';
import { NOON } from '../../support/virtual-clock.ts';

const perMinute = (calls: number): number => calls / 60_000;
const inMinutes = (rate: number): number => rate * 60_000;
/** A guess from above. */
const limit = (calls: number): Limit => ({ rate: perMinute(calls), isKnown: false });
const CEILING = limit(600);

/** An estimate of so many a minute, learned from a refusal at noon and grown from then. */
const learnedAt = (calls: number, more: Partial<Learned> = {}): Learned => ({
  ...nothingLearned(NOON - 3_600_000),
  estimate: perMinute(calls),
  grewFrom: NOON,
  pauseMs: 1500,
  admittedByRefusal: 1000,
  ...more,
});

/** Marks of an even pace over the last minutes, up to a number admitted by now. */
const evenSamples = (calls: number, now: number, admitted: number): Learned['samples'] =>
  Array.from({ length: 15 }, (_, index) => {
    const age = (15 - index) * 5000;
    return [now - age, admitted - perMinute(calls) * age] as const;
  });

const aRefusal = (more: Partial<Refusal> = {}): Refusal => ({ admitted: 2000, grantedAt: NOON, now: NOON, ...more });

describe('the slow start', () => {
  it.each([
    [0, 120],
    [20, 240],
    [40, 480],
    [47, 600],
    [3600, 600],
    [86_400 * 365 * 50, 600],
  ])('is after %d s at %d a minute', (seconds, calls) => {
    expect(inMinutes(rateAt(nothingLearned(NOON), CEILING, NOON + seconds * 1000))).toBeCloseTo(calls, -1);
  });

  it('is not faster than a low ceiling, and a clock behind does not slow it', () => {
    expect(rateAt(nothingLearned(NOON), limit(5), NOON)).toBe(perMinute(5));
    expect(inMinutes(rateAt(nothingLearned(NOON), CEILING, NOON - 2000))).toBeCloseTo(120);
  });

  it('begins at 60 a minute where a fifth of the ceiling is less', () => {
    expect(inMinutes(rateAt(nothingLearned(NOON), limit(200), NOON))).toBeCloseTo(60);
  });
});

describe('a known quota', () => {
  const known: Limit = { ...CEILING, isKnown: true };

  it('is used whole from the first moment', () => {
    expect(rateAt(nothingLearned(NOON), known, NOON)).toBe(known.rate);
  });

  it('is hardly doubted for one refusal before a whole minute was seen, and by a step after it', () => {
    const estimate = (samples: Learned['samples']) =>
      inMinutes(
        afterRefusal({ ...nothingLearned(NOON), samples }, known, aRefusal({ admitted: 60 })).learned.estimate ?? 0,
      );
    expect(estimate([[NOON - 30_000, 0]])).toBeCloseTo(582);
    expect(estimate([[NOON - 60_000, 0]])).toBeCloseTo(360);
    expect(estimate([])).toBeCloseTo(582);
  });
});

describe('a rest', () => {
  const restedFor = (learned: Learned, ms: number) => withoutRest(learned, CEILING, NOON + 20_000, NOON + 20_000 + ms);

  it('is no time in which the rate grows', () => {
    const learned = restedFor(learnedAt(300), 50_000);
    expect(rateAt(learned, CEILING, NOON + 70_000)).toBe(rateAt(learnedAt(300), CEILING, NOON + 20_000));
    expect(rateAt(restedFor(nothingLearned(NOON), 50_000), CEILING, NOON + 70_000)).toBe(
      rateAt(nothingLearned(NOON), CEILING, NOON + 20_000),
    );
  });

  it('of a minute and more begins a little below the estimate, however often it comes, until the next refusal', () => {
    let learned = learnedAt(300);
    for (let hour = 1; hour < 9; hour += 1) {
      const now = NOON + hour * 3_600_000;
      learned = withoutRest(learned, CEILING, now - 3_590_000, now);
      expect(inMinutes(rateAt(learned, CEILING, now))).toBeCloseTo(255);
    }
    const now = NOON + 9 * 3_600_000;
    const samples = evenSamples(300, now, 2000);
    const { learned: refused, quietUntil = Number.NaN } = afterRefusal(
      { ...withoutRest(learned, CEILING, now - 3_590_000, now), samples },
      CEILING,
      aRefusal({ grantedAt: now, now }),
    );
    expect(inMinutes(rateAt(refused, CEILING, quietUntil))).toBeCloseTo(300);
  });

  it('does not bring back an estimate that the rate had grown beyond by far', () => {
    // For 120 s permits were wanted, for an hour none.
    const rested = withoutRest(learnedAt(60), CEILING, NOON + 120_000, NOON + 3_720_000);
    const grown = inMinutes(rateAt(learnedAt(60), CEILING, NOON + 120_000));
    expect(grown).toBeGreaterThan(140);
    expect(inMinutes(rested.estimate ?? 0)).toBeCloseTo(0.6 * grown);
  });

  it('after growth to the limit, refused nothing, leaves no estimate behind', () => {
    const rested = withoutRest(learnedAt(60), CEILING, NOON + 600_000, NOON + 3_720_000);
    expect(rested).not.toHaveProperty('estimate');
    expect(rested).not.toHaveProperty('grewFrom');
    for (const isKnown of [true, false]) {
      expect(rateAt(rested, { ...CEILING, isKnown }, NOON + 3_720_000)).toBe(CEILING.rate);
    }
  });

  it('is not followed by a refusal that raises the rate', () => {
    const now = NOON + 3_600_000;
    const rested = withoutRest(learnedAt(300), CEILING, NOON, now);
    const { learned: refused, quietUntil = Number.NaN } = afterRefusal(
      rested,
      { ...CEILING, isKnown: true },
      aRefusal({ grantedAt: now, now }),
    );
    expect(rateAt(refused, CEILING, quietUntil)).toBeLessThan(rateAt(rested, CEILING, now));
  });

  it('is none while the pause after a refusal lasts, or permits are taken ahead of their time', () => {
    const learned = learnedAt(300, { grewFrom: NOON + 100_000 });
    expect(withoutRest(learned, CEILING, NOON, NOON + 50_000)).toEqual({
      ...learned,
      startedAt: learned.startedAt + 50_000,
    });
    expect(withoutRest(learnedAt(300), CEILING, NOON + 9000, NOON + 8000)).toEqual(learnedAt(300));
  });
});

describe('growth over the estimate', () => {
  it.each([
    ['none before the pause is over', -2, 300, 300],
    ['none as it ends', 0, 300, 300],
    ['hardly any for 20 s', 20, 300, 309],
    ['a good part in two minutes', 120, 345, 600],
    ['all that the ceiling allows within ten', 600, 600, 600],
    ['no more than the ceiling', 86_400, 600, 600],
  ])('is %s', (_, seconds, least, most) => {
    const calls = inMinutes(rateAt(learnedAt(300), CEILING, NOON + seconds * 1000));
    expect(calls).toBeGreaterThanOrEqual(least - 1e-9);
    expect(calls).toBeLessThanOrEqual(most + 1e-9);
  });
});

describe('the estimate after a refusal', () => {
  const estimateAfter = (learned: Learned, refusal: Partial<Refusal> = {}) =>
    inMinutes(afterRefusal(learned, CEILING, aRefusal(refusal)).learned.estimate ?? Number.NaN);

  /** The estimate follows the figure, whose last few hundredths are a matter of tuning. */
  const expectAbout = (estimate: number, calls: number) => {
    expect(estimate).toBeGreaterThanOrEqual(calls * 0.94);
    expect(estimate).toBeLessThanOrEqual(calls * 1.02);
  };

  it.each<[string, number, number, number]>([
    // what, a minute: the estimate before, admitted in the last minute, the estimate after
    ['is about what was admitted, where that is about the estimate', 300, 296, 296],
    ['is about what was admitted, where that is more', 300, 350, 350],
    ['is at most the ceiling', 300, 5000, 600],
    ['is lowered by a step where far less was admitted', 300, 60, 180],
    ['is lowered by a step where nothing was admitted', 300, 0, 180],
  ])('%s', (_, before, admitted, after) => {
    const estimate = estimateAfter(learnedAt(before, { samples: evenSamples(admitted, NOON, 2000) }));
    expectAbout(estimate, after);
    expect(estimate).toBeLessThanOrEqual(600);
  });

  it('is about what was admitted, not what the rate had grown to or the slow start had come to', () => {
    const samples = evenSamples(300, NOON, 2000);
    expectAbout(estimateAfter(learnedAt(300, { grewFrom: NOON - 53_000, samples })), 300);
    // The slow start stands at 339 a minute.
    expectAbout(estimateAfter({ ...nothingLearned(NOON - 30_000), samples }), 0.97 * 339);
  });

  it('follows a rate that has grown by far: the quota has probably risen', () => {
    const grown = learnedAt(200, { grewFrom: NOON - 3_600_000, samples: evenSamples(200, NOON, 2000) });
    expect(estimateAfter(grown)).toBeGreaterThan(200 * 1.05);
    expect(estimateAfter(grown)).toBeLessThan(400);
  });

  it('counts the last minute alone, between samples in proportion', () => {
    const samples: Learned['samples'] = [
      [NOON - 70_000, 1000],
      [NOON - 50_000, 1200],
      [NOON - 10_000, 1450],
    ];
    // Half of the 200 between the first two samples are older than a minute.
    expectAbout(estimateAfter(learnedAt(300, { samples }), { admitted: 1500 }), 400);
  });

  it('counts no more than the samples reach back', () => {
    expectAbout(estimateAfter(learnedAt(100, { samples: [[NOON - 30_000, 1880]] })), 120);
    expectAbout(estimateAfter(learnedAt(100)), 60);
  });

  it('stays as it is where the one call since the last refusal was refused: it was a probe', () => {
    const learned = learnedAt(300, { admittedByRefusal: 2000 });
    expect(estimateAfter(learned, { admitted: 2000 })).toBeCloseTo(300, 9);
    expect(estimateAfter(learned, { admitted: 2001 })).toBeCloseTo(300, 9);
    expect(estimateAfter(learned, { admitted: 2002 })).toBeLessThan(300);
  });

  it('never falls so low that it would not grow back', () => {
    let learned = learnedAt(300);
    for (let refusal = 1; refusal <= 2000; refusal += 1) {
      const now = NOON + refusal * 100_000;
      ({ learned } = afterRefusal(learned, CEILING, aRefusal({ admitted: refusal * 10, grantedAt: now, now })));
    }
    expect(inMinutes(learned.estimate ?? 0)).toBeGreaterThanOrEqual(1 - 1e-9);
  });
});

describe('an episode', () => {
  it('counts once: calls granted before its pause ends say nothing by being refused, too', () => {
    const first = afterRefusal(learnedAt(300), CEILING, aRefusal());
    const { quietUntil = Number.NaN } = first;
    const now = quietUntil + 1000;
    for (const grantedAt of [NOON - 5000, NOON, NOON + 300, quietUntil - 1]) {
      const again = afterRefusal(first.learned, CEILING, aRefusal({ grantedAt, now, admitted: 2100 }));
      expect(again).toEqual({ learned: first.learned });
      expect(again.learned).toBe(first.learned);
    }
    const next = afterRefusal(first.learned, CEILING, aRefusal({ grantedAt: quietUntil, now }));
    expect(next.quietUntil).toBeGreaterThan(now);
  });
});

describe('the pause after a refusal', () => {
  /** A row of probes, each refused as soon as the last pause ended. */
  const pauses = (calls: number, ...retryAfters: (number | undefined)[]): number[] => {
    let learned = learnedAt(calls);
    let now = NOON;
    return retryAfters.map((retryAfterMs) => {
      const refusal = aRefusal({ grantedAt: now, now, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
      const after = afterRefusal(learned, CEILING, refusal);
      const pauseMs = (after.quietUntil ?? Number.NaN) - now;
      ({ learned } = after);
      expect(learned.grewFrom).toBe(after.quietUntil);
      now = after.quietUntil ?? now;
      return pauseMs;
    });
  };
  const rowOf = (retryAfterMs?: number) => Array<number | undefined>(6).fill(retryAfterMs);

  it('grows from probe to probe, by twice and more, to 16 s', () => {
    const row = pauses(300, ...rowOf());
    expect(row[0]).toBeGreaterThanOrEqual(1000);
    expect(row[0]).toBeLessThanOrEqual(5000);
    row.slice(1).forEach((pauseMs, index) => {
      expect(pauseMs).toBeGreaterThanOrEqual(Math.min(16_000, 2 * (row[index] ?? 0)));
    });
    expect(row.slice(-2)).toEqual([16_000, 16_000]);
  });

  it('is some seconds at most after the first refusal, also of a low rate', () => {
    for (const calls of [1, 6, 36, 60, 600]) expect(pauses(calls, undefined)[0]).toBeLessThanOrEqual(5000);
  });

  it.each([60_000, 3_600_000])('is what Retry-After says, be it %d ms each time', (retryAfterMs) => {
    expect(pauses(300, ...rowOf(retryAfterMs))).toEqual(rowOf(retryAfterMs));
  });

  it('is what Retry-After says, be it shorter', () => {
    expect(pauses(300, 700)).toEqual([700]);
  });

  it.each([0, 1000])('grows like any other though Retry-After says %d ms each time', (retryAfterMs) => {
    const [first, ...more] = pauses(300, ...rowOf(retryAfterMs), ...rowOf(retryAfterMs));
    expect(first).toBe(retryAfterMs);
    expect(more[0]).toBeGreaterThanOrEqual(2000);
    expect(more.at(-1)).toBe(16_000);
    expect(more).toEqual(more.toSorted((a, b) => a - b));
  });

  it('is not longer than 16 s for a long Retry-After before', () => {
    expect(pauses(300, 3_600_000, undefined)).toEqual([3_600_000, 16_000]);
  });
});

describe('samples', () => {
  it('are made every 5 s and kept for a bit more than a minute', () => {
    let learned = nothingLearned(NOON);
    for (let second = 0; second <= 600; second += 1) learned = withSample(learned, second, NOON + second * 1000);
    const { samples } = learned;
    expect(samples[0]).toEqual([NOON + 535_000, 535]);
    expect(samples.at(-1)).toEqual([NOON + 600_000, 600]);
    expect(samples).toHaveLength(14);
  });

  it('are not made by a clock that is behind the last one', () => {
    const learned = withSample(nothingLearned(NOON), 1, NOON);
    expect(withSample(learned, 2, NOON - 2000)).toBe(learned);
    expect(withSample(learned, 2, NOON + 4999)).toBe(learned);
  });
});

describe('whatever the API refuses', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('calls' as const), laterMs: fc.integer({ min: -2000, max: 10_000 }) }),
    fc.record({ kind: fc.constant('rest' as const), laterMs: fc.integer({ min: 0, max: 100_000_000 }) }),
    fc.record({
      kind: fc.constant('refused' as const),
      laterMs: fc.integer({ min: -2000, max: 30_000 }),
      agoMs: fc.integer({ min: -300, max: 20_000 }),
      retryAfterMs: fc.option(fc.oneof(fc.constant(0), fc.nat(3_600_000)), { nil: undefined }),
    }),
  );

  it('the rate is above nought, at most the ceiling, and what is remembered stays small', () => {
    fc.assert(
      fc.property(
        fc.record({ rate: fc.double({ min: 1 / 60_000, max: 1, noNaN: true }), isKnown: fc.boolean() }),
        fc.array(step, { maxLength: 400 }),
        (ceiling, steps) => {
          let learned = nothingLearned(NOON);
          let now = NOON;
          let granted = 0;
          let refused = 0;
          for (const one of steps) {
            now += one.laterMs;
            if (one.kind === 'refused') {
              refused = Math.min(refused + 1, granted);
              const { retryAfterMs } = one;
              const after = afterRefusal(learned, ceiling, {
                admitted: granted - refused,
                grantedAt: now - one.agoMs,
                now,
                ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
              });
              ({ learned } = after);
              if (after.quietUntil !== undefined) {
                expect(after.quietUntil).toBeGreaterThanOrEqual(now);
                expect(after.quietUntil).toBeLessThanOrEqual(now + 3_600_000);
              }
            } else {
              granted += 1;
              learned = withSample(learned, granted - refused, now);
            }
            for (const at of [now, now - 2000, now + 60_000, now + 1e12]) {
              const rate = rateAt(learned, ceiling, at);
              expect(rate).toBeGreaterThan(0);
              expect(rate).toBeLessThanOrEqual(ceiling.rate);
            }
            expect(learned.samples.length).toBeLessThanOrEqual(16);
          }
          expect(rateAt(learned, ceiling, now + 86_400_000)).toBe(ceiling.rate);
        },
      ),
      { numRuns: 300 },
    );
  });
});
