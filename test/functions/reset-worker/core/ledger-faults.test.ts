import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ledger, LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
import { isAcknowledged } from '../../../../functions/reset-worker/core/outcome.ts';
import { hideSeconds } from '../../../../functions/reset-worker/core/retry-policy.ts';
import { aBody, anItem, aRequest, KEY } from '../../../support/builders.ts';
import type { Scripted } from '../../../support/fakes.ts';
import { NOON } from '../../../support/virtual-clock.ts';
import { aWorker } from '../../../support/worker.ts';

/** A ledger that refuses at once would otherwise be asked for a whole backlog within minutes. */
const PAUSE_MS = 30_000;
const unreachableAt = (until: number) => ({ kind: 'deferred', cause: 'ledger-unreachable', until, attempted: false });
const UNREACHABLE = unreachableAt(NOON + PAUSE_MS);

describe('a ledger that cannot be reached', () => {
  it.each(['find', 'claim', 'isCancelled'] as const)(
    'for %s: no call is made, the message is deferred',
    async (method) => {
      const worker = aWorker();
      worker.ledger.breaks(method);
      expect(await worker.deliver({ body: aBody({ campaignId: 'c1' }) })).toEqual(UNREACHABLE);
      expect(worker.ledger.transitions).toEqual([]);
      expect(worker.telemetry.codes()).toEqual(['LEDGER_UNREACHABLE', 'DEFERRED']);
      expect(worker.telemetry.of('LEDGER_UNREACHABLE')).toMatchObject({ why: 'ThrottlingException', requestId: KEY });
      expect(worker.telemetry.of('DEFERRED')).toMatchObject({ why: 'ledger-unreachable', delayMs: 0 });
    },
  );

  it.each([
    [90_000, 30_000],
    [30_001, 30_000],
    [29_999, 29_999],
    [1, 1],
    [0, 0],
  ])(
    'with %i ms left for calls to start is waited for %i ms before the message goes back: half a million receives an hour were made once',
    async (latestStartMs, pauseMs) => {
      const worker = aWorker();
      worker.ledger.breaks('find');
      expect(await worker.deliver({}, { latestStartMs })).toEqual(unreachableAt(NOON + pauseMs));
      expect(worker.clock.now()).toBe(NOON + pauseMs);
      expect(worker.telemetry.of('DEFERRED')).toMatchObject({ why: 'ledger-unreachable', delayMs: 0 });
    },
  );

  // Resets were neither recorded nor acknowledged, and made again, while the reports of a batch waited for each other.
  it('for the report of a success: it is acknowledged all the same', async () => {
    const worker = aWorker(200);
    worker.budget.report = () => new Promise(() => undefined);
    worker.ledger.breaks('succeed');
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.telemetry.codes()).toContain('RESET_NOT_RECORDED');
  });

  it.each([404, 500, 503] as const)(
    'for the report of a %i: it is written down within the lease, as ours',
    async (status) => {
      const worker = aWorker(status);
      worker.budget.report = () => new Promise(() => undefined);
      expect(await worker.deliver()).toMatchObject({ kind: 'deferred', attempted: false });
      expect(worker.clock.now()).toBe(NOON + 5000);
      expect(worker.ledger.item(KEY)).toMatchObject({ state: 'waiting', lastStatus: status, failedCalls: 0 });
    },
  );

  it('for the budget: no call is made, the message is deferred', async () => {
    const worker = aWorker();
    worker.budget.turn = async () => {
      throw new LedgerUnreachable(new Error('no'));
    };
    expect(await worker.deliver()).toEqual(UNREACHABLE);
    expect(worker.ledger.transitions).toEqual([]);
    expect(worker.budget.story).toEqual([]);
  });

  it('while the turn was waited for: no call, and the turn is reported as unused', async () => {
    const worker = aWorker();
    worker.budget.turns.push(() => worker.ledger.breaks('isCancelled'));
    expect(await worker.deliver({ body: aBody({ campaignId: 'c1' }) })).toEqual(UNREACHABLE);
    expect(worker.budget.story).toEqual(['turn', 'nothing']);
  });

  it('after the claim was written: it is given back uncalled, and counts as no call: three such once made an outcome-unknown', async () => {
    const worker = aWorker();
    for (let receive = 1; receive <= 4; receive += 1) {
      worker.ledger.breaks('claim', { when: 'after', times: 1 });
      expect(await worker.deliver({ receiveCount: receive })).toEqual(unreachableAt(worker.clock.now()));
      expect(worker.ledger.item(KEY)).toMatchObject({
        state: 'waiting',
        calls: 0,
        failedCalls: 0,
        heldCalls: 0,
        unknowns: 0,
      });
      expect(worker.ledger.item(KEY)).not.toHaveProperty('leaseEnd');
    }
    expect(worker.budget.story).toEqual(Array(4).fill(['turn', 'nothing']).flat());
    expect(worker.telemetry.codes()).toEqual(Array(4).fill(['LEDGER_UNREACHABLE', 'DEFERRED']).flat());
    worker.api.answers(200);
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.ledger.item(KEY)).toMatchObject({ calls: 1, unknowns: 0 });
  });

  it('after the claim of an ended lease was written: that lease’s call is the one unknown', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ state: 'calling', leaseEnd: NOON, calls: 1 }));
    worker.ledger.breaks('claim', { when: 'after', times: 1 });
    expect(await worker.deliver()).toEqual(UNREACHABLE);
    expect(worker.ledger.item(KEY)).toMatchObject({ state: 'waiting', calls: 1, failedCalls: 1, unknowns: 1 });
  });

  it('for a claim that was not written: giving it back finds nothing to give, and another copy’s claim stands', async () => {
    const worker = aWorker();
    worker.ledger.breaks('claim', { times: 1 });
    const { wait } = worker.ledger;
    worker.ledger.wait = (...given) => {
      worker.ledger.put(anItem({ state: 'calling', leaseNonce: 'another copy' }));
      return wait(...given);
    };
    expect(await worker.deliver()).toEqual(UNREACHABLE);
    expect(worker.ledger.item(KEY)).toMatchObject({ state: 'calling', leaseNonce: 'another copy' });
  });

  it('for the claim and for giving it back: no call, the turn reported, and whoever comes next waits for the lease', async () => {
    const worker = aWorker();
    worker.ledger.breaks('claim', { when: 'after', times: 1 });
    worker.ledger.breaks('wait', { times: 1 });
    const outcome = worker.deliver({}, { latestStartMs: 10_000 });
    expect(await outcome).toEqual(unreachableAt(NOON + 10_000));
    expect(worker.api.calls).toEqual([]);
    expect(worker.budget.story).toEqual(['turn', 'nothing']);
    expect(worker.telemetry.codes()).toEqual(['LEDGER_UNREACHABLE', 'DEFERRED']);
    expect(await worker.deliver()).toMatchObject({ kind: 'deferred', cause: 'busy', until: NOON + 30_000 });
  });

  it('for the claim and for giving it back is told by what the claim met', async () => {
    const worker = aWorker();
    const named = (name: string) => new LedgerUnreachable(Object.assign(new Error(), { name }));
    worker.ledger.breaks('claim', { error: named('OfTheClaim') });
    worker.ledger.breaks('wait', { error: named('OfTheGivingBack') });
    await worker.deliver();
    expect(worker.telemetry.of('LEDGER_UNREACHABLE').why).toBe('OfTheClaim');
  });

  it('for the claim, and giving it back meets a defect: that is a defect, and the turn is reported', async () => {
    const worker = aWorker();
    worker.ledger.breaks('claim', { when: 'after', times: 1 });
    worker.ledger.breaks('wait', { error: new TypeError('a defect') });
    await expect(worker.deliver()).rejects.toThrow('a defect');
    expect(worker.budget.story).toEqual(['turn', 'nothing']);
  });

  it('after a call whose note was written: the pause lasts until no call may start, no longer', async () => {
    const worker = aWorker(() => {
      worker.ledger.breaks('claim');
      return 503;
    });
    expect(await worker.deliver({}, { latestStartMs: 5000 })).toEqual(unreachableAt(NOON + 5000));
    expect(worker.api.calls).toHaveLength(1);
    expect(worker.ledger.item(KEY)).toMatchObject({ state: 'waiting', failedCalls: 1, unknowns: 0 });
  });

  it('for a message that is no request leaves it in its queue', async () => {
    const worker = aWorker();
    worker.ledger.breaks('find');
    expect(await worker.deliver({ body: '{' })).toEqual(UNREACHABLE);
    expect(worker.deadLetters.sent).toEqual([]);
  });

  it('when a cancellation is written: deferred, and after it was written a duplicate', async () => {
    const worker = aWorker();
    worker.ledger.cancelledCampaigns.add('c1');
    const message = { body: aBody({ campaignId: 'c1' }) };
    worker.ledger.breaks('cancel', { times: 1 });
    expect(await worker.deliver(message)).toEqual(UNREACHABLE);
    worker.ledger.breaks('cancel', { when: 'after', times: 1 });
    expect(await worker.deliver(message)).toEqual(unreachableAt(NOON + 2 * PAUSE_MS));
    expect(await worker.deliver(message)).toEqual({ kind: 'duplicate' });
  });
});

