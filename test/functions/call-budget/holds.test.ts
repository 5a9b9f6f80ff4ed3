import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallHistory, HeldBy, HoldCause, Shown, Ticket } from '../../../functions/call-budget/call-budget.ts';
import {
  type CallSigns,
  type Hold,
  type Holds,
  heldBy,
  holdsAfter,
  isOwnFault,
  type Life,
  latestLife,
  lifeOf,
  NO_HOLDS,
  NO_LIFE,
  type OperatorHold,
  type Passage,
  passage as passageOf,
  type Scope,
  showsLife,
  standBackMs,
  type Trouble,
  withLife,
} from '../../../functions/call-budget/holds.ts';
import type { EpochMs } from '../../../functions/common/clock.ts';
import type { Lane } from '../../../functions/contract/reset-request.ts';
import { NOON } from '../../support/virtual-clock.ts';

const LEASE_MS = 30_000;
const BRAKE_MS = 300_000;
const BRAKE_STAND_BACK_MS = 30_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const NEVER_CALLED: CallHistory = { unknowns: 0, heldCalls: 0 };

/** The holds here began after permit 10; calls have permit 20, the latest one taken is 30. */
const BEGINNING = 10;
const PERMIT = 20;
const LATEST = 30;

const LENGTHS = { outage: 5000, credential: 30_000, brake: BRAKE_MS };
const aHold = (why: Hold['why'], until: EpochMs, more: Partial<Hold> = {}): Hold => ({
  why,
  since: NOON - 90_000,
  permit: BEGINNING,
  until,
  lengthMs: LENGTHS[why],
  ...more,
});
const outage = (until: EpochMs, more: Partial<Hold> = {}): Hold => aHold('outage', until, more);
const credential = (until: EpochMs, more: Partial<Hold> = {}): Hold => aHold('credential', until, more);
const brake = (until: EpochMs, more: Partial<Hold> = {}): Hold => aHold('brake', until, more);
/** A hold that the call under test has begun. */
const begun = (hold: Hold, now: EpochMs = NOON): Hold => ({
  ...hold,
  since: now,
  permit: LATEST,
  until: now + hold.lengthMs,
  lastProber: 'a',
});
const pausedUntil = (until: EpochMs): OperatorHold => ({ since: NOON - 90_000, until, who: 'an operator' });
const holdsOf = (more: Partial<Holds>): Holds => ({ ...NO_HOLDS, ...more });
const lifeAt = (permit: number, successAt = NOON): Life => ({ permit, success: permit, successAt });

const aTrouble: Trouble = { key: 'a', permit: 1, at: NOON, weight: 1 };

const SHOWN = {
  succeeded: { kind: 'succeeded', status: 200 },
  throttled: { kind: 'throttled', status: 429 },
  unavailable: { kind: 'unavailable', status: 503 },
  refused: { kind: 'unavailable' },
  unknown: { kind: 'unknown' },
  unauthorized: { kind: 'unauthorized', status: 401 },
  rejected: { kind: 'rejected', status: 404, detail: '' },
  redirected: { kind: 'rejected', status: 302, detail: '' },
  html: { kind: 'rejected', status: 200, detail: '' },
  'bad gateway': { kind: 'server-error', status: 502, detail: '' },
  'server error': { kind: 'server-error', status: 500, detail: '' },
  'no token': { kind: 'no-token' },
  nothing: { kind: 'nothing' },
} as const satisfies Record<string, Shown>;
type Name = keyof typeof SHOWN;

interface Call extends Partial<Omit<CallSigns, 'history'>> {
  shown: Name | Shown;
  history?: Partial<CallHistory>;
}

const shownBy = ({ shown }: Call): Shown => (typeof shown === 'string' ? SHOWN[shown] : shown);

function signsOf({ shown: _, history, ...more }: Call): CallSigns {
  const { now = NOON } = more;
  return {
    lane: 'bulk',
    key: 'a',
    permit: PERMIT,
    latestPermit: LATEST,
    grantedAt: now,
    now,
    history: { ...NEVER_CALLED, ...history },
    ...more,
  };
}

/** What stands after one call more. */
const following = (holds: Holds, call: Call): Holds => holdsAfter(holds, signsOf(call), shownBy(call));
const followingAll = (holds: Holds, ...calls: Call[]): Holds => calls.reduce(following, holds);
const times = (count: number, call: (index: number) => Call): Call[] =>
  Array.from({ length: count }, (_, i) => call(i));

interface Asked {
  lane?: Lane;
  key?: string;
  history?: Partial<CallHistory>;
  now?: EpochMs;
  probesByAddress?: boolean;
}

const passage = (
  holds: Holds,
  { lane = 'bulk', key = 'a', history, now = NOON, probesByAddress = false }: Asked = {},
): Passage =>
  passageOf(holds, { lane, key, history: { ...NEVER_CALLED, ...history } }, now, {
    leaseMs: LEASE_MS,
    probesByAddress,
  });

function probeOf(holds: Holds, asked: Asked): Holds {
  const way = passage(holds, asked);
  if (way.kind !== 'probe') throw new Error(`It should be time for a probe, not ${JSON.stringify(way)}.`);
  return way.holds;
}

describe('what holds a lane', () => {
  const probing = { probeEnd: NOON + LEASE_MS, lastProber: 'b' };
  it.each<[claim: string, lane: Lane, holds: Partial<Holds>, causes: HoldCause[]]>([
    ['is nothing in calm', 'bulk', { troubles: [aTrouble], rejections: { bulk: 19 } }, []],
    ['is an outage, in every lane', 'bulk', { byScope: { all: outage(NOON + 1) } }, ['outage']],
    [
      'is an outage whose end has passed, while a probe is due',
      'bulk',
      { byScope: { all: outage(NOON - HOUR_MS) } },
      ['outage'],
    ],
    [
      'is an outage whose probe is under way',
      'interactive',
      { byScope: { all: outage(NOON - 9, probing) } },
      ['outage'],
    ],
    ['is a token, in every lane', 'interactive', { byScope: { all: credential(NOON + 1) } }, ['credential']],
    ['is a token whose probe is due', 'interactive', { byScope: { all: credential(NOON) } }, ['credential']],
    ['is its own brake', 'bulk', { byScope: { bulk: brake(NOON + 1) } }, ['brake']],
    ['is its own brake while it is probed', 'bulk', { byScope: { bulk: brake(NOON - 1, probing) } }, ['brake']],
    ['is not the other lane’s brake', 'interactive', { byScope: { bulk: brake(NOON + 1) } }, []],
    ['is an operator, for the lane', 'bulk', { byOperator: { bulk: pausedUntil(NOON + 1) } }, ['operator']],
    ['is an operator, for all', 'bulk', { byOperator: { all: pausedUntil(NOON + 1) } }, ['operator']],
    ['is an operator, with no end', 'bulk', { byOperator: { all: { since: NOON, who: 'x' } } }, ['operator']],
    [
      'is an operator for all, though the pause of the lane is over',
      'bulk',
      { byOperator: { all: pausedUntil(NOON + 1), bulk: pausedUntil(NOON) } },
      ['operator'],
    ],
    [
      'is no operator whose time is over',
      'bulk',
      { byOperator: { all: pausedUntil(NOON), bulk: pausedUntil(NOON - 1) } },
      [],
    ],
    ['is not an operator of the other lane', 'interactive', { byOperator: { bulk: pausedUntil(NOON + 1) } }, []],
    [
      'is all of them at once',
      'bulk',
      { byScope: { all: outage(NOON + 1), bulk: brake(NOON + 1) }, byOperator: { all: pausedUntil(NOON + 1) } },
      ['brake', 'operator', 'outage'],
    ],
  ])('%s', (_, lane, holds, causes) => {
    const held: HeldBy = { outage: false, credential: false, brake: false, operator: false };
    expect(heldBy(holdsOf(holds), lane, NOON)).toEqual({
      ...held,
      ...Object.fromEntries(causes.map((cause) => [cause, true])),
    });
  });
});

