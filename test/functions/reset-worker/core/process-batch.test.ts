import { describe, expect, it } from 'vitest';
import { addressTag } from '../../../../functions/ledger/standing.ts';
import { processBatch } from '../../../../functions/reset-worker/core/process-batch.ts';
import { aBody, anItem, aRecord, EMAIL, KEY } from '../../../support/builders.ts';
import { NOT_HELD } from '../../../support/fakes.ts';
import { untouched } from '../../../support/untouched.ts';
import { NOON } from '../../../support/virtual-clock.ts';
import { aWorker, failedIds, laneOf } from '../../../support/worker.ts';

const record = (id: string, options: Parameters<typeof aRecord>[0] = {}) =>
  aRecord({ id, body: aBody({ requestId: `key-of-${id}` }), ...options });

describe('a batch', () => {
  it('reports its failures alone, as an object with a list, also where there are none', async () => {
    const worker = aWorker(200, 404, { status: 429, retryAfterMs: 60_000 }, 200);
    expect(await worker.deliverBatch(['a', 'b', 'c', 'd'].map((id) => record(id)))).toEqual({
      batchItemFailures: [{ itemIdentifier: 'c' }],
    });
    expect(await worker.deliverBatch([record('a')])).toEqual({ batchItemFailures: [] });
    expect(await worker.deliverBatch([])).toEqual({ batchItemFailures: [] });
  });

  it('acknowledges what is reset, dead-lettered, cancelled or a duplicate', async () => {
    const worker = aWorker(200, 404);
    worker.ledger.cancelledCampaigns.add('c1');
    worker.ledger.put(anItem({ key: 'key-of-d', state: 'succeeded' }));
    const cancelled = record('c', { body: aBody({ requestId: 'key-of-c', campaignId: 'c1' }) });
    expect(await worker.deliverBatch([record('a'), record('b'), cancelled, record('d')])).toEqual({
      batchItemFailures: [],
    });
    expect(worker.telemetry.codes().sort()).toEqual(['CANCELLED', 'DEAD_LETTERED', 'DUPLICATE', 'RESET_MADE']);
  });

  it('works its messages off at once', async () => {
    const slow = { status: 200, tookMs: 19_000 };
    const worker = aWorker(slow, slow, slow);
    await worker.deliverBatch(['a', 'b', 'c'].map((id) => record(id)));
    expect(worker.clock.now()).toBe(NOON + 19_000);
  });

  it('hides what it defers for as long as it must wait', async () => {
    const worker = aWorker({ status: 503, retryAfterMs: 90_000 });
    await worker.deliverBatch([record('a', { receiveCount: 40 })]);
    expect(worker.visibility.hidden).toEqual([{ id: 'a', seconds: 90 }]);
  });

  it('hides for the growing time what met a 429: that spends no attempt', async () => {
    const worker = aWorker({ status: 429, retryAfterMs: 90_000 });
    await worker.deliverBatch([record('a', { receiveCount: 40 })]);
    expect(worker.visibility.hidden).toEqual([{ id: 'a', seconds: 475 }]);
  });

  it.each([
    ['ends before the wait does', 60_000, 61],
    ['ends long after it', 3_600_000, 90],
    ['ends within the second', 500, 1],
    ['ends just now', 0, 1],
  ])('hides a message whose notAfter %s for no longer than until then', async (_, lifeMs, seconds) => {
    const worker = aWorker({ status: 503, retryAfterMs: 90_000 });
    const notAfter = new Date(NOON + lifeMs).toISOString();
    await worker.deliverBatch([record('a', { body: aBody({ notAfter }) })]);
    expect(worker.visibility.hidden).toEqual([{ id: 'a', seconds }]);
  });

  it('hides a message whose notAfter passed meanwhile for as long as its receive count asks', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ key: 'key-of-a', state: 'calling', leaseEnd: NOON + 90_000 }));
    const notAfter = new Date(NOON - 1).toISOString();
    await worker.deliverBatch([record('a', { receiveCount: 197, body: aBody({ requestId: 'key-of-a', notAfter }) })]);
    expect(worker.visibility.hidden).toEqual([{ id: 'a', seconds: 1200 }]);
  });

  it('hides what it gives back the longer the more often it came', async () => {
    const worker = aWorker();
    for (let turn = 0; turn < 3; turn += 1) {
      worker.budget.turns.push({ kind: 'none', retryAt: NOON + 4000, why: 'pace', standsBack: false });
    }
    await worker.deliverBatch([
      record('a', { receiveCount: 1 }),
      record('b', { receiveCount: 20 }),
      record('c', { receiveCount: 51 }),
    ]);
    expect(worker.visibility.hidden).toEqual([
      { id: 'a', seconds: 4 },
      { id: 'b', seconds: 22 },
      { id: 'c', seconds: 540 },
    ]);
  });

  it('hides for the growing time what is deferred without an attempt', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ key: 'key-of-a', state: 'calling', leaseEnd: NOON + 1500 }));
    await worker.deliverBatch([record('a', { receiveCount: 30 })]);
    expect(worker.visibility.hidden).toEqual([{ id: 'a', seconds: 102 }]);
  });

  it('hides nothing that it acknowledges', async () => {
    const worker = aWorker(200, 404);
    await worker.deliverBatch([record('a'), record('b')]);
    expect(worker.visibility.hidden).toEqual([]);
  });

  it('keeps a message that could not be hidden, and says so', async () => {
    const worker = aWorker(401);
    worker.visibility.broken = true;
    expect(failedIds(await worker.deliverBatch([record('a', { receiveCount: 3 })]))).toEqual(['a']);
    expect(worker.telemetry.of('NOT_HIDDEN')).toEqual({
      lane: 'interactive',
      messageId: 'a',
      receiveCount: 3,
      why: 'ReceiptHandleIsInvalid',
    });
    expect(worker.telemetry.codes()).not.toContain('UNEXPECTED');
  });

  it('measures how long its messages were queued, in seconds, never below none', async () => {
    const worker = aWorker(200, 200);
    await worker.deliverBatch([record('a', { sentAt: NOON - 90_500 }), record('b', { sentAt: NOON + 2000 })]);
    expect(worker.telemetry.measured.filter(({ metric }) => metric === 'QueuedAge')).toEqual([
      { metric: 'QueuedAge', value: 90.5 },
      { metric: 'QueuedAge', value: 0 },
    ]);
  });

  it('takes lane, ids and times from the record', async () => {
    const worker = aWorker(404);
    await worker.deliverBatch([
      aRecord({
        id: 'a',
        lane: 'bulk',
        sentAt: NOON - 7000,
        receiveCount: 4,
        body: aBody({ requestId: undefined }),
        requestId: 'carried',
      }),
    ]);
    expect(worker.ledger.item('carried')).toMatchObject({
      lane: 'bulk',
      firstSentAt: NOON - 7000,
      sender: 'AIDAPRODUCER',
    });
    expect(worker.telemetry.of('DEAD_LETTERED')).toMatchObject({ messageId: 'a', receiveCount: 4, lane: 'bulk' });
    const letter = worker.deadLetters.sent[0];
    expect(letter).toMatchObject({ requestId: 'carried', lane: 'bulk' });
    worker.api.answers(200);
    const redriven = aRecord({
      id: 'b',
      requestId: 'carried',
      failureId: letter?.failureId ?? '',
      body: letter?.body ?? '',
    });
    expect(failedIds(await worker.deliverBatch([redriven]))).toEqual([]);
    expect(worker.ledger.item('carried').state).toBe('succeeded');
  });
});

