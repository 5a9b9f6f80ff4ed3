import { describe, expect, it } from 'vitest';
import type { RequestItem, State } from '../../../../functions/ledger/items.ts';
import { addressTag } from '../../../../functions/ledger/standing.ts';
import type { Message } from '../../../../functions/reset-worker/core/ports.ts';
import { processMessage } from '../../../../functions/reset-worker/core/process-message.ts';
import { aBody, aMessage, anItem, EMAIL, KEY } from '../../../support/builders.ts';
import { untouched } from '../../../support/untouched.ts';
import { NOON } from '../../../support/virtual-clock.ts';
import { aWorker } from '../../../support/worker.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const at = (ms: number) => new Date(ms).toISOString();

describe('the key of a request', () => {
  it.each<[string, Partial<Message>, string]>([
    ['the body’s requestId', { body: aBody({ requestId: 'a' }), carried: { requestId: 'b' } }, 'a'],
    ['else the attribute RequestId', { body: aBody({ requestId: undefined }), carried: { requestId: 'b' } }, 'b'],
    ['else the message’s id', { body: aBody({ requestId: undefined }) }, 'message-1'],
  ])('is %s', async (_, message, key) => {
    const worker = aWorker(200);
    await worker.deliver(message);
    expect([...worker.ledger.items.keys()]).toEqual([key]);
    expect(worker.telemetry.of('RESET_MADE').requestId).toBe(key);
  });

  it('keeps what is known of the request, and of its address 16 bits alone', async () => {
    const worker = aWorker(200);
    await worker.deliver({
      body: aBody({ campaignId: 'c1', requestedBy: `help desk for\n${EMAIL}`, reason: 'left the company' }),
      lane: 'bulk',
      sentAt: NOON - 5000,
    });
    expect(worker.ledger.item(KEY)).toEqual({
      pk: `request#${KEY}`,
      campaign: 'c1',
      state: 'succeeded',
      stateReason: 'succeeded#',
      lane: 'bulk',
      addressTag: addressTag(KEY, EMAIL),
      sender: 'AIDAPRODUCER',
      requestedBy: 'help desk for [address]',
      firstSentAt: NOON - 5000,
      firstCallAt: NOON,
      finishedAt: NOON,
      calls: 1,
      failedCalls: 0,
      unknowns: 0,
      lastStatus: 200,
      leaseNonce: 'id-1',
      expiresAt: NOON / 1000 + (90 * DAY_MS) / 1000,
    });
    expect(worker.telemetry.of('RESET_MADE').campaignId).toBe('c1');
  });

  it('is there without a sender, a campaign or an audit text too', async () => {
    const worker = aWorker(200);
    const { sender: _, ...message } = aMessage();
    const times = { latestStart: NOON, deadline: NOON + 1000 };
    await worker.clock.run(processMessage(worker.ports, message, times));
    expect(worker.ledger.item(KEY)).not.toHaveProperty('sender');
    expect(worker.ledger.item(KEY)).not.toHaveProperty('requestedBy');
    expect(worker.ledger.item(KEY).campaign).toBe('none');
    expect(worker.telemetry.of('RESET_MADE')).not.toHaveProperty('campaignId');
  });
});

