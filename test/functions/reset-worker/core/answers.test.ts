import { describe, expect, it } from 'vitest';
import { anItem, EMAIL, KEY } from '../../../support/builders.ts';
import type { Scripted } from '../../../support/fakes.ts';
import { NOON } from '../../../support/virtual-clock.ts';
import { aWorker } from '../../../support/worker.ts';

/** Every row of "Answers of the API" in the design, seen from outside: what the message, the ledger and the budget are told. */
describe('an answer of the API', () => {
  it.each([200, 201, 204, 299])('%i makes the reset', async (status) => {
    const worker = aWorker(status);
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.ledger.transitions).toEqual(['new>calling', 'calling>succeeded']);
    expect(worker.ledger.item(KEY)).toMatchObject({ calls: 1, failedCalls: 0, unknowns: 0, lastStatus: status });
    expect(worker.budget.story).toEqual(['turn', 'succeeded']);
    expect(worker.api.calls).toEqual([{ at: NOON, email: EMAIL, token: 'token-of-v1' }]);
    expect(worker.deadLetters.sent).toEqual([]);
    expect(worker.telemetry.codes()).toEqual(['RESET_MADE']);
    expect(worker.telemetry.of('RESET_MADE')).toStrictEqual({
      lane: 'interactive',
      messageId: 'message-1',
      receiveCount: 1,
      requestId: KEY,
      calls: 1,
      status,
    });
    expect(worker.telemetry.measured).toContainEqual({ metric: 'Calls', value: 1 });
  });

  it('200 has been told to the budget when the work on its message ends: the sandbox may be frozen then', async () => {
    const worker = aWorker(200);
    const { report } = worker.budget;
    worker.budget.report = async (...given) => {
      await worker.clock.sleep(700);
      return report(...given);
    };
    await worker.deliver();
    expect(worker.clock.now()).toBe(NOON + 700);
    expect(worker.budget.story).toEqual(['turn', 'succeeded']);
  });

  type Counted = { failedCalls?: number; throttled?: number; unknowns?: number };
  const forNow: [Scripted, { report: string; event: string; counted: Counted; lastStatus?: number; why?: string }][] = [
    [429, { report: 'throttled', event: 'CALL_THROTTLED', counted: { throttled: 1 }, lastStatus: 429 }],
    [503, { report: 'unavailable', event: 'CALL_UNAVAILABLE', counted: { failedCalls: 1 }, lastStatus: 503 }],
    [
      'not-sent',
      { report: 'unavailable', event: 'CALL_UNAVAILABLE', counted: { failedCalls: 1 }, why: 'ECONNREFUSED' },
    ],
    [504, { report: 'unknown', event: 'CALL_UNKNOWN', counted: { failedCalls: 1, unknowns: 1 }, lastStatus: 504 }],
    [
      'no-answer',
      { report: 'unknown', event: 'CALL_UNKNOWN', counted: { failedCalls: 1, unknowns: 1 }, why: 'timeout' },
    ],
  ];
  const NONE = { failedCalls: 0, throttled: 0, heldCalls: 0, unknowns: 0 };

  it.each(forNow)('%s is tried again in this invocation, with a turn and a claim of its own', async (answer, told) => {
    const worker = aWorker(answer, 200);
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.api.calls.map(({ at }) => at - NOON)).toEqual([0, 1000]);
    expect(worker.ledger.transitions).toEqual([
      'new>calling',
      'calling>waiting',
      'waiting>calling',
      'calling>succeeded',
    ]);
    expect(worker.ledger.item(KEY)).toMatchObject({ ...NONE, ...told.counted, calls: 2 });
    expect(worker.budget.story).toEqual(['turn', told.report, 'turn', 'succeeded']);
    expect(worker.telemetry.codes()).toEqual([told.event, 'RESET_MADE']);
    expect(worker.telemetry.events[0]?.fields).toStrictEqual({
      lane: 'interactive',
      messageId: 'message-1',
      receiveCount: 1,
      requestId: KEY,
      calls: 1,
      // The transport's word stands where there is no status.
      ...(told.lastStatus === undefined ? { why: told.why } : { status: told.lastStatus }),
    });
    expect(worker.telemetry.of('RESET_MADE')).not.toHaveProperty('why');
  });

  it.each(forNow)('%s is deferred where no whole call would fit after the wait', async (answer, told) => {
    const worker = aWorker(answer);
    const outcome = await worker.deliver({}, { latestStartMs: 999 });
    const attempted = told.counted.failedCalls === 1;
    expect(outcome).toEqual({ kind: 'deferred', cause: 'backoff', until: NOON + 1000, attempted });
    const { lastStatus, notBefore, state, failedCalls, throttled, heldCalls, unknowns, leaseEnd } =
      worker.ledger.item(KEY);
    expect({ lastStatus, notBefore, state, failedCalls, throttled, heldCalls, unknowns, leaseEnd }).toEqual({
      ...NONE,
      ...told.counted,
      lastStatus: told.lastStatus,
      notBefore: NOON + 1000,
      state: 'waiting',
      leaseEnd: undefined,
    });
    expect(worker.telemetry.of('DEFERRED')).toStrictEqual({
      lane: 'interactive',
      messageId: 'message-1',
      receiveCount: 1,
      requestId: KEY,
      calls: 1,
      failedCalls: told.counted.failedCalls ?? 0,
      unknowns: told.counted.unknowns ?? 0,
      ...(told.lastStatus === undefined ? {} : { status: told.lastStatus }),
      why: 'backoff',
      delayMs: 1000,
    });
  });

  it.each([429, 503, 504])('%i with a longer Retry-After waits as long as it says', async (status) => {
    const worker = aWorker({ status, retryAfterMs: 7000 }, 200);
    await worker.deliver();
    expect(worker.api.calls.map(({ at }) => at - NOON)).toEqual([0, 7000]);
  });

  it('429 tells the budget what Retry-After said, and nothing where there was none', async () => {
    const worker = aWorker({ status: 429, retryAfterMs: 4000 }, 429, 200);
    await worker.deliver();
    expect(worker.budget.reports).toStrictEqual([
      { kind: 'throttled', status: 429, retryAfterMs: 4000 },
      { kind: 'throttled', status: 429 },
      { kind: 'succeeded', status: 200 },
    ]);
  });

  it('is told to the budget with the turn that allowed its call, once a turn', async () => {
    const worker = aWorker(503, 429, 200);
    await worker.deliver({ lane: 'bulk' });
    expect(worker.budget.reported).toMatchObject([
      { lane: 'bulk', key: KEY, permit: 1, grantedAt: NOON },
      { lane: 'bulk', key: KEY, permit: 2, grantedAt: NOON + 1000 },
      { lane: 'bulk', key: KEY, permit: 3, grantedAt: NOON + 3000 },
    ]);
    expect(worker.budget.reports).toEqual([
      { kind: 'unavailable', status: 503 },
      { kind: 'throttled', status: 429 },
      { kind: 'succeeded', status: 200 },
    ]);
  });

  it('429 with a Retry-After of ten minutes is a deferral of ten minutes', async () => {
    const worker = aWorker({ status: 429, retryAfterMs: 600_000 });
    expect(await worker.deliver()).toMatchObject({ kind: 'deferred', cause: 'backoff', until: NOON + 600_000 });
    expect(worker.ledger.item(KEY).notBefore).toBe(NOON + 600_000);
  });

  it.each([
    [500, 'server-error'],
    [501, 'server-error'],
    [502, 'server-error'],
    [505, 'server-error'],
    [599, 'server-error'],
    [100, 'rejected'],
    [199, 'rejected'],
    [400, 'rejected'],
    [402, 'rejected'],
    [403, 'rejected'],
    [404, 'rejected'],
    [408, 'rejected'],
    [409, 'rejected'],
    [428, 'rejected'],
    [430, 'rejected'],
    [499, 'rejected'],
  ])('%i is final: dead-lettered as %s, with the words of the API', async (status, reason) => {
    const worker = aWorker({ status, detail: 'no such user' });
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason });
    expect(worker.api.calls).toHaveLength(1);
    expect(worker.deadLetters.sent).toMatchObject([{ reason, status, detail: 'no such user', calls: 1 }]);
    expect(worker.ledger.transitions).toEqual(['new>calling', 'calling>failing', 'failing>failed']);
    expect(worker.ledger.item(KEY)).toMatchObject({ reason, lastStatus: status, failedCalls: 1, unknowns: 0 });
    expect(worker.ledger.item(KEY).leaseEnd).toBeUndefined();
    expect(worker.budget.story).toEqual(['turn', reason]);
    expect(worker.telemetry.of('DEAD_LETTERED')).toMatchObject({ reason, status, calls: 1, requestId: KEY });
  });
});

