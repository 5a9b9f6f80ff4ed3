import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  campaignOf,
  type RequestItem,
  requestIdOf,
  requestKey,
  STATES,
  type State,
  stateReasonTime,
} from '../../../../functions/ledger/items.ts';
import type { Failure, Fence, Ledger, NewRequest, Spent } from '../../../../functions/ledger/ledger.ts';
import { anItem, aRequest, freshKey } from '../../../support/ledger/ledger-items.ts';
import {
  type LedgerTable,
  NOW,
  RETENTION_DAYS,
  recording,
  sendingTwice,
  startLedgerTable,
  TABLE,
} from '../../../support/ledger/ledger-table.ts';

type Requests = Omit<Ledger, 'isCancelled'>;

let table: LedgerTable;
let ledger: Requests;
beforeAll(async () => {
  table = await startLedgerTable();
  ledger = table.ledgerAt(NOW);
});
afterAll(() => table.stop());

const LEASE = { nonce: 'nonce-new', end: NOW + 30_000 };
const aFailure = (given: Partial<Failure> = {}): Failure => ({
  reason: 'rejected',
  failureId: 'failure-new',
  status: 404,
  detail: 'not found',
  spent: { failedCalls: 1 },
  ...given,
});
const EXPIRES_AT = Math.ceil(NOW / 1000) + RETENTION_DAYS * 24 * 60 * 60;

/** The item of another key, so that each case has its own. */
const under = (key: string, item: RequestItem | undefined): RequestItem | undefined =>
  item && { ...item, pk: requestKey(key) };

/** Puts what is in the table by now, and gives what the caller had seen of the same request. */
async function prepared(seen: RequestItem | undefined, actual: RequestItem | undefined) {
  const request = aRequest();
  const current = under(request.key, actual);
  if (current) await table.put(current);
  return { request, seen: under(request.key, seen), current };
}

/** What an idle request may have become since it was seen, and whether that still is what was seen. */
const IDLE_CASES: [claim: string, seen: RequestItem | undefined, actual: RequestItem | undefined, holds: boolean][] = [
  ['not seen, and not there', undefined, undefined, true],
  ...STATES.map((state): (typeof IDLE_CASES)[number] => [
    `not seen, and ${state} by now`,
    undefined,
    anItem(state),
    false,
  ]),
  ['calling, its lease ended just now', anItem('calling'), anItem('calling'), true],
  [
    'calling, its lease ends in a millisecond',
    anItem('calling', { leaseEnd: NOW + 1 }),
    anItem('calling', { leaseEnd: NOW + 1 }),
    false,
  ],
  ['calling, under another nonce by now', anItem('calling'), anItem('calling', { leaseNonce: 'nonce-other' }), false],
  ['calling, its lease lengthened since', anItem('calling'), anItem('calling', { leaseEnd: NOW + 1 }), false],
  ['calling, but waiting by now', anItem('calling'), anItem('waiting'), false],
  ['calling, but succeeded by now', anItem('calling'), anItem('succeeded', { leaseEnd: NOW }), false],
  ['calling, but gone', anItem('calling'), undefined, false],
  ['waiting', anItem('waiting'), anItem('waiting'), true],
  ['waiting, but calling by now', anItem('waiting'), anItem('calling', { notBefore: NOW }), false],
  ['waiting, but succeeded by now', anItem('waiting'), anItem('succeeded', { notBefore: NOW }), false],
  ['waiting, but failing by now', anItem('waiting'), anItem('failing', { notBefore: NOW }), false],
  ['waiting, but cancelled by now', anItem('waiting'), anItem('cancelled', { notBefore: NOW }), false],
  ['waiting, but gone', anItem('waiting'), undefined, false],
  ['failed, redriven by its own letter', anItem('failed'), anItem('failed'), true],
  ['failed, but of another failure by now', anItem('failed'), anItem('failed', { failureId: 'failure-2' }), false],
  ['failed, but failing again by now', anItem('failed'), anItem('failing'), false],
  ['failed, marked as redriven meanwhile', anItem('failed'), anItem('redriven'), true],
  ['failed, but redriven for another failure', anItem('failed'), anItem('redriven', { failureId: 'failure-2' }), false],
  ['failed, but discarded by now', anItem('failed'), anItem('discarded'), false],
  ['failed, but called again by now', anItem('failed'), anItem('calling', { failureId: 'failure-1' }), false],
  ['failed, but succeeded by now', anItem('failed'), anItem('succeeded', { failureId: 'failure-1' }), false],
  ['redriven', anItem('redriven'), anItem('redriven'), true],
  [
    'redriven, but of another failure by now',
    anItem('redriven'),
    anItem('redriven', { failureId: 'failure-2' }),
    false,
  ],
  ['redriven, but called again by now', anItem('redriven'), anItem('calling', { failureId: 'failure-1' }), false],
  ['redriven, but succeeded by now', anItem('redriven'), anItem('succeeded', { failureId: 'failure-1' }), false],
];
const NEVER_TAKEN_UP = (['failing', 'succeeded', 'cancelled', 'discarded'] as const).map(
  (state) => [state, anItem(state)] as const,
);

