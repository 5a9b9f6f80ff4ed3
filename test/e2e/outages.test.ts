import { describe, expect, test, vi } from 'vitest';
import { METRICS, type MetricName } from '../../functions/common/telemetry.ts';
import { VARIABLES } from '../../functions/contract/function-environment.ts';
import { LANES, type Lane } from '../../functions/contract/reset-request.ts';
import { type RequestItem, requestIdOf } from '../../functions/ledger/items.ts';
import { callAws } from '../../local/aws/aws-call.ts';
import type { Outage } from '../../local/reset-api/settings.ts';
import { letterId } from '../../local/sample/reconcile.ts';
import type { LocalSystemOptions } from '../../local/system.ts';
import {
  allResetHurriedly,
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
  NEW_TOKEN,
  ONE_A_LANE,
  redrive,
  type Scene,
  SHORT_CALL_TIMEOUT,
  scenes,
  showLife,
  someRequests,
  type TestRequest,
  TOKEN,
} from '../support/local-system.ts';
import { portThatNobodyIsGiven } from '../support/ports.ts';

// Holds of half a minute and leases are waited for here, all at the same time.
vi.setConfig({ maxConcurrency: 30 });

const { start, expectNothingPrivate } = scenes();

/** What waits inside an invocation is not delivered a second time meanwhile. */
const CALM: LocalSystemOptions = { mapping: ONE_A_LANE, visibilityTimeoutSeconds: 120 };
const ONE_SANDBOX: LocalSystemOptions = { ...CALM, lanes: ['bulk'] };
const SHORT_LEASES = { environment: SHORT_CALL_TIMEOUT };
/** As the template has it, at most. */
const BATCH = 10;
const FAILURE_STATES: readonly RequestItem['state'][] = ['failing', 'failed'];
/** So that the calls of a batch do not all go at the same moment. */
const PACED = { [VARIABLES.callsPerMinute]: '1200', [VARIABLES.callBurst]: '3' };

describe.concurrent('the token', () => {
  test('expires while requests run: nothing is dead-lettered, no attempt is spent, a new value lets the work go on', async () => {
    await using scene = await start({ ...CALM, environment: PACED });
    const sent = someRequests(30);
    await scene.send('bulk', sent.slice(0, 10));
    await eventually(() => expect(scene.simulator.statistics().resets).toBeGreaterThan(3));
    await scene.simulator.change({ tokens: [NEW_TOKEN] });
    await scene.send('bulk', sent.slice(10, 20));
    await eventually(() => expect(logged(scene, 'CREDENTIAL_HELD')).not.toEqual([]));
    await scene.send('interactive', sent.slice(20));
    scene.putSecret(JSON.stringify({ token: NEW_TOKEN, expiresAt: '2030-01-01T00:00:00Z' }));

    for (const item of await allResetHurriedly(scene, 'bulk', sent)) {
      expect(item).toMatchObject({ failedCalls: 0, unknowns: 0, lastStatus: 200 });
    }
    expect(await scene.deadLetters()).toEqual([]);
    expect(scene.simulator.statistics()).toMatchObject({ resets: sent.length, secondResets: 0 });
    // Those under way when it expired, and a probe of each sandbox: far from twenty a second for half a minute.
    expect(scene.simulator.statistics().byStatus[401]).toBeLessThan(50);
    expect(logged(scene, 'TOKEN_REFRESHED')).not.toEqual([]);
    await drained(scene);
  });

  test.each([
    { state: 'empty', secretValue: null, why: 'empty' },
    { state: 'JSON without a token', secretValue: JSON.stringify({ apiToken: TOKEN }), why: 'malformed' },
    { state: 'unreadable', secretValue: TOKEN, why: 'unreadable' },
  ])('is $state: nothing is called; once it is there, all are reset', async ({ state, secretValue, why }) => {
    await using scene = await start({ ...ONE_SANDBOX, secretValue });
    // As often as the SDK tries.
    if (state === 'unreadable') {
      scene.faults.add({ operation: 'secretsmanager:GetSecretValue', kind: 'fail', times: 2 });
    }
    const sent = someRequests(8);
    await scene.send('bulk', sent);
    await eventually(() => expect(logged(scene, 'TOKEN_UNUSABLE')).not.toEqual([]));
    expect(logged(scene, 'TOKEN_UNUSABLE')[0]?.why).toBe(why);
    expect(scene.simulator.statistics().calls).toBe(0);
    expect(await scene.ledgerItems()).toEqual([]);
    scene.putSecret(TOKEN);

    for (const item of await allResetHurriedly(scene, 'bulk', sent)) {
      expect(item).toMatchObject({ calls: 1, failedCalls: 0, unknowns: 0 });
    }
    expect(scene.simulator.statistics()).toMatchObject({ calls: sent.length, resets: sent.length });
    // Read at most every 30 s: once in vain, once with a value.
    const reads = scene.operations()['secretsmanager:GetSecretValue'];
    expect(reads).toBeLessThanOrEqual(state === 'unreadable' ? 3 : 2);
    expect(await scene.deadLetters()).toEqual([]);
  });
});