describe('a success that cannot be written down', () => {
  it.each(['before', 'after'] as const)('for a moment is written again (broken %s the write)', async (when) => {
    const worker = aWorker(200);
    worker.ledger.breaks('succeed', { when, times: 3 });
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.clock.now()).toBe(NOON + 3 * 250);
    expect(worker.ledger.item(KEY).state).toBe('succeeded');
    expect(worker.telemetry.codes()).toEqual([...Array(3).fill('LEDGER_UNREACHABLE'), 'RESET_MADE']);
    expect(worker.telemetry.of('LEDGER_UNREACHABLE')).toMatchObject({ why: 'ThrottlingException', requestId: KEY });
  });

  it('as long as the time lasts is acknowledged all the same, and reported', async () => {
    const worker = aWorker(200);
    worker.ledger.breaks('succeed');
    expect(await worker.deliver({}, { latestStartMs: 1000 })).toEqual({ kind: 'succeeded' });
    expect(worker.clock.now()).toBeLessThan(NOON + 28_500);
    expect(worker.clock.now()).toBeGreaterThanOrEqual(NOON + 28_500 - 250);
    expect(worker.ledger.item(KEY).state).toBe('calling');
    expect(worker.telemetry.codes().slice(-2)).toEqual(['RESET_NOT_RECORDED', 'RESET_MADE']);
    expect(worker.telemetry.of('RESET_NOT_RECORDED')).toMatchObject({ requestId: KEY, status: 200 });
  });

  it('because the write hangs is acknowledged when the time is up', async () => {
    const worker = aWorker(200);
    worker.ledger.breaks('succeed', { delayMs: 10 * 60_000 });
    expect(await worker.deliver({}, { latestStartMs: 1000 })).toEqual({ kind: 'succeeded' });
    expect(worker.clock.now()).toBe(NOON + 28_500);
    expect(worker.telemetry.codes()).toContain('RESET_NOT_RECORDED');
  });

  it('leaves no alarm behind once it is written', async () => {
    const worker = aWorker(200);
    await worker.deliver();
    expect(worker.clock.sleepers()).toBe(0);
  });
});