describe('passage', () => {
  const held = (until: EpochMs, why: HoldCause, standsBack = false): Passage => ({
    kind: 'held',
    until,
    why,
    standsBack,
  });
  const free: Passage = { kind: 'free' };

  it.each<[string, Lane, Partial<Holds>, Passage]>([
    ['is free without a hold', 'bulk', {}, free],
    ['is free with troubles and rejections alone', 'bulk', { troubles: [aTrouble], rejections: { bulk: 19 } }, free],
    ['is held for all in bulk', 'bulk', { byScope: { all: outage(NOON + 1) } }, held(NOON + 1, 'outage')],
    [
      'is held for all in interactive',
      'interactive',
      { byScope: { all: credential(NOON + 1) } },
      held(NOON + 1, 'credential'),
    ],
    ['is held for its lane', 'bulk', { byScope: { bulk: brake(NOON + 1) } }, held(NOON + 1, 'brake')],
    ['is free while the other lane is held', 'interactive', { byScope: { bulk: brake(NOON + 1) } }, free],
    [
      'is held by an operator for its lane',
      'bulk',
      { byOperator: { bulk: pausedUntil(NOON + 1) } },
      held(NOON + 1, 'operator'),
    ],
    [
      'is held by an operator for all',
      'bulk',
      { byOperator: { all: pausedUntil(NOON + 1) } },
      held(NOON + 1, 'operator'),
    ],
    [
      'is free while an operator holds the other lane',
      'interactive',
      { byOperator: { bulk: pausedUntil(9e15) } },
      free,
    ],
    [
      'is held until it is resumed, where no end is set',
      'bulk',
      { byOperator: { all: { since: NOON, who: 'an operator' } } },
      { kind: 'held', until: 8.64e15, why: 'operator', standsBack: false },
    ],
    ['is free, and no probe, after an operator’s hold', 'bulk', { byOperator: { bulk: pausedUntil(NOON) } }, free],
    [
      'is held by the operator before any other hold',
      'bulk',
      { byOperator: { bulk: pausedUntil(NOON + 9) }, byScope: { all: outage(NOON + 5), bulk: brake(NOON + 99) } },
      held(NOON + 9, 'operator'),
    ],
    [
      'is held for its lane, and no probe for all',
      'bulk',
      { byScope: { all: outage(NOON), bulk: brake(NOON + 9) } },
      held(NOON + 9, 'brake'),
    ],
    [
      'is held while another probes',
      'bulk',
      { byScope: { all: outage(NOON - 9, { probeEnd: NOON + 1, lastProber: 'b' }) } },
      held(NOON + 1, 'outage'),
    ],
    [
      'is held to the end of a hold that is later than the probe’s',
      'bulk',
      { byScope: { all: outage(NOON + 2, { probeEnd: NOON + 1 }) } },
      held(NOON + 2, 'outage'),
    ],
    [
      'is left to another where the request probed the brake last',
      'bulk',
      { byScope: { all: outage(NOON), bulk: brake(NOON, { lastProber: 'a' }) } },
      held(NOON + BRAKE_STAND_BACK_MS, 'brake', true),
    ],
  ])('%s', (_, lane, holds, way) => {
    expect(passage(holdsOf(holds), { lane })).toEqual(way);
  });

  const probed = { probeEnd: NOON + LEASE_MS, lastProber: 'a' };
  it.each<[string, Partial<Holds>, Partial<Holds>]>([
    [
      'at the end of a hold',
      { byScope: { all: outage(NOON) }, rejections: { bulk: 3 } },
      { byScope: { all: outage(NOON, probed) }, rejections: { bulk: 3 } },
    ],
    [
      'of all scopes that it is in',
      { byScope: { all: outage(NOON), bulk: brake(NOON - 1), interactive: brake(NOON) } },
      { byScope: { all: outage(NOON, probed), bulk: brake(NOON - 1, probed), interactive: brake(NOON) } },
    ],
    [
      'where the last probe was never heard of again',
      { byScope: { all: outage(NOON - LEASE_MS, { probeEnd: NOON, lastProber: 'b' }) } },
      { byScope: { all: outage(NOON - LEASE_MS, probed) } },
    ],
    [
      'of the request that probed a brake last, where no other came for half a minute',
      { byScope: { bulk: brake(NOON - BRAKE_STAND_BACK_MS, { lastProber: 'a' }) } },
      { byScope: { bulk: brake(NOON - BRAKE_STAND_BACK_MS, probed) } },
    ],
    [
      'of a brake that another request probed last, at once',
      { byScope: { bulk: brake(NOON, { lastProber: 'b' }) } },
      { byScope: { bulk: brake(NOON, probed) } },
    ],
  ])('is a probe %s', (_, before, probing) => {
    expect(passage(holdsOf(before))).toEqual({ kind: 'probe', by: 'request', holds: holdsOf(probing) });
  });

  const STAND_BACKS: [CallHistory, number][] = [
    [{ unknowns: 0, heldCalls: 0 }, 0],
    [{ unknowns: 0, heldCalls: 1 }, 5000],
    [{ unknowns: 0, heldCalls: 2 }, 10_000],
    [{ unknowns: 0, heldCalls: 3 }, 20_000],
    [{ unknowns: 0, heldCalls: 4 }, 30_000],
    [{ unknowns: 0, heldCalls: 50 }, 30_000],
    [{ unknowns: 1, heldCalls: 0 }, 15 * MINUTE_MS],
    [{ unknowns: 1, heldCalls: 9 }, 15 * MINUTE_MS],
    [{ unknowns: 2, heldCalls: 1 }, HOUR_MS],
    [{ unknowns: 3, heldCalls: 0 }, HOUR_MS],
  ];

  it.each(STAND_BACKS)('of a request with %o leaves the probe of an outage to others for %i ms', (history, ms) => {
    expect(standBackMs(history)).toBe(ms);
    const holds = holdsOf({ byScope: { all: outage(NOON, { lastProber: 'b' }) } });
    if (ms > 0) expect(passage(holds, { history, now: NOON + ms - 1 })).toEqual(held(NOON + ms, 'outage', true));
    expect(passage(holds, { history, now: NOON + ms }).kind).toBe('probe');
  });

  it.each(STAND_BACKS)('of a request with %o is a probe at the end of a credential hold', (history) => {
    const holds = holdsOf({ byScope: { all: credential(NOON, { lastProber: 'a' }) } });
    expect(passage(holds, { history })).toMatchObject({ kind: 'probe', by: 'request' });
  });

  it('of a request with a history is a probe at the end of a brake', () => {
    const holds = holdsOf({ byScope: { bulk: brake(NOON, { lastProber: 'b' }) } });
    expect(passage(holds, { history: { unknowns: 2, heldCalls: 9 } }).kind).toBe('probe');
  });

  it('stands back from the end of the hold, not from the end of the last probe', () => {
    const holds = holdsOf({ byScope: { all: outage(NOON - 5000, { probeEnd: NOON, lastProber: 'b' }) } });
    expect(passage(holds, { history: { heldCalls: 1 } }).kind).toBe('probe');
    expect(passage(holds, { history: { heldCalls: 2 } })).toEqual(held(NOON + 5000, 'outage', true));
  });

  describe('with a probe address', () => {
    const byAddress = (more: Asked = {}): Asked => ({ probesByAddress: true, ...more });

    it.each(STAND_BACKS)('is a probe with it at the end of an outage, also for a request with %o', (history) => {
      const holds = holdsOf({ byScope: { all: outage(NOON) } });
      expect(passage(holds, byAddress({ history }))).toEqual({
        kind: 'probe',
        by: 'address',
        holds: holdsOf({ byScope: { all: outage(NOON, probed) } }),
      });
    });

    it.each([NOON - 1, NOON, NOON + 9])('marks the hold of all alone as probed, the brake ending at %i', (until) => {
      const holds = holdsOf({ byScope: { all: outage(NOON), bulk: brake(until), interactive: brake(NOON) } });
      expect(passage(holds, byAddress())).toEqual({
        kind: 'probe',
        by: 'address',
        holds: holdsOf({ byScope: { all: outage(NOON, probed), bulk: brake(until), interactive: brake(NOON) } }),
      });
    });

    it('is held while the outage hold or its probe lasts', () => {
      expect(passage(holdsOf({ byScope: { all: outage(NOON + 1) } }), byAddress())).toEqual(held(NOON + 1, 'outage'));
      const probing = holdsOf({ byScope: { all: outage(NOON, { probeEnd: NOON + 1 }) } });
      expect(passage(probing, byAddress())).toEqual(held(NOON + 1, 'outage'));
    });

    it.each<[string, Partial<Holds>]>([
      ['credential hold', { byScope: { all: credential(NOON) } }],
      ['brake', { byScope: { bulk: brake(NOON) } }],
    ])('is a probe with the request itself at the end of a %s', (_, holds) => {
      expect(passage(holdsOf(holds), byAddress())).toMatchObject({ kind: 'probe', by: 'request' });
    });

    it('leaves the probe of a brake to another request all the same', () => {
      const holds = holdsOf({ byScope: { bulk: brake(NOON, { lastProber: 'a' }) } });
      expect(passage(holds, byAddress())).toEqual(held(NOON + BRAKE_STAND_BACK_MS, 'brake', true));
    });
  });
});