describe.concurrent('what holds the work is told by each invocation in its metrics:', () => {
  test('the token is not accepted, and is once a new one is there', async () => {
    await using scene = await start({ ...ONE_SANDBOX, simulator: { expired: true } });
    const [held, waiting] = [aRequest(), aRequest()];
    await scene.send('bulk', [held]);
    await eventually(() => expect(told(scene, METRICS.credentialHeld)).toEqual([1]));
    expect(told(scene, METRICS.outageHeld)).toEqual([0]);
    await scene.simulator.change({ expired: false, tokens: [NEW_TOKEN] });
    const expiresAt = new Date(Date.now() + 2 * 24 * 60 * 60_000).toISOString();
    scene.putSecret(JSON.stringify({ token: NEW_TOKEN, expiresAt }));
    await scene.send('bulk', [waiting]);
    await ended(scene, waiting.id);
    await eventually(() => expect(told(scene, METRICS.credentialHeld).at(-1)).toBe(0));
    // Of the secret's first value nobody knows when it expires.
    expect(told(scene, METRICS.tokenDaysLeft).at(-1)).toBeCloseTo(2, 1);
  });

  test('the API is gone, and is back', async () => {
    await using scene = await start({ ...ONE_SANDBOX, simulator: { outage: 503 } });
    await scene.send('bulk', someRequests(3));
    await eventually(() => expect(told(scene, METRICS.outageHeld)).toContain(1));
    expect(told(scene, METRICS.credentialHeld)).not.toContain(1);
    await scene.simulator.change({ outage: null });
    const waiting = aRequest();
    await scene.send('bulk', [waiting]);
    await ended(scene, waiting.id);
    await eventually(() => expect(told(scene, METRICS.outageHeld).at(-1)).toBe(0));
    expect(told(scene, METRICS.tokenDaysLeft)).toEqual([]);
  });
});