describe('a redirect', () => {
  it('is final, and its letter says what it was in place of the page’s words', async () => {
    const worker = aWorker({ status: 302, detail: 'Found', redirectHost: 'login.example.com' });
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'rejected' });
    const detail =
      'answered with a redirect to login.example.com, which is not followed: the base URL is probably wrong';
    expect(worker.deadLetters.sent).toMatchObject([{ reason: 'rejected', status: 302, detail, calls: 1 }]);
  });
});

describe('a 401', () => {
  const NEWER = { kind: 'token', token: 'token-of-v2', version: 'v2' } as const;

  it('is tried again with a newer version of the secret, and no attempt is spent', async () => {
    const worker = aWorker(401, 200);
    worker.tokens.newer = NEWER;
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.api.calls.map(({ token }) => token)).toEqual(['token-of-v1', 'token-of-v2']);
    expect(worker.ledger.item(KEY)).toMatchObject({ calls: 2, failedCalls: 0, unknowns: 0 });
    expect(worker.budget.story).toEqual(['turn', 'nothing', 'turn', 'succeeded']);
    expect(worker.telemetry.codes()).toEqual(['CALL_UNAUTHORIZED', 'TOKEN_REFRESHED', 'RESET_MADE']);
  });

  it('with a newer version already in the cache uses that one', async () => {
    const worker = aWorker(() => {
      worker.tokens.answer = NEWER;
      return 401;
    }, 200);
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.api.calls.map(({ token }) => token)).toEqual(['token-of-v1', 'token-of-v2']);
  });

  it('with the same version means a hold and a deferral to its end; no attempt is spent and nothing is dead-lettered', async () => {
    const worker = aWorker(401);
    expect(await worker.deliver()).toEqual({
      kind: 'deferred',
      cause: 'credential',
      until: NOON + 30_000,
      attempted: false,
    });
    expect(worker.ledger.item(KEY)).toMatchObject({
      state: 'waiting',
      notBefore: NOON + 30_000,
      calls: 1,
      failedCalls: 0,
      unknowns: 0,
      lastStatus: 401,
    });
    expect(worker.budget.story).toEqual(['turn', 'unauthorized']);
    expect(worker.telemetry.codes()).toEqual(['CALL_UNAUTHORIZED', 'TOKEN_REJECTED', 'DEFERRED']);
    expect(worker.deadLetters.sent).toEqual([]);
  });

  it.each(['empty', 'malformed', 'unreadable'] as const)(
    'behind which the secret is %s by now is the same hold, but says so in place of “no newer token”',
    async (why) => {
      const worker = aWorker(401);
      worker.tokens.fault = why;
      expect(await worker.deliver()).toEqual({
        kind: 'deferred',
        cause: 'credential',
        until: NOON + 30_000,
        attempted: false,
      });
      expect(worker.budget.story).toEqual(['turn', 'unauthorized']);
      expect(worker.telemetry.codes()).toEqual(['CALL_UNAUTHORIZED', 'TOKEN_UNUSABLE', 'DEFERRED']);
      expect(worker.telemetry.of('TOKEN_UNUSABLE')).toMatchObject({ why, status: 401, requestId: KEY });
    },
  );

  it('is not told to the budget before the secret is read, or the end of a probe would let others call in vain', async () => {
    const worker = aWorker(401);
    worker.tokens.readMs = 700;
    const told: number[] = [];
    const { report } = worker.budget;
    worker.budget.report = (ticket, what) => {
      told.push(worker.clock.now() - NOON);
      return report(ticket, what);
    };
    await worker.deliver();
    expect(told).toEqual([700]);
  });

  it('that the budget could not be told of is deferred all the same, and due at once', async () => {
    const worker = aWorker(401);
    worker.budget.report = async () => ({ fault: 'own' });
    expect(await worker.deliver()).toEqual({ kind: 'deferred', cause: 'credential', until: NOON, attempted: false });
  });

  it('never ends a request, however often it comes', async () => {
    const worker = aWorker();
    for (let receive = 1; receive <= 200; receive += 1) {
      worker.api.answers(401);
      expect(await worker.deliver({ receiveCount: receive })).toMatchObject({ kind: 'deferred', cause: 'credential' });
      worker.clock.jump(30_000);
    }
    expect(worker.ledger.item(KEY)).toMatchObject({ calls: 200, failedCalls: 0, unknowns: 0 });
    worker.api.answers(200);
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
  });

  it('whose deferral cannot be written down leaves the claim to its lease', async () => {
    const worker = aWorker(401);
    worker.ledger.breaks('wait');
    const outcome = await worker.deliver();
    expect(outcome).toMatchObject({ kind: 'deferred', cause: 'ledger-unreachable', attempted: false });
    expect(worker.ledger.item(KEY).state).toBe('calling');
  });

  it('of a call that lost its claim leaves the request to whoever has it', async () => {
    const worker = aWorker(() => {
      worker.ledger.put({ ...worker.ledger.item(KEY), leaseNonce: 'another copy' });
      return 401;
    });
    expect(await worker.deliver()).toEqual({ kind: 'deferred', cause: 'busy', until: NOON, attempted: false });
  });
});