describe('life', () => {
  const ticket: Ticket = { ...signsOf({ shown: 'nothing' }), grantedAt: NOON - 700 };
  const rejection = (status: number): Shown => ({ kind: 'rejected', status, detail: '' });
  const succeeded: Life = { permit: PERMIT, success: PERMIT, successAt: NOON - 700 };
  const there: Life = { permit: PERMIT, success: 0, successAt: 0 };

  it.each<[string, Shown, Ticket['probe'], Life | undefined]>([
    ['is shown by a success, as of when the call was made', SHOWN.succeeded, undefined, succeeded],
    ['is shown by a success of a probe', SHOWN.succeeded, 'request', succeeded],
    ['is shown by a success of the probe address', SHOWN.succeeded, 'address', succeeded],
    ['is shown by a rejection with 400', rejection(400), undefined, there],
    ['is shown by a rejection with 404 of a probe', rejection(404), 'request', there],
    ['is shown by no redirect', rejection(399), undefined, undefined],
    ['is shown by no redirect of a probe', rejection(302), 'request', undefined],
    ['is shown by no HTML page', rejection(200), undefined, undefined],
    ['is shown by a redirect of the probe address', rejection(302), 'address', there],
    ['is shown by an HTML page for the probe address', rejection(200), 'address', there],
    ...(
      [
        'throttled',
        'unavailable',
        'unknown',
        'unauthorized',
        'bad gateway',
        'server error',
        'no token',
        'nothing',
      ] as const
    ).flatMap((name) =>
      ([undefined, 'request', 'address'] as const).map((probe): [string, Shown, Ticket['probe'], undefined] => [
        `is not shown by a call whose end is "${name}" (probe: ${probe ?? 'none'})`,
        SHOWN[name],
        probe,
        undefined,
      ]),
    ),
  ])('%s', (_, shown, probe, life) => {
    expect(lifeOf({ ...ticket, ...(probe ? { probe } : {}) }, shown)).toEqual(life);
  });

  it('of two is the later in each respect', () => {
    const one: Life = { permit: 9, success: 3, successAt: NOON };
    const other: Life = { permit: 7, success: 7, successAt: NOON - 1 };
    const latest: Life = { permit: 9, success: 7, successAt: NOON };
    expect([latestLife(one, other), latestLife(other, one)]).toEqual([latest, latest]);
  });

  it.each<[string, Life, Life, boolean]>([
    ['of a later success', lifeAt(5), lifeAt(6), true],
    ['of a later call that was rejected', lifeAt(5), { ...NO_LIFE, permit: 6 }, true],
    ['of a later success before a call that was rejected', { ...lifeAt(5), permit: 9 }, lifeAt(7), true],
    ['of the same call', lifeAt(5), lifeAt(5), false],
    ['of an earlier success', lifeAt(5), lifeAt(4), false],
    ['of nobody', lifeAt(5), NO_LIFE, false],
  ])('%s is news: known %o, heard of %o: %s', (_, known, more, isNews) => {
    const before = holdsOf({ life: known });
    const after = withLife(before, more);
    if (isNews) expect(after).toEqual(holdsOf({ life: latestLife(known, more) }));
    else expect(after).toBe(before);
  });

  it('disproves the troubles of earlier permits, and no other', () => {
    const troubles: Trouble[] = [18, 19, 20, 21].map((permit) => ({ key: `${permit}`, permit, at: NOON, weight: 0.5 }));
    const before = holdsOf({ troubles });
    expect(withLife(before, lifeAt(20)).troubles).toEqual(troubles.slice(3));
    expect(withLife(before, lifeAt(17)).troubles).toBe(troubles);
  });

  it.each<[Hold['why'], Scope, number, boolean]>([
    ['outage', 'all', BEGINNING, false],
    ['outage', 'all', BEGINNING + 1, true],
    ['credential', 'all', BEGINNING, false],
    ['credential', 'all', BEGINNING + 1, true],
    ['brake', 'bulk', BEGINNING + 1, false],
  ])('ends a hold (%s) of %s that began after permit 10, by permit %i: %s', (why, scope, permit, isEnd) => {
    const other = scope === 'all' ? { bulk: brake(NOON) } : { all: outage(NOON, { permit: 99 }) };
    const before = holdsOf({ byScope: { ...other, [scope]: aHold(why, NOON + 9) } });
    const { byScope } = withLife(before, lifeAt(permit));
    if (isEnd) expect(byScope).toEqual(other);
    else expect(byScope).toBe(before.byScope);
  });

  it.each([
    [0, true],
    [MINUTE_MS, true],
    [MINUTE_MS + 1, false],
  ])('is there %i ms after a success was begun: %s', (ms, isThere) => {
    expect(showsLife(holdsOf({ life: lifeAt(5) }), NOON + ms)).toBe(isThere);
  });

  it('is not there where nobody has succeeded yet', () => {
    expect(showsLife(holdsOf({ life: { ...NO_LIFE, permit: 5 } }), NOON)).toBe(false);
  });

  it.each<[number | undefined, Life, boolean]>([
    [undefined, lifeAt(99), false],
    [7, lifeAt(8), true],
    [7, lifeAt(7), false],
    [7, lifeAt(6), false],
    [7, { ...lifeAt(6), permit: 8 }, false],
    [7, NO_LIFE, false],
  ])('makes a second 5xx of a request put back at permit %o its own fault, with %o: %s', (permit, life, isOwn) => {
    const history = permit === undefined ? NEVER_CALLED : { ...NEVER_CALLED, serverErrorPermit: permit };
    expect(isOwnFault(holdsOf({ life }), history)).toBe(isOwn);
  });
});