describe.concurrent('the API', () => {
  test('refuses connections from the start: the work is held, and all are reset when it is back', async () => {
    const port = await portThatNobodyIsGiven();
    await using scene = await start({ ...ONE_SANDBOX, simulator: { port, outage: 'refuse' } });
    const sent = someRequests(8);
    await scene.send('bulk', sent);
    await eventually(() => expect(logged(scene, 'OUTAGE_HELD')).not.toEqual([]));
    expect(scene.simulator.statistics().calls).toBe(0);
    await scene.simulator.change({ outage: null });
    const items = await allResetHurriedly(scene, 'bulk', sent);
    expect(items.filter(({ calls }) => calls > 1).length).toBeGreaterThanOrEqual(3);
    expect(items.filter(({ unknowns }) => unknowns > 0)).toEqual([]);
    expect(scene.simulator.statistics()).toMatchObject({ calls: sent.length, resets: sent.length });
    expect(await scene.deadLetters()).toEqual([]);
  });

  // The hold is everybody's, and so are the forms of one system: one after the other.
  const DEAD_LETTERED_FIRST: Partial<Record<Outage, number>> = { 500: 5, 502: 2 };
  test.each<{ forms: Outage[] }>([{ forms: [503, 502, 500] }, { forms: [504, 'cut'] }, { forms: ['hang', 'refuse'] }])(
    'is gone for everybody, in the forms $forms: few are called, and all are reset when it is back',
    async ({ forms }) => {
      const port = await portThatNobodyIsGiven();
      await using scene = await start({ ...ONE_SANDBOX, ...SHORT_LEASES, simulator: { port } });
      const reset: TestRequest[] = [];
      for (const outage of forms) {
        reset.push(...(await showLife(scene, 'bulk')));
        const before = { held: logged(scene, 'OUTAGE_HELD').length, letters: (await scene.deadLetters()).length };
        await scene.simulator.change({ outage });
        const sent = someRequests(2 * BATCH);
        await scene.send('bulk', sent);
        // Begun by three signs or more, and lengthened by a probe in vain.
        const holds = () => logged(scene, 'OUTAGE_HELD').slice(before.held);
        await eventually(() => expect(holds().length, `${outage}`).toBeGreaterThanOrEqual(2));
        expect(holds().slice(0, 2), `${outage}`).toMatchObject([{ delayMs: 5_000 }, { delayMs: 10_000 }]);

        const own = new Set(sent.map(({ id }) => id));
        const items = (await scene.ledgerItems()).filter(({ pk }) => own.has(requestIdOf(pk)));
        const calls = items.reduce((sum, item) => sum + item.calls, 0);
        expect(calls, `${outage}`).toBeGreaterThanOrEqual(3);
        // Those under way when it was noticed, the first two perhaps again, and the probes: one each time the hold was lengthened, and the next.
        expect(calls, `${outage}`).toBeLessThanOrEqual(BATCH + 2 + holds().length);
        await scene.simulator.change({ outage: null });

        const failed = new Set(
          items.filter(({ state }) => FAILURE_STATES.includes(state)).map(({ pk }) => requestIdOf(pk)),
        );
        reset.push(...sent.filter(({ id }) => !failed.has(id)));
        await allResetHurriedly(scene, 'bulk', reset);
        expect(failed.size, `${outage}`).toBeLessThanOrEqual(DEAD_LETTERED_FIRST[outage] ?? 0);
        expect(await scene.deadLetters(), `${outage}`).toHaveLength(before.letters + failed.size);
      }
      expect(scene.simulator.statistics()).toMatchObject({ resets: reset.length, secondResets: 0 });
    },
  );

  test('is gone, and a probe address is set: it alone is called until the API is back, and then nobody stands back', async () => {
    const probe = anAddress();
    await using scene = await start({ ...ONE_SANDBOX, environment: { [VARIABLES.probeAddress]: probe } });
    const before = await showLife(scene, 'bulk');
    await scene.simulator.change({ outage: 502 });
    const signs = someRequests(3);
    await scene.send('bulk', signs);
    await eventually(async () => {
      expect(logged(scene, 'OUTAGE_HELD')).not.toEqual([]);
      expect(await scene.deadLetters()).toHaveLength(2);
    });
    const waiting = someRequests(8);
    await scene.send('bulk', waiting);
    await eventually(() => expect(logged(scene, 'OUTAGE_PROBED')).not.toEqual([]));
    const probed = logged(scene, 'OUTAGE_PROBED');
    expect(new Set(probed.map(({ status }) => status))).toEqual(new Set([502]));
    expect(await scene.ledgerItems()).toHaveLength(before.length + signs.length);
    await scene.simulator.change({ outage: null });

    for (const { id } of waiting) {
      expect(await ended(scene, id)).toMatchObject({ state: 'succeeded', calls: 1, failedCalls: 0, unknowns: 0 });
    }
    const items = await eventually(async () => {
      const all = await scene.ledgerItems();
      expect(all.filter(({ state }) => state === 'succeeded')).toHaveLength(before.length + 1 + waiting.length);
      return all;
    });
    // The third sign, which began the hold, was put back, and not for the quarter of an hour of those who leave the probe to others.
    expect(items.filter(({ heldCalls }) => heldCalls > 0)).toMatchObject([
      { state: 'succeeded', calls: 2, unknowns: 1 },
    ]);
    expect(scene.simulator.historyOf(probe)).toMatchObject({ calls: 1, resets: 1 });
    expect(scene.simulator.statistics().byStatus[502]).toBe(signs.length + logged(scene, 'OUTAGE_PROBED').length - 1);
    const { Items } = await callAws<{ Items: unknown[] }>(scene.awsEndpoint, 'dynamodb', 'Scan', {
      TableName: scene.ledgerTableName,
    });
    expect(Items.length).toBeGreaterThan(items.length);
    expect([...scene.printed, JSON.stringify(Items)].filter((text) => text.includes(probe))).toEqual([]);
  });

  test('never answers: after its time-out a call is an unknown, and is made again', async () => {
    await using scene = await start({ ...ONE_SANDBOX, ...SHORT_LEASES });
    await showLife(scene, 'bulk');
    const silent = aRequest('hangx1');
    const silentReset = aRequest('hangx1-reset');
    const neighbour = aRequest();
    await scene.send('bulk', [silent, silentReset, neighbour]);
    expect(await ended(scene, neighbour.id)).toMatchObject({ state: 'succeeded', calls: 1 });
    for (const { id } of [silent, silentReset]) {
      expect(await ended(scene, id)).toMatchObject({ state: 'succeeded', calls: 2, unknowns: 1 });
    }
    expect(scene.simulator.historyOf(silent.email).resets).toBe(1);
    expect(scene.simulator.historyOf(silentReset.email)).toMatchObject({ resets: 2, silentResets: 1 });
    expect(scene.simulator.statistics()).toMatchObject({ secondResets: 1, explainedSecondResets: 1 });
  });
});