/** What taking a request up does to its counters, before the cost of a call. */
function takenUp(seen: RequestItem | undefined) {
  const { calls = 0, failedCalls = 0, throttled = 0, heldCalls = 0, unknowns = 0, redrives = 0 } = seen ?? {};
  if (seen?.state === 'failed' || seen?.state === 'redriven') {
    return { calls: 0, failedCalls: 0, throttled: 0, heldCalls: 0, unknowns: 0, redrives: redrives + 1 };
  }
  const lost = seen?.state === 'calling' ? 1 : 0;
  return { calls, failedCalls: failedCalls + lost, throttled, heldCalls, unknowns: unknowns + lost };
}

describe('find', () => {
  test('a request that the ledger does not know is undefined', async () => {
    expect(await ledger.find(freshKey())).toBeUndefined();
  });
  test('a known request is given whole', async () => {
    const item = anItem('waiting');
    await table.put(item);
    expect(await ledger.find(requestIdOf(item.pk))).toEqual(item);
  });
});

describe('claim', () => {
  test('a new request is written down with all that is known of it, and nothing else', async () => {
    const asked = { sender: 'AIDA', requestedBy: 'helpdesk', requestReason: 'left', notAfter: NOW + 9000 };
    const request = aRequest({ campaignId: 'breach-7', lane: 'bulk', ...asked });
    const result = await ledger.claim(request, undefined, LEASE);
    const whole: RequestItem = {
      pk: requestKey(request.key),
      campaign: 'breach-7',
      stateReasonTime: `calling##${NOW}`,
      state: 'calling',
      lane: 'bulk',
      addressTag: 4711,
      calls: 1,
      failedCalls: 0,
      throttled: 0,
      heldCalls: 0,
      unknowns: 0,
      leaseNonce: 'nonce-new',
      leaseEnd: NOW + 30_000,
      ...asked,
      firstSentAt: NOW - 1000,
      firstCallAt: NOW,
      expiresAt: EXPIRES_AT,
    };
    expect(result).toEqual({ kind: 'claimed', item: whole });
    expect(await table.item(request.key)).toEqual(whole);
  });

  test.each(IDLE_CASES)('seen %s', async (_, seenBefore, actual, holds) => {
    const { request, seen, current } = await prepared(seenBefore, actual);
    const result = await ledger.claim(request, seen, LEASE);
    expect(result.kind).toBe(holds ? 'claimed' : 'lost');
    if (holds) {
      const counters = takenUp(seen);
      expect(result.item).toMatchObject({
        ...counters,
        calls: counters.calls + 1,
        state: 'calling',
        leaseNonce: LEASE.nonce,
        leaseEnd: LEASE.end,
      });
    } else {
      // The loser learns how the request stands now, and changes nothing.
      expect(result.item).toEqual(current);
    }
    expect(await table.item(request.key)).toEqual(result.item);
  });

  test.each([
    ['due just now', NOW, 'claimed'],
    ['due in a millisecond', NOW + 1, 'lost'],
    ['due long since', 0, 'claimed'],
  ])('a waiting request that is %s', async (_, notBefore, kind) => {
    const { request, seen, current } = await prepared(anItem('waiting'), anItem('waiting', { notBefore }));
    const result = await ledger.claim(request, seen, LEASE);
    expect(result.kind).toBe(kind);
    if (kind === 'claimed') expect(result.item).not.toHaveProperty('notBefore');
    else expect(result.item).toEqual(current);
  });

  test.each(NEVER_TAKEN_UP)('a request seen %s is never claimed: asking for it is a defect', async (_, seen) => {
    await expect(ledger.claim(aRequest(), seen, LEASE)).rejects.toThrow('never taken up');
  });

  test('a redrive begins anew: no failure, status or permit of the 5xx before, the lane of its message, the first times kept', async () => {
    const failed = anItem('failed', { serverErrorPermit: 7, gone: NOW - 5000 });
    const { request, seen } = await prepared(failed, failed);
    const { item } = await ledger.claim({ ...request, lane: 'bulk' }, seen, LEASE);
    expect(item).toMatchObject({ lane: 'bulk', firstSentAt: seen?.firstSentAt, firstCallAt: seen?.firstCallAt });
    for (const left of ['reason', 'detail', 'finishedAt', 'notBefore', 'lastStatus', 'serverErrorPermit', 'gone'])
      expect(item).not.toHaveProperty(left);
  });

  test('each redrive is counted, and no other claim is', async () => {
    const { request, seen } = await prepared(anItem('failed', { redrives: 4 }), anItem('redriven', { redrives: 4 }));
    const { item } = await ledger.claim(request, seen, LEASE);
    expect(item).toMatchObject({ redrives: 5, calls: 1 });
    await ledger.wait(request.key, LEASE.nonce, { notBefore: NOW, spent: {} });
    const again = await ledger.claim(request, await table.item(request.key), LEASE);
    expect(again.item).toMatchObject({ redrives: 5, calls: 2 });
  });

  test.each(['waiting', 'calling'] as const)(
    'a request that goes on from %s keeps the permit of its 5xx, and no status: it would read as an answer to this call',
    async (state) => {
      const before = anItem(state, { serverErrorPermit: 7, lastStatus: 502 });
      const { request, seen } = await prepared(before, before);
      const { item } = await ledger.claim(request, seen, LEASE);
      expect(item).toMatchObject({ serverErrorPermit: 7 });
      expect(item).not.toHaveProperty('lastStatus');
    },
  );

  test('a second redrive of the same letter finds the first one at work', async () => {
    const { request, seen } = await prepared(anItem('failed'), anItem('failed'));
    expect((await ledger.claim(request, seen, LEASE)).kind).toBe('claimed');
    const second = await ledger.claim(request, seen, { ...LEASE, nonce: 'nonce-second' });
    expect(second).toMatchObject({ kind: 'lost', item: { state: 'calling', leaseNonce: 'nonce-new', calls: 1 } });
  });

  test('a redrive does not change whose request it is', async () => {
    const item = anItem('failed', { campaign: 'breach-7', requestedBy: 'helpdesk', sender: 'AIDA' });
    const { request, seen } = await prepared(item, item);
    const other = { ...request, campaignId: 'other', requestedBy: 'mallory', sender: 'MALLORY', addressTag: 1 };
    const { item: claimed } = await ledger.claim(other, seen, LEASE);
    expect(claimed).toMatchObject({
      campaign: 'breach-7',
      requestedBy: 'helpdesk',
      sender: 'AIDA',
      addressTag: item.addressTag,
    });
  });

  test.each([
    ['new', undefined],
    ['waiting', anItem('waiting')],
    ['calling with an ended lease', anItem('calling')],
    ['failed and redriven', anItem('failed')],
    ['redriven, and marked so', anItem('redriven')],
  ])('of 25 claimers of a request that is %s exactly one wins', async (_, state) => {
    const { request, seen } = await prepared(state, state);
    const nonces = Array.from({ length: 25 }, (_unused, index) => `nonce-${index}`);
    const results = await Promise.all(nonces.map((nonce) => ledger.claim(request, seen, { ...LEASE, nonce })));
    const winners = results.filter(({ kind }) => kind === 'claimed');
    expect(winners).toHaveLength(1);
    const item = await table.item(request.key);
    expect(item?.calls).toBe(takenUp(seen).calls + 1);
    for (const { item: told } of results) expect(told).toEqual(item);
  });
});

