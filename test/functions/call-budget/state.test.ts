import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallHistory, Ruling, Shown, Ticket } from '../../../functions/call-budget/call-budget.ts';
import {
  type Hold,
  type Holds,
  type Life,
  NO_HOLDS,
  NO_LIFE,
  passage,
  type Trouble,
} from '../../../functions/call-budget/holds.ts';
import { minutesUntil, withCalls } from '../../../functions/call-budget/minutes.ts';
import { nextPermit } from '../../../functions/call-budget/permits.ts';
import {
  afterCall,
  afterPermits,
  type BudgetState,
  blindRuling,
  type Ceiling,
  freshBudget,
  paceAt,
  rulingOn,
  withKnownLife,
} from '../../../functions/call-budget/state.ts';
import type { EpochMs } from '../../../functions/common/clock.ts';
import type { Lane } from '../../../functions/contract/reset-request.ts';
import { NOON } from '../../support/virtual-clock.ts';

const known = (perMinute: number, burst: number): Ceiling => ({ quota: 'known', perMinute, burst });
const CEILING = known(60, 10);
const RESERVE = 3;
const MINUTE_MS = 60_000;
/** A write costs a capacity unit for each kB as the table counts, which is a little less than JSON. */
const UNIT_BYTES = 1000;
const NEVER_CALLED: CallHistory = { unknowns: 0, heldCalls: 0 };
const aTicket = (more: Partial<Ticket> = {}): Ticket => ({
  lane: 'interactive',
  key: 'a',
  permit: 7,
  grantedAt: NOON,
  history: NEVER_CALLED,
  ...more,
});
const SHOWN = {
  succeeded: { kind: 'succeeded', status: 200 },
  throttled: { kind: 'throttled', status: 429 },
  unavailable: { kind: 'unavailable', status: 503 },
  unknown: { kind: 'unknown' },
  unauthorized: { kind: 'unauthorized', status: 401 },
  rejected: { kind: 'rejected', status: 404, detail: '' },
  'server-error': { kind: 'server-error', status: 500, detail: '' },
  'no-token': { kind: 'no-token' },
  nothing: { kind: 'nothing' },
} as const satisfies Record<Shown['kind'], Shown>;
const KINDS = Object.keys(SHOWN) as Shown['kind'][];
const aHold = (why: Hold['why'], more: Partial<Hold> = {}): Hold => ({
  why,
  since: NOON,
  permit: 3,
  until: NOON + 4000,
  lengthMs: 5000,
  ...more,
});
const lifeAt = (permit: number, successAt = NOON): Life => ({ permit, success: permit, successAt });
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
    ['of a high ceiling', atWork(), known(600, 20), 3, { perMinute: 600, burst: 15, reserve: 3 }],
    [
      'of a window’s burst is all used, or the reserve would shrink',
      atWork(),
      known(60, 4),
      3,
      { perMinute: 60, burst: 4, reserve: 3 },
    ],
    ['of no burst', atWork(), known(600, 1), 3, { perMinute: 600, burst: 1, reserve: 0 }],
    ['of a burst that is all reserve', atWork(), known(6, 3), 9, { perMinute: 6, burst: 3, reserve: 2 }],
    [
      'is an operator’s ceiling while he sets one',
      atWork({ ceiling: known(6, 5) }),
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
        fc.record({
          quota: fc.constantFrom('known' as const, 'ceiling' as const),
          perMinute: fc.integer({ min: 1, max: 6000 }),
          burst: fc.integer({ min: 1, max: 1000 }),
        }),
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
  it('is counted, and every few seconds noted with what was admitted before it', () => {
    const state = atWork({ granted: 41, refused: 2 });
    const next = afterPermits(state, { count: 1, arrival: NOON + 1000, holds: NO_HOLDS }, CEILING, NOON);
    expect(next).toMatchObject({ granted: 42, refused: 2, arrival: NOON + 1000, learned: { samples: [[NOON, 39]] } });
    expect(afterPermits(next, { count: 3, arrival: NOON + 2000, holds: NO_HOLDS }, CEILING, NOON + 1000)).toMatchObject(
      { granted: 45 },
    );
    expect(
      afterPermits(next, { count: 1, arrival: NOON + 2000, holds: NO_HOLDS }, CEILING, NOON + 1000).learned,
    ).toEqual(next.learned);
  });

  it('that probes is remembered in the holds', () => {
    const holds: Holds = { ...NO_HOLDS, byScope: { all: aHold('outage', { probeEnd: NOON + 30_000 }) } };
    expect(afterPermits(atWork(), { count: 1, arrival: NOON, holds }, CEILING, NOON).holds).toBe(holds);
  });
});