describe.concurrent('the ledger', () => {
  test('took a claim and did not say so: the claim is given back, and the request called once, with nothing unknown', async () => {
    await using scene = await start(ONE_SANDBOX);
    const request = aRequest();
    scene.faults.add({
      operation: 'dynamodb:UpdateItem',
      kind: 'done-but-fail',
      // The claim, which the SDK sends twice.
      times: 2,
      bodyIncludes: `"request#${request.id}"`,
    });
    await scene.send('bulk', [request]);
    const item = await ended(scene, request.id);
    expect(item).toMatchObject({ state: 'succeeded', calls: 1, failedCalls: 0, unknowns: 0 });
    expect(scene.simulator.historyOf(request.email)).toMatchObject({ calls: 1, resets: 1 });
    await drained(scene);
  });

  test('cannot be told of a reset: it is acknowledged all the same and not made again', async () => {
    await using scene = await start({ ...ONE_SANDBOX, ...SHORT_LEASES, functionTimeoutMs: 25_000 });
    const request = aRequest();
    const neighbour = aRequest();
    scene.faults.add({
      operation: 'dynamodb:UpdateItem',
      kind: 'fail',
      after: 1,
      times: Number.POSITIVE_INFINITY,
      bodyIncludes: `"request#${request.id}"`,
    });
    await scene.send('bulk', [request, neighbour]);
    await drained(scene);
    expect(logged(scene, 'RESET_NOT_RECORDED')).toMatchObject([{ requestId: request.id }]);
    expect(await itemOf(scene, request.id)).toMatchObject({ state: 'calling', calls: 1 });
    expect(await itemOf(scene, neighbour.id)).toMatchObject({ state: 'succeeded', calls: 1 });
    expect(scene.simulator.statistics()).toMatchObject({ calls: 2, resets: 2, secondResets: 0 });
  });

  test('holds a wait that the queue could not be told of: nothing is called early', async () => {
    await using scene = await start({ ...ONE_SANDBOX, visibilityTimeoutSeconds: 5 });
    await showLife(scene, 'bulk');
    scene.faults.add({ operation: 'sqs:ChangeMessageVisibility', kind: 'fail', times: 2 });
    const waits = aRequest('flaky503x1-after11');
    await scene.send('bulk', [waits, ...someRequests(3)]);
    const { notBefore } = await eventually(async () => {
      const item = await itemOf(scene, waits.id);
      expect(item?.state).toBe('waiting');
      return item as NonNullable<typeof item>;
    });
    const item = await ended(scene, waits.id);
    expect(item).toMatchObject({ state: 'succeeded', calls: 2, failedCalls: 1 });
    expect(item.finishedAt).toBeGreaterThanOrEqual(notBefore ?? Number.NaN);
    expect(logged(scene, 'NOT_HIDDEN')).not.toEqual([]);
    await drained(scene);
  });
});