describe('a message whose request the ledger knows', () => {
  it.each<[State, string | undefined, string]>([
    ['succeeded', undefined, 'duplicate'],
    ['cancelled', undefined, 'duplicate'],
    ['failed', undefined, 'duplicate'],
    ['discarded', undefined, 'duplicate'],
    ['failed', 'another failure', 'duplicate'],
    ['discarded', 'another failure', 'duplicate'],
    ['succeeded', 'failure-0', 'duplicate'],
    ['cancelled', 'failure-0', 'duplicate'],
  ])(
    'as %s, and that carries the failure id %s, is a late copy: acknowledged without a call',
    async (state, failureId) => {
      const worker = aWorker();
      const item = anItem({ state, failureId: 'failure-0' });
      worker.ledger.put(item);
      worker.ports.tokens = untouched('tokens');
      worker.ports.budget = untouched('budget');
      const carried = failureId === undefined ? {} : { failureId };
      expect(await worker.deliver({ carried })).toEqual({ kind: 'duplicate' });
      expect(worker.ledger.item(KEY)).toEqual(item);
      expect(worker.telemetry.codes()).toEqual(['DUPLICATE']);
    },
  );

  it.each(['failed', 'discarded'] as const)('as %s starts anew when it carries that failure’s id', async (state) => {
    const worker = aWorker(503, 200);
    worker.ledger.put(anItem({ state, calls: 50, failedCalls: 50, unknowns: 2 }));
    expect(await worker.deliver({ carried: { requestId: KEY, failureId: 'failure-0' } })).toEqual({
      kind: 'succeeded',
    });
    expect(worker.ledger.transitions.slice(0, 2)).toEqual([`${state}>calling`, 'calling>waiting']);
    expect(worker.ledger.item(KEY)).toMatchObject({ calls: 2, failedCalls: 1, unknowns: 0 });
    expect(worker.api.calls.map(({ at }) => at - NOON)).toEqual([0, 1000]);
  });

  it('redriven twice is called for once', async () => {
    const worker = aWorker(200);
    worker.ledger.put(anItem({ state: 'failed' }));
    const carried = { requestId: KEY, failureId: 'failure-0' };
    expect(await worker.deliver({ id: 'redrive-1', carried })).toEqual({ kind: 'succeeded' });
    expect(await worker.deliver({ id: 'redrive-2', carried })).toEqual({ kind: 'duplicate' });
  });

  it('redriven and failed again has a new failure id, and a copy of the first redrive is late', async () => {
    const worker = aWorker(404);
    worker.ledger.put(anItem({ state: 'failed' }));
    const carried = { requestId: KEY, failureId: 'failure-0' };
    await worker.deliver({ carried });
    expect(worker.ledger.item(KEY)).toMatchObject({ state: 'failed', failureId: 'id-2' });
    expect(await worker.deliver({ carried })).toEqual({ kind: 'duplicate' });
  });

  it('as waiting for later is deferred until then', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ notBefore: NOON + 1 }));
    worker.ports.budget = untouched('budget');
    expect(await worker.deliver()).toEqual({ kind: 'deferred', cause: 'not-due', until: NOON + 1, attempted: false });
  });

  it('as waiting and due is called', async () => {
    const worker = aWorker(200);
    worker.ledger.put(anItem({ notBefore: NOON, calls: 3, failedCalls: 2, unknowns: 1 }));
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.ledger.item(KEY)).toMatchObject({ calls: 4, failedCalls: 2, unknowns: 1 });
  });

  it('as being called elsewhere is deferred until that lease ends', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ state: 'calling', leaseEnd: NOON + 12_000 }));
    expect(await worker.deliver()).toEqual({
      kind: 'deferred',
      cause: 'busy',
      until: NOON + 12_000,
      attempted: false,
    });
  });

  it('as calling with a lease that has ended counts one call without an answer more, and calls', async () => {
    const worker = aWorker(200);
    worker.ledger.put(anItem({ state: 'calling', leaseEnd: NOON, calls: 1 }));
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.ledger.item(KEY)).toMatchObject({ calls: 2, failedCalls: 1, unknowns: 1 });
  });

  it('and that kills the process each time is dead-lettered after three tries', async () => {
    const worker = aWorker();
    for (let kill = 0; kill < 3; kill += 1) {
      // The process is gone in the middle of the call: nothing of it is heard again.
      worker.api.answers(() => new Promise(() => undefined));
      void processMessage(worker.ports, aMessage(), { latestStart: NOON + DAY_MS, deadline: NOON + DAY_MS });
      await worker.clock.run(worker.clock.sleep(30_000));
    }
    expect(worker.api.calls).toHaveLength(3);
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'outcome-unknown' });
    expect(worker.deadLetters.sent).toMatchObject([
      { calls: 3, detail: 'the last call had no answer; calls without an answer, so perhaps made: 3' },
    ]);
    expect(worker.ledger.item(KEY)).toMatchObject({ unknowns: 3, failedCalls: 3 });
  });

  it('and whose last of 50 failed calls ended with the process is dead-lettered without one more', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ state: 'calling', leaseEnd: NOON, calls: 50, failedCalls: 49, unknowns: 1 }));
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'retries-exhausted' });
    expect(worker.deadLetters.sent[0]?.detail).toBe('50 calls failed; calls without an answer, so perhaps made: 2');
  });

  it('for another address is dead-lettered under the message’s id, and the first request is left alone', async () => {
    const worker = aWorker();
    const first = anItem({ addressTag: addressTag(KEY, 'other@example.com') });
    worker.ledger.put(first);
    expect(await worker.deliver({ body: aBody({ campaignId: 'c1' }) })).toEqual({
      kind: 'dead-lettered',
      reason: 'invalid-request',
    });
    expect(worker.ledger.item(KEY)).toEqual(first);
    expect(worker.ledger.item('message-1')).toMatchObject({
      state: 'failed',
      reason: 'invalid-request',
      campaign: 'c1',
    });
    expect(worker.ledger.item('message-1')).not.toHaveProperty('addressTag');
    expect(worker.deadLetters.sent).toMatchObject([
      {
        requestId: 'message-1',
        campaignId: 'c1',
        detail: 'the request id was used before, for another address',
      },
    ]);
    expect(worker.telemetry.of('DEAD_LETTERED').requestId).toBe('message-1');
  });

  it('under an address that differs in case alone is the same request', async () => {
    const worker = aWorker(200);
    await worker.deliver();
    expect(await worker.deliver({ body: aBody({ email: EMAIL.toUpperCase() }) })).toEqual({ kind: 'duplicate' });
  });

  it('under another address meanwhile, seen as the claim is lost, is dead-lettered', async () => {
    const worker = aWorker();
    worker.budget.turns.push(() =>
      worker.ledger.put(anItem({ state: 'succeeded', addressTag: addressTag(KEY, 'other@example.com') })),
    );
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'invalid-request' });
    expect(worker.budget.story).toEqual(['turn', 'nothing']);
  });
});

