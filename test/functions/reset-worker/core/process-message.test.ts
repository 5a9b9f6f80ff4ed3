import { describe, expect, it } from 'vitest';
import type { Lane } from '../../../../functions/contract/reset-request.ts';
import type { RequestItem, State } from '../../../../functions/ledger/items.ts';
import { addressTag } from '../../../../functions/ledger/standing.ts';
import type { Message } from '../../../../functions/reset-worker/core/ports.ts';
import { processMessage } from '../../../../functions/reset-worker/core/process-message.ts';
import { aBody, aMessage, anItem, EMAIL, KEY } from '../../../support/builders.ts';
import type { Scripted } from '../../../support/fakes.ts';
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
      body: aBody({
        campaignId: 'c1',
        requestedBy: `help desk for\n${EMAIL}`,
        reason: `${EMAIL} left${'.'.repeat(450)}`,
        notAfter: '2026-11-23T14:00:00+01:00',
      }),
      lane: 'bulk',
      sentAt: NOON - 5000,
    });
    expect(worker.ledger.item(KEY)).toEqual({
      pk: `request#${KEY}`,
      campaign: 'c1',
      state: 'succeeded',
      stateReasonTime: `succeeded##${NOON}`,
      lane: 'bulk',
      addressTag: addressTag(KEY, EMAIL),
      sender: 'AIDAPRODUCER',
      requestedBy: 'help desk for [address]',
      requestReason: `[address] left${'.'.repeat(450)}`,
      notAfter: NOON + 3_600_000,
      firstSentAt: NOON - 5000,
      firstCallAt: NOON,
      finishedAt: NOON,
      calls: 1,
      failedCalls: 0,
      throttled: 0,
      heldCalls: 0,
      unknowns: 0,
      lastStatus: 200,
      leaseNonce: 'id-1',
      expiresAt: NOON / 1000 + (90 * DAY_MS) / 1000,
    });
    expect(worker.telemetry.of('RESET_MADE').campaignId).toBe('c1');
  });

  it('of the campaign “none” is of no campaign: it once made all counts double', async () => {
    const worker = aWorker(200);
    await worker.deliver({ body: aBody({ campaignId: 'none' }) });
    expect(worker.ledger.item(KEY)).toMatchObject({ state: 'succeeded', campaign: 'none' });
    expect(worker.ledger.asked).toEqual([KEY]);
    expect(worker.telemetry.of('RESET_MADE')).not.toHaveProperty('campaignId');
  });

  it('is there without a sender, a campaign or an audit text too', async () => {
    const worker = aWorker(200);
    const { sender: _, ...message } = aMessage();
    const invocation = { latestStart: NOON, deadline: NOON + 1000, atWork: 1 };
    await worker.clock.run(processMessage(worker.ports, message, invocation));
    expect(worker.ledger.item(KEY)).not.toHaveProperty('sender');
    for (const absent of ['requestedBy', 'requestReason', 'notAfter', 'redrives']) {
      expect(worker.ledger.item(KEY)).not.toHaveProperty(absent);
    }
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
    ['discarded', 'failure-0', 'duplicate'],
    ['redriven', undefined, 'duplicate'],
    ['redriven', 'another failure', 'duplicate'],
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

  it.each(['failed', 'redriven'] as const)('as %s starts anew when it carries that failure’s id', async (state) => {
    const worker = aWorker(503, 200);
    worker.ledger.put(
      anItem({ state, calls: 50, failedCalls: 50, throttled: 9, heldCalls: 9, unknowns: 2, serverErrorPermit: 5 }),
    );
    expect(await worker.deliver({ carried: { requestId: KEY, failureId: 'failure-0' } })).toEqual({
      kind: 'succeeded',
    });
    expect(worker.ledger.transitions.slice(0, 2)).toEqual([`${state}>calling`, 'calling>waiting']);
    expect(worker.ledger.item(KEY)).toMatchObject({
      calls: 2,
      failedCalls: 1,
      throttled: 0,
      heldCalls: 0,
      unknowns: 0,
      redrives: 1,
    });
    expect(worker.budget.asked[0]?.history).toEqual({ failedCalls: 0, heldCalls: 0, unknowns: 0 });
    expect(worker.api.calls.map(({ at }) => at - NOON)).toEqual([0, 1000]);
  });

  it('redriven twice is called for once', async () => {
    const worker = aWorker(200);
    worker.ledger.put(anItem({ state: 'failed' }));
    const carried = { requestId: KEY, failureId: 'failure-0' };
    expect(await worker.deliver({ id: 'redrive-1', carried })).toEqual({ kind: 'succeeded' });
    expect(await worker.deliver({ id: 'redrive-2', carried })).toEqual({ kind: 'duplicate' });
  });

  it('redriven, and marked so while it waits for its turn, is called for with that turn', async () => {
    const worker = aWorker(200);
    worker.ledger.put(anItem({ state: 'failed' }));
    const { turn } = worker.ports.budget;
    worker.ports.budget.turn = (...asked) => {
      worker.ledger.put(anItem({ state: 'redriven' }));
      return turn.apply(worker.budget, asked);
    };
    expect(await worker.deliver({ carried: { requestId: KEY, failureId: 'failure-0' } })).toEqual({
      kind: 'succeeded',
    });
    expect(worker.budget.asked).toHaveLength(1);
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
      void processMessage(worker.ports, aMessage(), { latestStart: NOON + DAY_MS, deadline: NOON + DAY_MS, atWork: 1 });
      await worker.clock.run(worker.clock.sleep(15 * 60_000));
    }
    expect(worker.api.calls).toHaveLength(3);
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'outcome-unknown' });
    expect(worker.deadLetters.sent).toMatchObject([
      { calls: 3, detail: 'the last call had no answer; calls of unknown outcome: 3' },
    ]);
    expect(worker.ledger.item(KEY)).toMatchObject({ unknowns: 3, failedCalls: 3 });
  });

  it('and whose last of 50 failed calls ended with the process is dead-lettered without one more', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ state: 'calling', leaseEnd: NOON, calls: 50, failedCalls: 49, unknowns: 1 }));
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'outcome-unknown' });
    expect(worker.deadLetters.sent[0]?.detail).toBe('50 calls failed; calls of unknown outcome: 2');
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

  it('for another address has its campaign registered before its letter is written, or no list would show it', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ addressTag: addressTag(KEY, 'other@example.com') }));
    const { failing } = worker.ledger;
    const registered: string[][] = [];
    worker.ledger.failing = (...given) => {
      registered.push([...worker.ledger.asked]);
      return failing(...given);
    };
    await worker.deliver({ body: aBody({ campaignId: 'c1' }) });
    expect(registered).toEqual([[KEY, 'message-1', 'c1']]);
  });

  it('for another address is dead-lettered though its campaign cannot be registered', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ addressTag: addressTag(KEY, 'other@example.com') }));
    worker.ledger.breaks('isCancelled');
    expect(await worker.deliver({ body: aBody({ campaignId: 'c1' }) })).toMatchObject({ kind: 'dead-lettered' });
    expect(worker.deadLetters.sent).toMatchObject([{ requestId: 'message-1', campaignId: 'c1' }]);
  });

  it('for another address meets a defect of the registration as a defect', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ addressTag: addressTag(KEY, 'other@example.com') }));
    worker.ledger.breaks('isCancelled', { error: new TypeError('a defect') });
    await expect(worker.deliver({ body: aBody({ campaignId: 'c1' }) })).rejects.toThrow('a defect');
  });

  it('for another address, of no campaign, asks for none', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ addressTag: addressTag(KEY, 'other@example.com') }));
    await worker.deliver({ body: aBody({ campaignId: 'none' }) });
    expect(worker.ledger.asked).toEqual([KEY, 'message-1']);
    expect(worker.deadLetters.sent[0]).not.toHaveProperty('campaignId');
  });

  it('as failing for less than a lease is left to whoever sends the letter: two letters went once', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ state: 'failing', finishedAt: NOON - 29_999 }));
    expect(await worker.deliver()).toEqual({ kind: 'deferred', cause: 'busy', until: NOON + 1, attempted: false });
    expect(worker.deadLetters.sent).toEqual([]);
    worker.clock.jump(1);
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'rejected' });
    expect(worker.deadLetters.sent).toHaveLength(1);
  });

  it('as failing is left alone for as long as a lease is with the call’s time-out as it is set', async () => {
    const worker = aWorker();
    worker.ports.callTimeoutMs = 2000;
    worker.ledger.put(anItem({ state: 'failing', finishedAt: NOON - 11_999 }));
    expect(await worker.deliver()).toMatchObject({ cause: 'busy', until: NOON + 1 });
    worker.clock.jump(1);
    expect(await worker.deliver()).toMatchObject({ kind: 'dead-lettered' });
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
  // It was hidden up to an hour beyond its end.
  it('is ended also before its next try is due', async () => {
    const later = { state: 'waiting', notBefore: NOON + 3_600_000 } as const;
    const late = aWorker();
    late.ledger.put(anItem(later));
    const notAfter = new Date(NOON - 1).toISOString();
    expect(await late.deliver({ body: aBody({ notAfter }) })).toEqual({ kind: 'dead-lettered', reason: 'expired' });

    const cancelled = aWorker();
    cancelled.ledger.put(anItem(later));
    cancelled.ledger.cancelledCampaigns.add('c1');
    expect(await cancelled.deliver({ body: aBody({ campaignId: 'c1' }) })).toEqual({ kind: 'cancelled' });
  });

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

  it.each<[string, Partial<RequestItem>]>([
    ['three calls without an answer', { unknowns: 3, failedCalls: 3, calls: 3 }],
    ['50 failed calls', { unknowns: 1, failedCalls: 50, calls: 50 }],
  ])(
    'because its campaign is cancelled, is that before all else, after %s too, and keeps its counts',
    async (_, counts) => {
      const worker = aWorker();
      cancel(worker);
      worker.ledger.put(anItem({ campaignId: 'c1', ...counts }));
      const message = {
        body: aBody({ campaignId: 'c1', notAfter: at(NOON - 1) }),
        sentAt: NOON - 12 * DAY_MS,
      };
      expect(await worker.deliver(message)).toEqual({ kind: 'cancelled' });
      expect(worker.ledger.item(KEY)).toMatchObject({ state: 'cancelled', ...counts });
      expect(worker.deadLetters.sent).toEqual([]);
    },
  );

  it.each([
    ['a notAfter that has passed', { body: aBody({ campaignId: 'c1', notAfter: at(NOON - 1) }) }],
    ['12 days in the queue', { body: aBody({ campaignId: 'c1' }), sentAt: NOON - 12 * DAY_MS }],
  ])(
    'for %s has its campaign registered first: whole campaigns of dead letters were in no list',
    async (_, message) => {
      const worker = aWorker();
      const { failing } = worker.ledger;
      worker.ledger.failing = (...given) => {
        expect(worker.ledger.asked).toEqual([KEY, 'c1']);
        return failing(...given);
      };
      expect(await worker.deliver(message)).toMatchObject({ kind: 'dead-lettered', reason: 'expired' });
      expect(worker.ledger.item(KEY).campaign).toBe('c1');
    },
  );

  it('of a redriven failure that is cancelled shows nothing of the calls before', async () => {
    const worker = aWorker();
    cancel(worker);
    worker.ledger.put(anItem({ state: 'failed', campaignId: 'c1', serverErrorPermit: 5 }));
    const carried = { requestId: KEY, failureId: 'failure-0' };
    expect(await worker.deliver({ body: aBody({ campaignId: 'c1' }), carried })).toEqual({ kind: 'cancelled' });
    for (const gone of ['lastStatus', 'failureId', 'reason', 'detail', 'serverErrorPermit']) {
      expect(worker.ledger.item(KEY)).not.toHaveProperty(gone);
    }
  });

  it('after a call without an answer says so in its letter', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ unknowns: 2, failedCalls: 2, calls: 2 }));
    await worker.deliver({ sentAt: NOON - 12 * DAY_MS });
    expect(worker.deadLetters.sent[0]?.detail).toBe('queued for 12 days; calls of unknown outcome: 2');
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
    expect(await worker.deliver({ body })).toMatchObject({ kind: 'deferred', cause: 'busy', until: NOON });
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
    expect(worker.budget.asked).toMatchObject([{ lane: 'bulk', key: KEY, latest: NOON + 90_000 }]);
  });

  it.each<[string, Partial<RequestItem>, object]>([
    ['is new', {}, { unknowns: 0, heldCalls: 0 }],
    ['has waited', { state: 'waiting', unknowns: 2, heldCalls: 3 }, { unknowns: 2, heldCalls: 3 }],
    [
      'was put back for a 5xx',
      { state: 'waiting', unknowns: 1, heldCalls: 1, serverErrorPermit: 9 },
      { unknowns: 1, heldCalls: 1, serverErrorPermit: 9 },
    ],
    [
      'lost a call with its process',
      { state: 'calling', leaseEnd: NOON - 870_000, unknowns: 1, heldCalls: 1, serverErrorPermit: 9 },
      { unknowns: 2, heldCalls: 1, serverErrorPermit: 9 },
    ],
  ])('is asked for with what a request that %s has been through', async (_, item, history) => {
    const worker = aWorker(200);
    if (item.state) worker.ledger.put(anItem(item));
    await worker.deliver();
    expect(worker.budget.asked).toMatchObject([{ history }]);
    expect('serverErrorPermit' in (worker.budget.asked[0]?.history ?? {})).toBe('serverErrorPermit' in history);
    expect(worker.budget.reported).toMatchObject([{ history }]);
  });

  it.each(['pace', 'outage', 'credential', 'brake', 'operator'] as const)(
    'that does not come (%s) gives the message back',
    async (why) => {
      const worker = aWorker();
      worker.budget.turns.push({ kind: 'none', retryAt: NOON + 4000, why, standsBack: false });
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

  it.each<[Lane, boolean, number]>([
    ['interactive', false, 120_000],
    ['interactive', true, 120_000],
    ['bulk', false, 120_000],
    ['bulk', true, 3_600_000],
  ])(
    'that does not come for an hour hides a message of %s (stands back: %s) for %i ms',
    async (lane, standsBack, ms) => {
      const worker = aWorker();
      worker.budget.turns.push({ kind: 'none', retryAt: NOON + 3_600_000, why: 'outage', standsBack });
      expect(await worker.deliver({ lane })).toEqual({ kind: 'given-back', until: NOON + ms, why: 'outage' });
    },
  );

  it('that does not come for a second try leaves it due in the ledger, and the last line still tells of the call', async () => {
    const worker = aWorker(503);
    worker.budget.turns.push(() => undefined, { kind: 'none', retryAt: NOON + 5000, why: 'outage', standsBack: false });
    expect(await worker.deliver()).toMatchObject({ kind: 'given-back' });
    expect(worker.ledger.item(KEY)).toMatchObject({ state: 'waiting', notBefore: NOON + 1000 });
    expect(worker.telemetry.of('GIVEN_BACK')).toStrictEqual({
      lane: 'interactive',
      messageId: 'message-1',
      receiveCount: 1,
      requestId: KEY,
      calls: 1,
      failedCalls: 1,
      unknowns: 0,
      status: 503,
      why: 'outage',
      delayMs: 4000,
    });
  });
});