test.concurrent('one request id twice in a batch, in both lanes at once, and redriven twice at once is called for once', async () => {
  await using scene = await start({ ...CALM, ...SHORT_LEASES, lanes: [], simulator: { latencyMs: 300 } });
  const inBatch = aRequest();
  const inLanes = aRequest();
  const redriven = aRequest('notfoundx1');
  await scene.send('bulk', [inBatch, redriven, inBatch, inLanes]);
  await scene.send('interactive', [inLanes]);
  scene.startLane('bulk');
  scene.startLane('interactive');
  await ended(scene, redriven.id);
  const [letter] = await eventually(async () => {
    const letters = await lettersOf(scene, redriven.id);
    expect(letters).toHaveLength(1);
    return letters;
  });
  await Promise.all([redrive(scene, letter, 'bulk'), redrive(scene, letter, 'interactive')]);
  // A copy that met the call waits for the end of its lease.
  await drained(scene);
  for (const { id } of [inBatch, inLanes, redriven]) {
    expect(await itemOf(scene, id)).toMatchObject({ state: 'succeeded', calls: 1, unknowns: 0 });
  }
  expect(scene.simulator.historyOf(redriven.email)).toMatchObject({ calls: 2, resets: 1 });
  expect(scene.simulator.statistics()).toMatchObject({ calls: 4, resets: 3, secondResets: 0 });
  expect(await scene.deadLetters()).toHaveLength(1);
  expect(logged(scene, 'DUPLICATE')).toHaveLength(3);
});

