import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallReport, Ticket } from '../../../functions/call-budget/call-budget.ts';
import {
  type Hold,
  type Holds,
  NO_HOLDS,
  type Passage,
  passage as passageOf,
} from '../../../functions/call-budget/holds.ts';
import { afterCall, type BudgetState, freshBudget, heldUntil } from '../../../functions/call-budget/state.ts';
import type { EpochMs } from '../../../functions/common/clock.ts';
import type { Lane } from '../../../functions/contract/reset-request.ts';
import { NOON } from '../../support/virtual-clock.ts';

const passage = (state: Parameters<typeof passageOf>[0], lane: Lane, key: string, now: number) =>
  passageOf(state, lane, key, now, 30_000);

const LEASE_MS = 30_000;
const STAND_BACK_MS = 30_000;
const BRAKE_MS = 300_000;
const CEILING = { perMinute: 600, burst: 20 };

const outage = (until: EpochMs, more: Partial<Hold> = {}): Hold => ({ why: 'outage', until, lengthMs: 5000, ...more });
const credential = (until: EpochMs, more: Partial<Hold> = {}): Hold => ({
  why: 'credential',
  until,
  lengthMs: 30_000,
  ...more,
});
const brake = (until: EpochMs, more: Partial<Hold> = {}): Hold => ({
  why: 'brake',
  until,
  lengthMs: BRAKE_MS,
  ...more,
});
const holdsOf = (more: Partial<Holds>): Holds => ({ ...NO_HOLDS, ...more });

type Kind = CallReport['kind'];
interface Call {
  kind: Kind;
  key?: string;
  lane?: Lane;
  probe?: boolean;
  now?: EpochMs;
}

/** What stands after one call more. */
function following(holds: Holds, { kind, key = 'a', lane = 'interactive', probe = false, now = NOON }: Call): Holds {
  const state: BudgetState = { ...freshBudget(NOON), holds };
  const ticket: Ticket = { lane, key, probe, grantedAt: now };
  return afterCall(state, ticket, { kind }, CEILING, now).holds;
}
const followingAll = (holds: Holds, ...calls: Call[]): Holds => calls.reduce(following, holds);
const times = (count: number, call: (index: number) => Call): Call[] =>
  Array.from({ length: count }, (_, i) => call(i));

function probeOf(holds: Holds, lane: Lane, key: string, now: EpochMs): Holds {
  const way = passage(holds, lane, key, now);
  if (way.kind !== 'probe') throw new Error(`It should be time for a probe, not ${JSON.stringify(way)}.`);
  return way.holds;
}