describe('a call', () => {
  const state = atWork({ granted: 100 });

  it.each(['succeeded', 'nothing'] as const)('in calm is no news, and nothing need be written: %s', (kind) => {
    expect(afterCall(state, aTicket(), SHOWN[kind], CEILING, NOON)).toBe(state);
  });

  it.each(KINDS.filter((kind) => kind !== 'succeeded' && kind !== 'nothing'))(
    'that met trouble is news: %s',
    (kind) => {
      expect(afterCall(state, aTicket(), SHOWN[kind], CEILING, NOON)).not.toEqual(state);
    },
  );

  it('leaves all but the holds as it is where it was not refused', () => {
    const { holds, ...others } = afterCall(state, aTicket(), SHOWN.unauthorized, CEILING, NOON);
    const { holds: _, ...before } = state;
    expect(others).toEqual(before);
    expect(holds.byScope.all).toMatchObject({ why: 'credential', permit: 100 });
  });

  it('answered 429 lowers the pace and lets nobody call for a while', () => {
    const before = atWork({ granted: 100, arrival: NOON - 500 });
    const next = afterCall(before, aTicket(), SHOWN.throttled, CEILING, NOON);
    expect(next).toMatchObject({ refused: 1, quietUntil: next.learned.grewFrom, arrival: NOON - 500 });
    expect(next.quietUntil).toBeGreaterThanOrEqual(NOON + 1000);
    expect(next.learned.admittedByRefusal).toBe(99);
    expect(paceAt(next, CEILING, RESERVE, next.quietUntil).rate * 60_000).toBeLessThan(60);
  });

  it('answered 429 is held against an operator’s ceiling while he sets one', () => {
    const teach = (more: Partial<BudgetState>, ceiling: Ceiling) =>
      afterCall(atWork({ granted: 100, ...more }), aTicket(), SHOWN.throttled, ceiling, NOON).learned.estimate;
    const lower: Ceiling = known(6, 5);
    expect(teach({ ceiling: lower }, CEILING)).toBe(teach({}, lower));
    expect(teach({}, lower)).not.toBe(teach({}, CEILING));
  });

  it('answered 429 with Retry-After lets nobody call until then; of a call before it, it is counted and no more', () => {
    const shown: Shown = { kind: 'throttled', status: 429, retryAfterMs: 40_000 };
    const first = afterCall(atWork(), aTicket(), shown, CEILING, NOON);
    expect(first.quietUntil).toBe(NOON + 40_000);
    const late = afterCall(first, aTicket(), { ...shown, retryAfterMs: 5000 }, CEILING, NOON + 9000);
    expect(late).toEqual({ ...first, refused: 2, minutes: withCalls(first.minutes, NOON, 0, 1) });
  });

  it('answered 429 does not bring the end of a pause nearer that is further off', () => {
    const before = atWork({ quietUntil: NOON + 50_000 });
    expect(afterCall(before, aTicket(), SHOWN.throttled, CEILING, NOON).quietUntil).toBe(NOON + 50_000);
  });

  // Seed 238 of the simulation was granted more than the budget: at the lower rate the same time stood for fewer permits.
  it('answered 429 stretches the time of the permits ahead by as much as the rate falls', () => {
    const before = atWork({ granted: 100, arrival: NOON + 60_000 });
    const after = afterCall(before, aTicket(), SHOWN.throttled, CEILING, NOON);
    const rateOf = (state: BudgetState) => paceAt(state, CEILING, RESERVE, NOON).rate;
    expect(rateOf(after)).toBeLessThan(rateOf(before));
    expect((after.arrival - NOON) * rateOf(after)).toBeCloseTo(60_000 * rateOf(before));
  });

  it('answered 429 leaves the time of the permits ahead where the rate stays', () => {
    const first = afterCall(atWork({ granted: 100 }), aTicket(), SHOWN.throttled, CEILING, NOON);
    const ahead = { ...first, arrival: NOON + 60_000 };
    expect(afterCall(ahead, aTicket(), SHOWN.throttled, CEILING, NOON + 9).arrival).toBe(NOON + 60_000);
  });

  it('answered 429 as a probe leaves the hold and frees the next probe', () => {
    const hold = aHold('outage', { lastProber: 'a' });
    const before = atWork({ holds: { ...NO_HOLDS, byScope: { all: { ...hold, probeEnd: NOON + 9 } } } });
    const after = afterCall(before, aTicket({ probe: 'request' }), SHOWN.throttled, CEILING, NOON);
    expect(after.holds.byScope).toEqual({ all: hold });
  });

  it('of a permit that this item never gave shows no life', () => {
    const before = atWork({ granted: 6, holds: { ...NO_HOLDS, byScope: { all: aHold('outage') } } });
    expect(afterCall(before, aTicket({ permit: 7 }), SHOWN.rejected, CEILING, NOON).holds).toMatchObject({
      life: NO_LIFE,
      byScope: before.holds.byScope,
    });
    expect(afterCall(before, aTicket({ permit: 6 }), SHOWN.rejected, CEILING, NOON).holds).toMatchObject({
      life: { permit: 6 },
      byScope: {},
    });
  });
});