describe('the token', () => {
  it('is looked up ahead of the turn, and not waited for once a permit is there', async () => {
    const worker = aWorker(200);
    const asked: string[] = [];
    const { current, atHand } = worker.tokens;
    worker.tokens.current = async () => {
      asked.push(`current ${worker.budget.story.length}`);
      await worker.clock.sleep(3000);
      return current();
    };
    worker.tokens.atHand = () => {
      asked.push(`at hand ${worker.budget.story.length}`);
      return atHand();
    };
    await worker.deliver();
    expect(asked).toEqual(['current 0', 'at hand 1']);
    expect(worker.api.calls).toMatchObject([{ at: NOON + 3000 }]);
  });

  it('that is missing ahead of the turn is no reason to ask for none: the ticket tells of it', async () => {
    const worker = aWorker();
    worker.tokens.answer = { kind: 'none', why: 'empty' };
    expect(await worker.deliver()).toMatchObject({ kind: 'given-back', why: 'token-empty' });
    expect(worker.budget.story).toEqual(['turn', 'no-token']);
  });
});

describe('the last line about a message', () => {
  const CALLED = { requestId: KEY, campaignId: 'c1', calls: 1, status: 503, failedCalls: 1, unknowns: 0 };
  const body = aBody({ campaignId: 'c1' });

  it('that is dropped after a call tells of that call', async () => {
    const worker = aWorker(() => {
      worker.ledger.cancelledCampaigns.add('c1');
      return 503;
    });
    await worker.deliver({ body });
    expect(worker.telemetry.of('CANCELLED')).toMatchObject(CALLED);
  });

  it('whose ledger cannot be reached after a call tells of that call', async () => {
    const worker = aWorker(() => {
      worker.ledger.breaks('isCancelled');
      return 503;
    });
    expect(await worker.deliver({ body })).toMatchObject({ kind: 'deferred', cause: 'ledger-unreachable' });
    expect(worker.telemetry.of('DEFERRED')).toMatchObject({ ...CALLED, why: 'ledger-unreachable' });
  });

  it('that another copy takes up after a call tells of that call', async () => {
    const worker = aWorker(503);
    worker.budget.turns.push(
      () => undefined,
      () => worker.ledger.put(anItem({ state: 'succeeded', campaignId: 'c1' })),
    );
    expect(await worker.deliver({ body })).toEqual({ kind: 'duplicate' });
    expect(worker.telemetry.of('DUPLICATE')).toMatchObject(CALLED);
  });

  it('whose call could not be written down, or had lost its claim, tells of that call', async () => {
    const unwritten = aWorker(503);
    unwritten.ledger.breaks('wait');
    expect(await unwritten.deliver({ body })).toMatchObject({ cause: 'ledger-unreachable', attempted: true });
    expect(unwritten.telemetry.of('DEFERRED')).toMatchObject(CALLED);
    const lost = aWorker(() => {
      lost.ledger.put(anItem({ state: 'calling', leaseNonce: 'another copy' }));
      return 503;
    });
    expect(await lost.deliver({ body })).toMatchObject({ cause: 'busy' });
    expect(lost.telemetry.of('DEFERRED')).toMatchObject(CALLED);
  });

  it('and each before it, of one that is no request, tell the id that its letter goes by', async () => {
    const worker = aWorker();
    worker.deadLetters.failures = { times: 1, when: 'before', error: 'AccessDenied' };
    await worker.deliver({ body: '{' });
    const known = { lane: 'interactive', messageId: 'message-1', receiveCount: 1, requestId: 'message-1' };
    expect(worker.telemetry.events).toStrictEqual([
      { code: 'LETTER_NOT_SENT', fields: { ...known, why: 'AccessDenied' } },
      { code: 'DEFERRED', fields: { ...known, why: 'letter-not-sent', delayMs: 0 } },
    ]);
  });

  it('of which no call was made tells of none', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ state: 'succeeded', calls: 3, lastStatus: 200 }));
    await worker.deliver({ body });
    expect(worker.telemetry.of('DUPLICATE')).toStrictEqual({
      lane: 'interactive',
      messageId: 'message-1',
      receiveCount: 1,
      requestId: KEY,
      campaignId: 'c1',
    });
  });
});