/** A request that is called for under the nonce given. */
async function calling(given: Partial<RequestItem> = {}): Promise<NewRequest> {
  const request = aRequest();
  await table.put(anItem('calling', { key: request.key, leaseNonce: 'nonce-held', leaseEnd: NOW + 20_000, ...given }));
  return request;
}

/** Whoever does not hold the lease: no write under a nonce may succeed then. */
const FALLEN_FENCES: [claim: string, item: RequestItem | undefined][] = [
  ['of which nothing is known', undefined],
  ['that is called for under another nonce', anItem('calling', { leaseNonce: 'nonce-other' })],
  ...STATES.filter((state) => state !== 'calling').map((state): (typeof FALLEN_FENCES)[number] => [
    `that is ${state} by now`,
    anItem(state, { leaseNonce: 'nonce-held', failureId: 'failure-1' }),
  ]),
];

describe('wait', () => {
  const COUNTERS = { calls: 2, failedCalls: 2, throttled: 4, heldCalls: 3, unknowns: 1 };
  test.each<[Spent, boolean, Partial<RequestItem>]>([
    [{}, false, {}],
    [{ failedCalls: 1 }, false, { failedCalls: 3 }],
    [{ failedCalls: 1, unknowns: 1 }, false, { failedCalls: 3, unknowns: 2 }],
    [{ throttled: 1 }, false, { throttled: 5 }],
    [{ heldCalls: 1, unknowns: 1 }, false, { heldCalls: 4, unknowns: 2 }],
    [{}, true, { calls: 1 }],
  ])('a call that spent %o, given back uncalled: %s, leaves its request waiting', async (spent, uncalled, counted) => {
    const { key } = await calling();
    const notBefore = NOW + 5000;
    const item = await ledger.wait(key, 'nonce-held', { notBefore, spent, ...(uncalled ? { uncalled } : {}) });
    expect(item).toMatchObject({ ...COUNTERS, ...counted, state: 'waiting', notBefore, lastStatus: 503 });
    for (const gone of ['leaseEnd', 'serverErrorPermit']) expect(item).not.toHaveProperty(gone);
    expect(await table.item(key)).toEqual(item);
  });

  test('the last status is written down where there is one', async () => {
    const { key } = await calling();
    const update = { notBefore: NOW, spent: { throttled: 1 }, lastStatus: 429 } as const;
    expect(await ledger.wait(key, 'nonce-held', update)).toMatchObject({ lastStatus: 429 });
  });

  test('the permit of a call that met a 5xx is kept, also through later waits, till another such call', async () => {
    const { key } = await calling();
    const again = async (permit?: number) => {
      const update = { notBefore: NOW, spent: {}, ...(permit === undefined ? {} : { serverErrorPermit: permit }) };
      const item = await ledger.wait(key, 'nonce-held', update);
      await table.put({ ...item, state: 'calling' });
      return item?.serverErrorPermit;
    };
    expect(await again(7)).toBe(7);
    expect(await again()).toBe(7);
    expect(await again(9)).toBe(9);
  });

  test('a lease that ended but was not taken up is still its holder’s', async () => {
    const { key } = await calling({ leaseEnd: NOW - 60_000 });
    expect(await ledger.wait(key, 'nonce-held', { notBefore: NOW, spent: {} })).toMatchObject({
      state: 'waiting',
    });
  });

  // A request that waits under the same nonce is this very write, met again.
  const fallen = FALLEN_FENCES.filter(([, item]) => item?.state !== 'waiting');
  test.each([...fallen, ['that waits after another’s call', anItem('waiting')] as const])(
    'a request %s is left as it is',
    async (_, item) => {
      const { request, current } = await prepared(undefined, item);
      expect(
        await ledger.wait(request.key, 'nonce-held', { notBefore: NOW, spent: { failedCalls: 1 } }),
      ).toBeUndefined();
      expect(await table.item(request.key)).toEqual(current);
    },
  );
});