describe('a request with no point any more', () => {
  const cancel = (worker: ReturnType<typeof aWorker>) => worker.ledger.cancelledCampaigns.add('c1');

  it.each([
    ['a second after its notAfter', { body: aBody({ notAfter: at(NOON - 1000) }) }, 'notAfter has passed'],
    ['a millisecond after its notAfter', { body: aBody({ notAfter: at(NOON - 1) }) }, 'notAfter has passed'],
    ['queued for 12 days', { sentAt: NOON - 12 * DAY_MS }, 'queued for 12 days'],
  ])('%s is dead-lettered as expired, without a turn', async (_, message, detail) => {
    const worker = aWorker();
    worker.ports.budget = untouched('budget');
    expect(await worker.deliver(message)).toEqual({ kind: 'dead-lettered', reason: 'expired' });
    expect(worker.deadLetters.sent).toMatchObject([{ reason: 'expired', detail, calls: 0 }]);
    expect(worker.deadLetters.sent[0]).not.toHaveProperty('status');
    expect(worker.ledger.transitions).toEqual(['new>failing', 'failing>failed']);
    expect(worker.ledger.item(KEY)).toMatchObject({ addressTag: addressTag(KEY, EMAIL), calls: 0, failedCalls: 0 });
  });

  it.each([
    ['at its notAfter', { body: aBody({ notAfter: at(NOON) }) }],
    [
      'with a notAfter in another zone that is still to come',
      { body: aBody({ notAfter: '2026-11-23T14:00:01+02:00' }) },
    ],
    ['queued for a millisecond less than 12 days', { sentAt: NOON - 12 * DAY_MS + 1 }],
  ])('is not one %s', async (_, message) => {
    expect(await aWorker(200).deliver(message)).toEqual({ kind: 'succeeded' });
  });

  it('whose campaign is cancelled is dropped without a turn', async () => {
    const worker = aWorker();
    cancel(worker);
    worker.ports.budget = untouched('budget');
    expect(await worker.deliver({ body: aBody({ campaignId: 'c1' }) })).toEqual({ kind: 'cancelled' });
    expect(worker.ledger.transitions).toEqual(['new>cancelled']);
    expect(worker.ledger.item(KEY)).toMatchObject({ campaign: 'c1', calls: 0 });
    expect(worker.telemetry.codes()).toEqual(['CANCELLED']);
    expect(await worker.deliver({ body: aBody({ campaignId: 'c1' }) })).toEqual({ kind: 'duplicate' });
  });

  it('is asked about its own campaign alone', async () => {
    const worker = aWorker(200, 200);
    cancel(worker);
    expect(await worker.deliver({ body: aBody({ campaignId: 'c2' }) })).toEqual({ kind: 'succeeded' });
    expect(await worker.deliver({ body: aBody({ requestId: 'b' }) })).toEqual({ kind: 'succeeded' });
  });

  it('because it expired while it waited for its turn is not called, and its turn is reported', async () => {
    const worker = aWorker();
    worker.budget.turns.push({ waitMs: 2000 });
    expect(await worker.deliver({ body: aBody({ notAfter: at(NOON + 1999) }) })).toEqual({
      kind: 'dead-lettered',
      reason: 'expired',
    });
    expect(worker.budget.story).toEqual(['turn', 'nothing']);
  });

  it('because it was cancelled while it waited for its turn is not called, and its turn is reported', async () => {
    const worker = aWorker();
    worker.budget.turns.push(() => cancel(worker));
    expect(await worker.deliver({ body: aBody({ campaignId: 'c1' }) })).toEqual({ kind: 'cancelled' });
    expect(worker.budget.story).toEqual(['turn', 'nothing']);
  });

  it('because it was cancelled between two calls is not called again', async () => {
    const worker = aWorker(() => {
      cancel(worker);
      return 429;
    });
    expect(await worker.deliver({ body: aBody({ campaignId: 'c1' }) })).toEqual({ kind: 'cancelled' });
    expect(worker.ledger.transitions).toEqual(['new>calling', 'calling>waiting', 'waiting>cancelled']);
  });

  it('after a call without an answer says so in its letter', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ unknowns: 2, failedCalls: 2, calls: 2 }));
    await worker.deliver({ sentAt: NOON - 12 * DAY_MS });
    expect(worker.deadLetters.sent[0]?.detail).toBe('queued for 12 days; calls without an answer, so perhaps made: 2');
    expect(worker.ledger.item(KEY)).toMatchObject({ calls: 2, failedCalls: 2, unknowns: 2 });
  });

  it.each(['notAfter', 'cancelled'])('that somebody else took up meanwhile is theirs (%s)', async (why) => {
    const worker = aWorker();
    cancel(worker);
    const { find } = worker.ledger;
    worker.ledger.find = async (key) => {
      const found = await find(key);
      worker.ledger.put(anItem({ state: 'calling' }));
      return found;
    };
    const body = aBody(why === 'cancelled' ? { campaignId: 'c1' } : { notAfter: at(NOON - 1) });
    expect(await worker.deliver({ body })).toEqual({ kind: 'deferred', cause: 'busy', until: NOON, attempted: false });
    expect(worker.deadLetters.sent).toEqual([]);
    expect(worker.ledger.item(KEY).state).toBe('calling');
  });

  it('redriven is dead-lettered again, under a new failure id', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ state: 'failed', calls: 7, failedCalls: 7, unknowns: 1 }));
    await worker.deliver({ carried: { failureId: 'failure-0' }, body: aBody({ notAfter: at(NOON - 1) }) });
    expect(worker.ledger.transitions).toEqual(['failed>failing', 'failing>failed']);
    expect(worker.ledger.item(KEY)).toMatchObject({ failureId: 'id-1', reason: 'expired', calls: 0, unknowns: 0 });
  });
});