describe('what a copy knows of life', () => {
  const trouble: Trouble = { key: 'x', permit: 5, at: NOON, weight: 1 };
  const state = atWork({ granted: 6, holds: { ...NO_HOLDS, troubles: [trouble] } });

  it('counts where the item does not know it yet', () => {
    expect(withKnownLife(state, lifeAt(6))).toEqual({ ...state, holds: { ...NO_HOLDS, life: lifeAt(6) } });
  });

  it.each<[string, BudgetState, Life]>([
    ['it is nothing', state, NO_LIFE],
    ['the item knows it', { ...state, holds: { ...state.holds, life: lifeAt(4) } }, lifeAt(4)],
  ])('is no news where %s', (_, item, life) => {
    expect(withKnownLife(item, life)).toBe(item);
  });
});

describe('the ruling', () => {
  const OWN: Ruling = { fault: 'own' };
  const ours = (why: Hold['why'] | 'no-life', until: EpochMs): Ruling => ({ fault: 'ours', why, until });
  const alive = lifeAt(5);
  const all = (why: Hold['why']): Partial<Holds> => ({ byScope: { all: aHold(why) }, life: alive });
  const bulk: Partial<Holds> = { byScope: { bulk: aHold('brake') }, life: alive };
  const interactive: Partial<Holds> = { byScope: { interactive: aHold('brake') }, life: alive };
  const byOperator: Partial<Holds> = { byOperator: { all: { since: NOON, until: NOON + 9, who: 'x' } }, life: alive };

  // A slow 502 of the outage, heard of after its end, was dead-lettered as the user's own.
  it.each([SHOWN['server-error'], SHOWN.unknown, SHOWN.unavailable])(
    'on a $kind that was called into an outage is ours also after the outage has ended',
    (shown) => {
      const state = atWork({ holds: { ...NO_HOLDS, life: lifeAt(20), lastOutage: 9 } });
      const history: CallHistory = { ...NEVER_CALLED, serverErrorPermit: 2 };
      expect(rulingOn(state, aTicket({ permit: 9, history }), shown, NOON)).toEqual(ours('outage', NOON));
      expect(rulingOn(state, aTicket({ permit: 10, history }), shown, NOON)).toEqual(OWN);
    },
  );

  const until = NOON + 4000;
  const rows: [Shown['kind'][], string, Partial<Holds>, Ruling][] = [
    [['succeeded', 'throttled', 'nothing'], 'an outage hold', all('outage'), OWN],
    [['succeeded', 'throttled', 'nothing'], 'no life', {}, OWN],
    [['succeeded', 'throttled', 'nothing'], 'the lane’s brake', bulk, OWN],
    [['unauthorized', 'no-token'], 'a credential hold', all('credential'), ours('credential', until)],
    [['unauthorized', 'no-token'], 'no hold', {}, OWN],
    [['rejected'], 'the lane’s brake', bulk, ours('brake', until)],
    [['rejected'], 'the other lane’s brake', interactive, OWN],
    [['rejected'], 'an outage hold', all('outage'), OWN],
    [['rejected'], 'no life', {}, OWN],
    [['unavailable', 'unknown', 'server-error'], 'an outage hold', all('outage'), ours('outage', until)],
    [['unavailable', 'unknown', 'server-error'], 'an operator’s hold', byOperator, OWN],
    [['unavailable', 'unknown', 'server-error'], 'a credential hold', all('credential'), OWN],
    [['unavailable', 'unknown', 'server-error'], 'the lane’s brake', bulk, OWN],
    [['unavailable', 'unknown', 'server-error'], 'no life', {}, ours('no-life', NOON)],
    [
      ['unavailable', 'unknown', 'server-error'],
      'an outage hold and no life',
      { byScope: { all: aHold('outage') } },
      ours('outage', until),
    ],
    [
      ['unavailable', 'unknown', 'server-error'],
      'a credential hold and no life',
      { byScope: { all: aHold('credential') } },
      ours('no-life', NOON),
    ],
    [
      ['unavailable', 'unknown', 'server-error'],
      'a success begun 60 s ago',
      { life: lifeAt(5, NOON - MINUTE_MS) },
      OWN,
    ],
    [
      ['unavailable', 'unknown', 'server-error'],
      'a success begun longer ago than 60 s',
      { life: lifeAt(5, NOON - MINUTE_MS - 1) },
      ours('no-life', NOON),
    ],
  ];
  it.each(rows.flatMap(([kinds, ...rest]) => kinds.map((kind) => [kind, ...rest] as const)))(
    'on one %s, with %s: %#',
    (kind, _, holds, ruling) => {
      const state = atWork({ holds: { ...NO_HOLDS, ...holds } });
      expect(rulingOn(state, aTicket({ lane: 'bulk' }), SHOWN[kind], NOON)).toEqual(ruling);
    },
  );

  it.each([
    [4, OWN],
    [5, ours('outage', until)],
  ])(
    'on a second 5xx of a request put back at permit %i, with a success of permit 5 and an outage: %o',
    (permit, ruling) => {
      const state = atWork({ holds: { ...NO_HOLDS, ...all('outage') } });
      const ticket = aTicket({ history: { ...NEVER_CALLED, serverErrorPermit: permit } });
      expect(rulingOn(state, ticket, SHOWN['server-error'], NOON)).toEqual(ruling);
      expect(rulingOn(state, ticket, SHOWN.unknown, NOON)).toEqual(ours('outage', until));
      expect(rulingOn(state, ticket, SHOWN.unavailable, NOON)).toEqual(ours('outage', until));
    },
  );

  it.each<[Shown['kind'], boolean]>([
    ['succeeded', false],
    ['throttled', false],
    ['nothing', false],
    ['unavailable', true],
    ['unknown', true],
    ['server-error', true],
    ['unauthorized', true],
    ['no-token', true],
    ['rejected', true],
  ])('on one %s where the state is out of reach is that it is ours until a minute from now: %s', (kind, isOurs) => {
    const expected: Ruling = { fault: 'ours', why: 'budget-unreachable', until: NOON + MINUTE_MS };
    expect(blindRuling(SHOWN[kind], NOON)).toEqual(isOurs ? expected : OWN);
  });
});