describe('succeed', () => {
  test('of a request that the ledger does not know, it makes the whole item', async () => {
    const request = aRequest({ campaignId: 'breach-7', sender: 'AIDA', requestedBy: 'helpdesk' });
    await ledger.succeed(request, 204);
    expect(await table.item(request.key)).toEqual({
      pk: requestKey(request.key),
      campaign: 'breach-7',
      stateReasonTime: `succeeded##${NOW}`,
      state: 'succeeded',
      lane: 'interactive',
      addressTag: 4711,
      calls: 1,
      failedCalls: 0,
      throttled: 0,
      heldCalls: 0,
      unknowns: 0,
      lastStatus: 204,
      sender: 'AIDA',
      requestedBy: 'helpdesk',
      firstSentAt: NOW - 1000,
      firstCallAt: NOW,
      finishedAt: NOW,
      expiresAt: EXPIRES_AT,
    });
  });

  test.each(STATES.filter((state) => state !== 'succeeded'))('it beats %s, and keeps what is known', async (state) => {
    const { request, current } = await prepared(undefined, anItem(state, { gone: NOW - 5000 }));
    await ledger.succeed({ ...request, campaignId: 'other', firstSentAt: 1, lane: 'bulk' }, 200);
    const { leaseEnd, notBefore, reason, detail, gone, ...kept } = current as RequestItem;
    expect(await table.item(request.key)).toEqual({
      ...kept,
      state: 'succeeded',
      stateReasonTime: `succeeded##${NOW}`,
      lastStatus: 200,
      finishedAt: NOW,
      expiresAt: EXPIRES_AT,
    });
  });

  test('a second one changes nothing, by one write that fails: its reset would be counted twice', async () => {
    const { request } = await prepared(undefined, anItem('waiting'));
    await ledger.succeed(request, 200);
    const first = await table.item(request.key);
    const { client, commands } = recording(table.client);
    await table.ledgerAt(NOW + 180_000, client).succeed(request, 204);
    expect(await table.item(request.key)).toEqual(first);
    expect(commands.map((command) => command.constructor.name)).toEqual(['UpdateCommand']);
  });

  test('one write is enough where it is the first', async () => {
    const { client, commands } = recording(table.client);
    await table.ledgerAt(NOW, client).succeed(await calling(), 200);
    expect(commands.map((command) => command.constructor.name)).toEqual(['UpdateCommand']);
  });

  test.each([
    ['a', undefined, 'breach-7'],
    ['no', 'breach-7', undefined],
    ['another', 'breach-7', 'other'],
  ])(
    'a success by a copy of the message with %s campaign leaves the request in its own, out of which it was moved once (%s, %s)',
    async (_, of, copy) => {
      const request = aRequest(of === undefined ? {} : { campaignId: of });
      await ledger.claim(request, undefined, LEASE);
      await ledger.succeed(aRequest({ key: request.key, ...(copy === undefined ? {} : { campaignId: copy }) }), 200);
      expect(await table.item(request.key)).toMatchObject({ campaign: campaignOf(of), state: 'succeeded' });
    },
  );

  test('whoever holds the lease by then can no longer move the request', async () => {
    const request = await calling();
    await ledger.succeed(request, 200);
    const before = await table.item(request.key);
    expect(await ledger.wait(request.key, 'nonce-held', { notBefore: NOW, spent: { failedCalls: 1 } })).toBeUndefined();
    expect(await ledger.failing(request, { nonce: 'nonce-held' }, aFailure())).toBeUndefined();
    expect(await ledger.cancel(request, { nonce: 'nonce-held' })).toBeUndefined();
    expect(await table.item(request.key)).toEqual(before);
  });
});