describe('passage', () => {
  const held = (until: EpochMs, why: string, standsBack = false) => ({ kind: 'held', until, why, standsBack });
  const free = { kind: 'free' };

  it.each<[string, Lane, Partial<Holds>, object]>([
    ['is free without a hold', 'bulk', {}, free],
    ['is free with suspects and rejections alone', 'bulk', { suspects: ['a', 'b'], rejections: { bulk: 19 } }, free],
    ['is held for all', 'bulk', { holds: { all: outage(NOON + 1) } }, held(NOON + 1, 'outage')],
    ['is held for all', 'interactive', { holds: { all: credential(NOON + 1) } }, held(NOON + 1, 'credential')],
    ['is held for its lane', 'bulk', { holds: { bulk: brake(NOON + 1) } }, held(NOON + 1, 'brake')],
    ['is free while the other lane is held', 'interactive', { holds: { bulk: brake(NOON + 1) } }, free],
    ['is held by an operator', 'bulk', { operatorHolds: { bulk: { until: NOON + 1 } } }, held(NOON + 1, 'operator')],
    ['is held by an operator', 'bulk', { operatorHolds: { all: { until: NOON + 1 } } }, held(NOON + 1, 'operator')],
    [
      'is free while an operator holds the other lane',
      'interactive',
      { operatorHolds: { bulk: { until: 9e15 } } },
      free,
    ],
    ['is free, and no probe, after an operator’s hold', 'bulk', { operatorHolds: { bulk: { until: NOON } } }, free],
    [
      'is held by the operator first',
      'bulk',
      { operatorHolds: { bulk: { until: NOON + 9 } }, holds: { all: outage(NOON) } },
      held(NOON + 9, 'operator'),
    ],
    [
      'is held for its lane, and no probe for all',
      'bulk',
      { holds: { all: outage(NOON), bulk: brake(NOON + 9) } },
      held(NOON + 9, 'brake'),
    ],
    [
      'is held while another probes',
      'bulk',
      { holds: { all: outage(NOON - 9, { probeEnd: NOON + 1, lastProber: 'b' }) } },
      held(NOON + 1, 'outage'),
    ],
    [
      'is left to another where the request probed last',
      'bulk',
      { holds: { all: outage(NOON, { lastProber: 'a' }) } },
      held(NOON + STAND_BACK_MS, 'outage', true),
    ],
    [
      'is left to another where the request probed its lane last',
      'bulk',
      { holds: { all: outage(NOON), bulk: brake(NOON, { lastProber: 'a' }) } },
      held(NOON + STAND_BACK_MS, 'brake', true),
    ],
  ])('%s (%s)', (_, lane, holds, way) => {
    expect(passage(holdsOf(holds), lane, 'a', NOON)).toEqual(way);
  });

  it.each<[string, Partial<Holds>, Partial<Holds>]>([
    [
      'at the end of a hold',
      { holds: { all: outage(NOON) } },
      { holds: { all: outage(NOON, { probeEnd: NOON + LEASE_MS, lastProber: 'a' }) } },
    ],
    [
      'of all scopes that it is in',
      { holds: { all: outage(NOON), bulk: brake(NOON - 1), interactive: brake(NOON) } },
      {
        holds: {
          all: outage(NOON, { probeEnd: NOON + LEASE_MS, lastProber: 'a' }),
          bulk: brake(NOON - 1, { probeEnd: NOON + LEASE_MS, lastProber: 'a' }),
          interactive: brake(NOON),
        },
      },
    ],
    [
      'where the last probe was never heard of again',
      { holds: { all: outage(NOON - LEASE_MS, { probeEnd: NOON, lastProber: 'b' }) } },
      { holds: { all: outage(NOON - LEASE_MS, { probeEnd: NOON + LEASE_MS, lastProber: 'a' }) } },
    ],
    [
      'of the request that probed last, where no other came',
      { holds: { all: outage(NOON - STAND_BACK_MS, { lastProber: 'a' }) } },
      { holds: { all: outage(NOON - STAND_BACK_MS, { probeEnd: NOON + LEASE_MS, lastProber: 'a' }) } },
    ],
  ])('is a probe %s', (_, before, probing) => {
    const way: Passage = { kind: 'probe', holds: holdsOf(probing) };
    expect(passage(holdsOf(before), 'bulk', 'a', NOON)).toEqual(way);
  });
});

describe('an outage', () => {
  const abc = times(3, (index) => ({ kind: 'unavailable', key: `key-${index}` }));
  const [a, b, c] = abc as [Call, Call, Call];

  it.each<[string, Call[], boolean]>([
    ['one request', [a], false],
    ['one request, however often', times(9, () => a), false],
    ['two requests', [a, b, a, b], false],
    ['three requests', [a, b, c], true],
    ['three requests of both lanes', [a, { ...b, lane: 'bulk' }, c], true],
    ['three, with a success between', [a, { kind: 'success' }, b, c], false],
    ['three, with a success of the other lane between', [a, { kind: 'success', lane: 'bulk' }, b, c], false],
    ...(['throttled', 'answered', 'rejected', 'unanswered', 'unused'] as const).map(
      (kind): [string, Call[], boolean] => [`three, with one ${kind} between`, [a, b, { kind, key: 'x' }, c], true],
    ),
    ['three without an answer', times(3, (index) => ({ kind: 'unanswered', key: `${index}` })), false],
  ])('is not concluded lightly: %s', (_, calls, isHeld) => {
    const lastProber = calls.at(-1)?.key ?? 'a';
    const hold = isHeld ? { all: outage(NOON + 5000, { lastProber }) } : {};
    expect(followingAll(NO_HOLDS, ...calls).holds).toEqual(hold);
  });

  it('doubles with each failed probe, to a minute, and a success ends it', () => {
    let holds = followingAll(NO_HOLDS, ...abc);
    const lengths = [holds.holds.all?.lengthMs];
    for (let probe = 0; probe < 6; probe += 1) {
      const now = holds.holds.all?.until ?? 0;
      const key = `prober-${probe}`;
      holds = following(probeOf(holds, 'bulk', key, now), { kind: 'unavailable', key, lane: 'bulk', probe: true, now });
      const { lengthMs = 0 } = holds.holds.all ?? {};
      expect(holds.holds.all).toEqual(outage(now + lengthMs, { lengthMs, lastProber: key }));
      lengths.push(lengthMs);
    }
    expect(lengths).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
    expect(following(holds, { kind: 'success' })).toEqual(NO_HOLDS);
  });

  it('remembers three suspects at most', () => {
    const calls = times(40, (index) => ({ kind: 'unavailable', key: `key-${index}` }));
    expect(followingAll(NO_HOLDS, ...calls).suspects).toHaveLength(3);
  });
});