describe('a sign of trouble', () => {
  const a: Call = { shown: 'unavailable', key: 'a', permit: 21 };
  const b: Call = { shown: 'unavailable', key: 'b', permit: 22 };
  const c: Call = { shown: 'unavailable', key: 'c', permit: 23 };
  const of = (shown: Name | Shown): Call[] => [a, b, c].map((call) => ({ ...call, shown }));
  const sign = (key: string, permit: number, more: Partial<Trouble> = {}): Trouble => ({
    key,
    permit,
    at: NOON,
    weight: 1,
    ...more,
  });

  const ENOUGH_OR_NOT: [string, Call[], boolean][] = [
    ['one request', [a], false],
    ['one request, however often', times(9, () => a), false],
    ['two requests', [a, b, a, b], false],
    ['three requests', [a, b, c], true],
    ['three requests of both lanes', [a, { ...b, lane: 'interactive' }, c], true],
    ['three without a connection', of('refused'), true],
    ['three without an answer', of('unknown'), true],
    ['three with 502', of('bad gateway'), true],
    ['three with 500 where nobody has succeeded', of('server error'), true],
    ['three of different kinds', [a, { ...b, shown: 'unknown' }, { ...c, shown: 'bad gateway' }], true],
    ['three, and a success before them', [{ shown: 'succeeded', permit: 20 }, a, b, c], true],
    ['three, and a success of an earlier permit between', [a, b, { shown: 'succeeded', permit: 20 }, c], true],
    [
      'three, and a success of a later permit than two of them last',
      [c, a, { shown: 'succeeded', permit: 23, key: 'x' }, b],
      false,
    ],
    ['three, and a rejection of a later permit heard first', [{ ...a, shown: 'rejected', permit: 24 }, a, b, c], false],
    [
      'three, and a success of the other lane between',
      [a, { shown: 'succeeded', permit: 22, lane: 'interactive' }, b, c],
      false,
    ],
    ['three, and a rejection between', [a, { shown: 'rejected', permit: 22, key: 'x' }, b, c], false],
    ...(['throttled', 'redirected', 'html', 'nothing'] as const).map((shown): [string, Call[], boolean] => [
      `three, and one ${shown} between`,
      [a, b, { shown, key: 'x', permit: 22 }, c],
      true,
    ]),
    ['three within an hour', [a, b, { ...c, now: NOON + HOUR_MS - 1 }], true],
    ['three in an hour', [a, b, { ...c, now: NOON + HOUR_MS }], false],
    [
      'three requests whose calls were all probes of a brake',
      [a, b, c].map((call) => ({ ...call, probe: 'request' })),
      true,
    ],
  ];
  it.each(ENOUGH_OR_NOT.map(([title, calls, isHeld]) => ({ title, calls, isHeld })))(
    'of $title begins an outage hold: $isHeld',
    ({ calls, isHeld }) => {
      const holds = followingAll(NO_HOLDS, ...calls);
      const last = calls.at(-1) as Call;
      const expected = { ...begun(outage(NOON), last.now), lastProber: last.key };
      expect(holds.byScope).toEqual(isHeld ? { all: expected } : {});
      if (isHeld) expect(holds.troubles).toEqual([]);
    },
  );

  it('is remembered with its key, permit, time and weight', () => {
    expect(following(NO_HOLDS, { ...a, now: NOON + 5, grantedAt: NOON })).toEqual(
      holdsOf({ troubles: [sign('a', 21, { at: NOON + 5 })] }),
    );
  });

  it.each([500, 501, 505, 599])(
    'counts half where it is a %i and a call of the last minute has succeeded',
    (status) => {
      const shown: Shown = { kind: 'server-error', status, detail: '' };
      const weightAt = (now: EpochMs) =>
        following(holdsOf({ life: lifeAt(5) }), { ...a, shown, now }).troubles.map(({ weight }) => weight);
      expect(weightAt(NOON + MINUTE_MS)).toEqual([0.5]);
      expect(weightAt(NOON + MINUTE_MS + 1)).toEqual([1]);
    },
  );

  it.each<Shown>([
    { kind: 'server-error', status: 502, detail: '' },
    { kind: 'server-error', status: 503, detail: '' },
    { kind: 'server-error', status: 504, detail: '' },
    { kind: 'unavailable', status: 503 },
    { kind: 'unavailable' },
    { kind: 'unknown', status: 504 },
    { kind: 'unknown' },
  ])('counts whole where it is $kind $status, whoever has succeeded', (shown) => {
    expect(following(holdsOf({ life: lifeAt(5) }), { ...a, shown }).troubles).toEqual([sign('a', 21)]);
  });

  it('of 500 holds all at the sixth request in a row where somebody has just succeeded', () => {
    const calls = times(6, (index) => ({ shown: 'server error', key: `${index}`, permit: 21 + index }));
    const alive = holdsOf({ life: lifeAt(5) });
    expect(followingAll(alive, ...calls.slice(0, 5)).byScope).toEqual({});
    expect(followingAll(alive, ...calls).byScope.all).toMatchObject({ why: 'outage', lengthMs: 5000 });
  });

  const half = { shown: 'server error', key: 'a' } as const;
  it.each<[string, Call[], number]>([
    ['a half and a whole one', [{ ...half }, { ...a }], 1],
    ['a whole one and a half', [{ ...a }, { ...half }], 1],
    ['two halves', [{ ...half }, { ...half }], 0.5],
    ['a whole one of an hour ago and a half', [{ ...a, now: NOON - HOUR_MS }, { ...half }], 0.5],
    ['a whole one of less than an hour ago and a half', [{ ...a, now: NOON - HOUR_MS + 1 }, { ...half }], 1],
  ])('of one request counts once, with its larger weight: %s', (_, calls, weight) => {
    const { troubles } = followingAll(holdsOf({ life: lifeAt(5) }), ...calls);
    expect(troubles.map((trouble) => trouble.weight)).toEqual([weight]);
  });

  it('of the same request again is as new as its last call', () => {
    const again = { ...a, permit: 25, now: NOON + 7 };
    expect(followingAll(NO_HOLDS, a, b, again).troubles).toEqual([sign('b', 22), sign('a', 25, { at: NOON + 7 })]);
  });

  it.each([
    [PERMIT - 1, 1],
    [PERMIT, 1],
    [PERMIT + 1, 0],
  ])('of permit 20 where permit %i has shown life: %i counted', (permit, count) => {
    const before = holdsOf({ life: lifeAt(permit) });
    const after = following(before, { shown: 'unavailable', permit: PERMIT });
    expect(after.troubles).toHaveLength(count);
    if (count === 0) expect(after).toBe(before);
  });

  it('begins no hold while an operator has switched the outage hold off', () => {
    const off = holdsOf({ outageOffUntil: NOON });
    expect(followingAll(off, ...[a, b, c].map((call) => ({ ...call, now: NOON - 1 })))).toBe(off);
    expect(followingAll(off, a, b, c).byScope.all).toMatchObject({ why: 'outage' });
  });

  it('of a credential’s probe begins no outage hold either while it is switched off', () => {
    const held = (outageOffUntil: number) => holdsOf({ byScope: { all: aHold('credential', NOON) }, outageOffUntil });
    const probe: Call = { ...a, probe: 'request' };
    expect(following(held(NOON + 1), probe).byScope.all?.why).toBe('credential');
    expect(following(held(NOON), probe).byScope.all?.why).toBe('outage');
  });

  // The address probed 436 times in an hour: it was taken for the request that waited, and that one for at fault itself.
  it('of the probe address is nobody’s own fault: it lengthens the hold, whoever waits', () => {
    const held = holdsOf({ byScope: { all: outage(NOON) }, life: lifeAt(12) });
    const probe: Call = { ...a, shown: 'server error', probe: 'address', history: { serverErrorPermit: 10 } };
    expect(following(held, probe).byScope.all?.lengthMs).toBe(10_000);
  });

  it('of a permit that the item never gave is disproved by life as any other: the item was lost and begun again', () => {
    const before = following(NO_HOLDS, { shown: 'unavailable', permit: 5001, latestPermit: 3 });
    expect(before.troubles).toMatchObject([{ permit: 3 }]);
    expect(withLife(before, lifeAt(4)).troubles).toEqual([]);
  });

  it('is none where the 5xx is the request’s own fault', () => {
    const alive = holdsOf({ life: lifeAt(18) });
    const own: Call = { ...a, shown: 'bad gateway', history: { serverErrorPermit: 17 } };
    expect(following(alive, own)).toBe(alive);
    expect(following(alive, { ...own, history: { serverErrorPermit: 18 } }).troubles).toEqual([sign('a', 21)]);
    expect(following(alive, { ...own, shown: 'unknown' }).troubles).toEqual([sign('a', 21)]);
  });

  it('is remembered or disproved by permits alone, whatever order two troubles and other calls are heard in', () => {
    const others = fc.array(
      fc.record({
        permit: fc.integer({ min: 1, max: 30 }),
        shown: fc.constantFrom<Name>('succeeded', 'rejected', 'throttled', 'html', 'nothing'),
      }),
      { maxLength: 4 },
    );
    const troubles = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }));
    const heard = fc.tuple(troubles, others).chain(([[one, other], more]) => {
      const calls: Call[] = [
        { shown: 'unavailable', key: 'one', permit: one },
        { shown: 'unknown', key: 'other', permit: other },
        ...more.map((call) => ({ ...call, key: 'x' })),
      ].map((call, index) => ({ ...call, permit: call.permit * 10 + index, latestPermit: 400 }) as Call);
      return fc.tuple(
        fc.constant(calls),
        fc.shuffledSubarray(calls, { minLength: calls.length, maxLength: calls.length }),
      );
    });
    const standing = (calls: Call[]): string[] => {
      const lives = calls.flatMap((call) => lifeOf(signsOf(call), shownBy(call)) ?? []);
      // What a success in calm shows is written along with the next permit.
      const holds = withLife(followingAll(NO_HOLDS, ...calls), lives.reduce(latestLife, NO_LIFE));
      return holds.troubles.map(({ key, permit }) => `${key} ${permit}`).toSorted();
    };
    fc.assert(
      fc.property(heard, ([calls, shuffled]) => {
        const lives = calls.filter(({ shown }) => shown === 'succeeded' || shown === 'rejected');
        const latest = Math.max(0, ...lives.map(({ permit = 0 }) => permit));
        const expected = calls
          .filter(({ shown, permit = 0 }) => (shown === 'unavailable' || shown === 'unknown') && permit > latest)
          .map(({ key, permit }) => `${key} ${permit}`)
          .toSorted();
        expect(standing(shuffled)).toEqual(expected);
      }),
    );
  });
});