describe('failing', () => {
  test.each<[Spent, Partial<RequestItem>]>([
    [{}, { failedCalls: 2, throttled: 4, heldCalls: 3, unknowns: 1 }],
    [{ failedCalls: 1 }, { failedCalls: 3, unknowns: 1 }],
    [
      { failedCalls: 1, unknowns: 1 },
      { failedCalls: 3, unknowns: 2 },
    ],
    [
      { heldCalls: 1, unknowns: 1 },
      { failedCalls: 2, heldCalls: 4, unknowns: 2 },
    ],
  ])('the holder of the lease ends its request, whose last call spent %o', async (spent, counters) => {
    const request = await calling({ notBefore: 1 });
    const item = await ledger.failing(request, { nonce: 'nonce-held' }, aFailure({ spent }));
    expect(item).toMatchObject({
      ...counters,
      calls: 2,
      state: 'failing',
      reason: 'rejected',
      failureId: 'failure-new',
      detail: 'not found',
      lastStatus: 404,
      finishedAt: NOW,
    });
    expect(item).not.toHaveProperty('leaseEnd');
    expect(item).not.toHaveProperty('notBefore');
    expect(await table.item(request.key)).toEqual(item);
  });

  test('of a request that was never called it makes the whole item', async () => {
    const { addressTag: _, ...request } = aRequest({ campaignId: 'breach-7' });
    const { status: __, ...failure } = aFailure({ reason: 'invalid-request', detail: 'no JSON', spent: {} });
    await ledger.failing(request, { seen: undefined }, failure);
    expect(await table.item(request.key)).toEqual({
      pk: requestKey(request.key),
      campaign: 'breach-7',
      stateReasonTime: `failing#invalid-request#${NOW}`,
      state: 'failing',
      lane: 'interactive',
      calls: 0,
      failedCalls: 0,
      throttled: 0,
      heldCalls: 0,
      unknowns: 0,
      reason: 'invalid-request',
      failureId: 'failure-new',
      detail: 'no JSON',
      firstSentAt: NOW - 1000,
      finishedAt: NOW,
      expiresAt: EXPIRES_AT,
    });
  });

  test.each(FALLEN_FENCES)('under a nonce, a request %s is left as it is', async (_, item) => {
    const { request, current } = await prepared(undefined, item);
    expect(await ledger.failing(request, { nonce: 'nonce-held' }, aFailure())).toBeUndefined();
    expect(await table.item(request.key)).toEqual(current);
  });

  test.each(IDLE_CASES)('seen %s', async (_, seenBefore, actual, holds) => {
    const { request, seen, current } = await prepared(seenBefore, actual);
    const item = await ledger.failing(request, { seen }, aFailure({ spent: {} }));
    if (holds) expect(item).toMatchObject({ ...takenUp(seen), state: 'failing', failureId: 'failure-new' });
    else expect(item).toBeUndefined();
    expect(await table.item(request.key)).toEqual(holds ? item : current);
  });

  test('a redrive that is ended without a call shows neither status nor 5xx of the calls before', async () => {
    const failed = anItem('failed', { serverErrorPermit: 7, gone: NOW - 5000 });
    const { request, seen } = await prepared(failed, failed);
    const { status: _, ...failure } = aFailure({ reason: 'expired', spent: {} });
    const item = await ledger.failing(request, { seen }, failure);
    expect(item).toMatchObject({ state: 'failing', reason: 'expired', failureId: 'failure-new' });
    for (const left of ['lastStatus', 'serverErrorPermit', 'gone']) expect(item).not.toHaveProperty(left);
  });

  test.each<[string, RequestItem, (seen: RequestItem | undefined) => Fence]>([
    ['by the holder of its lease', anItem('calling'), () => ({ nonce: 'nonce-before' })],
    ['while it waits', anItem('waiting'), (seen) => ({ seen })],
    ['after a lease that ended', anItem('calling'), (seen) => ({ seen })],
  ])('a request that is ended %s, without a status of its own, keeps the last one', async (_, before, fence) => {
    const { request, seen } = await prepared(before, before);
    const { status: __, ...failure } = aFailure({ reason: 'outcome-unknown', spent: {} });
    expect(await ledger.failing(request, fence(seen), failure)).toMatchObject({ lastStatus: 503 });
  });

  test('a waiting request need not be due to be ended', async () => {
    const later = anItem('waiting', { notBefore: NOW + 60_000 });
    const { request, seen } = await prepared(later, later);
    expect(await ledger.failing(request, { seen }, aFailure())).toMatchObject({ state: 'failing' });
  });

  test.each(NEVER_TAKEN_UP)('a request seen %s is never ended: asking for it is a defect', async (_, seen) => {
    await expect(ledger.failing(aRequest(), { seen }, aFailure())).rejects.toThrow('never taken up');
  });
});