describe('a report during a hold, of a call begun before it,', () => {
  const before = holdsOf({ holds: { all: outage(NOON + 1000, { lastProber: 'c' }) }, suspects: ['a', 'b', 'c'] });

  it.each<Kind>(['unavailable', 'unanswered', 'throttled', 'answered', 'unused'])('changes nothing: %s', (kind) => {
    expect(following(before, { kind, key: 'd' })).toBe(before);
  });

  it('ends it at once where it is a success', () => {
    expect(following(before, { kind: 'success', key: 'd' })).toEqual(NO_HOLDS);
  });

  it('and of a token not accepted takes its place', () => {
    expect(following(before, { kind: 'unauthorized', key: 'd' }).holds).toEqual({
      all: credential(NOON + 30_000, { lastProber: 'd' }),
    });
  });
});

describe('a success', () => {
  it('in calm is no news', () => {
    const calm = holdsOf({
      operatorHolds: { bulk: { until: 9e15 } },
      rejections: { bulk: 4 },
      brakeOff: { bulk: true },
    });
    expect(following(calm, { kind: 'success', lane: 'interactive' })).toBe(calm);
  });

  it('ends what held all and its own lane, and forgets what counted against them', () => {
    const before = holdsOf({
      holds: { all: outage(NOON), interactive: brake(NOON), bulk: brake(NOON) },
      suspects: ['a'],
      rejections: { interactive: 7, bulk: 8 },
      brakeOff: { interactive: true, bulk: true },
    });
    expect(following(before, { kind: 'success', lane: 'interactive' })).toEqual(
      holdsOf({ holds: { bulk: brake(NOON) }, rejections: { bulk: 8 }, brakeOff: { bulk: true } }),
    );
  });

  it('does not end an operator’s hold, also not as a probe', () => {
    const operatorHolds = { all: { until: 9e15 }, bulk: { until: 9e15 } };
    for (const probe of [false, true]) {
      const before = holdsOf({ holds: { all: outage(NOON), bulk: brake(NOON) }, operatorHolds });
      expect(following(before, { kind: 'success', lane: 'bulk', probe })).toEqual(holdsOf({ operatorHolds }));
    }
  });
});

describe('a probe', () => {
  const probing = (hold: Hold): Hold => ({ ...hold, probeEnd: NOON + 20_000, lastProber: 'a' });
  const failed = { lastProber: 'a' };

  it.each<[string, Kind, Hold, Hold | undefined]>([
    ['that was served ends an outage', 'success', outage(NOON), undefined],
    ['that was throttled ends an outage: the API is there', 'throttled', outage(NOON), undefined],
    ['that was rejected ends an outage: the API is there', 'rejected', outage(NOON), undefined],
    ['that was answered ends an outage: the API is there', 'answered', outage(NOON), undefined],
    [
      'that met it again doubles an outage',
      'unavailable',
      outage(NOON),
      outage(NOON + 10_000, { lengthMs: 10_000, ...failed }),
    ],
    [
      'without an answer doubles an outage',
      'unanswered',
      outage(NOON),
      outage(NOON + 10_000, { lengthMs: 10_000, ...failed }),
    ],
    ['that was not made leaves the next one to another', 'unused', outage(NOON), outage(NOON, failed)],
    [
      'whose token was not accepted turns an outage into that',
      'unauthorized',
      outage(NOON),
      credential(NOON + 30_000, failed),
    ],
    ['that was served ends a hold for the token', 'success', credential(NOON), undefined],
    ['that was rejected ends a hold for the token', 'rejected', credential(NOON), undefined],
    [
      'that met an outage turns a hold for the token into that',
      'unavailable',
      credential(NOON),
      outage(NOON + 5000, failed),
    ],
    [
      'without an answer leaves a hold for the token to the next',
      'unanswered',
      credential(NOON),
      credential(NOON, failed),
    ],
    [
      'whose token was not accepted holds all for as long again',
      'unauthorized',
      credential(NOON),
      credential(NOON + 30_000, failed),
    ],
  ])('%s', (_, kind, hold, expected) => {
    const before = holdsOf({ holds: { all: probing(hold) }, suspects: ['x', 'y', 'z'] });
    const { all } = following(before, { kind, probe: true }).holds;
    expect(all).toEqual(expected);
  });

  it.each<[Kind, Hold | undefined]>([
    ['success', undefined],
    ['rejected', brake(NOON + BRAKE_MS, failed)],
    ['throttled', brake(NOON, failed)],
    ['answered', brake(NOON, failed)],
    ['unanswered', brake(NOON, failed)],
    ['unavailable', brake(NOON, failed)],
    ['unauthorized', brake(NOON, failed)],
    ['unused', brake(NOON, failed)],
  ])('of a braked lane that was %s leaves %o', (kind, expected) => {
    const before = holdsOf({ holds: { bulk: probing(brake(NOON)) }, rejections: { bulk: 20 } });
    expect(following(before, { kind, probe: true, lane: 'bulk' }).holds.bulk).toEqual(expected);
  });

  it('is a single one: nobody else passes until it is reported or its lease ends', () => {
    const holds = probeOf(holdsOf({ holds: { all: outage(NOON) } }), 'bulk', 'a', NOON);
    for (const now of [NOON, NOON + LEASE_MS - 1])
      expect(passage(holds, 'interactive', 'b', now)).toMatchObject({ kind: 'held', until: NOON + LEASE_MS });
    expect(passage(holds, 'interactive', 'b', NOON + LEASE_MS).kind).toBe('probe');
  });

  it('reported late by a request that was given up does not end the next one’s lease', () => {
    const late = probeOf(holdsOf({ holds: { all: credential(NOON), bulk: brake(NOON) } }), 'bulk', 'late', NOON);
    const now = NOON + LEASE_MS;
    const next = probeOf(late, 'bulk', 'next', now);
    for (const kind of ['unused', 'unanswered'] as const) {
      const holds = following(next, { kind, key: 'late', lane: 'bulk', probe: true, now });
      expect(passage(holds, 'bulk', 'third', now)).toMatchObject({ kind: 'held', until: now + LEASE_MS });
    }
  });

  it('by another request follows one that failed at once, and by the same one after half a minute', () => {
    const failedProbe = following(probeOf(holdsOf({ holds: { all: outage(NOON) } }), 'bulk', 'a', NOON), {
      kind: 'unused',
      probe: true,
      lane: 'bulk',
    });
    expect(passage(failedProbe, 'bulk', 'a', NOON + STAND_BACK_MS - 1)).toMatchObject({
      kind: 'held',
      standsBack: true,
    });
    expect(passage(failedProbe, 'bulk', 'b', NOON).kind).toBe('probe');
    expect(passage(failedProbe, 'bulk', 'a', NOON + STAND_BACK_MS).kind).toBe('probe');
  });
});