describe('an outage hold', () => {
  it('doubles with each probe that meets trouble, to a minute, and has stood since its beginning', () => {
    let holds = followingAll(NO_HOLDS, ...times(3, (index) => ({ shown: 'unavailable', key: `key-${index}` })));
    const lengths = [holds.byScope.all?.lengthMs];
    const troubles: Name[] = ['unavailable', 'unknown', 'bad gateway', 'server error', 'refused', 'unavailable'];
    troubles.forEach((shown, index) => {
      const now = holds.byScope.all?.until ?? 0;
      const key = `prober-${index}`;
      const permit = LATEST + 1 + index;
      const probing = probeOf(holds, { key, now });
      expect(probing.byScope.all?.lengthMs).toBe(lengths.at(-1));
      holds = following(probing, { shown, key, probe: 'request', now, permit, latestPermit: permit });
      const { lengthMs = 0 } = holds.byScope.all ?? {};
      expect(holds.byScope.all).toEqual(
        outage(now + lengthMs, { lengthMs, lastProber: key, since: NOON, permit: LATEST }),
      );
      lengths.push(lengthMs);
    });
    expect(lengths).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
    expect(following(holds, { shown: 'succeeded', permit: LATEST + 1, latestPermit: LATEST + 7 })).toEqual(
      holdsOf({ life: lifeAt(LATEST + 1), lastOutage: LATEST }),
    );
  });

  const before = holdsOf({ byScope: { all: outage(NOON + 1000, { lastProber: 'c' }) } });

  it.each<Name>(['unavailable', 'refused', 'unknown', 'bad gateway', 'server error', 'throttled', 'nothing'])(
    'is left as it is by a call that was under way and is now %s',
    (shown) => {
      expect(following(before, { shown, permit: BEGINNING })).toBe(before);
      expect(following(before, { shown, permit: BEGINNING + 1 })).toBe(before);
    },
  );

  it('is not ended by life of an earlier permit: the success is not even written', () => {
    expect(following(before, { shown: 'succeeded', permit: BEGINNING })).toBe(before);
    expect(following(before, { shown: 'rejected', permit: BEGINNING }).byScope).toEqual(before.byScope);
  });

  it('is ended by life of a later permit, probe or not', () => {
    expect(following(before, { shown: 'succeeded', permit: BEGINNING + 1 }).byScope).toEqual({});
    expect(following(before, { shown: 'rejected', permit: BEGINNING + 1 }).byScope).toEqual({});
  });

  it.each([
    ['succeeded', LATEST, {}],
    ['succeeded', LATEST + 1, before.byScope],
    ['rejected', LATEST, {}],
    ['rejected', LATEST + 1, before.byScope],
  ] as const)('is ended by a call that %s of permit %i only if the item gave it', (shown, permit, byScope) => {
    const after = following(before, { shown, permit });
    expect(after.byScope).toEqual(byScope);
    expect(after.life.permit).toBe(permit > LATEST ? 0 : permit);
  });

  it.each<Name>(['redirected', 'html'])('is not ended by one %s', (shown) => {
    expect(following(before, { shown }).byScope).toEqual(before.byScope);
  });

  it.each<Name>(['unauthorized', 'no token'])('becomes a credential hold by a call that has %s', (shown) => {
    expect(following(before, { shown, permit: BEGINNING }).byScope).toEqual({ all: begun(credential(NOON)) });
  });

  it('is not lengthened by the probe of a brake that was under way when it began', () => {
    const holds = holdsOf({
      byScope: {
        all: outage(NOON + 1000, { lastProber: 'c' }),
        bulk: brake(NOON, { permit: 3, probeEnd: NOON + 9, lastProber: 'a' }),
      },
    });
    const free = holdsOf({
      byScope: { all: outage(NOON + 1000, { lastProber: 'c' }), bulk: brake(NOON, { permit: 3, lastProber: 'a' }) },
    });
    expect(following(holds, { shown: 'unavailable', probe: 'request', permit: BEGINNING })).toEqual(free);
  });
});