describe('the item', () => {
  interface Step {
    laterMs: number;
    lane: Lane;
    key: string;
    kind: Shown['kind'];
    behind: number;
  }
  const step: fc.Arbitrary<Step> = fc.record({
    laterMs: fc.oneof(fc.constant(0), fc.integer({ min: -2000, max: 20_000 }), fc.constant(300_000)),
    lane: fc.constantFrom<Lane>('interactive', 'bulk'),
    key: fc.nat(99).map((n) => `${n}`.padEnd(128, 'x')),
    kind: fc.constantFrom(...KINDS),
    behind: fc.nat(5),
  });

  const live = (steps: Step[], each: (state: BudgetState) => void) => {
    let state = freshBudget(NOON);
    let now: EpochMs = NOON;
    for (const { laterMs, lane, key, kind, behind } of steps) {
      now += laterMs;
      const options = { leaseMs: 30_000, probesByAddress: false };
      const way = passage(state.holds, { lane, key, history: NEVER_CALLED }, now, options);
      if (way.kind !== 'held') {
        const permit = nextPermit(state.arrival, paceAt(state, CEILING, RESERVE, now), lane, now);
        state = afterPermits(
          state,
          { count: 1, arrival: permit.arrival, holds: way.kind === 'probe' ? way.holds : state.holds },
          CEILING,
          now,
        );
        expect(permit.at).toBeLessThan(now + 3_600_000);
      }
      const probe = way.kind === 'probe' ? { probe: way.by } : {};
      const permit = Math.max(1, state.granted - behind);
      const ticket = aTicket({ lane, key, permit, grantedAt: now, ...probe });
      state = afterCall(state, ticket, SHOWN[kind], CEILING, now);
      each(state);
    }
  };

  it('holds nothing that a table could not, whatever happens, and does not grow', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        live(steps, (state) => {
          const text = JSON.stringify(state);
          expect(JSON.parse(text)).toStrictEqual(state);
          expect(text.length).toBeLessThan(5 * UNIT_BYTES);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('forgets with the next permit a pause that has ended, and keeps those that stand', () => {
    const pause = { since: NOON - 1, who: 'sam' };
    const byOperator = { all: { ...pause, until: NOON }, interactive: { ...pause, until: NOON + 1 }, bulk: pause };
    const holds: Holds = { ...NO_HOLDS, byOperator };
    const after = afterPermits(atWork(), { count: 1, arrival: NOON, holds }, CEILING, NOON);
    expect(after.holds).toEqual({ ...NO_HOLDS, byOperator: { interactive: byOperator.interactive, bulk: pause } });
  });

  it('remembers five requests in trouble at most', () => {
    const half = (index: number) => aTicket({ key: `${index}`, permit: 20 + index });
    let state = atWork({ granted: 99, holds: { ...NO_HOLDS, life: lifeAt(19) } });
    const counts = Array.from({ length: 6 }, (_, index) => {
      state = afterCall(state, half(index), SHOWN['server-error'], CEILING, NOON);
      return state.holds.troubles.length;
    });
    expect(counts).toEqual([1, 2, 3, 4, 5, 0]);
  });

  it('is under 1 kB after an hour at work: one capacity unit a write', () => {
    let state = freshBudget(NOON);
    for (let at = NOON; at < NOON + 3_600_000; at += 100)
      state = afterPermits(state, { count: 1, arrival: at + 100, holds: state.holds }, CEILING, at);
    expect(minutesUntil(state.minutes, NOON + 3_599_999).every(({ calls }) => calls === 600)).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(state))).toBeLessThan(UNIT_BYTES);
  });

  it('is under 6 kB with all that it can hold, three reasons and the longest keys among it: six capacity units a write', () => {
    const key = 'x'.repeat(128);
    const hold = (why: Hold['why']): Hold => ({
      why,
      since: NOON + 1 / 3,
      permit: 1e12,
      until: NOON + 1 / 3,
      lengthMs: 300_000,
      probeEnd: NOON + 1 / 3,
      lastProber: key,
    });
    let state: BudgetState = {
      ...learned(1000 / 3, { revision: 1e12, granted: 1e12, refused: 1e12, arrival: NOON + 1 / 3 }),
      ceiling: known(600, 20),
    };
    for (let at = NOON; at < NOON + 3_600_000; at += 1000) {
      state = afterPermits(state, { count: 10, arrival: state.arrival, holds: state.holds }, CEILING, at + 1 / 3);
      state = { ...state, minutes: withCalls(state.minutes, at, 0, 10) };
    }
    const trouble: Trouble = { key, permit: 1e12, at: NOON + 1 / 3, weight: 0.5 };
    // Who acts is an ARN of AWS's; of a longer reason `lane pause` keeps so much here.
    const paused = { since: NOON, until: 8.64e15, who: 'x'.repeat(128), why: `${'😀'.repeat(127)}…` };
    const holds: Holds = {
      byScope: { all: hold('credential'), interactive: hold('brake'), bulk: hold('brake') },
      byOperator: { all: paused, interactive: paused, bulk: paused },
      troubles: [trouble, trouble, trouble, trouble, trouble],
      life: { permit: 1e12, success: 1e12, successAt: NOON + 1 / 3 },
      rejections: { interactive: 1e6, bulk: 1e6 },
      brakeOff: { interactive: { until: 8.64e15 }, bulk: { until: 8.64e15 } },
      outageOffUntil: NOON + 1 / 3,
    };
    const bytes = Buffer.byteLength(JSON.stringify({ ...state, holds }));
    expect(bytes).toBeGreaterThan(2000);
    expect(bytes).toBeLessThan(6 * UNIT_BYTES);
  });
});
