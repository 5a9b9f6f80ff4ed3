import { describe, expect, it } from 'vitest';
import type { Ruling, Ticket } from '../../../../functions/call-budget/call-budget.ts';
import type { Lane } from '../../../../functions/contract/reset-request.ts';
import type { RequestItem } from '../../../../functions/ledger/items.ts';
import type { PastCalls } from '../../../../functions/ledger/standing.ts';
import {
  afterFailedCall,
  type CallMade,
  giveUpBeforeCall,
  hiddenUntil,
  type NextStep,
} from '../../../../functions/reset-worker/core/decisions.ts';
import { anItem, KEY } from '../../../support/builders.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** When the hold that a ruling names is over. */
const HELD = 40 * SECOND;
const PERMIT = 7;

type Counters = Partial<
  Pick<RequestItem, 'calls' | 'failedCalls' | 'throttled' | 'heldCalls' | 'unknowns' | 'serverErrorPermit'>
>;

interface Given extends Partial<Pick<CallMade, 'verdict' | 'ruling' | 'latestStart' | 'maySleep' | 'probesByAddress'>> {
  item?: Counters;
  lane?: Lane;
  random?: number;
}

/** What comes after a call that was answered at noon, by default in bulk and with nothing before it. */
function stepAfter({ item: counters, lane = 'bulk', random = 0.5, ...given }: Given): NextStep {
  const history = { unknowns: 0, heldCalls: 0 };
  const ticket: Ticket = { lane, key: KEY, permit: PERMIT, grantedAt: NOON - SECOND, history };
  const call: CallMade = {
    verdict: { kind: 'unavailable', status: 503 },
    ruling: { fault: 'own' },
    item: anItem({ state: 'calling', ...counters }),
    ticket,
    answeredAt: NOON,
    latestStart: NOON + 90 * SECOND,
    maySleep: true,
    probesByAddress: false,
    ...given,
  };
  return afterFailedCall(call, () => random);
}

type Ours = Extract<Ruling, { fault: 'ours' }>['why'];
const own: Ruling = { fault: 'own' };
const ours = (why: Ours, untilMs = HELD): Ruling => ({ fault: 'ours', why, until: NOON + untilMs });

const verdicts = {
  unauthorized: { kind: 'unauthorized', status: 401 },
  rejected: { kind: 'rejected', status: 404, detail: 'no such user' },
  html: { kind: 'rejected', status: 200, detail: 'a page' },
  'server-error': { kind: 'server-error', status: 502, detail: 'bad gateway' },
  throttled: { kind: 'throttled', status: 429 },
  unavailable: { kind: 'unavailable', status: 503 },
  'not sent': { kind: 'unavailable' },
  '504': { kind: 'unknown', status: 504 },
  silence: { kind: 'unknown' },
} as const satisfies Record<string, CallMade['verdict']>;
type Name = keyof typeof verdicts;

/** A step with its times counted from the answer. */
function told(step: NextStep) {
  if (step.kind === 'give-up') return step;
  const { notBefore, ...rest } = step.update;
  const update = { dueMs: notBefore - NOON, ...rest };
  if (step.kind === 'try-again') return { kind: step.kind, ...update };
  const { cause, attempted, shownAt } = step;
  return { kind: step.kind, cause, attempted, shownMs: shownAt - NOON, ...update };
}