describe('a turn', () => {
  it('is asked for the message’s lane and request, and until the last moment in which a call may start', async () => {
    const worker = aWorker(200);
    await worker.deliver({ lane: 'bulk' }, { latestStartMs: 90_000 });
    expect(worker.budget.asked).toEqual([{ lane: 'bulk', key: KEY, latest: NOON + 90_000 }]);
  });

  it.each(['pace', 'outage', 'credential', 'brake', 'operator'] as const)(
    'that does not come (%s) gives the message back',
    async (why) => {
      const worker = aWorker();
      worker.budget.turns.push({ kind: 'none', retryAt: NOON + 4000, why });
      expect(await worker.deliver()).toEqual({ kind: 'given-back', until: NOON + 4000, why });
      expect(worker.ledger.transitions).toEqual([]);
      expect(worker.budget.story).toEqual(['turn']);
      expect(worker.telemetry.of('GIVEN_BACK')).toEqual({
        lane: 'interactive',
        messageId: 'message-1',
        receiveCount: 1,
        requestId: KEY,
        why,
        delayMs: 4000,
      });
    },
  );

  it('that does not come for a second try leaves it due in the ledger', async () => {
    const worker = aWorker(503);
    worker.budget.turns.push(() => undefined, { kind: 'none', retryAt: NOON + 5000, why: 'outage' });
    expect(await worker.deliver()).toMatchObject({ kind: 'given-back' });
    expect(worker.ledger.item(KEY)).toMatchObject({ state: 'waiting', notBefore: NOON + 1000 });
  });
});