describe('a rejection that trips or meets the brake', () => {
  it.each([400, 403, 404, 301])(
    '(%i) defers its request to the end of the hold: no attempt spent, no dead letter',
    async (status) => {
      const worker = aWorker({ status, detail: 'no such path' });
      worker.budget.brakedUntil = NOON + 300_000;
      expect(await worker.deliver()).toEqual({
        kind: 'deferred',
        cause: 'brake',
        until: NOON + 300_000,
        attempted: false,
      });
      expect(worker.ledger.transitions).toEqual(['new>calling', 'calling>waiting']);
      expect(worker.ledger.item(KEY)).toMatchObject({
        notBefore: NOON + 300_000,
        calls: 1,
        failedCalls: 0,
        unknowns: 0,
        lastStatus: status,
      });
      expect(worker.budget.story).toEqual(['turn', 'rejected']);
      expect(worker.deadLetters.sent).toEqual([]);
      expect(worker.telemetry.codes()).toEqual(['DEFERRED']);
      expect(worker.telemetry.of('DEFERRED')).toMatchObject({ why: 'brake', delayMs: 300_000, status });
    },
  );

  it('never ends a request, however often it comes', async () => {
    const worker = aWorker();
    for (let receive = 1; receive <= 200; receive += 1) {
      worker.api.answers(404);
      worker.budget.brakedUntil = worker.clock.now() + 300_000;
      expect(await worker.deliver({ receiveCount: receive })).toMatchObject({ kind: 'deferred', cause: 'brake' });
      worker.clock.jump(300_000);
    }
    worker.api.answers(200);
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
  });

  it('after a call without an answer keeps count of that', async () => {
    const worker = aWorker('no-answer', 404);
    worker.budget.brakedUntil = NOON + 300_000;
    expect(await worker.deliver()).toMatchObject({ kind: 'deferred', cause: 'brake' });
    expect(worker.ledger.item(KEY)).toMatchObject({ calls: 2, failedCalls: 1, unknowns: 1 });
  });

  it('and whose deferral cannot be written down leaves the claim to its lease', async () => {
    const worker = aWorker(404);
    worker.budget.brakedUntil = NOON + 300_000;
    worker.ledger.breaks('wait');
    expect(await worker.deliver()).toMatchObject({ kind: 'deferred', cause: 'ledger-unreachable', attempted: false });
    expect(worker.ledger.item(KEY).state).toBe('calling');
    expect(worker.deadLetters.sent).toEqual([]);
  });

  it('says nothing of a server’s error: that is dead-lettered as ever', async () => {
    const worker = aWorker(500);
    worker.budget.brakedUntil = NOON + 300_000;
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'server-error' });
  });
});