describe('after a call that failed by its own fault', () => {
  const TRY = { kind: 'try-again', dueMs: SECOND };
  const LATER = { kind: 'wait', cause: 'backoff', attempted: true, dueMs: 15 * MINUTE, shownMs: 15 * MINUTE };
  const perhaps = (words: string, unknowns: number) => `${words}; calls of unknown outcome: ${unknowns}`;
  const giveUp = (reason: string, detail: string, spent: object, status?: number) => ({
    kind: 'give-up',
    failure: { reason, detail, spent, ...(status === undefined ? {} : { status }) },
  });

  it.each<[Name, number, object]>([
    ['unavailable', 0, { ...TRY, spent: { failedCalls: 1 }, lastStatus: 503 }],
    ['unavailable', 1, { ...TRY, spent: { failedCalls: 1 }, lastStatus: 503 }],
    ['unavailable', 2, { ...TRY, spent: { failedCalls: 1 }, lastStatus: 503 }],
    ['not sent', 0, { ...TRY, spent: { failedCalls: 1 } }],
    ['504', 0, { ...TRY, spent: { failedCalls: 1, unknowns: 1 }, lastStatus: 504 }],
    ['504', 1, { ...LATER, spent: { failedCalls: 1, unknowns: 1 }, lastStatus: 504 }],
    ['504', 2, giveUp('outcome-unknown', perhaps('4 calls failed', 3), { failedCalls: 1, unknowns: 1 }, 504)],
    ['silence', 0, { ...TRY, spent: { failedCalls: 1, unknowns: 1 } }],
    ['silence', 1, { ...LATER, spent: { failedCalls: 1, unknowns: 1 } }],
    ['silence', 2, giveUp('outcome-unknown', perhaps('4 calls failed', 3), { failedCalls: 1, unknowns: 1 })],
    ['throttled', 0, { ...TRY, spent: { throttled: 1 }, lastStatus: 429 }],
    ['throttled', 1, { ...TRY, spent: { throttled: 1 }, lastStatus: 429 }],
    ['throttled', 2, { ...TRY, spent: { throttled: 1 }, lastStatus: 429 }],
    ['rejected', 0, giveUp('rejected', 'no such user', { failedCalls: 1 }, 404)],
    ['rejected', 1, giveUp('outcome-unknown', perhaps('no such user', 1), { failedCalls: 1 }, 404)],
    ['rejected', 2, giveUp('outcome-unknown', perhaps('no such user', 2), { failedCalls: 1 }, 404)],
    ['html', 0, giveUp('rejected', perhaps('a page', 1), { failedCalls: 1, unknowns: 1 }, 200)],
    ['html', 1, giveUp('outcome-unknown', perhaps('a page', 2), { failedCalls: 1, unknowns: 1 }, 200)],
    ['server-error', 0, giveUp('server-error', 'bad gateway', { failedCalls: 1 }, 502)],
    ['server-error', 1, giveUp('outcome-unknown', perhaps('bad gateway', 1), { failedCalls: 1 }, 502)],
    [
      'unauthorized',
      1,
      { kind: 'wait', cause: 'credential', attempted: false, dueMs: 0, shownMs: 0, spent: {}, lastStatus: 401 },
    ],
  ])('%s, with %i calls of unknown outcome before, it goes on as the design says', (name, unknowns, step) => {
    expect(told(stepAfter({ verdict: verdicts[name], item: { calls: 4, unknowns } }))).toStrictEqual(step);
  });

  it('a request put back for a 5xx that meets one again is a server-error: its unknown outcomes are those answers', () => {
    const item = { unknowns: 1, heldCalls: 1, serverErrorPermit: 3 };
    expect(stepAfter({ verdict: verdicts['server-error'], item })).toEqual(
      giveUp('server-error', perhaps('bad gateway', 1), { failedCalls: 1 }, 502),
    );
    // A rejection after it perhaps only says that the reset is made.
    expect(stepAfter({ verdict: verdicts.rejected, item })).toMatchObject({ failure: { reason: 'outcome-unknown' } });
  });
});