describe('failed', () => {
  test('a letter that was sent ends its failing request', async () => {
    const { request, current } = await prepared(undefined, anItem('failing'));
    await ledger.failed(request.key, { failureId: 'failure-1', reason: 'rejected' });
    expect(await table.item(request.key)).toEqual({
      ...current,
      state: 'failed',
      stateReasonTime: `failed#rejected#${NOW}`,
      expiresAt: EXPIRES_AT,
    });
  });

  test.each<[string, RequestItem | undefined]>([
    ['failing for another failure', anItem('failing', { failureId: 'failure-2' })],
    ['unknown', undefined],
    ...STATES.filter((state) => state !== 'failing').map((state): [string, RequestItem] => [
      state,
      anItem(state, { failureId: 'failure-1' }),
    ]),
  ])('a request that is %s by then is left as it is', async (_, item) => {
    const { request, current } = await prepared(undefined, item);
    await ledger.failed(request.key, { failureId: 'failure-1', reason: 'rejected' });
    expect(await table.item(request.key)).toEqual(current);
  });
});

describe('cancel', () => {
  test('of a request that was never called it makes the whole item', async () => {
    const request = aRequest({ campaignId: 'breach-7' });
    await ledger.cancel(request, { seen: undefined });
    expect(await table.item(request.key)).toEqual({
      pk: requestKey(request.key),
      campaign: 'breach-7',
      stateReasonTime: `cancelled##${NOW}`,
      state: 'cancelled',
      lane: 'interactive',
      addressTag: 4711,
      calls: 0,
      failedCalls: 0,
      throttled: 0,
      heldCalls: 0,
      unknowns: 0,
      firstSentAt: NOW - 1000,
      finishedAt: NOW,
      expiresAt: EXPIRES_AT,
    });
  });

  test.each(IDLE_CASES)('seen %s', async (_, seenBefore, actual, holds) => {
    const { request, seen, current } = await prepared(seenBefore, actual);
    const item = await ledger.cancel(request, { seen });
    // A request that is cancelled already is what was asked for.
    if (holds) expect(item).toMatchObject({ ...takenUp(seen), state: 'cancelled', finishedAt: NOW });
    else expect(item).toEqual(current?.state === 'cancelled' ? current : undefined);
    expect(await table.item(request.key)).toEqual(holds ? item : current);
  });

  test.each(FALLEN_FENCES.filter(([, item]) => item?.state !== 'cancelled'))(
    'under a nonce, a request %s is left as it is',
    async (_, item) => {
      const { request, current } = await prepared(undefined, item);
      expect(await ledger.cancel(request, { nonce: 'nonce-held' })).toBeUndefined();
      expect(await table.item(request.key)).toEqual(current);
    },
  );

  test('a waiting request need not be due to be cancelled', async () => {
    const later = anItem('waiting', { notBefore: NOW + 60_000 });
    const { request, seen } = await prepared(later, later);
    const item = await ledger.cancel(request, { seen });
    expect(item).toMatchObject({ state: 'cancelled' });
    expect(item).not.toHaveProperty('notBefore');
  });

  test.each(['failed', 'redriven'] as const)(
    'a redrive of a %s request that is cancelled shows nothing of the failure before',
    async (state) => {
      const before = anItem(state, { serverErrorPermit: 7, gone: NOW - 5000 });
      const { request, seen } = await prepared(before, before);
      const item = await ledger.cancel(request, { seen });
      for (const left of ['reason', 'detail', 'failureId', 'lastStatus', 'serverErrorPermit', 'gone']) {
        expect(item).not.toHaveProperty(left);
      }
    },
  );

  test.each<[string, RequestItem, (seen: RequestItem | undefined) => Fence]>([
    ['by the holder of its lease', anItem('calling'), () => ({ nonce: 'nonce-before' })],
    ['while it waits', anItem('waiting'), (seen) => ({ seen })],
  ])('a request that is cancelled %s keeps what its calls have shown', async (_, before, fence) => {
    const shown = { failureId: 'failure-1', lastStatus: 502, serverErrorPermit: 7 };
    const { request, seen } = await prepared({ ...before, ...shown }, { ...before, ...shown });
    expect(await ledger.cancel(request, fence(seen))).toMatchObject({ ...shown, unknowns: 1 });
  });
});