describe('a hold for want of a token', () => {
  const unauthorized = (more: Partial<Call> = {}): Call => ({ kind: 'unauthorized', lane: 'bulk', ...more });

  it('holds all for half a minute, by one call, and says until when', () => {
    const holds = following(NO_HOLDS, unauthorized());
    expect(holds.holds).toEqual({ all: credential(NOON + 30_000, { lastProber: 'a' }) });
    expect(heldUntil({ ...freshBudget(NOON), holds }, 'bulk', { kind: 'unauthorized' })).toBe(NOON + 30_000);
  });

  it('is not lengthened by calls that were under way', () => {
    const holds = holdsOf({ holds: { all: credential(NOON + 1) } });
    expect(following(holds, unauthorized())).toBe(holds);
    expect(following(holds, unauthorized({ now: NOON + 1 }))).not.toBe(holds);
  });
});

describe('the brake', () => {
  const rejected = (more: Partial<Call> = {}): Call => ({ kind: 'rejected', lane: 'bulk', ...more });
  const nineteen = followingAll(NO_HOLDS, ...times(19, (index) => rejected({ key: `key-${index}` })));
  const braked = brake(NOON + BRAKE_MS, { lastProber: 'a' });

  it('holds a lane for five minutes after 20 rejections in a row', () => {
    expect(nineteen.holds).toEqual({});
    expect(following(nineteen, rejected()).holds).toEqual({ bulk: braked });
  });

  it('counts a request that is rejected again and again, too', () => {
    expect(followingAll(NO_HOLDS, ...times(20, () => rejected())).holds).toEqual({ bulk: braked });
  });

  it.each<[string, Call, boolean]>([
    ['a success of the lane', { kind: 'success', lane: 'bulk' }, false],
    ['a success of the other lane', { kind: 'success', lane: 'interactive' }, true],
    ['rejections of the other lane', rejected({ lane: 'interactive' }), true],
    ['an answer of another kind', { kind: 'answered', lane: 'bulk' }, true],
    ['a call without an answer', { kind: 'unanswered', lane: 'bulk' }, true],
  ])('counts in a row: with %s between, it holds: %s', (_, between, isHeld) => {
    expect(followingAll(nineteen, between, rejected()).holds).toEqual(isHeld ? { bulk: braked } : {});
  });

  it('counts the other lane for itself', () => {
    const holds = followingAll(nineteen, ...times(20, () => rejected({ lane: 'interactive' })));
    expect(Object.keys(holds.holds)).toEqual(['interactive']);
  });

  it('makes no rejected request of its lane pay while it holds, late ones and the probe among them', () => {
    const state = (holds: Holds): BudgetState => ({ ...freshBudget(NOON), holds });
    let holds = following(nineteen, rejected());
    expect(heldUntil(state(holds), 'bulk', { kind: 'rejected' })).toBe(NOON + BRAKE_MS);
    expect(heldUntil(state(holds), 'interactive', { kind: 'rejected' })).toBeUndefined();
    expect(heldUntil(state(holds), 'bulk', { kind: 'answered' })).toBeUndefined();
    expect(heldUntil(state(nineteen), 'bulk', { kind: 'rejected' })).toBeUndefined();

    holds = following(holds, rejected({ key: 'late', now: NOON + 9000 }));
    expect(heldUntil(state(holds), 'bulk', { kind: 'rejected' })).toBe(NOON + BRAKE_MS);

    const now = NOON + BRAKE_MS;
    holds = following(probeOf(holds, 'bulk', 'prober', now), rejected({ key: 'prober', probe: true, now }));
    expect(holds.holds).toEqual({ bulk: brake(now + BRAKE_MS, { lastProber: 'prober' }) });
    expect(heldUntil(state(holds), 'bulk', { kind: 'rejected' })).toBe(now + BRAKE_MS);
  });

  it('switched off by an operator stays off until the lane’s next success', () => {
    const off = holdsOf({ brakeOff: { bulk: true }, rejections: { bulk: 20 } });
    const rejectedOften = followingAll(off, ...times(50, () => rejected()));
    expect(rejectedOften).toBe(off);
    const on = following(off, { kind: 'success', lane: 'bulk' });
    expect(on).toEqual(NO_HOLDS);
    expect(followingAll(on, ...times(20, () => rejected())).holds).toEqual({ bulk: braked });
  });
});