describe('after a call that failed by a fault of ours', () => {
  const waits = (cause: string, rest: object) => ({ kind: 'wait', cause, attempted: false, ...rest });
  const backAgain = { spent: { heldCalls: 1, unknowns: 1 } };

  it.each<[Name, Ours, number, object]>([
    ['unauthorized', 'credential', 0, waits('credential', { dueMs: HELD, shownMs: HELD, spent: {}, lastStatus: 401 })],
    ['unauthorized', 'credential', 2, waits('credential', { dueMs: HELD, shownMs: HELD, spent: {}, lastStatus: 401 })],
    [
      'unauthorized',
      'budget-unreachable',
      0,
      waits('credential', { dueMs: HELD, shownMs: HELD, spent: {}, lastStatus: 401 }),
    ],
    ['rejected', 'brake', 0, waits('brake', { dueMs: HELD, shownMs: HELD, spent: {}, lastStatus: 404 })],
    ['rejected', 'brake', 2, waits('brake', { dueMs: HELD, shownMs: HELD, spent: {}, lastStatus: 404 })],
    ['rejected', 'budget-unreachable', 0, waits('brake', { dueMs: HELD, shownMs: HELD, spent: {}, lastStatus: 404 })],
    ['html', 'brake', 0, waits('brake', { dueMs: HELD, shownMs: HELD, spent: { unknowns: 1 }, lastStatus: 200 })],
    // The hold's end, and 5 s more for those who were never called.
    [
      'unavailable',
      'outage',
      0,
      waits('outage', { dueMs: HELD, shownMs: HELD + 5000, spent: { heldCalls: 1 }, lastStatus: 503 }),
    ],
    ['not sent', 'outage', 0, waits('outage', { dueMs: HELD, shownMs: HELD + 5000, spent: { heldCalls: 1 } })],
    [
      'unavailable',
      'outage',
      1,
      waits('outage', { dueMs: HELD, shownMs: HELD + 15 * MINUTE, spent: { heldCalls: 1 }, lastStatus: 503 }),
    ],
    [
      'unavailable',
      'outage',
      2,
      waits('outage', { dueMs: HELD, shownMs: HELD + HOUR, spent: { heldCalls: 1 }, lastStatus: 503 }),
    ],
    [
      'unavailable',
      'budget-unreachable',
      0,
      waits('outage', { dueMs: HELD, shownMs: HELD, spent: { heldCalls: 1 }, lastStatus: 503 }),
    ],
    ['504', 'outage', 0, waits('outage', { dueMs: HELD, shownMs: HELD + 15 * MINUTE, ...backAgain, lastStatus: 504 })],
    ['504', 'outage', 1, waits('outage', { dueMs: 15 * MINUTE, shownMs: HELD + HOUR, ...backAgain, lastStatus: 504 })],
    ['504', 'no-life', 0, waits('outage', { dueMs: 15 * MINUTE, shownMs: 15 * MINUTE, ...backAgain, lastStatus: 504 })],
    ['504', 'no-life', 1, waits('outage', { dueMs: HOUR, shownMs: HOUR, ...backAgain, lastStatus: 504 })],
    ['504', 'budget-unreachable', 0, waits('outage', { dueMs: HELD, shownMs: HELD, ...backAgain, lastStatus: 504 })],
    [
      '504',
      'budget-unreachable',
      1,
      waits('outage', { dueMs: 15 * MINUTE, shownMs: 15 * MINUTE, ...backAgain, lastStatus: 504 }),
    ],
    ['silence', 'outage', 0, waits('outage', { dueMs: HELD, shownMs: HELD + 15 * MINUTE, ...backAgain })],
    ['silence', 'no-life', 0, waits('outage', { dueMs: 15 * MINUTE, shownMs: 15 * MINUTE, ...backAgain })],
    [
      'server-error',
      'outage',
      0,
      waits('outage', {
        dueMs: HELD,
        shownMs: HELD + 15 * MINUTE,
        ...backAgain,
        lastStatus: 502,
        serverErrorPermit: PERMIT,
      }),
    ],
    [
      'server-error',
      'no-life',
      0,
      waits('outage', {
        dueMs: 15 * MINUTE,
        shownMs: 15 * MINUTE,
        ...backAgain,
        lastStatus: 502,
        serverErrorPermit: PERMIT,
      }),
    ],
    [
      'server-error',
      'no-life',
      1,
      waits('outage', { dueMs: HOUR, shownMs: HOUR, ...backAgain, lastStatus: 502, serverErrorPermit: PERMIT }),
    ],
  ])(
    '%s, ruled %s, with %i calls of unknown outcome before, it waits and spends no attempt',
    (name, why, unknowns, step) => {
      expect(told(stepAfter({ verdict: verdicts[name], ruling: ours(why), item: { unknowns } }))).toStrictEqual(step);
    },
  );

  it.each<[Name, Ours]>([
    ['504', 'outage'],
    ['silence', 'no-life'],
    ['server-error', 'outage'],
    ['server-error', 'no-life'],
    ['server-error', 'budget-unreachable'],
  ])('a third unknown outcome (%s, %s) is for a person to look at, hold or not', (name, why) => {
    const verdict = verdicts[name];
    expect(stepAfter({ verdict, ruling: ours(why), item: { calls: 3, unknowns: 2 } })).toStrictEqual({
      kind: 'give-up',
      failure: {
        reason: 'outcome-unknown',
        detail: '3 calls failed; calls of unknown outcome: 3',
        spent: { heldCalls: 1, unknowns: 1 },
        ...('status' in verdict ? { status: verdict.status } : {}),
      },
    });
  });

  it('a third HTML page is for a person to look at, brake or not', () => {
    expect(stepAfter({ verdict: verdicts.html, ruling: ours('brake'), item: { calls: 3, unknowns: 2 } })).toMatchObject(
      {
        kind: 'give-up',
        failure: { reason: 'outcome-unknown', spent: { unknowns: 1 }, status: 200 },
      },
    );
  });

  it.each<[Name, Ours]>([
    ['unauthorized', 'credential'],
    ['rejected', 'brake'],
    ['unavailable', 'outage'],
    ['unavailable', 'no-life'],
    ['504', 'outage'],
  ])('%s (%s) with 49 failed calls before is none more', (name, why) => {
    expect(stepAfter({ verdict: verdicts[name], ruling: ours(why), item: { failedCalls: 49 } }).kind).not.toBe(
      'give-up',
    );
  });
});