describe('a 2xx that is an HTML page', () => {
  const page: Scripted = { status: 200, isHtml: true };
  const words = 'answered with an HTML page: the base URL leads to something that is not this API';

  it('was taken for a reset: it is a rejection that was perhaps one, and no success', async () => {
    const worker = aWorker(page);
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'rejected' });
    expect(worker.ledger.item(KEY)).toMatchObject({ state: 'failed', calls: 1, failedCalls: 1, unknowns: 1 });
    expect(worker.budget.reports).toEqual([{ kind: 'rejected', status: 200, detail: words }]);
    expect(worker.deadLetters.sent).toMatchObject([
      { reason: 'rejected', status: 200, detail: `${words}; calls of unknown outcome: 1` },
    ]);
    expect(worker.telemetry.codes()).toEqual(['DEAD_LETTERED']);
  });

  it('meets the brake as any rejection does, and is counted as an unknown outcome there, too', async () => {
    const worker = aWorker(page);
    worker.budget.brakedUntil = NOON + 300_000;
    expect(await worker.deliver()).toMatchObject({ kind: 'deferred', cause: 'brake', attempted: false });
    expect(worker.ledger.item(KEY)).toMatchObject({ state: 'waiting', failedCalls: 0, unknowns: 1, lastStatus: 200 });
    expect(worker.telemetry.of('DEFERRED')).toMatchObject({ failedCalls: 0, unknowns: 1, status: 200 });
  });
});

