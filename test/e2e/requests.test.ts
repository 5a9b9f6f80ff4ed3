import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { LEDGER } from '../../functions/contract/ledger-table.ts';
import { LANES, type Lane } from '../../functions/contract/reset-request.ts';
import { type RequestItem, requestIdOf } from '../../functions/ledger/items.ts';
import { callAws } from '../../local/aws/aws-call.ts';
import { attribute } from '../../local/sample/reconcile.ts';
import {
  anAddress,
  aRequest,
  attributesOf,
  drained,
  ended,
  endedHurriedly,
  eventually,
  itemOf,
  lettersOf,
  logged,
  makeDue,
  ONE_A_LANE,
  redrive,
  type Scene,
  scenes,
  showLife,
  someRequests,
  type TestRequest,
  TOKEN,
} from '../support/local-system.ts';

const { start, expectNothingPrivate } = scenes();

describe.concurrent('both lanes', () => {
  test('each request ends in the ledger as it ended at the API, and in the index under its campaign', async () => {
    await using scene = await start({ mapping: ONE_A_LANE });
    const first = await showLife(scene, 'interactive');
    const interactive = [
      ...first,
      ...someRequests(12),
      aRequest(undefined, { campaignId: 'spring', requestedBy: 'desk-7' }),
    ];
    const bulk = [...someRequests(12), aRequest(undefined, { campaignId: 'spring' })];
    const failing = [aRequest('notfound'), aRequest('error500', { campaignId: 'spring' })];
    await Promise.all([
      scene.send('interactive', [...interactive.slice(first.length), ...failing]),
      scene.send('bulk', bulk),
    ]);
    await drained(scene);

    const items = new Map((await scene.ledgerItems()).map((item) => [requestIdOf(item.pk), item]));
    expect(items.size).toBe(interactive.length + bulk.length + failing.length);
    for (const [lane, sent] of [['interactive', interactive] as const, ['bulk', bulk] as const]) {
      for (const { id, email } of sent) {
        expect(items.get(id)).toMatchObject({
          state: 'succeeded',
          stateReasonTime: expect.stringMatching(/^succeeded##\d{13}$/),
          lane,
          calls: 1,
          failedCalls: 0,
          unknowns: 0,
          lastStatus: 200,
        });
        expect(scene.simulator.historyOf(email)).toMatchObject({ calls: 1, resets: 1 });
      }
    }
    expect(await inIndex(scene, 'spring')).toEqual(['failed#server-error', 'succeeded#', 'succeeded#']);
    expect((await inIndex(scene, 'none')).filter((stateReason) => stateReason !== 'succeeded#')).toEqual([
      'failed#rejected',
    ]);
    expect(items.get(interactive.at(-1)?.id ?? '')?.requestedBy).toBe('desk-7');
    expect(scene.simulator.statistics()).toMatchObject({ secondResets: 0, wrongPath: 0 });
  });

  test('a dead letter holds the body as it was sent, and in its attributes what the ledger says', async () => {
    await using scene = await start({ mapping: ONE_A_LANE });
    const rejected = aRequest('notfound', { campaignId: 'autumn', ticket: 'HELP-1' });
    const late = aRequest(undefined, { notAfter: new Date(Date.now() - 1000).toISOString() });
    await Promise.all([scene.send('bulk', [rejected]), scene.send('interactive', [late])]);
    await drained(scene);

    const item = await ended(scene, rejected.id);
    const letters = await lettersOf(scene, rejected.id);
    expect(letters).toHaveLength(1);
    expect(letters[0]?.body).toBe(rejected.body);
    expect(attributesOf(letters[0])).toEqual({
      FailureReason: 'rejected',
      FailureId: item.failureId,
      HttpStatus: '404',
      FailureDetail: item.detail,
      RequestId: rejected.id,
      CampaignId: 'autumn',
      Lane: 'bulk',
      Calls: '1',
      FirstSentAt: isoTime(item.firstSentAt),
      FailedAt: isoTime(item.finishedAt),
    });
    expect(item).toMatchObject({ state: 'failed', reason: 'rejected', detail: 'the user was not found', calls: 1 });

    const expired = await ended(scene, late.id);
    const [letter] = await lettersOf(scene, late.id);
    expect(letter?.body).toBe(late.body);
    expect(attributesOf(letter)).toEqual({
      FailureReason: 'expired',
      FailureId: expired.failureId,
      FailureDetail: 'notAfter has passed',
      RequestId: late.id,
      Lane: 'interactive',
      Calls: '0',
      FirstSentAt: isoTime(expired.firstSentAt),
      FailedAt: isoTime(expired.finishedAt),
    });
    expect(scene.simulator.historyOf(late.email).calls).toBe(0);
  });

  test('the fiftieth failed call is the last', async () => {
    await using scene = await start({ lanes: ['bulk'], mapping: ONE_A_LANE });
    await showLife(scene, 'bulk');
    const request = aRequest('flaky503');
    await scene.send('bulk', [request]);
    await eventually(() => makeDue(scene, request.id, 49));
    expect(await ended(scene, request.id)).toMatchObject({
      state: 'failed',
      reason: 'retries-exhausted',
      failedCalls: 50,
    });
    expect(attributesOf((await lettersOf(scene, request.id))[0]).FailureReason).toBe('retries-exhausted');
  });
});

async function inIndex(scene: Scene, campaign: string): Promise<string[]> {
  const { Items } = await callAws<{ Items: Record<string, { S: string }>[] }>(scene.awsEndpoint, 'dynamodb', 'Query', {
    TableName: scene.ledgerTableName,
    IndexName: LEDGER.campaignIndex,
    KeyConditionExpression: '#campaign = :campaign',
    ExpressionAttributeNames: { '#campaign': LEDGER.campaignKey },
    ExpressionAttributeValues: { ':campaign': { S: campaign } },
  });
  const parts = Items.map((item) => (item[LEDGER.stateReasonTimeKey]?.S ?? '').split('#'));
  return parts.map(([state, reason]) => `${state}#${reason}`).sort();
}

const isoTime = (ms: number | undefined): string => new Date(ms ?? Number.NaN).toISOString();

describe.concurrent('bad bodies', () => {
  const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const withEmail = (email: string) => JSON.stringify({ email });
  const MIB = 1024 * 1024;
  const INVALID: Record<string, string> = {
    'not JSON': `reset ${anAddress()} please`,
    'half a JSON object': `{"email":"${anAddress()}"`,
    'a JSON string': JSON.stringify(anAddress()),
    'a list': JSON.stringify([{ email: anAddress() }]),
    null: 'null',
    'a number': '1e309',
    'control characters and no characters at all': '\u0009\u000a\u000d\u0080\u009f\ufffd\ufeff',
    'an object without an address': JSON.stringify({ user: anAddress() }),
    'an address that is a list': JSON.stringify({ email: [anAddress()] }),
    'an address in __proto__ alone': `{"__proto__":{"email":"${anAddress()}"}}`,
    'an address in constructor.prototype alone': `{"constructor":{"prototype":{"email":"${anAddress()}"}}}`,
    'deeply nested': deep(30_000),
    'an address nested deeply': `{"email":${deep(20_000)}}`,
    'an empty address': withEmail(''),
    'an address of 1025 characters': withEmail(anAddress().padStart(1025, 'a')),
    'an address without an @': withEmail(anAddress().replace('@', '.at.')),
    'two addresses': withEmail(`${anAddress()},${anAddress()}`),
    'an address with a line break': withEmail(`${anAddress()}\nbcc@example.com`),
    'an address that ends with a line break': withEmail(`${anAddress()}\n`),
    'an address with a NUL': withEmail(`\u0000${anAddress()}`),
    'an address with a Cyrillic letter': withEmail(`jо.${anAddress()}`),
    'an address with a full-width @': withEmail(anAddress().replace('@', '＠')),
    'an address with an apostrophe': withEmail(`o'${anAddress()}`),
    'a notAfter that is no time': JSON.stringify({ email: anAddress(), notAfter: 'tomorrow' }),
    'a notAfter without a zone': JSON.stringify({ email: anAddress(), notAfter: '2020-01-01T00:00:00' }),
    'a notAfter of the year 120': JSON.stringify({ email: anAddress(), notAfter: '120' }),
    'a notAfter on February 30': JSON.stringify({ email: anAddress(), notAfter: '2030-02-30T00:00:00Z' }),
    'a request id with a blank': JSON.stringify({ email: anAddress(), requestId: 'a b' }),
    'a body over 64 kB': JSON.stringify({ email: anAddress(), padding: 'x'.repeat(64 * 1024) }),
  };
  const huge = JSON.stringify({ email: anAddress(), padding: 'é'.repeat((MIB - 100) / 2) });

  test('each ends as a dead letter of its own, and the good neighbours in their batches are reset once', async () => {
    await using scene = await start({ lanes: [], mapping: ONE_A_LANE });
    const bodies = [...Object.values(INVALID), huge];
    const late = aRequest(undefined, { notAfter: '2020-02-29T23:59:59+02:00' });
    const good = [
      aRequest(undefined, { notAfter: new Date(Date.now() + 3_600_000).toISOString() }),
      aRequest(undefined, { padding: 'x'.repeat(60_000) }),
      aRequest(undefined, { list: JSON.parse(deep(200)) }),
      aRequest(undefined, { email: anAddress().padStart(1024, 'b') }),
    ];
    const nested = { id: 'request-nested', email: anAddress() };
    const proto = { id: 'request-proto', email: anAddress() };
    const goodBodies = [
      ...good.map(({ body }) => body),
      `{"email":"${nested.email}","requestId":"${nested.id}","more":${deep(20_000)}}`,
      `{"email":"${proto.email}","requestId":"${proto.id}","__proto__":{"requestId":"nobody","email":"no"}}`,
    ];
    // A good one after every fifth, so that each batch of ten holds one.
    const mixed = bodies.flatMap((body, index) => [
      body,
      ...(index % 5 === 4 ? goodBodies.slice((index - 4) / 5, (index + 1) / 5) : []),
    ]);
    expect(mixed).toHaveLength(bodies.length + goodBodies.length);
    const messageIds = await scene.send('interactive', [...mixed.map((body) => ({ body })), late]);
    scene.startLane('interactive');
    await drained(scene);

    const letters = await scene.deadLetters();
    expect(letters).toHaveLength(bodies.length + 1);
    for (const [index, body] of mixed.entries()) {
      const messageId = messageIds[index] ?? '';
      const own = letters.filter((letter) => attribute(letter, 'RequestId') === messageId);
      if (!bodies.includes(body)) {
        expect(own, body.slice(0, 80)).toEqual([]);
        continue;
      }
      const kept = body === huge ? Buffer.from(huge).subarray(0, 4096).toString('utf8') : body;
      expect(own.map((letter) => [attribute(letter, 'FailureReason'), letter.body === kept])).toEqual([
        ['invalid-request', true],
      ]);
      expect(await itemOf(scene, messageId)).toMatchObject({ state: 'failed', reason: 'invalid-request', calls: 0 });
    }
    const hugeLetter = letters.find(({ body }) => huge.startsWith(body.slice(0, 4000)));
    const hash = createHash('sha256').update(huge).digest('hex');
    expect(attributesOf(hugeLetter).FailureDetail).toContain(`first 4096 of ${Buffer.byteLength(huge)} bytes`);
    expect(attributesOf(hugeLetter).FailureDetail).toContain(hash);

    expect(await ended(scene, late.id)).toMatchObject({ state: 'failed', reason: 'expired', calls: 0 });
    for (const { id, email } of [...good, nested, proto]) {
      expect(await ended(scene, id)).toMatchObject({ state: 'succeeded', calls: 1 });
      expect(scene.simulator.historyOf(email)).toMatchObject({ calls: 1, resets: 1 });
    }
    expect(scene.simulator.statistics().calls).toBe(goodBodies.length);
    // Shared batches: a reset and an invalid request within one invocation.
    const invocationsOf = (code: string) => new Set(logged(scene, code).map((entry) => entry.function_request_id));
    expect([...invocationsOf('RESET_MADE')].filter((id) => invocationsOf('DEAD_LETTERED').has(id))).not.toEqual([]);
    expect(logged(scene, 'UNEXPECTED')).toEqual([]);
  });
});

describe.concurrent('one request id', () => {
  test('for two addresses: the first is reset, the other refused under its own message id', async () => {
    await using scene = await start({ lanes: [], mapping: ONE_A_LANE });
    const first = aRequest();
    const second = aRequest(undefined, { requestId: first.id });
    const messageIds = await scene.send('bulk', [first, second]);
    scene.startLane('bulk');
    await drained(scene);
    const calls = [first, second].map(({ email }) => scene.simulator.historyOf(email).resets);
    expect(calls.sort()).toEqual([0, 1]);
    expect(await ended(scene, first.id)).toMatchObject({ state: 'succeeded', calls: 1 });
    const [letter, ...others] = await scene.deadLetters();
    expect(others).toEqual([]);
    expect(messageIds).toContain(attributesOf(letter).RequestId);
    expect(attributesOf(letter)).toMatchObject({
      FailureReason: 'invalid-request',
      FailureDetail: 'the request id was used before, for another address',
    });
  });

  test('after a failure: without its failure id acknowledged, with it run anew, redriven twice run once', async () => {
    await using scene = await start({ mapping: ONE_A_LANE });
    const never = aRequest('notfound', { campaignId: 'autumn' });
    const later = aRequest('notfoundx1');
    await scene.send('bulk', [never, later]);
    await drained(scene);
    const [neverLetter] = await lettersOf(scene, never.id);
    const [laterLetter] = await lettersOf(scene, later.id);

    await scene.send('bulk', [never]);
    await scene.send('interactive', [{ ...never, attributes: { RequestId: never.id, FailureId: 'another' } }]);
    await drained(scene);
    expect(scene.simulator.historyOf(never.email).calls).toBe(1);
    expect(await scene.deadLetters()).toHaveLength(2);

    await redrive(scene, neverLetter, 'bulk');
    await redrive(scene, laterLetter, 'bulk');
    await eventually(async () => expect(await lettersOf(scene, never.id)).toHaveLength(2));
    await drained(scene);
    const again = await ended(scene, never.id);
    expect(again).toMatchObject({ state: 'failed', reason: 'rejected', calls: 1, failedCalls: 1, campaign: 'autumn' });
    expect(again.failureId).not.toBe(attributesOf(neverLetter).FailureId);
    expect(await ended(scene, later.id)).toMatchObject({ state: 'succeeded', calls: 1, failedCalls: 0 });

    await redrive(scene, neverLetter, 'bulk');
    await redrive(scene, laterLetter, 'bulk');
    await drained(scene);
    expect(scene.simulator.historyOf(never.email)).toMatchObject({ calls: 2, resets: 0 });
    expect(scene.simulator.historyOf(later.email)).toMatchObject({ calls: 2, resets: 1 });
    expect(await scene.deadLetters()).toHaveLength(3);
    expect(await itemOf(scene, never.id)).toEqual(again);
  });

  test('of a refused body: redriven it runs under the id that its letter carries', async () => {
    await using scene = await start({ lanes: ['interactive'], mapping: ONE_A_LANE });
    const [messageId = ''] = await scene.send('interactive', [{ body: 'no request' }]);
    const first = await ended(scene, messageId);
    await eventually(async () => expect(await scene.deadLetters()).toHaveLength(1));
    await redrive(scene, (await scene.deadLetters())[0], 'interactive');
    await eventually(async () => expect(await scene.deadLetters()).toHaveLength(2));
    await drained(scene);
    const items = await scene.ledgerItems();
    expect(items.map(({ pk }) => requestIdOf(pk))).toEqual([messageId]);
    expect(items[0]?.failureId).not.toBe(first.failureId);
  });
});

interface Row {
  word: string;
  item: Partial<RequestItem>;
  /** What the API did. */
  calls: number;
  resets: number;
}
const reset = (word: string, calls = 1, item: Partial<RequestItem> = {}, resets = 1): Row => ({
  word,
  item: { state: 'succeeded', calls, ...item },
  calls,
  resets,
});
const REDIRECTED = 'answered with a redirect to 127.0.0.1, which is not followed: the base URL is probably wrong';
const failed = (word: string, item: Partial<RequestItem>, calls = 1, resets = 0): Row => ({
  word,
  item: { state: 'failed', calls, ...item },
  calls,
  resets,
});

async function expectRow(scene: Scene, lane: Lane, request: TestRequest, { item, calls, resets }: Row): Promise<void> {
  const end = await endedHurriedly(scene, lane, request);
  expect(end).toMatchObject(item);
  expect(scene.simulator.historyOf(request.email)).toMatchObject({ calls, resets });
  const letters = await lettersOf(scene, request.id);
  expect(letters.map(attributesOf)).toEqual(
    end.state === 'succeeded' ? [] : [expect.objectContaining({ FailureReason: item.reason, Calls: String(calls) })],
  );
  for (const letter of letters) {
    const { FailureDetail = '' } = attributesOf(letter);
    expect(FailureDetail.length).toBeLessThanOrEqual(256);
    expect(FailureDetail).not.toContain('quinn');
    expect(FailureDetail).not.toContain(TOKEN);
  }
}

describe.concurrent('every answer of the API that shows it alive', () => {
  const ROWS: Row[] = [
    reset('ok', 1, { failedCalls: 0, unknowns: 0 }),
    reset('ok201', 1, { lastStatus: 201, failedCalls: 0, unknowns: 0 }),
    reset('slow', 1, { failedCalls: 0, unknowns: 0 }),
    reset('garbled', 1, { failedCalls: 0, unknowns: 0 }),
    reset('empty', 1, { failedCalls: 0, unknowns: 0 }),
    reset('flaky429x1-after1', 2, { throttled: 1, failedCalls: 0, unknowns: 0 }),
    reset('flaky429x1-afterdate2', 2, { throttled: 1, failedCalls: 0, unknowns: 0 }),
    reset('flaky429x1-afternonsense', 2, { throttled: 1, failedCalls: 0, unknowns: 0 }),
    failed('badrequest', { reason: 'rejected', lastStatus: 400, failedCalls: 1 }),
    failed('forbidden', { reason: 'rejected', lastStatus: 403, failedCalls: 1 }),
    failed('notfound', { reason: 'rejected', lastStatus: 404, failedCalls: 1 }),
    failed('conflict', { reason: 'rejected', lastStatus: 409, failedCalls: 1 }),
    failed('status418', { reason: 'rejected', lastStatus: 418, failedCalls: 1 }),
    failed('redirect', { reason: 'rejected', lastStatus: 302, failedCalls: 1, detail: REDIRECTED }),
    failed('redirect307', { reason: 'rejected', lastStatus: 307, failedCalls: 1, detail: REDIRECTED }),
    failed('html', { reason: 'rejected', lastStatus: 400, detail: '400 400 gateway' }),
    failed('html200', { reason: 'rejected', lastStatus: 200, failedCalls: 1, unknowns: 1 }),
    failed('huge', { reason: 'rejected', lastStatus: 404 }),
    failed('slow404', { reason: 'rejected', lastStatus: 404 }),
    failed('garbled404', { reason: 'rejected', lastStatus: 404 }),
    failed('echo', { reason: 'rejected', lastStatus: 404 }),
  ];
  const laneOf = (row: Row): Lane => LANES[ROWS.indexOf(row) % LANES.length] ?? 'bulk';

  let scene: Scene;
  const sent = new Map(ROWS.map((row) => [row, aRequest(row.word)]));
  // All at once, at a base URL with a path.
  beforeAll(async () => {
    scene = await start({ simulator: { basePath: '/api/v1/namespaces/default', slowBodyMs: 200 } });
    for (const lane of LANES) {
      const rows = ROWS.filter((row) => laneOf(row) === lane);
      await scene.send(
        lane,
        rows.flatMap((row) => sent.get(row) ?? []),
      );
    }
  });

  test.each(ROWS)('$word', { concurrent: false }, async (row) => {
    await expectRow(scene, laneOf(row), sent.get(row) ?? aRequest(), row);
  });

  test('leads the token nowhere else, and leaves nothing in the lanes', { concurrent: false }, async () => {
    await drained(scene);
    expect(scene.simulator.statistics()).toMatchObject({ redirectsFollowed: 0, wrongPath: 0 });
  });
});

// One after the other, and somebody's reset before each: otherwise they would be signs of an outage.
describe.concurrent('every answer of the API that could be an outage', () => {
  const ROWS: Row[] = [
    reset('flaky503x1', 2, { unknowns: 0 }),
    reset('unreachedx1', 2, { failedCalls: 1, unknowns: 0 }),
    reset('lostx1', 2, { failedCalls: 1, unknowns: 1 }),
    reset('lostx1-reset', 2, { failedCalls: 1, unknowns: 1 }, 2),
    reset('timeout504x1', 2, { unknowns: 1 }),
    reset('ghost504x1', 2, { unknowns: 1 }, 2),
    reset('cutx1', 2, { unknowns: 1 }),
    reset('cutx1-reset', 2, { unknowns: 1 }, 2),
    failed('error500', { reason: 'server-error', lastStatus: 500 }),
    failed('bad502', { reason: 'server-error', lastStatus: 502 }),
    failed('html502', { reason: 'server-error', lastStatus: 502 }),
    failed('error599', { reason: 'server-error', lastStatus: 599 }),
    failed('timeout504', { reason: 'outcome-unknown', lastStatus: 504, unknowns: 3 }, 3),
    failed('ghost504', { reason: 'outcome-unknown', lastStatus: 504, unknowns: 3 }, 3, 3),
    failed('ghost504x1-then404', { reason: 'outcome-unknown', lastStatus: 404, unknowns: 1 }, 2, 1),
    failed('cut', { reason: 'outcome-unknown', unknowns: 3 }, 3),
  ];

  let scene: Scene;
  beforeAll(async () => {
    scene = await start({ lanes: ['bulk'], mapping: ONE_A_LANE });
  });

  test.each(ROWS)('$word', { concurrent: false }, async (row) => {
    const request = aRequest(row.word);
    await showLife(scene, 'bulk');
    await scene.send('bulk', [request]);
    await expectRow(scene, 'bulk', request, row);
  });
});

test('no address, no token and no body in any line printed or item written', expectNothingPrivate);