describe('the quarter of an hour after a second unknown outcome', () => {
  it.each<[Name, Ruling]>([
    ['unavailable', own],
    ['throttled', own],
    ['unavailable', ours('no-life')],
  ])('began anew with what came after it: %s (%o) is no reason to wait as long again', (name, ruling) => {
    const step = stepAfter({ verdict: verdicts[name], ruling, item: { unknowns: 2 } });
    expect(told(step)).toMatchObject({ kind: 'try-again', dueMs: SECOND });
  });

  it('began anew with what came after it: nor is a 503 of an outage', () => {
    expect(told(stepAfter({ ruling: ours('outage'), item: { unknowns: 2 } }))).toMatchObject({ dueMs: HELD });
  });
});

describe('who stands back from the probe of an outage', () => {
  it.each([
    [0, 5],
    [1, 10],
    [2, 20],
    [3, 30],
    [9, 30],
  ])('for one that an outage took %i calls from before waits %i s after the hold', (heldCalls, seconds) => {
    const step = stepAfter({ ruling: ours('outage'), item: { heldCalls } });
    expect(told(step)).toMatchObject({ dueMs: HELD, shownMs: HELD + seconds * SECOND });
  });

  it('is hidden for two minutes at most in interactive, and as long as it stands back in bulk', () => {
    const shownMs = (lane: Lane, unknowns: number, held = HELD) =>
      told(stepAfter({ lane, ruling: ours('outage', held), item: { unknowns } }));
    expect(shownMs('interactive', 0)).toMatchObject({ dueMs: HELD, shownMs: HELD + 5 * SECOND });
    expect(shownMs('interactive', 1)).toMatchObject({ dueMs: HELD, shownMs: 2 * MINUTE });
    expect(shownMs('bulk', 1)).toMatchObject({ dueMs: HELD, shownMs: HELD + 15 * MINUTE });
    expect(shownMs('bulk', 2)).toMatchObject({ dueMs: HELD, shownMs: HELD + HOUR });
  });

  it('is never shown before the ledger would let it call', () => {
    expect(told(stepAfter({ lane: 'interactive', ruling: ours('outage', 10 * MINUTE) }))).toMatchObject({
      dueMs: 10 * MINUTE,
      shownMs: 10 * MINUTE,
    });
    expect(
      told(
        stepAfter({ lane: 'interactive', verdict: verdicts.silence, ruling: ours('outage'), item: { unknowns: 1 } }),
      ),
    ).toMatchObject({
      dueMs: 15 * MINUTE,
      shownMs: 15 * MINUTE,
    });
  });

  it.each([0, 1, 2])('is nobody where a probe address does it (%i unknown outcomes)', (unknowns) => {
    const step = stepAfter({
      ruling: ours('outage', 20 * MINUTE),
      item: { unknowns, heldCalls: 9 },
      probesByAddress: true,
    });
    expect(told(step)).toMatchObject({ dueMs: 20 * MINUTE, shownMs: 20 * MINUTE });
  });
});