describe.concurrent('a sandbox that is killed', () => {
  test('loses nothing, whatever it was about to write', async () => {
    await using scene = await start({ ...ONE_SANDBOX, ...SHORT_LEASES, visibilityTimeoutSeconds: 15 });
    const beforeClaim = aRequest();
    const beforeReset = aRequest();
    const beforeFailure = aRequest('notfound');
    const beforeLetter = aRequest('notfound');
    const afterLetter = aRequest('notfound');
    const hang = (operation: 'dynamodb:UpdateItem' | 'sqs:SendMessage', bodyIncludes: string, after: number) =>
      scene.faults.add({ operation, kind: 'hang', bodyIncludes, after, times: Number.POSITIVE_INFINITY });
    hang('dynamodb:UpdateItem', `"request#${beforeClaim.id}"`, 0);
    hang('dynamodb:UpdateItem', `"request#${beforeReset.id}"`, 1);
    hang('dynamodb:UpdateItem', `"request#${beforeFailure.id}"`, 1);
    hang('sqs:SendMessage', `"${beforeLetter.id}"`, 0);
    hang('dynamodb:UpdateItem', `"request#${afterLetter.id}"`, 2);
    const sent = [beforeClaim, beforeReset, beforeFailure, beforeLetter, afterLetter];
    await scene.send('bulk', sent);
    await eventually(async () => {
      for (const { email } of sent.slice(1)) expect(scene.simulator.historyOf(email).calls).toBe(1);
      expect(await itemOf(scene, beforeLetter.id)).toMatchObject({ state: 'failing' });
      expect(await lettersOf(scene, afterLetter.id)).toHaveLength(1);
      // Five claims, four results and a letter that is sent; the letters themselves. What is under way must have met its fault.
      expect(scene.operations()['dynamodb:UpdateItem']).toBeGreaterThanOrEqual(10);
      expect(scene.operations()['sqs:SendMessage']).toBeGreaterThanOrEqual(2);
    });
    expect(scene.function.killOne()).toBe(true);
    await eventually(() => expect(scene.function.sandboxes().alive).toBe(0));
    scene.faults.clear();
    await drained(scene);

    const end = async ({ id, email }: (typeof sent)[number]) => {
      const { calls, resets } = scene.simulator.historyOf(email);
      const { state, reason, unknowns } = (await itemOf(scene, id)) ?? {};
      const letters = (await lettersOf(scene, id)).map((letter) => attributesOf(letter).FailureId);
      return { state, reason, unknowns, calls, resets, letters: letters.length, failures: new Set(letters).size };
    };
    const reset = { state: 'succeeded', reason: undefined, letters: 0, failures: 0 };
    const failed = { state: 'failed', resets: 0, letters: 1, failures: 1 };
    expect(await end(beforeClaim)).toEqual({ ...reset, unknowns: 0, calls: 1, resets: 1 });
    expect(await end(beforeReset)).toEqual({ ...reset, unknowns: 1, calls: 2, resets: 2 });
    expect(await end(beforeFailure)).toEqual({ ...failed, reason: 'outcome-unknown', unknowns: 1, calls: 2 });
    expect(await end(beforeLetter)).toEqual({ ...failed, reason: 'rejected', unknowns: 0, calls: 1 });
    expect(await end(afterLetter)).toEqual({ ...failed, reason: 'rejected', unknowns: 0, calls: 1, letters: 2 });
  });

  const SEED = 20_261;
  test(`at moments drawn from ${SEED}: every request ends, and no second reset is without an unknown`, async () => {
    const random = randomFrom(SEED);
    await using scene = await start({
      mapping: { maximumConcurrency: 2 },
      visibilityTimeoutSeconds: 6,
      environment: { ...SHORT_CALL_TIMEOUT, [VARIABLES.callsPerMinute]: '600', [VARIABLES.callBurst]: '2' },
      simulator: { latencyMs: 40, latencyJitterMs: 80 },
    });
    const words = [undefined, undefined, undefined, undefined, 'notfound', undefined, 'flaky503x1', 'ghost504x1'];
    const sent = Array.from({ length: 100 }, (_, index) => aRequest(words[index % words.length]));
    const laneOf = (index: number): Lane => (index < 50 ? 'interactive' : 'bulk');
    for (const lane of LANES) {
      await showLife(scene, lane);
      await scene.send(
        lane,
        sent.filter((_, index) => laneOf(index) === lane),
      );
    }
    // Moments are counted in calls, of which even a hundred requests that went well would make enough.
    let calls = scene.simulator.statistics().calls;
    for (let kills = 0; kills < 8; kills += 1) {
      calls += 1 + Math.floor(random() * 10);
      await eventually(() => expect(scene.simulator.statistics().calls).toBeGreaterThanOrEqual(calls));
      await eventually(() => expect(scene.function.killOne()).toBe(true));
    }
    for (const [index, request] of sent.entries()) await endedHurriedly(scene, laneOf(index), request);

    const letters = await scene.deadLetters();
    const items = new Map((await scene.ledgerItems()).map((item) => [requestIdOf(item.pk), item]));
    for (const { id, email } of sent) {
      const item = items.get(id);
      const { resets } = scene.simulator.historyOf(email);
      const own = letters.filter((letter) => letterId(letter) === id);
      expect(item?.state, id).toBeOneOf(['succeeded', 'failed']);
      if (item?.state === 'succeeded') expect(resets, id).toBeGreaterThan(0);
      expect(resets, id).toBeLessThanOrEqual(1 + (item?.unknowns ?? 0));
      expect(new Set(own.map((letter) => attributesOf(letter).FailureId))).toEqual(
        new Set(item?.state === 'failed' ? [item.failureId] : []),
      );
    }
    expect(letters.length).toBeGreaterThanOrEqual(10);
    expect(logged(scene, 'UNEXPECTED')).toEqual([]);
  });
});

/** The values of a metric that were printed so far, in order. */
const told = (scene: Scene, metric: MetricName): unknown[] =>
  scene.printed
    .filter((line) => line.includes('"_aws"') && line.includes(`"${metric}"`))
    .map((line) => JSON.parse(line)[metric]);

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('no address, no token and no body in any line printed or item written', expectNothingPrivate);