describe('an outage that is probed with an address of nobody’s', () => {
  const PROBE = 'probe.user@example.com';
  const aProber = (...answers: Parameters<typeof aWorker>) => {
    const worker = aWorker(...answers);
    worker.ports.probeAddress = PROBE;
    worker.budget.turns.push({ probe: 'address' });
    return worker;
  };

  it('calls with that address and without a claim, and then the request takes a turn of its own', async () => {
    const worker = aProber(() => {
      expect(worker.ledger.transitions).toEqual([]);
      return 404;
    }, 200);
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.api.calls).toEqual([
      { at: NOON, email: PROBE, token: 'token-of-v1' },
      { at: NOON, email: EMAIL, token: 'token-of-v1' },
    ]);
    expect(worker.budget.reports).toEqual([
      { kind: 'rejected', status: 404, detail: '' },
      { kind: 'succeeded', status: 200 },
    ]);
    expect(worker.budget.reported).toMatchObject([{ probe: 'address', permit: 1 }, { permit: 2 }]);
    expect(worker.ledger.item(KEY)).toMatchObject({ calls: 1, failedCalls: 0, heldCalls: 0, unknowns: 0 });
    expect(worker.telemetry.codes()).toEqual(['OUTAGE_PROBED', 'RESET_MADE']);
    expect(worker.telemetry.of('OUTAGE_PROBED')).toStrictEqual({ lane: 'interactive', why: 'rejected', status: 404 });
    expect(worker.telemetry.measured.filter(({ metric }) => metric === 'Calls')).toHaveLength(2);
  });

  it.each<[Scripted, string, object]>([
    [503, 'unavailable', { why: 'unavailable', status: 503 }],
    [502, 'server-error', { why: 'server-error', status: 502 }],
    ['no-answer', 'unknown', { why: 'timeout' }],
    ['not-sent', 'unavailable', { why: 'ECONNREFUSED' }],
    [429, 'throttled', { why: 'throttled', status: 429 }],
    [401, 'unauthorized', { why: 'unauthorized', status: 401 }],
  ])('that meets %s tells the budget so, and costs the request nothing', async (answer, kind, met) => {
    const worker = aProber(answer);
    worker.budget.turns.push({ kind: 'none', retryAt: NOON + 9000, why: 'outage', standsBack: false });
    expect(await worker.deliver()).toEqual({ kind: 'given-back', until: NOON + 9000, why: 'outage' });
    expect(worker.budget.story).toEqual(['turn', kind, 'turn']);
    expect(worker.ledger.transitions).toEqual([]);
    expect(worker.telemetry.of('OUTAGE_PROBED')).toStrictEqual({ lane: 'interactive', ...met });
    expect(worker.deadLetters.sent).toEqual([]);
  });

  it('that meets a 401 with a token that has been replaced since says nothing of the API', async () => {
    const worker = aProber(401, 200);
    worker.tokens.newer = { kind: 'token', token: 'token-of-v2', version: 'v2' };
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.budget.story).toEqual(['turn', 'nothing', 'turn', 'succeeded']);
    expect(worker.api.calls.map(({ email, token }) => [email, token])).toEqual([
      [PROBE, 'token-of-v1'],
      [EMAIL, 'token-of-v2'],
    ]);
  });

  it('asks for a newer token after a 401 alone', async () => {
    const worker = aProber(404, 200);
    worker.tokens.newer = { kind: 'token', token: 'token-of-v2', version: 'v2' };
    await worker.deliver();
    expect(worker.budget.story).toEqual(['turn', 'rejected', 'turn', 'succeeded']);
    expect(worker.api.calls.map(({ token }) => token)).toEqual(['token-of-v1', 'token-of-v1']);
  });

  it.each([
    [5000, ['turn', 'unavailable', 'turn']],
    [5001, ['turn', 'nothing']],
  ])('is not called for after the last start (token after %i of 5000 ms)', async (tokenMs, story) => {
    const worker = aProber(503);
    worker.budget.turns.push({ kind: 'none', retryAt: NOON + 9000, why: 'outage', standsBack: false });
    const { atHand } = worker.tokens;
    worker.tokens.atHand = async () => {
      await worker.clock.sleep(tokenMs);
      return atHand();
    };
    expect(await worker.deliver({}, { latestStartMs: 5000 })).toMatchObject({ kind: 'given-back' });
    expect(worker.budget.story).toEqual(story);
    expect(worker.api.calls).toHaveLength(story.length === 3 ? 1 : 0);
    if (story.length === 2) expect(worker.telemetry.of('GIVEN_BACK')).toMatchObject({ why: 'time', delayMs: 0 });
  });

  it('by a copy that knows no such address is given back', async () => {
    const worker = aProber();
    delete worker.ports.probeAddress;
    expect(await worker.deliver()).toEqual({ kind: 'given-back', until: NOON, why: 'time' });
    expect(worker.budget.story).toEqual(['turn', 'nothing']);
  });

  it('without a token holds all calls, as ever', async () => {
    const worker = aProber();
    worker.tokens.answer = { kind: 'none', why: 'empty' };
    expect(await worker.deliver()).toMatchObject({ kind: 'given-back', why: 'token-empty' });
    expect(worker.budget.story).toEqual(['turn', 'no-token']);
  });

  it('is written into no log line, letter or item', async () => {
    const worker = aProber({ status: 404, detail: 'no such user' }, 404);
    await worker.deliver();
    const told = [worker.telemetry.events, worker.deadLetters.sent, [...worker.ledger.items.values()]];
    expect(JSON.stringify(told)).not.toContain('probe.user');
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
    [20_000, 8000, 'succeeded'],
    [20_000, 8001, 'given-back'],
    [2000, 8000, 'succeeded'],
    [2000, 8001, 'given-back'],
  ])(
    'of a call of %i ms, that took %i ms of the 10 s that it lasts longer, ends as %s: 2 s are for the clocks',
    async (timeoutMs, delayMs, kind) => {
      const worker = aWorker(200);
      worker.ports.callTimeoutMs = timeoutMs;
      worker.ledger.breaks('claim', { delayMs });
      expect(await worker.deliver({}, { latestStartMs: 90_000 })).toMatchObject({ kind });
      expect(worker.api.calls).toHaveLength(kind === 'succeeded' ? 1 : 0);
    },
  );

  it('lasts 10 s longer than the call’s time-out as it is set', async () => {
    const worker = aWorker(() => {
      expect(worker.ledger.item(KEY).leaseEnd).toBe(NOON + 12_000);
      return 200;
    });
    worker.ports.callTimeoutMs = 2000;
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
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
    const outcome = await worker.deliver({}, { latestStartMs: 2499 });
    expect(outcome).toEqual({ kind: 'deferred', cause: 'backoff', until: NOON + 1000, attempted: false });
  });

  it('whose note took until no call may start any more still spent its attempt, if the call did', async () => {
    const worker = aWorker(503);
    worker.ledger.breaks('wait', { delayMs: 2500 });
    expect(await worker.deliver({}, { latestStartMs: 2499 })).toMatchObject({ cause: 'backoff', attempted: true });
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