describe('Retry-After', () => {
  const verdict = (retryAfterMs: number): CallMade['verdict'] => ({ kind: 'unavailable', status: 503, retryAfterMs });

  it('longer than a hold outlasts it; a shorter one does not shorten it', () => {
    expect(told(stepAfter({ verdict: verdict(5 * MINUTE), ruling: ours('outage') }))).toMatchObject({
      dueMs: 5 * MINUTE,
      shownMs: 5 * MINUTE,
    });
    expect(told(stepAfter({ verdict: verdict(SECOND), ruling: ours('outage') }))).toMatchObject({ dueMs: HELD });
  });

  it('longer than a put-back without life outlasts it', () => {
    const silent = (retryAfterMs: number): CallMade['verdict'] => ({ kind: 'unknown', status: 504, retryAfterMs });
    expect(told(stepAfter({ verdict: silent(50 * MINUTE), ruling: ours('no-life') }))).toMatchObject({
      dueMs: 50 * MINUTE,
    });
    expect(told(stepAfter({ verdict: silent(MINUTE), ruling: ours('no-life') }))).toMatchObject({ dueMs: 15 * MINUTE });
  });

  it('longer than the backoff is waited for', () => {
    expect(told(stepAfter({ verdict: verdict(5 * SECOND) }))).toMatchObject({ kind: 'try-again', dueMs: 5 * SECOND });
  });

  it('longer than the least wait after a second unknown outcome is waited for, too', () => {
    const silent: CallMade['verdict'] = { kind: 'unknown', status: 504, retryAfterMs: 20 * MINUTE };
    expect(told(stepAfter({ verdict: silent, item: { unknowns: 1 } }))).toMatchObject({
      kind: 'wait',
      dueMs: 20 * MINUTE,
    });
  });
});