test.each<[string, (request: NewRequest, fence: Fence) => Promise<RequestItem | undefined>]>([
  ['failing', (request, fence) => ledger.failing(request, fence, aFailure())],
  ['cancel', (request, fence) => ledger.cancel(request, fence)],
])('%s does not change whose request it is', async (_, end) => {
  const whose = { campaign: 'breach-7', requestedBy: 'helpdesk', sender: 'AIDA', lane: 'bulk', addressTag: 1 } as const;
  const other = { campaignId: 'other', requestedBy: 'mallory', sender: 'MALLORY', addressTag: 2 };
  for (const item of [anItem('calling', whose), anItem('waiting', whose), anItem('failed', whose)]) {
    const { request, seen } = await prepared(item, item);
    const fences: Fence[] = item.state === 'calling' ? [{ nonce: 'nonce-before' }, { seen }] : [{ seen }];
    for (const fence of fences) {
      await table.put(seen ?? {});
      expect(await end({ ...request, ...other }, fence)).toMatchObject({ ...whose, firstSentAt: seen?.firstSentAt });
    }
  }
});

describe('reads', () => {
  /** What is sent to the table by the work. */
  const sent = async (work: (on: Requests) => Promise<unknown>) => {
    const { client, commands } = recording(table.client);
    await work(table.ledgerAt(NOW, client));
    return commands.map((command) =>
      command instanceof BatchGetCommand
        ? ['BatchGetCommand', command.input.RequestItems?.[TABLE]?.ConsistentRead]
        : [command.constructor.name],
    );
  };

  test('the look-up is consistent: a stale replica once declared a redriven letter a late copy, and it was lost', async () => {
    expect(await sent((on) => on.find(freshKey()))).toEqual([['BatchGetCommand', true]]);
  });
  test('a write that was made needs no read', async () => {
    expect(await sent((on) => on.claim(aRequest(), undefined, LEASE))).toEqual([['UpdateCommand']]);
  });
  test('a lost claim looks at the item as it is now, not as it was a second ago', async () => {
    const { request } = await prepared(undefined, anItem('calling'));
    const claim = sent((on) => on.claim(request, undefined, LEASE));
    expect(await claim).toEqual([['UpdateCommand'], ['BatchGetCommand', true]]);
  });
});