describe('a call that an outage took', () => {
  const HELD = NOON + 60_000;
  const outage = { fault: 'ours', why: 'outage', until: HELD } as const;
  const noLife = { fault: 'ours', why: 'no-life', until: NOON } as const;

  const TAKEN: [Scripted, number, string[]][] = [
    [500, 1, []],
    [502, 1, []],
    [504, 1, ['CALL_UNKNOWN']],
    ['no-answer', 1, ['CALL_UNKNOWN']],
    [503, 0, ['CALL_UNAVAILABLE']],
    ['not-sent', 0, ['CALL_UNAVAILABLE']],
  ];
  it.each(TAKEN)('(%s) is deferred and spends no attempt', async (answer, unknowns, events) => {
    const worker = aWorker(answer);
    worker.budget.trouble = outage;
    const until = HELD + (unknowns === 0 ? 5000 : 15 * 60_000);
    expect(await worker.deliver({ lane: 'bulk' })).toEqual({
      kind: 'deferred',
      cause: 'outage',
      until,
      attempted: false,
    });
    expect(worker.ledger.item(KEY)).toMatchObject({
      state: 'waiting',
      notBefore: HELD,
      calls: 1,
      failedCalls: 0,
      heldCalls: 1,
      unknowns,
    });
    expect(worker.deadLetters.sent).toEqual([]);
    expect(worker.telemetry.codes()).toEqual([...events, 'DEFERRED']);
    expect(worker.telemetry.of('DEFERRED')).toMatchObject({ why: 'outage', delayMs: until - NOON, unknowns });
  });

  it('in interactive is looked at again after two minutes: the hold may be over by then', async () => {
    const worker = aWorker(504);
    worker.budget.trouble = outage;
    expect(await worker.deliver()).toMatchObject({ cause: 'outage', until: NOON + 120_000 });
  });

  it('stands back from no probe where there is a probe address', async () => {
    const worker = aWorker(504);
    worker.ports.probeAddress = 'probe@example.com';
    worker.budget.trouble = outage;
    expect(await worker.deliver({ lane: 'bulk' })).toMatchObject({ cause: 'outage', until: HELD });
  });

  it('never ends a request that was not done, however long the outage is', async () => {
    const worker = aWorker();
    for (let receive = 1; receive <= 200; receive += 1) {
      worker.api.answers(receive % 2 ? 503 : 'not-sent');
      worker.budget.trouble = { ...outage, until: worker.clock.now() + 60_000 };
      expect(await worker.deliver({ receiveCount: receive })).toMatchObject({ cause: 'outage', attempted: false });
      worker.clock.jump(60_000);
    }
    expect(worker.ledger.item(KEY)).toMatchObject({ calls: 200, failedCalls: 0, heldCalls: 200, unknowns: 0 });
  });

  it('and was perhaps made is dead-lettered as outcome-unknown at the third, probe or not', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ unknowns: 2, heldCalls: 2, calls: 2 }));
    worker.api.answers(502);
    worker.budget.trouble = outage;
    worker.budget.turns.push({ probe: 'request' });
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'outcome-unknown' });
    expect(worker.deadLetters.sent).toMatchObject([{ reason: 'outcome-unknown', status: 502, calls: 3 }]);
    expect(worker.ledger.item(KEY)).toMatchObject({ failedCalls: 0, heldCalls: 3, unknowns: 3 });
  });

  it('and that met a lone request is put back for 15 minutes, then for an hour', async () => {
    const worker = aWorker(502);
    worker.budget.trouble = noLife;
    expect(await worker.deliver()).toMatchObject({ cause: 'outage', until: NOON + 15 * 60_000, attempted: false });
    worker.clock.jump(15 * 60_000);
    worker.api.answers('no-answer');
    const { until } = (await worker.deliver()) as { until: number };
    expect(until - worker.clock.now()).toBe(60 * 60_000);
    expect(worker.ledger.item(KEY)).toMatchObject({ failedCalls: 0, heldCalls: 2, unknowns: 2 });
  });

  it('by a 503 with nobody’s success to show life is tried again soon, as nothing was done', async () => {
    const worker = aWorker(503, 503, 200);
    worker.budget.trouble = noLife;
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.api.calls.map(({ at }) => at - NOON)).toEqual([0, 1000, 3000]);
    expect(worker.ledger.item(KEY)).toMatchObject({ calls: 3, failedCalls: 0, heldCalls: 2 });
  });

  it('is told with the next turn: who was called in vain, and for which permit’s 5xx', async () => {
    const worker = aWorker(502);
    worker.budget.trouble = outage;
    await worker.deliver();
    expect(worker.ledger.item(KEY).serverErrorPermit).toBe(1);
    worker.clock.jump(15 * 60_000);
    worker.api.answers(200);
    await worker.deliver();
    expect(worker.budget.asked.map(({ history }) => history)).toMatchObject([
      { unknowns: 0, heldCalls: 0 },
      { unknowns: 1, heldCalls: 1, serverErrorPermit: 1 },
    ]);
    expect(worker.budget.asked[0]?.history).not.toHaveProperty('serverErrorPermit');
  });

  it('and that meets a 5xx again after somebody’s success is at fault itself: a server-error', async () => {
    const worker = aWorker({ status: 500, detail: 'no single sign-on here' });
    worker.ledger.put(anItem({ unknowns: 1, heldCalls: 1, serverErrorPermit: 1 }));
    worker.budget.trouble = { fault: 'own' };
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'server-error' });
    expect(worker.deadLetters.sent[0]?.detail).toBe('no single sign-on here; calls of unknown outcome: 1');
  });

  it('is left to its lease where its deferral cannot be written down', async () => {
    const worker = aWorker(502);
    worker.budget.trouble = outage;
    worker.ledger.breaks('wait');
    expect(await worker.deliver()).toMatchObject({ kind: 'deferred', cause: 'ledger-unreachable', attempted: false });
    expect(worker.ledger.item(KEY).state).toBe('calling');
  });
});