describe('a wait after a failed call', () => {
  const verdict = (retryAfterMs: number): CallMade['verdict'] => ({ kind: 'throttled', status: 429, retryAfterMs });

  it.each([
    ['of 10 s', 10_000, HOUR, 'try-again'],
    ['of a millisecond more', 10_001, HOUR, 'wait'],
    ['that ends with the last start', 5000, 5000, 'try-again'],
    ['that ends a millisecond after it', 5000, 4999, 'wait'],
  ])('%s is a %4$s', (_, retryAfterMs, leftMs, kind) => {
    const step = stepAfter({ verdict: verdict(retryAfterMs), latestStart: NOON + leftMs, random: 0 });
    expect(told(step)).toMatchObject({ kind, dueMs: retryAfterMs });
    if (step.kind === 'wait') expect(step).toMatchObject({ cause: 'backoff', shownAt: NOON + retryAfterMs });
  });

  it('however short is no reason to sleep for whoever may not', () => {
    expect(told(stepAfter({ verdict: verdict(1000), maySleep: false, random: 0 }))).toMatchObject({
      kind: 'wait',
      cause: 'backoff',
      dueMs: 1000,
    });
  });

  it.each<[Name, Ruling, Counters, number]>([
    ['unavailable', own, {}, 1],
    ['unavailable', own, { failedCalls: 1 }, 2],
    ['unavailable', own, { failedCalls: 1, throttled: 2 }, 4],
    ['unavailable', own, { failedCalls: 1, throttled: 2, heldCalls: 5 }, 4],
    ['silence', own, { failedCalls: 1, throttled: 2, heldCalls: 5 }, 4],
    ['throttled', own, {}, 1],
    ['throttled', own, { throttled: 3 }, 4],
    ['throttled', own, { failedCalls: 2, throttled: 3, heldCalls: 5 }, 6],
    ['unavailable', ours('no-life'), {}, 1],
    ['unavailable', ours('no-life'), { failedCalls: 1, throttled: 2, heldCalls: 1 }, 5],
  ])('%s (%o) after %o is half of 2^%i s with even odds', (name, ruling, item, n) => {
    const step = told(stepAfter({ verdict: verdicts[name], ruling, item }));
    expect(step).toMatchObject({ dueMs: (SECOND * 2 ** n) / 2 });
  });

  it('with nobody’s success to show life is as usual for a 503: it was not done, and spends no attempt', () => {
    const lone = (heldCalls: number) => told(stepAfter({ ruling: ours('no-life'), item: { heldCalls } }));
    expect(lone(0)).toStrictEqual({ kind: 'try-again', dueMs: SECOND, spent: { heldCalls: 1 }, lastStatus: 503 });
    expect(lone(4)).toStrictEqual({
      kind: 'wait',
      cause: 'backoff',
      attempted: false,
      dueMs: 16 * SECOND,
      shownMs: 16 * SECOND,
      spent: { heldCalls: 1 },
      lastStatus: 503,
    });
  });

  it('is the last after 50 failed calls: then the request is given up', () => {
    const at = (failedCalls: number, unknowns = 0) =>
      stepAfter({ item: { calls: 60, failedCalls, unknowns }, latestStart: NOON - 1 });
    expect(at(48)).toMatchObject({ kind: 'wait', attempted: true });
    expect(at(49)).toEqual({
      kind: 'give-up',
      failure: { reason: 'retries-exhausted', detail: '60 calls failed', spent: { failedCalls: 1 }, status: 503 },
    });
    expect(at(50)).toMatchObject({ failure: { reason: 'retries-exhausted' } });
    // Perhaps one of them made the reset.
    expect(at(49, 1)).toMatchObject({
      failure: {
        reason: 'outcome-unknown',
        detail: '60 calls failed; calls of unknown outcome: 1',
      },
    });
    expect(stepAfter({ verdict: verdicts.silence, item: { failedCalls: 49 } })).toMatchObject({
      failure: { reason: 'outcome-unknown' },
    });
  });

  it('for answers of 429 never ends in giving up: the quota is nobody’s fault', () => {
    const step = stepAfter({ verdict: verdicts.throttled, item: { failedCalls: 49, throttled: 5000 } });
    expect(told(step)).toMatchObject({ kind: 'wait', attempted: false, dueMs: 450 * SECOND });
  });
});

describe('the words of a letter', () => {
  const letter = (detail: string, unknowns: number) => {
    const verdict = { kind: 'rejected', status: 404, detail } as const;
    const step = stepAfter({ verdict, item: { unknowns } });
    if (step.kind !== 'give-up') throw new Error(step.kind);
    return step.failure.detail;
  };
  const note = 'calls of unknown outcome: 1';

  it('are the API’s, to 256 characters', () => {
    expect(letter('x'.repeat(256), 0)).toBe('x'.repeat(256));
    expect(letter('x'.repeat(257), 0)).toBe('x'.repeat(256));
  });

  it('are cut off before what a person must know is', () => {
    const room = 256 - note.length - 2;
    expect(letter('x'.repeat(room), 1)).toBe(`${'x'.repeat(room)}; ${note}`);
    expect(letter('x'.repeat(300), 1)).toBe(`${'x'.repeat(room)}; ${note}`);
  });

  it('are valid text where the cut goes through a character', () => {
    expect(letter(`${'x'.repeat(255)}😀`, 0)).toBe(`${'x'.repeat(255)}\uFFFD`);
    expect(letter(`${'x'.repeat(256 - note.length - 3)}😀`, 1)).toBe(
      `${'x'.repeat(256 - note.length - 3)}\uFFFD; ${note}`,
    );
  });

  it('without any of the API’s begin with what a person must know, not with a semicolon', () => {
    expect(letter('', 1)).toBe(note);
    expect(letter('', 0)).toBe('');
  });
});