describe('a short wait between two calls', () => {
  const throttled = { status: 429, retryAfterMs: 2000 };

  it('is slept for while another message of the batch is at work: the invocation is busy anyway', async () => {
    const worker = aWorker(throttled, { status: 200, tookMs: 19_000 }, 200);
    expect(failedIds(await worker.deliverBatch([record('a'), record('b')]))).toEqual([]);
    expect(worker.api.calls.map(({ at }) => at - NOON)).toEqual([0, 0, 2000]);
  });

  it.each([
    ['alone', [record('a')], [throttled]],
    ['once the others are done', [record('a'), record('b')], [{ ...throttled, tookMs: 1000 }, 200]],
    ['once the others sleep', [record('a'), record('b')], [throttled, { ...throttled, tookMs: 1000 }, 200]],
  ])('is not slept for by a single request %s: it would keep an invocation for itself', async (_, records, answers) => {
    const worker = aWorker(...answers);
    const deferred = failedIds(await worker.deliverBatch(records));
    expect(deferred).toHaveLength(1);
    expect(worker.visibility.hidden).toEqual([{ id: deferred[0], seconds: 2 }]);
    expect(worker.telemetry.of('DEFERRED')).toMatchObject({ why: 'backoff', delayMs: 2000 });
  });

  it('of the bulk lane is slept for also alone: its invocations wait for their turns anyway', async () => {
    const worker = aWorker(throttled, 200);
    expect(failedIds(await worker.deliverBatch([record('a', { lane: 'bulk' })]))).toEqual([]);
  });
});