describe('whatever is reported', () => {
  const kinds = ['success', 'throttled', 'unavailable', 'unanswered', 'unauthorized', 'rejected', 'answered', 'unused'];
  const step = fc.oneof(
    fc.record({ asks: fc.constantFrom<Lane>('interactive', 'bulk') }),
    fc.record({ reports: fc.constantFrom(...(kinds as Kind[])), nth: fc.nat(5) }),
    fc.record({ laterMs: fc.oneof(fc.constantFrom(5000, 30_000, 300_000), fc.integer({ min: -2000, max: 40_000 })) }),
  );
  /** Of each scope that a call probes: whose end it is that it tries. */
  const probed = (holds: Holds, lane: Lane): string[] =>
    (['all', lane] as const).flatMap((scope) => {
      const hold = holds.holds[scope];
      return hold ? [`${scope} ${hold.why} ${hold.until}`] : [];
    });

  it('one call at a time probes the end of a hold, and no hold is stuck: some minutes later anybody passes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        let holds: Holds = NO_HOLDS;
        let now = NOON;
        const calls: { ticket: Ticket; probes: string[] }[] = [];
        steps.forEach((one, index) => {
          if ('laterMs' in one) now += one.laterMs;
          else if ('reports' in one) {
            const [call] = calls.splice(one.nth, 1);
            if (call) holds = following(holds, { ...call.ticket, kind: one.reports, now });
          } else {
            const way = passage(holds, one.asks, `call-${index}`, now);
            if (way.kind === 'held') {
              expect(way.until).toBeGreaterThan(now);
              expect(way.until).toBeLessThanOrEqual(now + BRAKE_MS + 3 * 2000 * steps.length);
              return;
            }
            const probes = way.kind === 'probe' ? probed(holds, one.asks) : [];
            const underWay = calls
              .filter(({ ticket }) => now < ticket.grantedAt + LEASE_MS)
              .flatMap((call) => call.probes);
            expect(probes.filter((hold) => underWay.includes(hold))).toEqual([]);
            if (way.kind === 'probe') ({ holds } = way);
            const ticket = { lane: one.asks, key: `call-${index}`, probe: way.kind === 'probe', grantedAt: now };
            calls.push({ ticket, probes });
          }
        });
        for (const lane of ['interactive', 'bulk'] as const) {
          const later = now + BRAKE_MS + LEASE_MS + STAND_BACK_MS + 2000 * steps.length;
          expect(passage(holds, lane, 'anybody', later).kind).not.toBe('held');
        }
      }),
      { numRuns: 1000 },
    );
  });
});