describe('before a call', () => {
  const decide = (past: Partial<PastCalls>, request: { sentAt?: number; notAfter?: number } = {}) =>
    giveUpBeforeCall({ failedCalls: 0, heldCalls: 0, unknowns: 0, ...past }, { sentAt: NOON - 1000, ...request }, NOON);
  const perhaps = (count: number) => `calls of unknown outcome: ${count}`;
  const passed = { notAfter: NOON - 1 };
  const old = { sentAt: NOON - 12 * DAY };

  it.each<[string, Partial<PastCalls>, { sentAt?: number; notAfter?: number }]>([
    ['nothing was before', {}, {}],
    ['two calls had no answer and 49 failed', { unknowns: 2, failedCalls: 49 }, {}],
    ['an outage took many calls', { heldCalls: 5000 }, {}],
    ['its notAfter is now', {}, { notAfter: NOON }],
    ['it was queued for a millisecond less than 12 days', {}, { sentAt: NOON - 12 * DAY + 1 }],
  ])('a request goes on where %s', (_, past, request) => {
    expect(decide(past, request)).toBeUndefined();
  });

  it.each<[string, Partial<PastCalls>, { sentAt?: number; notAfter?: number }, string, string]>([
    ['three calls had no answer', { unknowns: 3 }, {}, 'outcome-unknown', `the last call had no answer; ${perhaps(3)}`],
    ['four had none', { unknowns: 4 }, {}, 'outcome-unknown', `the last call had no answer; ${perhaps(4)}`],
    ['50 calls failed', { failedCalls: 50 }, {}, 'retries-exhausted', '50 calls failed'],
    ['51 calls failed', { failedCalls: 51 }, {}, 'retries-exhausted', '51 calls failed'],
    [
      '50 calls failed, one without an answer',
      { failedCalls: 50, unknowns: 1 },
      {},
      'outcome-unknown',
      `50 calls failed; ${perhaps(1)}`,
    ],
    ['its notAfter has passed', {}, passed, 'expired', 'notAfter has passed'],
    ['it was queued for 12 days', {}, old, 'expired', 'queued for 12 days'],
    ['it expired after an unknown outcome', { unknowns: 2 }, passed, 'expired', `notAfter has passed; ${perhaps(2)}`],
    ['it aged after an unknown outcome', { unknowns: 1 }, old, 'expired', `queued for 12 days; ${perhaps(1)}`],
    [
      'all of this is so: unknown outcomes come first',
      { unknowns: 3, failedCalls: 50 },
      { ...passed, ...old },
      'outcome-unknown',
      `the last call had no answer; ${perhaps(3)}`,
    ],
    [
      '50 calls failed and it expired: the calls come first',
      { failedCalls: 50 },
      { ...passed, ...old },
      'retries-exhausted',
      '50 calls failed',
    ],
    ['it expired and aged: notAfter comes first', {}, { ...passed, ...old }, 'expired', 'notAfter has passed'],
  ])('a request is given up where %s', (_, past, request, reason, detail) => {
    expect(decide(past, request)).toStrictEqual({ reason, detail, spent: {} });
  });
});

describe('a message without a turn', () => {
  it.each<[string, Lane, boolean, number, number]>([
    ['until the next permit is likely', 'bulk', false, 5000, 5000],
    ['for two minutes at most while held, since a hold may be lifted early', 'bulk', false, HOUR, 2 * MINUTE],
    ['for two minutes at most while held', 'interactive', false, HOUR, 2 * MINUTE],
    ['for two minutes', 'interactive', false, 2 * MINUTE, 2 * MINUTE],
    ['as long as it stands back', 'bulk', true, HOUR, HOUR],
    ['for two minutes at most though it stands back longer', 'interactive', true, HOUR, 2 * MINUTE],
    ['as long as it stands back', 'interactive', true, 30_000, 30_000],
  ])('is hidden %s (%s, stands back: %s, for %i ms)', (_, lane, standsBack, retryMs, hiddenMs) => {
    expect(hiddenUntil({ retryAt: NOON + retryMs, standsBack }, { lane }, NOON)).toBe(NOON + hiddenMs);
  });
});