describe('the token', () => {
  it.each(['empty', 'malformed', 'unreadable'] as const)(
    'that is %s holds all calls: nothing is claimed, called or dead-lettered',
    async (why) => {
      const worker = aWorker();
      worker.tokens.answer = { kind: 'none', why };
      expect(await worker.deliver()).toEqual({ kind: 'given-back', until: NOON + 30_000, why: `token-${why}` });
      expect(worker.ledger.transitions).toEqual([]);
      expect(worker.budget.story).toEqual(['turn', 'no-token']);
      expect(worker.telemetry.of('TOKEN_UNUSABLE')).toMatchObject({ why, requestId: KEY });
      expect(worker.telemetry.of('GIVEN_BACK')).toMatchObject({ why: `token-${why}`, delayMs: 30_000 });
    },
  );
});

describe('calls without an answer', () => {
  const MINUTES_15 = 15 * 60_000;

  it('are three at most, the third 15 minutes after the second at the earliest: then a person is asked', async () => {
    const worker = aWorker('no-answer', 504);
    const third = NOON + 1000 + MINUTES_15;
    expect(await worker.deliver()).toEqual({ kind: 'deferred', cause: 'backoff', until: third, attempted: true });
    worker.clock.jump(third - worker.clock.now() - 1);
    expect(await worker.deliver()).toMatchObject({ kind: 'deferred', cause: 'not-due', until: third });
    worker.clock.jump(1);
    worker.api.answers('no-answer');
    expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'outcome-unknown' });
    expect(worker.ledger.item(KEY)).toMatchObject({ state: 'failed', calls: 3, failedCalls: 3, unknowns: 3 });
    expect(worker.deadLetters.sent).toMatchObject([
      {
        reason: 'outcome-unknown',
        calls: 3,
        detail: '3 calls failed; calls of unknown outcome: 3',
      },
    ]);
    expect(worker.telemetry.of('DEAD_LETTERED')).toMatchObject({ calls: 3, failedCalls: 3, unknowns: 3 });
  });

  it('that end with a 504 are dead-lettered with that status', async () => {
    const worker = aWorker(504);
    worker.ledger.put(anItem({ unknowns: 2, calls: 3, lastStatus: 503 }));
    await worker.deliver();
    expect(worker.deadLetters.sent).toMatchObject([{ reason: 'outcome-unknown', status: 504, calls: 4 }]);
  });

  it.each([404, 409, 500, 403])(
    'make a later %i outcome-unknown, with its status: perhaps it only says that the reset is made',
    async (status) => {
      const worker = aWorker('no-answer', { status, detail: 'conflict' });
      expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason: 'outcome-unknown' });
      expect(worker.deadLetters.sent).toMatchObject([
        {
          reason: 'outcome-unknown',
          status,
          detail: 'conflict; calls of unknown outcome: 1',
        },
      ]);
    },
  );

  it('do not turn a later success into anything else', async () => {
    const worker = aWorker(200);
    worker.ledger.put(anItem({ unknowns: 2 }));
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
  });

  it('do not make a 429 or 503 after them unknown too', async () => {
    const worker = aWorker('no-answer', 429, 503, 200);
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
    expect(worker.ledger.item(KEY)).toMatchObject({ unknowns: 1, failedCalls: 2, throttled: 1, calls: 4 });
  });

  it('are named in a detail that keeps to its 256 characters, however much the API said', async () => {
    const worker = aWorker('no-answer', { status: 404, detail: `${'x'.repeat(255)}😀` });
    await worker.deliver();
    const detail = worker.deadLetters.sent[0]?.detail ?? '';
    expect(detail.length).toBe(256);
    expect(detail).toMatch(/^x+; calls of unknown outcome: 1$/);
    expect(worker.ledger.item(KEY).detail).toBe(detail);
  });
});