describe('a claim', () => {
  it('holds for the call’s time-out and 10 s more, under a nonce of its own', async () => {
    const leases: Pick<RequestItem, 'leaseNonce' | 'leaseEnd'>[] = [];
    const look = (answer: number) => () => {
      const { leaseNonce, leaseEnd } = worker.ledger.item(KEY);
      leases.push({ ...(leaseNonce ? { leaseNonce } : {}), ...(leaseEnd ? { leaseEnd } : {}) });
      return answer;
    };
    const worker = aWorker(look(429), look(200));
    await worker.deliver();
    expect(leases).toEqual([
      { leaseNonce: 'id-1', leaseEnd: NOON + 30_000 },
      { leaseNonce: 'id-2', leaseEnd: NOON + 31_000 },
    ]);
  });

  it('that another copy won is left to it until its lease ends', async () => {
    const worker = aWorker();
    worker.budget.turns.push(() => worker.ledger.put(anItem({ state: 'calling', leaseEnd: NOON + 20_000 })));
    expect(await worker.deliver()).toMatchObject({ kind: 'deferred', cause: 'busy', until: NOON + 20_000 });
    expect(worker.budget.story).toEqual(['turn', 'nothing']);
  });

  it('lost to a copy that has ended by now finds a duplicate', async () => {
    const worker = aWorker();
    worker.budget.turns.push(() => worker.ledger.put(anItem({ state: 'succeeded' })));
    expect(await worker.deliver()).toEqual({ kind: 'duplicate' });
  });

  it('lost to a copy that waits and is due is tried again', async () => {
    const worker = aWorker(200);
    worker.budget.turns.push(() => worker.ledger.put(anItem({ state: 'waiting' })));
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.budget.story).toEqual(['turn', 'nothing', 'turn', 'succeeded']);
  });

  it('lost three times leaves the request to the others', async () => {
    const worker = aWorker();
    worker.ledger.claim = async () => ({ kind: 'lost', item: undefined });
    expect(await worker.deliver()).toEqual({ kind: 'deferred', cause: 'busy', until: NOON, attempted: false });
    expect(worker.budget.story).toEqual(['turn', 'nothing', 'turn', 'nothing', 'turn', 'nothing']);
  });

  it('is lost by the ledger’s own clock, not ours, where a lease has not ended there', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ state: 'calling', leaseEnd: NOON }));
    const { claim } = worker.ledger;
    worker.ledger.claim = (request, seen, lease) => {
      worker.ledger.put(anItem({ state: 'calling', leaseNonce: 'another', leaseEnd: NOON + 30_000 }));
      return claim(request, seen, lease);
    };
    expect(await worker.deliver()).toMatchObject({ kind: 'deferred', cause: 'busy', until: NOON + 30_000 });
  });

  it('that came too late for a call is given back, as if it had not been made', async () => {
    const worker = aWorker();
    worker.ledger.breaks('claim', { delayMs: 501 });
    expect(await worker.deliver({}, { latestStartMs: 500 })).toEqual({
      kind: 'given-back',
      until: NOON + 501,
      why: 'time',
    });
    expect(worker.ledger.item(KEY)).toMatchObject({
      state: 'waiting',
      notBefore: NOON + 501,
      calls: 0,
      failedCalls: 0,
      unknowns: 0,
    });
    expect(worker.ledger.item(KEY)).not.toHaveProperty('lastStatus');
    expect(worker.budget.story).toEqual(['turn', 'nothing']);
  });

  it('that came at the last moment for a call is used', async () => {
    const worker = aWorker(200);
    worker.ledger.breaks('claim', { delayMs: 500 });
    expect(await worker.deliver({}, { latestStartMs: 500 })).toEqual({ kind: 'succeeded' });
  });

  it.each([
    [10_000, 'reset'],
    [10_001, 'given-back'],
  ])('that took %d ms of its lease of 30 s, of which a call needs 20 s, ends as %s', async (delayMs, kind) => {
    const worker = aWorker(200);
    worker.ledger.breaks('claim', { delayMs });
    expect(await worker.deliver({}, { latestStartMs: 90_000 })).toMatchObject({ kind });
    expect(worker.api.calls).toHaveLength(kind === 'reset' ? 1 : 0);
  });

  it('that came too late and cannot be given back is given back all the same, and ends with its lease', async () => {
    const worker = aWorker();
    worker.ledger.breaks('claim', { delayMs: 501 });
    worker.ledger.breaks('wait');
    expect(await worker.deliver({}, { latestStartMs: 500 })).toMatchObject({ kind: 'given-back', why: 'time' });
    expect(worker.ledger.item(KEY).state).toBe('calling');
  });
});