describe('the same request id', () => {
  it('twice in a batch is called for once; the second message waits for the first one’s lease', async () => {
    const worker = aWorker({ status: 200, tookMs: 3000 });
    const records = [record('a', { body: aBody() }), record('b', { body: aBody() })];
    expect(failedIds(await worker.deliverBatch(records))).toEqual(['b']);
    expect(worker.visibility.hidden).toEqual([{ id: 'b', seconds: 30 }]);
    worker.clock.jump(30_000);
    expect(failedIds(await worker.deliverBatch([record('b', { body: aBody() })]))).toEqual([]);
    expect(worker.api.calls).toHaveLength(1);
    expect(worker.telemetry.codes()).toContain('DUPLICATE');
  });

  it('in both lanes is called for once', async () => {
    const worker = aWorker(200);
    await worker.deliverBatch([record('a', { body: aBody(), lane: 'bulk' })]);
    await worker.deliverBatch([record('b', { body: aBody(), lane: 'interactive' })]);
    expect(worker.api.calls).toHaveLength(1);
    expect(worker.ledger.item(KEY)).toMatchObject({ state: 'succeeded', lane: 'bulk' });
  });

  it('for two addresses in a batch: one is reset, the other dead-lettered under its message’s id', async () => {
    const worker = aWorker(200);
    const records = [record('a', { body: aBody() }), record('b', { body: aBody({ email: 'other@example.com' }) })];
    expect(failedIds(await worker.deliverBatch(records))).toEqual([]);
    expect(worker.ledger.item(KEY)).toMatchObject({ state: 'succeeded', addressTag: addressTag(KEY, EMAIL) });
    expect(worker.deadLetters.sent).toMatchObject([{ reason: 'invalid-request', requestId: 'b' }]);
  });

  it('of a dead letter for another address stays that letter’s, however often it is redriven', async () => {
    const worker = aWorker();
    worker.ledger.put(anItem({ state: 'succeeded', addressTag: addressTag(KEY, 'other@example.com') }));
    await worker.deliverBatch([record('a', { body: aBody() })]);
    for (let redrive = 1; redrive <= 3; redrive += 1) {
      const letter = worker.deadLetters.sent.at(-1);
      const options = {
        body: letter?.body ?? '',
        requestId: letter?.requestId ?? '',
        failureId: letter?.failureId ?? '',
      };
      expect(failedIds(await worker.deliverBatch([record(`redrive-${redrive}`, options)]))).toEqual([]);
    }
    expect([...worker.ledger.items.keys()]).toEqual([KEY, 'a']);
    expect(worker.deadLetters.sent.map(({ requestId }) => requestId)).toEqual(['a', 'a', 'a', 'a']);
    expect(new Set(worker.deadLetters.sent.map(({ failureId }) => failureId)).size).toBe(4);
  });
});