describe('a success', () => {
  it('in calm is no news', () => {
    const calm = holdsOf({
      byOperator: { bulk: pausedUntil(9e15) },
      byScope: { bulk: brake(NOON) },
      rejections: { bulk: 4 },
      brakeOff: { bulk: {} },
      life: lifeAt(5),
      troubles: [{ key: 'x', permit: PERMIT + 1, at: NOON, weight: 1 }],
    });
    expect(following(calm, { shown: 'succeeded', lane: 'interactive' })).toBe(calm);
  });

  it.each<[string, Partial<Holds>]>([
    ['troubles that it disproves', { troubles: [{ key: 'x', permit: PERMIT - 1, at: NOON, weight: 1 }] }],
    ['a hold of all', { byScope: { all: outage(NOON) } }],
    ['a hold of its lane', { byScope: { bulk: brake(NOON) } }],
    ['rejections of its lane', { rejections: { bulk: 1 } }],
    ['a brake of its lane that is switched off', { brakeOff: { bulk: {} } }],
  ])('clears %s, and says that there is life', (_, before) => {
    const lastOutage = before.byScope?.all ? { lastOutage: before.byScope.all.permit } : {};
    expect(following(holdsOf(before), { shown: 'succeeded', grantedAt: NOON - 5 })).toEqual(
      holdsOf({ life: lifeAt(PERMIT, NOON - 5), ...lastOutage }),
    );
  });

  it('ends what held all and its own lane, and forgets what counted against them', () => {
    const before = holdsOf({
      byScope: { all: outage(NOON), interactive: brake(NOON), bulk: brake(NOON) },
      troubles: [{ key: 'x', permit: PERMIT - 1, at: NOON, weight: 1 }],
      rejections: { interactive: 7, bulk: 8 },
      brakeOff: { interactive: {}, bulk: {} },
    });
    expect(following(before, { shown: 'succeeded', lane: 'interactive' })).toEqual(
      holdsOf({
        byScope: { bulk: brake(NOON) },
        rejections: { bulk: 8 },
        brakeOff: { bulk: {} },
        life: lifeAt(PERMIT),
        lastOutage: outage(NOON).permit,
      }),
    );
  });

  it.each([undefined, 'request'] as const)('does not end an operator’s hold (probe: %s)', (probe) => {
    const byOperator = { all: pausedUntil(9e15), bulk: pausedUntil(9e15) };
    const before = holdsOf({ byScope: { all: outage(NOON), bulk: brake(NOON) }, byOperator });
    expect(following(before, { shown: 'succeeded', ...(probe ? { probe } : {}) })).toEqual(
      holdsOf({ byOperator, life: lifeAt(PERMIT), lastOutage: outage(NOON).permit }),
    );
  });

  it('of the probe address ends the outage, and nothing of a lane', () => {
    const ofLanes = { rejections: { bulk: 8 }, brakeOff: { bulk: {} } };
    const before = holdsOf({ byScope: { all: outage(NOON), bulk: brake(NOON) }, ...ofLanes });
    expect(following(before, { shown: 'succeeded', probe: 'address' })).toEqual(
      holdsOf({ byScope: { bulk: brake(NOON) }, ...ofLanes, life: lifeAt(PERMIT), lastOutage: outage(NOON).permit }),
    );
  });
});