describe('failed calls', () => {
  it.each([
    [0, 'retries-exhausted', '50 calls failed'],
    [1, 'outcome-unknown', '50 calls failed; calls of unknown outcome: 1'],
  ])(
    'are 50 at most, over as many receives as it takes; with %i unknown ones it ends as %s',
    async (unknowns, reason, detail) => {
      const worker = aWorker();
      for (let call = 1; call < 50; call += 1) {
        worker.api.answers(call <= unknowns ? 'no-answer' : 503);
        const outcome = await worker.deliver({}, { latestStartMs: 0 });
        expect(outcome).toMatchObject({ kind: 'deferred', cause: 'backoff', attempted: true });
        worker.clock.jump((worker.ledger.item(KEY).notBefore ?? 0) - worker.clock.now());
      }
      worker.api.answers(503);
      expect(await worker.deliver()).toEqual({ kind: 'dead-lettered', reason });
      expect(worker.deadLetters.sent).toMatchObject([{ reason, status: 503, calls: 50, detail }]);
      expect(worker.ledger.item(KEY)).toMatchObject({ state: 'failed', failedCalls: 50, calls: 50, unknowns });
    },
  );

  it('are none where the answer was 429, however often: the quota is nobody’s fault', async () => {
    const worker = aWorker();
    for (let call = 1; call <= 200; call += 1) {
      worker.api.answers(429);
      const outcome = await worker.deliver({}, { latestStartMs: 0 });
      expect(outcome).toMatchObject({ kind: 'deferred', cause: 'backoff', attempted: false });
      worker.clock.jump((worker.ledger.item(KEY).notBefore ?? 0) - worker.clock.now());
    }
    expect(worker.ledger.item(KEY)).toMatchObject({ failedCalls: 0, throttled: 200, calls: 200 });
    worker.api.answers(200);
    expect(await worker.deliver()).toEqual({ kind: 'succeeded' });
  });

  it('wait longer from one to the next, also across receives', async () => {
    const worker = aWorker(503, 503, 503, 503, 503);
    await worker.deliver({}, { latestStartMs: 15_000 });
    // Half of 2, 4, 8 and 16 s; the last wait no longer fits.
    expect(worker.api.calls.map(({ at }) => at - NOON)).toEqual([0, 1000, 3000, 7000, 15_000]);
    expect(worker.ledger.item(KEY).notBefore).toBe(NOON + 15_000 + 16_000);
  });
});