describe('the gauges of a batch', () => {
  const DAY_MS = 24 * 60 * 60_000;
  const NAMES = ['CredentialHeld', 'OutageHeld', 'BrakeHeld', 'OperatorHeld'];
  const gauges = ({ telemetry }: ReturnType<typeof aWorker>) =>
    telemetry.measured.filter(({ metric }) => NAMES.includes(metric) || metric === 'TokenDaysLeft');
  const token = (more: { expiresAt?: number }) => ({ kind: 'token' as const, token: 'abc', version: 'v1', ...more });

  it.each([
    [{}, [0, 0, 0, 0]],
    [{ credential: true }, [1, 0, 0, 0]],
    [{ outage: true }, [0, 1, 0, 0]],
    [{ brake: true }, [0, 0, 1, 0]],
    [{ operator: true }, [0, 0, 0, 1]],
    [{ outage: true, brake: true }, [0, 1, 1, 0]],
  ])('under %j are %j, each once, however many messages there are', async (held, values) => {
    const worker = aWorker(200, 404, 200);
    worker.budget.held = { ...NOT_HELD, ...held };
    await worker.deliverBatch(['a', 'b', 'c'].map((id) => record(id)));
    expect(gauges(worker)).toEqual(NAMES.map((metric, index) => ({ metric, value: values[index] })));
  });

  it('are those of its own lane, as they are seen at its end, if they were seen since its beginning', async () => {
    const worker = aWorker({ status: 200, tookMs: 5000 });
    const asked: unknown[] = [];
    worker.budget.heldBy = (...given) => {
      asked.push([...given, worker.clock.now()]);
      return NOT_HELD;
    };
    await worker.deliverBatch([record('a', { lane: 'bulk' })]);
    expect(asked).toEqual([['bulk', NOON, NOON + 5000]]);
  });

  it('are none where nothing was called for: a duplicate tells nothing of holds and token', async () => {
    const worker = aWorker();
    worker.tokens.answer = token({ expiresAt: NOON });
    worker.ledger.put(anItem({ key: 'key-of-a', state: 'succeeded' }));
    await worker.deliverBatch([record('a')]);
    expect(gauges(worker)).toEqual([]);
  });

  it.each([
    ['before it expires', NOON + 2.5 * DAY_MS, [2.5]],
    ['after it has expired', NOON - DAY_MS, [-1]],
    ['where it is not known when it expires', undefined, []],
  ])('tell the days left of the token once, %s', async (_, expiresAt, days) => {
    const worker = aWorker(200, 200);
    worker.tokens.answer = token(expiresAt === undefined ? {} : { expiresAt });
    await worker.deliverBatch([record('a'), record('b')]);
    const told = gauges(worker).filter(({ metric }) => metric === 'TokenDaysLeft');
    expect(told.map(({ value }) => value)).toEqual(days);
  });

  it('tell the days left while all are held, too', async () => {
    const worker = aWorker();
    worker.tokens.answer = token({ expiresAt: NOON + DAY_MS });
    worker.budget.turns.push({ kind: 'none', retryAt: NOON + 4000, why: 'operator', standsBack: false });
    await worker.deliverBatch([record('a')]);
    expect(gauges(worker)).toContainEqual({ metric: 'TokenDaysLeft', value: 1 });
  });

  it('are of the token that came in place of a rejected one', async () => {
    const worker = aWorker(401, 200);
    worker.tokens.answer = token({ expiresAt: NOON });
    worker.tokens.newer = { ...token({ expiresAt: NOON + 90 * DAY_MS }), version: 'v2' };
    await worker.deliverBatch([record('a')]);
    expect(gauges(worker).filter(({ metric }) => metric === 'TokenDaysLeft')).toMatchObject([{ value: 90 }]);
  });

  it('are no days where the secret gives no token', async () => {
    const worker = aWorker();
    worker.tokens.answer = { kind: 'none', why: 'empty' };
    await worker.deliverBatch([record('a')]);
    expect(gauges(worker).map(({ metric }) => metric)).toEqual(NAMES);
  });

  it('that cannot be measured keep no result from the queue', async () => {
    const worker = aWorker(200, 401);
    worker.budget.heldBy = () => {
      throw new TypeError('a defect');
    };
    expect(failedIds(await worker.deliverBatch([record('a'), record('b')]))).toEqual(['b']);
    expect(worker.telemetry.of('UNEXPECTED')).toMatchObject({ lane: 'interactive', errorName: 'TypeError' });
    worker.telemetry.event = () => {
      throw new TypeError('another');
    };
    worker.ledger.put(anItem({ key: 'key-of-c', state: 'calling' }));
    await expect(worker.deliverBatch([record('c')])).resolves.toEqual({ batchItemFailures: [{ itemIdentifier: 'c' }] });
  });
});

