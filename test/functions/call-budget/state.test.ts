import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallReport, Ticket } from '../../../functions/call-budget/call-budget.ts';
import { type Hold, NO_HOLDS, passage as passageOf } from '../../../functions/call-budget/holds.ts';
import { nextPermit } from '../../../functions/call-budget/permits.ts';
import {
  afterCall,
  afterPermits,
  type BudgetState,
  type Ceiling,
  freshBudget,
  paceAt,
} from '../../../functions/call-budget/state.ts';
import type { EpochMs } from '../../../functions/common/clock.ts';
import type { Lane } from '../../../functions/contract/reset-request.ts';
import { NOON } from '../../support/virtual-clock.ts';

const passage = (state: Parameters<typeof passageOf>[0], lane: Lane, key: string, now: number) =>
  passageOf(state, lane, key, now, 30_000);

const CEILING: Ceiling = { perMinute: 60, burst: 10 };
const RESERVE = 3;
const LARGEST_BYTES = 2500;
const aTicket = (more: Partial<Ticket> = {}): Ticket => ({
  lane: 'interactive',
  key: 'a',
  probe: false,
  grantedAt: NOON,
  ...more,
});
/** A budget at work for an hour: no slow start. */
const atWork = (more: Partial<BudgetState> = {}): BudgetState => ({ ...freshBudget(NOON - 3_600_000), ...more });
const learned = (perMinute: number, more: Partial<BudgetState> = {}): BudgetState => {
  const state = atWork(more);
  return { ...state, learned: { ...state.learned, estimate: perMinute / 60_000, grewFrom: NOON } };
};

describe('the pace', () => {
  it.each<[string, BudgetState, Ceiling, number, { perMinute: number; burst: number; reserve: number }]>([
    // A part of the burst is kept for calls that arrive a little early: half a second's at the ceiling.
    ['is the deployed ceiling', atWork(), CEILING, 3, { perMinute: 60, burst: 9, reserve: 3 }],
    ['of a high ceiling', atWork(), { perMinute: 600, burst: 20 }, 3, { perMinute: 600, burst: 15, reserve: 3 }],
    ['of no burst', atWork(), { perMinute: 600, burst: 1 }, 3, { perMinute: 600, burst: 1, reserve: 0 }],
    ['of a burst that is all reserve', atWork(), { perMinute: 6, burst: 3 }, 9, { perMinute: 6, burst: 2, reserve: 1 }],
    [
      'is an operator’s ceiling while he sets one',
      atWork({ ceiling: { perMinute: 6, burst: 5 } }),
      CEILING,
      3,
      { perMinute: 6, burst: 4, reserve: 3 },
    ],
    [
      'below the ceiling has no burst but the reserve',
      learned(30),
      CEILING,
      3,
      { perMinute: 30, burst: 4, reserve: 3 },
    ],
    ['learned as the ceiling has its burst', learned(60), CEILING, 3, { perMinute: 60, burst: 9, reserve: 3 }],
    ['learned above a lowered ceiling is that', learned(90), CEILING, 3, { perMinute: 60, burst: 9, reserve: 3 }],
  ])('%s', (_, state, ceiling, reserve, expected) => {
    const { rate, ...rest } = paceAt(state, ceiling, reserve, NOON);
    expect(rest).toEqual({ burst: expected.burst, reserve: expected.reserve });
    expect(rate * 60_000).toBeCloseTo(expected.perMinute, 9);
  });

  it('is never above the ceiling, in rate or burst, and always one that permits can be counted by', () => {
    fc.assert(
      fc.property(
        fc.record({ perMinute: fc.integer({ min: 1, max: 6000 }), burst: fc.integer({ min: 1, max: 1000 }) }),
        fc.nat(1000),
        fc.option(fc.double({ min: 1, max: 6000, noNaN: true }), { nil: undefined }),
        fc.integer({ min: -2000, max: 1e9 }),
        (ceiling, reserve, estimate, laterMs) => {
          const state = estimate === undefined ? freshBudget(NOON) : learned(estimate);
          const pace = paceAt(state, ceiling, reserve, NOON + laterMs);
          expect(pace.rate).toBeGreaterThan(0);
          expect(pace.rate).toBeLessThanOrEqual(ceiling.perMinute / 60_000);
          expect(pace.burst).toBeGreaterThanOrEqual(1);
          expect(pace.burst).toBeLessThanOrEqual(ceiling.burst);
          expect(pace.reserve).toBeGreaterThanOrEqual(0);
          expect(pace.reserve).toBeLessThan(pace.burst);
        },
      ),
    );
  });

  it('after an idle night allows the burst at once, and no more', () => {
    const pace = paceAt(atWork(), CEILING, RESERVE, NOON);
    let arrival = NOON - 12 * 3_600_000;
    let atOnce = 0;
    for (;;) {
      const permit = nextPermit(arrival, pace, 'interactive', NOON);
      if (permit.at > NOON) break;
      ({ arrival } = permit);
      atOnce += 1;
    }
    expect(atOnce).toBe(9);
  });
});

describe('a permit', () => {
  it('is counted, and every few seconds marked with what was admitted before it', () => {
    const state = atWork({ granted: 41, refused: 2 });
    const next = afterPermits(state, 1, NOON + 1000, NO_HOLDS, NOON);
    expect(next).toMatchObject({ granted: 42, refused: 2, arrival: NOON + 1000, learned: { marks: [[NOON, 39]] } });
    expect(afterPermits(next, 1, NOON + 2000, NO_HOLDS, NOON + 1000).learned).toBe(next.learned);
  });
});