describe('a wait between two calls', () => {
  it('of 10 s is slept; a longer one is a deferral', async () => {
    const slept = aWorker({ status: 429, retryAfterMs: 10_000 }, 200);
    expect(await slept.deliver()).toEqual({ kind: 'succeeded' });
    const deferred = aWorker({ status: 429, retryAfterMs: 10_001 });
    expect(await deferred.deliver()).toMatchObject({ kind: 'deferred', until: NOON + 10_001 });
  });

  it('that ends a millisecond early goes on, and is no reason to give the message back', async () => {
    const worker = aWorker(429, 200);
    worker.clock.earlyMs = 1;
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.api.calls.map(({ at }) => at - NOON)).toEqual([0, 1000]);
  });

  it('whose note in the ledger took longer than the wait itself is not slept', async () => {
    const worker = aWorker(429, 200);
    worker.ledger.breaks('wait', { delayMs: 2500 });
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.api.calls.map(({ at }) => at - NOON)).toEqual([0, 2500]);
  });

  it('whose note took until no call may start any more is a deferral', async () => {
    const worker = aWorker(429);
    worker.ledger.breaks('wait', { delayMs: 2500 });
    expect(await worker.deliver({}, { latestStartMs: 2499 })).toMatchObject({ kind: 'deferred', cause: 'backoff' });
  });

  it('whose note took until the last moment for a call is followed by that call', async () => {
    const worker = aWorker(429, 200);
    worker.ledger.breaks('wait', { delayMs: 2500 });
    expect(await worker.deliver({}, { latestStartMs: 2500 })).toEqual({ kind: 'succeeded' });
  });

  it('that would end after the last start is a deferral; one that ends at it is slept', async () => {
    const late = aWorker(429);
    expect(await late.deliver({}, { latestStartMs: 999 })).toMatchObject({ kind: 'deferred', cause: 'backoff' });
    const inTime = aWorker(429, 200);
    expect(await inTime.deliver({}, { latestStartMs: 1000 })).toEqual({ kind: 'succeeded' });
  });

  it('that somebody else ended meanwhile is theirs: the claim had been lost', async () => {
    const worker = aWorker(() => {
      worker.ledger.put(anItem({ state: 'calling', leaseNonce: 'another copy' }));
      return 503;
    });
    expect(await worker.deliver()).toEqual({ kind: 'deferred', cause: 'busy', until: NOON, attempted: false });
  });
});