/** Every transition, from a request in the state that it needs. */
const TRANSITIONS: [
  name: string,
  from: RequestItem | undefined,
  move: (request: NewRequest, seen: RequestItem | undefined, on: Requests) => Promise<unknown>,
  stateReason: `${State}#${string}`,
][] = [
  ['claim of a new request', undefined, (request, seen, on) => on.claim(request, seen, LEASE), 'calling#'],
  ['claim of a waiting one', anItem('waiting'), (request, seen, on) => on.claim(request, seen, LEASE), 'calling#'],
  ['claim of an ended lease', anItem('calling'), (request, seen, on) => on.claim(request, seen, LEASE), 'calling#'],
  ['claim of a marked redrive', anItem('redriven'), (request, seen, on) => on.claim(request, seen, LEASE), 'calling#'],
  ['claim of a redrive', anItem('failed'), (request, seen, on) => on.claim(request, seen, LEASE), 'calling#'],
  [
    'wait',
    anItem('calling'),
    ({ key }, _, on) => on.wait(key, 'nonce-before', { notBefore: NOW, spent: { failedCalls: 1, unknowns: 1 } }),
    'waiting#',
  ],
  ['succeed', anItem('calling'), (request, _, on) => on.succeed(request, 200), 'succeeded#'],
  ['succeed of a missing one', undefined, (request, _, on) => on.succeed(request, 200), 'succeeded#'],
  [
    'failing under a nonce',
    anItem('calling'),
    (request, _, on) => on.failing(request, { nonce: 'nonce-before' }, aFailure({ reason: 'server-error' })),
    'failing#server-error',
  ],
  [
    'failing of a new request',
    undefined,
    (request, seen, on) => on.failing(request, { seen }, aFailure({ reason: 'expired' })),
    'failing#expired',
  ],
  [
    'failing of an ended lease',
    anItem('calling'),
    (request, seen, on) => on.failing(request, { seen }, aFailure({ reason: 'outcome-unknown' })),
    'failing#outcome-unknown',
  ],
  [
    'failed',
    anItem('failing'),
    ({ key }, _, on) => on.failed(key, { failureId: 'failure-1', reason: 'rejected' }),
    'failed#rejected',
  ],
  ['cancel of a new request', undefined, (request, seen, on) => on.cancel(request, { seen }), 'cancelled#'],
  ['cancel of a waiting one', anItem('waiting'), (request, seen, on) => on.cancel(request, { seen }), 'cancelled#'],
  [
    'cancel under a nonce',
    anItem('calling'),
    (request, _, on) => on.cancel(request, { nonce: 'nonce-before' }),
    'cancelled#',
  ],
];

describe.each(TRANSITIONS)('%s', (name, from, move, expectedStateReason) => {
  test.each(['breach-7', undefined])(
    'is found under its campaign (%s) and its time, and kept for 90 days',
    async (campaignId) => {
      const campaign = campaignOf(campaignId);
      const request = aRequest(campaignId === undefined ? {} : { campaignId });
      const seen = from && { ...from, pk: requestKey(request.key), campaign };
      if (seen) await table.put(seen);
      await move(request, seen, ledger);
      expect(await table.listed(campaign, `${expectedStateReason}#${NOW}`)).toContain(requestKey(request.key));
      const item = await table.item(request.key);
      expect(item?.stateReasonTime).toBe(stateReasonTime(item?.state ?? '', NOW, item?.reason));
      expect(item?.expiresAt).toBe(EXPIRES_AT);
    },
  );

  test('sent twice by the SDK, since the first answer was lost, is what it is sent once', async () => {
    const outcomes = [];
    for (const on of [ledger, table.ledgerAt(NOW, sendingTwice(table.client))]) {
      const { request, seen } = await prepared(from, from);
      const result = await move(request, seen, on);
      const item = await table.item(request.key);
      outcomes.push(JSON.parse(JSON.stringify({ result, item }).replaceAll(request.key, name)));
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[0].item).toBeDefined();
  });
});

describe('a write sent twice, with another’s between', () => {
  const by = (between: () => Promise<unknown>) => table.ledgerAt(NOW, sendingTwice(table.client, between));

  test('a claim whose lease another took up meanwhile is lost', async () => {
    const request = aRequest();
    const other = { nonce: 'nonce-other', end: NOW + 60_000 };
    const slow = by(async () => {
      const later = table.ledgerAt(LEASE.end);
      expect(await later.claim(request, await table.item(request.key), other)).toMatchObject({ kind: 'claimed' });
    });
    expect(await slow.claim(request, undefined, LEASE)).toMatchObject({
      kind: 'lost',
      item: { leaseNonce: 'nonce-other', calls: 2, unknowns: 1 },
    });
  });

  test('a claim that a late 200 has overtaken is lost', async () => {
    const request = aRequest();
    const slow = by(() => ledger.succeed(request, 200));
    expect(await slow.claim(request, undefined, LEASE)).toMatchObject({ kind: 'lost', item: { state: 'succeeded' } });
  });

  test('a wait after which another has claimed is not taken for its own', async () => {
    const request = await calling();
    const slow = by(async () => ledger.claim(request, await table.item(request.key), LEASE));
    expect(await slow.wait(request.key, 'nonce-held', { notBefore: NOW, spent: {} })).toBeUndefined();
  });

  test('a failing that a late 200 has overtaken sends no letter', async () => {
    const request = await calling();
    const slow = by(() => ledger.succeed(request, 200));
    expect(await slow.failing(request, { nonce: 'nonce-held' }, aFailure())).toBeUndefined();
    expect(await table.item(request.key)).toMatchObject({ state: 'succeeded' });
  });

  test('a failing whose letter another has sent meanwhile sends no second one', async () => {
    const request = await calling();
    const slow = by(() => ledger.failed(request.key, { failureId: 'failure-new', reason: 'rejected' }));
    expect(await slow.failing(request, { nonce: 'nonce-held' }, aFailure())).toBeUndefined();
  });
});