describe('a failed call that cannot be written down', () => {
  it.each(['before', 'after'] as const)('for a moment is written once (broken %s the write)', async (when) => {
    const worker = aWorker(429, 200);
    worker.ledger.breaks('wait', { when, times: 2 });
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.ledger.item(KEY)).toMatchObject({ throttled: 1, calls: 2 });
  });

  it('stays claimed until its lease ends, and counts as a call without an answer then', async () => {
    const worker = aWorker(503, 200);
    worker.ledger.breaks('wait');
    const outcome = await worker.deliver({}, { latestStartMs: 1000 });
    const now = worker.clock.now();
    expect(outcome).toEqual({ kind: 'deferred', cause: 'ledger-unreachable', until: now + 30_000, attempted: true });
    worker.ledger.heals();
    worker.clock.jump(30_000);
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.ledger.item(KEY)).toMatchObject({ unknowns: 1, failedCalls: 1, calls: 2 });
  });
});

describe('dead-lettering', () => {
  it.each(['failing', 'failed'] as const)(
    'sends one letter though the write of %s breaks for a moment',
    async (method) => {
      for (const when of ['before', 'after'] as const) {
        const worker = aWorker(404);
        worker.ledger.breaks(method, { when, times: 2 });
        expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'rejected' });
        expect(worker.deadLetters.sent).toHaveLength(1);
        expect(worker.ledger.item(KEY)).toMatchObject({
          state: 'failed',
          failureId: worker.deadLetters.sent[0]?.failureId,
        });
      }
    },
  );

  it('that cannot be decided in the ledger sends no letter', async () => {
    const worker = aWorker(404);
    worker.ledger.breaks('failing');
    expect(await worker.deliver()).toMatchObject({ kind: 'deferred', cause: 'ledger-unreachable', attempted: true });
    expect(worker.deadLetters.sent).toEqual([]);
  });

  it.each(['before', 'after'] as const)(
    'whose letter fails (%s it went) is resumed by the next receive, without a call and with the same failure id',
    async (when) => {
      const worker = aWorker({ status: 404, detail: 'no such user' });
      worker.deadLetters.failures = { times: 1, when };
      expect(await worker.deliver()).toEqual({
        kind: 'deferred',
        cause: 'letter-not-sent',
        until: NOON,
        attempted: false,
      });
      expect(worker.ledger.item(KEY)).toMatchObject({
        state: 'failing',
        stateReasonTime: expect.stringMatching(/^failing#rejected#/),
      });
      expect(worker.telemetry.codes()).toContain('LETTER_NOT_SENT');

      worker.clock.jump(60_000);
      expect(await worker.deliver({ id: 'again', receiveCount: 2 })).toEqual({
        kind: 'dead-lettered',
        reason: 'rejected',
      });
      expect(worker.ledger.transitions).toEqual(['new>calling', 'calling>failing', 'failing>failed']);
      expect(worker.deadLetters.sent.at(-1)).toEqual({
        body: aBody(),
        reason: 'rejected',
        failureId: 'id-2',
        status: 404,
        detail: 'no such user',
        requestId: KEY,
        lane: 'interactive',
        calls: 1,
        firstSentAt: NOON - 1000,
        failedAt: NOON,
      });
      expect(new Set(worker.deadLetters.sent.map(({ failureId }) => failureId)).size).toBe(1);
    },
  );

  it('whose end cannot be written down sends the same letter again', async () => {
    const worker = aWorker(404);
    worker.ledger.breaks('failed');
    expect(await worker.deliver()).toMatchObject({ kind: 'deferred', cause: 'ledger-unreachable' });
    worker.ledger.heals();
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'rejected' });
    const [first, second] = worker.deadLetters.sent;
    expect(second).toEqual(first);
  });

  it('that a late success overtook leaves it a success', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ state: 'failing', finishedAt: NOON - 30_000 }));
    worker.ports.deadLetters = {
      send: () => worker.ledger.succeed(aRequest(), 200),
    };
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'rejected' });
    expect(worker.ledger.item(KEY).state).toBe('succeeded');
  });

  it('by a copy that lost the request meanwhile is left to whoever has it', async () => {
    const worker = aWorker(() => {
      worker.ledger.put(anItem({ state: 'calling', leaseNonce: 'another copy' }));
      return 404;
    });
    expect(await worker.deliver()).toEqual({ kind: 'deferred', cause: 'busy', until: NOON, attempted: false });
    expect(worker.deadLetters.sent).toEqual([]);
  });

  it('in a ledger that takes no writes for days waits longer from receive to receive: it spends no attempt', async () => {
    const worker = aWorker();
    worker.ledger.breaks('failing');
    worker.ledger.breaks('failed');
    const invalid = await worker.deliver({ body: '{' });
    worker.ledger.put(anItem({ state: 'failing', finishedAt: NOON - 30_000 }));
    const resumed = await worker.deliver();
    for (const outcome of [invalid, resumed]) {
      if (outcome.kind !== 'deferred') throw new Error(`It was ${outcome.kind}.`);
      expect(outcome.attempted).toBe(false);
      expect(hideSeconds(outcome.until - worker.clock.now(), 200, outcome.attempted)).toBe(1200);
    }
  });

  it('and comes back redriven before that is written down is not dead-lettered a second time: the copy waits for the note', async () => {
    // Another letter would be taken for a left-over once an operator has marked the request as redriven, and be lost.
    const worker = aWorker(200);
    const { failureId } = anItem({ state: 'failing' });
    worker.ledger.put(anItem({ state: 'failing', finishedAt: NOON - 30_000 }));
    const copy = { carried: { requestId: KEY, ...(failureId === undefined ? {} : { failureId }) } };
    expect(await worker.deliver(copy)).toEqual({ kind: 'deferred', cause: 'busy', until: NOON, attempted: false });
    expect(worker.ledger.item(KEY)).toMatchObject({ state: 'failed', failureId });
    expect(worker.deadLetters.sent).toEqual([]);
    expect(await worker.deliver(copy)).toEqual({ kind: 'succeeded' });
  });

  it('and comes back redriven while the ledger takes no writes waits, too', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ state: 'failing', finishedAt: NOON - 30_000 }));
    worker.ledger.breaks('failed');
    const outcome = await worker.deliver({ carried: { requestId: KEY, failureId: 'failure-0' } });
    expect(outcome).toMatchObject({ kind: 'deferred', cause: 'ledger-unreachable' });
    expect(worker.deadLetters.sent).toEqual([]);
  });

  it('by a throwing ledger that is not merely unreachable is a defect, and says so', async () => {
    const worker = aWorker(404);
    worker.ledger.breaks('failing', { error: new TypeError('a defect') });
    await expect(worker.deliver()).rejects.toThrow('a defect');
  });
});