describe('a probe', () => {
  const probing = (hold: Hold): Hold => ({ ...hold, probeEnd: NOON + 20_000, lastProber: 'a' });
  const left = (hold: Hold): Hold => ({ ...hold, lastProber: 'a' });
  /** For titles. */
  const said = (hold: Hold | undefined): string => {
    if (!hold) return 'no hold';
    return hold.until > NOON ? `${hold.why} for ${hold.until - NOON} ms` : `${hold.why} for the next to probe`;
  };
  const titled = (rows: [Name, Hold | undefined][]) =>
    rows.map(([shown, expected]) => ({ shown, expected, leaves: said(expected) }));
  const longer = outage(NOON + 10_000, { lengthMs: 10_000, lastProber: 'a' });

  const OF_ALL: [Name, Hold, Hold | undefined][] = [
    ['succeeded', outage(NOON), undefined],
    ['rejected', outage(NOON), undefined],
    // They say nothing of the API: the hold goes on as it was, or everybody would probe at once.
    ['redirected', outage(NOON), outage(NOON + 5000, { lastProber: 'a' })],
    ['html', outage(NOON), outage(NOON + 5000, { lastProber: 'a' })],
    ['throttled', outage(NOON), left(outage(NOON))],
    ['nothing', outage(NOON), left(outage(NOON))],
    ['unavailable', outage(NOON), longer],
    ['refused', outage(NOON), longer],
    ['unknown', outage(NOON), longer],
    ['bad gateway', outage(NOON), longer],
    ['server error', outage(NOON), longer],
    ['unauthorized', outage(NOON), begun(credential(NOON))],
    ['no token', outage(NOON), begun(credential(NOON))],
    ['succeeded', credential(NOON), undefined],
    ['rejected', credential(NOON), undefined],
    ['redirected', credential(NOON), left(credential(NOON))],
    ['throttled', credential(NOON), left(credential(NOON))],
    ['nothing', credential(NOON), left(credential(NOON))],
    ['unavailable', credential(NOON), begun(outage(NOON))],
    ['unknown', credential(NOON), begun(outage(NOON))],
    ['server error', credential(NOON), begun(outage(NOON))],
    ['unauthorized', credential(NOON), credential(NOON + 30_000, { lastProber: 'a' })],
    ['no token', credential(NOON), credential(NOON + 30_000, { lastProber: 'a' })],
  ];
  it.each(OF_ALL.map(([shown, hold, expected]) => ({ shown, hold, expected, turnsInto: said(expected) })))(
    'whose end is "$shown" turns $hold.why into $turnsInto',
    ({ shown, hold, expected }) => {
      const before = holdsOf({ byScope: { all: probing(hold) } });
      expect(following(before, { shown, probe: 'request' }).byScope.all).toEqual(expected);
    },
  );

  it.each(
    titled([
      ['succeeded', undefined],
      ['rejected', brake(NOON + BRAKE_MS, { lastProber: 'a' })],
      ['redirected', brake(NOON + BRAKE_MS, { lastProber: 'a' })],
      ['html', brake(NOON + BRAKE_MS, { lastProber: 'a' })],
      ['throttled', left(brake(NOON))],
      ['unknown', left(brake(NOON))],
      ['unavailable', left(brake(NOON))],
      ['server error', left(brake(NOON))],
      ['unauthorized', left(brake(NOON))],
      ['no token', left(brake(NOON))],
      ['nothing', left(brake(NOON))],
    ]),
  )('of a braked lane whose end is "$shown" leaves $leaves', ({ shown, expected }) => {
    const before = holdsOf({ byScope: { bulk: probing(brake(NOON)) }, rejections: { bulk: 20 } });
    expect(following(before, { shown, probe: 'request' }).byScope.bulk).toEqual(expected);
    const withToken = holdsOf({ byScope: { bulk: probing(brake(NOON)), all: credential(NOON + 9) } });
    const after = following(withToken, { shown, probe: 'request', permit: BEGINNING + 1 }).byScope.bulk;
    expect(after).toEqual(expected);
  });

  it('whose 5xx is its request’s own fault lengthens no hold, and leaves the next probe to another', () => {
    const life = lifeAt(BEGINNING - 1);
    const before = holdsOf({ byScope: { all: probing(outage(NOON)) }, life });
    const history = { serverErrorPermit: BEGINNING - 2 };
    expect(following(before, { shown: 'server error', probe: 'request', history })).toEqual(
      holdsOf({ byScope: { all: left(outage(NOON)) }, life }),
    );
  });

  it.each(
    titled([
      ['succeeded', undefined],
      ['rejected', undefined],
      ['redirected', undefined],
      ['html', undefined],
      ['throttled', left(outage(NOON))],
      ['nothing', left(outage(NOON))],
      ['unavailable', longer],
      ['unknown', longer],
      ['server error', longer],
      ['unauthorized', begun(credential(NOON))],
    ]),
  )('with the probe address whose end is "$shown" leaves $leaves, and the brake alone', ({ shown, expected }) => {
    const ofLanes = { rejections: { bulk: 19 } };
    const after = following(holdsOf({ byScope: { all: probing(outage(NOON)) }, ...ofLanes }), {
      shown,
      probe: 'address',
    });
    expect(after.byScope).toEqual(expected ? { all: expected } : {});
    expect(after.rejections).toEqual(ofLanes.rejections);
  });

  it.each<Name>(['throttled', 'nothing', 'unknown', 'unavailable'])(
    'that is %s frees its own lane for the next, and not the other lane',
    (shown) => {
      const before = holdsOf({ byScope: { bulk: probing(brake(NOON)), interactive: probing(brake(NOON)) } });
      expect(following(before, { shown, probe: 'request' }).byScope).toEqual({
        bulk: left(brake(NOON)),
        interactive: probing(brake(NOON)),
      });
    },
  );

  it.each<[string, Partial<Holds>]>([
    ['no hold is there any more', {}],
    ['the hold is another’s to probe', { byScope: { all: outage(NOON, { probeEnd: NOON + 9, lastProber: 'b' }) } }],
    ['its probe is over already', { byScope: { all: outage(NOON, { lastProber: 'a' }) } }],
  ])('that was not used is no news where %s', (_, before) => {
    const holds = holdsOf(before);
    expect(following(holds, { shown: 'nothing', probe: 'request' })).toBe(holds);
  });

  it('is not over by a call of the same request that was no probe', () => {
    const before = holdsOf({ byScope: { all: probing(outage(NOON)) } });
    expect(following(before, { shown: 'nothing' })).toBe(before);
  });

  it('is a single one: nobody else passes until it is reported or its lease ends', () => {
    const holds = probeOf(holdsOf({ byScope: { all: outage(NOON) } }), { key: 'a' });
    for (const now of [NOON, NOON + LEASE_MS - 1])
      expect(passage(holds, { lane: 'interactive', key: 'b', now })).toMatchObject({
        kind: 'held',
        until: NOON + LEASE_MS,
      });
    expect(passage(holds, { lane: 'interactive', key: 'b', now: NOON + LEASE_MS }).kind).toBe('probe');
  });

  it('reported late by a request that was given up does not end the next one’s lease', () => {
    const late = probeOf(holdsOf({ byScope: { all: credential(NOON), bulk: brake(NOON) } }), { key: 'late' });
    const now = NOON + LEASE_MS;
    const next = probeOf(late, { key: 'next', now });
    for (const shown of ['nothing', 'throttled'] as const) {
      const holds = following(next, { shown, key: 'late', probe: 'request', now });
      expect(passage(holds, { key: 'third', now })).toMatchObject({ kind: 'held', until: now + LEASE_MS });
    }
  });

  it('of a brake by another request follows one that failed at once, and by the same one after half a minute', () => {
    const failed = following(probeOf(holdsOf({ byScope: { bulk: brake(NOON) } }), { key: 'a' }), {
      shown: 'nothing',
      probe: 'request',
    });
    expect(passage(failed, { key: 'a', now: NOON + BRAKE_STAND_BACK_MS - 1 })).toMatchObject({ standsBack: true });
    expect(passage(failed, { key: 'b', now: NOON }).kind).toBe('probe');
    expect(passage(failed, { key: 'a', now: NOON + BRAKE_STAND_BACK_MS }).kind).toBe('probe');
  });
});

describe('a hold for want of a token', () => {
  it.each<Name>(['unauthorized', 'no token'])('holds all for half a minute, by one call: %s', (shown) => {
    expect(following(NO_HOLDS, { shown })).toEqual(holdsOf({ byScope: { all: begun(credential(NOON)) } }));
  });

  it('is not lengthened by calls that were under way', () => {
    const holds = holdsOf({ byScope: { all: credential(NOON + 1) } });
    expect(following(holds, { shown: 'unauthorized' })).toBe(holds);
    expect(following(holds, { shown: 'unauthorized', now: NOON + 1 }).byScope.all).toEqual(
      credential(NOON + 30_001, { lastProber: 'a' }),
    );
  });

  it('is not turned into an outage by troubles of calls that were under way', () => {
    const holds = holdsOf({ byScope: { all: credential(NOON + 1) } });
    expect(followingAll(holds, ...times(9, (index) => ({ shown: 'unknown', key: `${index}` })))).toBe(holds);
  });
});