describe('the net of a message', () => {
  const defect = (): never => {
    throw new TypeError('a defect');
  };
  /** Each breaks one part for message b alone. */
  const BROKEN: Record<string, (worker: ReturnType<typeof aWorker>) => void> = {
    api: ({ api }) => {
      const { reset } = api;
      api.reset = async (email, token) => (email.startsWith('b@') ? defect() : reset(email, token));
    },
    ledger: ({ ledger }) => {
      const { find } = ledger;
      ledger.find = async (key) => (key === 'key-of-b' ? defect() : find(key));
    },
    'the dead letters, as they are built': ({ ledger }) => {
      const { failing } = ledger;
      ledger.failing = async (request, fence, failure) =>
        request.key === 'key-of-b' ? defect() : failing(request, fence, failure);
    },
    tokens: ({ tokens }) => {
      const { current } = tokens;
      const turns = [current, async () => defect(), current];
      tokens.current = () => (turns.shift() ?? current)();
    },
    budget: ({ budget }) => {
      budget.turns.push(
        () => undefined,
        defect,
        () => undefined,
      );
    },
    telemetry: ({ telemetry }) => {
      const { event } = telemetry;
      telemetry.event = (code, fields) => (fields.messageId === 'b' ? defect() : event(code, fields));
    },
  };

  it.each(Object.keys(BROKEN))('keeps a defect of %s from its neighbours', async (part) => {
    const worker = aWorker(404, 404, 404);
    BROKEN[part]?.(worker);
    const records = ['a', 'b', 'c'].map((id) =>
      record(id, { body: aBody({ requestId: `key-of-${id}`, email: `${id}@example.com` }) }),
    );
    expect(failedIds(await worker.deliverBatch(records))).toEqual(['b']);
    expect(worker.ledger.item('key-of-a').state).toBe('failed');
    expect(worker.ledger.item('key-of-c').state).toBe('failed');
    if (part !== 'telemetry') expect(worker.telemetry.of('UNEXPECTED')).toMatchObject({ messageId: 'b' });
  });

  it('holds where one message of a batch meets a defect: the others are done, and reported as such', async () => {
    const worker = aWorker(200, 200);
    const { find } = worker.ledger;
    worker.ledger.find = async (key) => {
      if (key === 'key-of-b') throw new TypeError(`cannot read ${EMAIL}\n    at ${EMAIL}:1:1`);
      return find(key);
    };
    const records = ['a', 'b', 'c'].map((id) => record(id));
    expect(failedIds(await worker.deliverBatch(records))).toEqual(['b']);
    const { errorPlace, ...fields } = worker.telemetry.of('UNEXPECTED');
    expect(fields).toEqual({ lane: 'interactive', messageId: 'b', receiveCount: 1, errorName: 'TypeError' });
    expect(errorPlace).toMatch(/^at .*process-batch\.test\.ts:\d+:\d+/);
    expect(errorPlace).not.toContain(EMAIL);
    expect(worker.visibility.hidden).toEqual([]);
  });

  it.each([
    ['a string', 'secret words', { errorName: 'string' }],
    ['nothing', undefined, { errorName: 'undefined' }],
    ['an error without a stack', Object.assign(new RangeError('x'), { stack: undefined }), { errorName: 'RangeError' }],
    [
      'an error with no frame',
      Object.assign(new RangeError('x'), { stack: 'RangeError: x' }),
      { errorName: 'RangeError' },
    ],
  ])('catches %s too', async (_, thrown, told) => {
    const worker = aWorker();
    worker.ledger.find = () => Promise.reject(thrown);
    expect(failedIds(await worker.deliverBatch([record('a')]))).toEqual(['a']);
    expect(worker.telemetry.of('UNEXPECTED')).toStrictEqual({
      lane: 'interactive',
      messageId: 'a',
      receiveCount: 1,
      ...told,
    });
  });

  it('holds where a metric throws for one of them', async () => {
    const worker = aWorker(200);
    let measured = 0;
    worker.telemetry.measure = () => {
      measured += 1;
      if (measured === 1) throw new RangeError('no such metric');
    };
    expect(failedIds(await worker.deliverBatch([record('a'), record('b')]))).toEqual(['a']);
  });

  it('gives up on a message 1.5 s before the end, keeps it, and reports the others', async () => {
    const worker = aWorker(200);
    const { find } = worker.ledger;
    worker.ledger.find = (key) => (key === 'key-of-a' ? worker.clock.sleep(1e9).then(() => undefined) : find(key));
    const records = [record('a', { receiveCount: 2 }), record('b')];
    expect(failedIds(await worker.deliverBatch(records, 60_000))).toEqual(['a']);
    expect(worker.clock.now()).toBe(NOON + 60_000 - 1500);
    expect(worker.telemetry.of('TIME_UP')).toEqual({ lane: 'interactive', messageId: 'a', receiveCount: 2 });
  });

  it('leaves no alarm behind', async () => {
    const worker = aWorker(200, 404);
    await worker.deliverBatch([record('a'), record('b')]);
    expect(worker.clock.sleepers()).toBe(0);
  });

  it('leaves a second to acknowledge a reset that could not be written down', async () => {
    const worker = aWorker({ status: 200, tookMs: 20_000 });
    worker.ledger.breaks('succeed', { delayMs: 1e9 });
    expect(failedIds(await worker.deliverBatch([record('a')]))).toEqual([]);
    expect(worker.clock.now()).toBe(NOON + 120_000 - 2500);
  });
});