describe('a report', () => {
  it.each<CallReport['kind']>(['success', 'answered', 'unanswered', 'unused'])(
    'in calm is no news, and nothing need be written: %s',
    (kind) => {
      const state = atWork();
      expect(afterCall(state, aTicket(), { kind }, CEILING, NOON)).toBe(state);
    },
  );

  it.each<CallReport['kind']>(['throttled', 'unavailable', 'unauthorized', 'rejected'])(
    'of trouble is news: %s',
    (kind) => {
      const state = atWork();
      expect(afterCall(state, aTicket(), { kind }, CEILING, NOON)).not.toEqual(state);
    },
  );

  it('of a 429 lowers the pace and lets nobody call for a while', () => {
    const state = atWork({ granted: 100, arrival: NOON - 500 });
    const next = afterCall(state, aTicket(), { kind: 'throttled' }, CEILING, NOON);
    expect(next).toMatchObject({ refused: 1, quietUntil: next.learned.grewFrom, arrival: next.quietUntil });
    expect(next.quietUntil).toBeGreaterThanOrEqual(NOON + 1000);
    expect(paceAt(next, CEILING, RESERVE, next.quietUntil).rate * 60_000).toBeLessThan(60);
  });

  it('of a 429 with Retry-After lets nobody call until then; of a call before it, it is counted and no more', () => {
    const first = afterCall(atWork(), aTicket(), { kind: 'throttled', retryAfterMs: 40_000 }, CEILING, NOON);
    expect(first.quietUntil).toBe(NOON + 40_000);
    const late = afterCall(first, aTicket(), { kind: 'throttled', retryAfterMs: 5000 }, CEILING, NOON + 9000);
    expect(late).toEqual({ ...first, refused: 2 });
  });

  it('of a 429 does not bring an arrival nearer that is further off', () => {
    const state = atWork({ arrival: NOON + 60_000 });
    expect(afterCall(state, aTicket(), { kind: 'throttled' }, CEILING, NOON).arrival).toBe(NOON + 60_000);
  });
});

describe('the item', () => {
  const kinds = ['success', 'throttled', 'unavailable', 'unanswered', 'unauthorized', 'rejected', 'answered', 'unused'];
  const step = fc.record({
    laterMs: fc.oneof(fc.constant(0), fc.integer({ min: -2000, max: 20_000 }), fc.constant(300_000)),
    lane: fc.constantFrom<Lane>('interactive', 'bulk'),
    key: fc.nat(99).map((n) => `${n}`.padEnd(128, 'x')),
    report: fc.constantFrom(...(kinds as CallReport['kind'][])),
  });

  const live = (
    steps: { laterMs: number; lane: Lane; key: string; report: CallReport['kind'] }[],
    each: (state: BudgetState) => void,
  ) => {
    let state = freshBudget(NOON);
    let now: EpochMs = NOON;
    for (const { laterMs, lane, key, report } of steps) {
      now += laterMs;
      const way = passage(state.holds, lane, key, now);
      if (way.kind !== 'held') {
        const permit = nextPermit(state.arrival, paceAt(state, CEILING, RESERVE, now), lane, now);
        state = afterPermits(state, 1, permit.arrival, way.kind === 'probe' ? way.holds : state.holds, now);
        expect(permit.at).toBeLessThan(now + 3_600_000);
      }
      state = afterCall(
        state,
        aTicket({ lane, key, probe: way.kind === 'probe', grantedAt: now }),
        { kind: report },
        CEILING,
        now,
      );
      each(state);
    }
  };

  it('holds nothing that a table could not, whatever happens, and does not grow', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        live(steps, (state) => {
          const text = JSON.stringify(state);
          expect(JSON.parse(text)).toStrictEqual(state);
          expect(text.length).toBeLessThan(LARGEST_BYTES);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('is under 2.5 kB with all that it can hold and the longest keys: three capacity units a write at most', () => {
    const key = 'x'.repeat(128);
    const hold = (why: Hold['why']): Hold => ({
      why,
      until: NOON + 1 / 3,
      lengthMs: 300_000,
      probeEnd: NOON + 1 / 3,
      lastProber: key,
    });
    let state: BudgetState = {
      ...learned(1000 / 3, { revision: 1e12, granted: 1e12, refused: 1e12, arrival: NOON + 1 / 3 }),
      ceiling: { perMinute: 600, burst: 20 },
    };
    for (let at = NOON; at < NOON + 300_000; at += 1000)
      state = afterPermits(state, 1, state.arrival, state.holds, at + 1 / 3);
    state.holds = {
      holds: { all: hold('credential'), interactive: hold('brake'), bulk: hold('brake') },
      operatorHolds: { all: { until: 8.64e15 }, interactive: { until: 8.64e15 }, bulk: { until: 8.64e15 } },
      suspects: [key, key, key],
      rejections: { interactive: 1e6, bulk: 1e6 },
      brakeOff: { interactive: true, bulk: true },
    };
    const bytes = Buffer.byteLength(JSON.stringify(state));
    expect(bytes).toBeGreaterThan(1500);
    expect(bytes).toBeLessThan(LARGEST_BYTES);
  });
});