describe('whatever breaks once, before or after each write', () => {
  const METHODS = ['find', 'claim', 'wait', 'succeed', 'failing', 'failed', 'cancel', 'isCancelled'] as const;
  const faults = fc.array(
    fc.record({
      method: fc.constantFrom<keyof Ledger>(...METHODS),
      when: fc.constantFrom('before' as const, 'after' as const),
      times: fc.integer({ min: 1, max: 3 }),
    }),
    { maxLength: 6 },
  );
  const answers = fc.array(fc.constantFrom<Scripted>(200, 401, 404, 429, 500, 503, 504, 'no-answer', 'not-sent'), {
    maxLength: 8,
  });

  it('the request ends once, as the answers say, and never with more calls than its ledger knows', async () => {
    await fc.assert(
      fc.asyncProperty(faults, answers, fc.integer({ min: 0, max: 2 }), async (broken, script, lettersLost) => {
        const worker = aWorker(...script, ...Array<Scripted>(60).fill(200));
        for (const { method, ...fault } of broken) worker.ledger.breaks(method, fault);
        worker.deadLetters.failures = { times: lettersLost, when: 'after' };

        let outcome = await worker.deliver({ body: aBody({ campaignId: 'c1' }) });
        for (let receive = 2; !isAcknowledged(outcome); receive += 1) {
          if (receive > 60) throw new Error('It never ends.');
          worker.clock.jump(16 * 60_000);
          outcome = await worker.deliver({ body: aBody({ campaignId: 'c1' }), receiveCount: receive });
        }

        const item = worker.ledger.item(KEY);
        const calls = worker.api.calls.length;
        const answered200 = calls > 0 && (script[calls - 1] ?? 200) === 200;
        expect(['succeeded', 'failed']).toContain(item.state);
        expect(item.state === 'succeeded').toBe(answered200);
        expect(outcome.kind).toBe(answered200 ? 'succeeded' : 'dead-lettered');
        // A claim that could not be given back counts; a call that the ledger does not know of is impossible.
        expect(item.calls).toBeGreaterThanOrEqual(calls);
        expect(new Set(worker.deadLetters.sent.map(({ failureId }) => failureId)).size).toBe(answered200 ? 0 : 1);
        expect(await worker.deliver({ body: aBody({ campaignId: 'c1' }) })).toEqual({ kind: 'duplicate' });
      }),
      { numRuns: 300 },
    );
  });
});