describe('the brake', () => {
  const rejected = (more: Partial<Call> = {}): Call => ({ shown: 'rejected', ...more });
  const nineteen = followingAll(NO_HOLDS, ...times(19, (index) => rejected({ key: `key-${index}` })));
  const braked = begun(brake(NOON));

  it('holds a lane for five minutes after 20 rejections in a row', () => {
    expect(nineteen.byScope).toEqual({});
    expect(nineteen.rejections).toEqual({ bulk: 19 });
    expect(following(nineteen, rejected())).toEqual({
      ...nineteen,
      byScope: { bulk: braked },
      rejections: { bulk: 20 },
    });
  });

  it.each<Name>(['redirected', 'html'])('counts one %s, though it shows no life', (shown) => {
    const holds = following(nineteen, { shown, permit: PERMIT + 1 });
    expect(holds).toMatchObject({ byScope: { bulk: braked }, life: nineteen.life });
  });

  it('counts a request that is rejected again and again, too', () => {
    expect(followingAll(NO_HOLDS, ...times(20, () => rejected())).byScope).toEqual({ bulk: braked });
  });

  const BETWEEN: [string, Call, boolean][] = [
    ['a success of the lane', { shown: 'succeeded' }, false],
    ['a success of the other lane', { shown: 'succeeded', lane: 'interactive' }, true],
    ['a success of the probe address', { shown: 'succeeded', probe: 'address' }, true],
    ['rejections of the other lane', rejected({ lane: 'interactive' }), true],
    ['a server error', { shown: 'server error' }, true],
    ['a call without an answer', { shown: 'unknown' }, true],
  ];
  it.each(BETWEEN.map(([title, between, isHeld]) => ({ title, between, isHeld })))(
    'counts in a row: with $title between, it holds: $isHeld',
    ({ between, isHeld }) => {
      const { bulk } = followingAll(nineteen, between, rejected()).byScope;
      expect(bulk).toEqual(isHeld ? braked : undefined);
    },
  );

  it('counts the other lane for itself', () => {
    const holds = followingAll(nineteen, ...times(20, () => rejected({ lane: 'interactive' })));
    expect(Object.keys(holds.byScope)).toEqual(['interactive']);
  });

  it('is not lengthened by calls that were under way, and has stood since its beginning when its probe does', () => {
    const holds = followingAll(nineteen, rejected(), rejected({ key: 'late', now: NOON + 9000 }));
    expect(holds.byScope).toEqual({ bulk: braked });
    const now = NOON + BRAKE_MS;
    const probing = probeOf(holds, { key: 'prober', now });
    const again = following(
      probing,
      rejected({ key: 'prober', probe: 'request', now, permit: LATEST + 1, latestPermit: LATEST + 1 }),
    );
    expect(again.byScope).toEqual({ bulk: { ...braked, until: now + BRAKE_MS, lastProber: 'prober' } });
  });

  it('is not lengthened by the probe of an outage that was under way when it began', () => {
    const before = holdsOf({ byScope: { bulk: brake(NOON + 9) }, rejections: { bulk: 20 } });
    const late = rejected({ probe: 'request', permit: BEGINNING });
    expect(following(before, late).byScope).toEqual(before.byScope);
  });

  it('switched off by an operator stays off until the lane’s next success', () => {
    const off = holdsOf({ brakeOff: { bulk: {} }, rejections: { bulk: 20 } });
    const rejectedOften = followingAll(off, ...times(50, () => rejected()));
    expect(rejectedOften).toEqual({ ...off, life: { ...NO_LIFE, permit: PERMIT } });
    expect(following(rejectedOften, rejected())).toBe(rejectedOften);
    const on = following(off, { shown: 'succeeded' });
    expect(on).toEqual(holdsOf({ life: lifeAt(PERMIT) }));
    expect(followingAll(on, ...times(20, () => rejected())).byScope).toEqual({ bulk: braked });
  });

  it('switched off until a time stays off whatever succeeds, and counts from nothing after it', () => {
    const off = holdsOf({ brakeOff: { bulk: { until: NOON + 5 } } });
    expect(following(off, { shown: 'succeeded' })).toBe(off);
    const rejectedOften = followingAll(off, ...times(50, () => rejected()));
    expect(rejectedOften.byScope).toEqual({});
    expect(rejectedOften.brakeOff).toEqual(off.brakeOff);
    const after = followingAll(off, ...times(20, () => rejected({ now: NOON + 5 })));
    expect(after.byScope).toMatchObject({ bulk: { why: 'brake', since: NOON + 5 } });
    expect(following(off, { shown: 'succeeded', now: NOON + 5 }).brakeOff).toEqual({});
  });

  it('of a lane works while the other’s is switched off', () => {
    const off = holdsOf({ brakeOff: { interactive: {} }, rejections: { bulk: 19 } });
    expect(following(off, rejected()).byScope).toEqual({ bulk: braked });
  });
});

describe('whatever is reported', () => {
  const history = fc.constantFrom<CallHistory>(
    NEVER_CALLED,
    { unknowns: 1, heldCalls: 0 },
    { unknowns: 0, heldCalls: 2 },
  );
  const step = fc.oneof(
    fc.record({ asks: fc.constantFrom<Lane>('interactive', 'bulk'), history }),
    fc.record({ reports: fc.constantFrom(...(Object.keys(SHOWN) as Name[])), nth: fc.nat(5) }),
    fc.record({ laterMs: fc.oneof(fc.constantFrom(5000, 30_000, 300_000), fc.integer({ min: -2000, max: 40_000 })) }),
  );
  /** Of each scope that a call probes: whose end it is that it tries. */
  const probed = (holds: Holds, by: Ticket['probe'], lane: Lane): string[] =>
    (by === 'address' ? (['all'] as const) : (['all', lane] as const)).flatMap((scope) => {
      const hold = holds.byScope[scope];
      return hold ? [`${scope} ${hold.why} ${hold.until}`] : [];
    });

  it('one call at a time probes the end of a hold, and no hold is stuck: some minutes later anybody passes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.boolean(), (steps, probesByAddress) => {
        let holds: Holds = NO_HOLDS;
        let now = NOON;
        let latestPermit = 0;
        const calls: { ticket: Ticket; probes: string[] }[] = [];
        steps.forEach((one, index) => {
          if ('laterMs' in one) now += one.laterMs;
          else if ('reports' in one) {
            const [call] = calls.splice(one.nth, 1);
            if (call) holds = holdsAfter(holds, { ...call.ticket, now, latestPermit }, SHOWN[one.reports]);
          } else {
            const asked = { lane: one.asks, key: `call-${index}`, history: one.history };
            const way = passage(holds, { ...asked, now, probesByAddress });
            if (way.kind === 'held') {
              expect(way.until).toBeGreaterThan(now);
              const standBack = Math.max(standBackMs(one.history), BRAKE_STAND_BACK_MS);
              expect(way.until).toBeLessThanOrEqual(now + BRAKE_MS + standBack + 2 * 2000 * steps.length);
              return;
            }
            const probes = way.kind === 'probe' ? probed(holds, way.by, one.asks) : [];
            const underWay = calls
              .filter(({ ticket }) => now < ticket.grantedAt + LEASE_MS)
              .flatMap((call) => call.probes);
            expect(probes.filter((hold) => underWay.includes(hold))).toEqual([]);
            latestPermit += 1;
            const ticket: Ticket = { ...asked, permit: latestPermit, grantedAt: now };
            if (way.kind === 'probe') {
              ({ holds } = way);
              ticket.probe = way.by;
            }
            calls.push({ ticket, probes });
          }
        });
        for (const lane of ['interactive', 'bulk'] as const) {
          const later = now + BRAKE_MS + LEASE_MS + BRAKE_STAND_BACK_MS + 2000 * steps.length;
          expect(passage(holds, { lane, key: 'anybody', now: later }).kind).not.toBe('held');
        }
      }),
      { numRuns: 1000 },
    );
  });
});