describe('time', () => {
  it('for a call follows from its time-out as it is set', async () => {
    const worker = aWorker(200);
    worker.ports.callTimeoutMs = 2000;
    await worker.deliverBatch([record('a')]);
    expect(worker.budget.asked[0]?.latest).toBe(NOON + 120_000 - 12_000);
  });

  it('for a call is its time-out and 10 s more; later none starts', async () => {
    for (const [waitMs, calls] of [
      [90_000, 1],
      [90_001, 0],
    ] as const) {
      const worker = aWorker(200);
      worker.budget.turns.push({ waitMs });
      await worker.deliverBatch([record('a')]);
      expect(worker.budget.asked[0]?.latest).toBe(NOON + 90_000);
      expect(worker.api.calls).toHaveLength(calls);
    }
  });
});

describe('a function timeout that leaves no room for a call', () => {
  /** A call's time-out and 10 s, less a millisecond. */
  const TOO_SHORT_MS = 29_999;

  it('is said once an invocation, and nothing is looked up, called or written', async () => {
    const worker = aWorker();
    worker.ports.ledger = untouched('ledger');
    const records = [record('a', { lane: 'bulk' }), record('b', { lane: 'bulk' }), record('c', { body: '{' })];
    expect(failedIds(await worker.deliverBatch(records, TOO_SHORT_MS))).toEqual(['a', 'b', 'c']);
    expect(worker.telemetry.codes()).toEqual(['TIMEOUT_TOO_SHORT', 'GIVEN_BACK', 'GIVEN_BACK', 'GIVEN_BACK']);
    expect(worker.telemetry.of('TIMEOUT_TOO_SHORT')).toStrictEqual({
      lane: 'bulk',
      leftMs: TOO_SHORT_MS,
      neededMs: 30_000,
    });
    expect(worker.telemetry.of('GIVEN_BACK')).toMatchObject({
      messageId: 'a',
      requestId: 'key-of-a',
      why: 'timeout-too-short',
      delayMs: 120_000,
    });
    expect(worker.budget.story).toEqual([]);
  });

  it('hides its messages for two minutes, longer the more often they came, and not beyond their notAfter', async () => {
    const worker = aWorker();
    const soon = new Date(NOON + 60_000).toISOString();
    await worker.deliverBatch(
      [record('a'), record('b', { receiveCount: 51 }), record('c', { body: aBody({ notAfter: soon }) })],
      TOO_SHORT_MS,
    );
    expect(worker.visibility.hidden).toEqual([
      { id: 'a', seconds: 120 },
      { id: 'b', seconds: 540 },
      { id: 'c', seconds: 61 },
    ]);
  });

  it.each([
    [TOO_SHORT_MS, 28_499],
    [3000, 1500],
    [1000, 0],
  ])('of %i ms keeps the invocation for %i ms, so that a backlog is not churned', async (remainingMs, tookMs) => {
    const worker = aWorker();
    await worker.deliverBatch([record('a')], remainingMs);
    expect(worker.clock.now()).toBe(NOON + tookMs);
    expect(worker.visibility.hidden).toHaveLength(1);
  });

  it('keeps an invocation of a minute for half of one', async () => {
    const worker = aWorker();
    worker.ports.callTimeoutMs = 60_000;
    await worker.deliverBatch([record('a')], 69_999);
    expect(worker.clock.now()).toBe(NOON + 30_000);
  });

  it('is one that is shorter than a call and 10 s, and no other', async () => {
    const worker = aWorker(200);
    expect(await worker.deliverBatch([record('a')], TOO_SHORT_MS + 1)).toEqual({ batchItemFailures: [] });
    expect(worker.telemetry.codes()).toEqual(['RESET_MADE']);
  });

  it('says nothing of an event without messages, and does not wait', async () => {
    const worker = aWorker();
    expect(await worker.deliverBatch([], TOO_SHORT_MS)).toEqual({ batchItemFailures: [] });
    expect(worker.telemetry.codes()).toEqual([]);
    expect(worker.clock.now()).toBe(NOON);
  });
});

describe('an event', () => {
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty object', {}],
    ['a scheduled event', { source: 'aws.events', detail: {} }],
    ['one with no list of records', { Records: 'many' }],
  ])('that is %s is refused whole', async (_, event) => {
    const worker = aWorker();
    await expect(processBatch(worker.ports, event as never, laneOf, 120_000)).rejects.toThrow(
      'The event has no Records: this function is for SQS event sources.',
    );
  });

  it('of a queue that is no lane is refused whole, and nothing is touched', async () => {
    const worker = aWorker();
    worker.ports.ledger = untouched('ledger');
    const stray = { ...aRecord(), eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:orders' };
    await expect(worker.deliverBatch([aRecord(), stray])).rejects.toThrow('neither lane’s queue');
  });
});
