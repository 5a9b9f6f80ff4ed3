import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import type { LETTER_ATTRIBUTES } from '../../functions/contract/dead-letter.ts';
import { VARIABLES } from '../../functions/contract/function-environment.ts';
import { LEDGER } from '../../functions/contract/ledger-table.ts';
import type { Lane } from '../../functions/contract/reset-request.ts';
import { type RequestItem, requestIdOf, requestKey } from '../../functions/ledger/items.ts';
import { callAws } from '../../local/aws/aws-call.ts';
import type { InspectedMessage } from '../../local/aws/stand-ins.ts';
import { type SynthesizedStack, synthesizeStack } from '../../local/stack/synthesized-stack.ts';
import { type LocalSystem, type LocalSystemOptions, startLocalSystem } from '../../local/system.ts';

/**
 * How long a condition is waited for that nearly always holds within a minute: a test says what must come about, not how fast, so that a busy
 * machine makes it slow and not wrong. Only a test that fails waits so long.
 */
const PATIENCE_MS = 300_000;
/** A test waits for a few conditions. */
export const LONGEST_TEST_MS = 2 * PATIENCE_MS;

/** Part of every address, so that no line and no item can hold one of them, or its local part, without this word. */
const PERSON = 'quinn';
/** Part of every body, in a member that is to stay in the queues. */
const BODY_WORD = 'asked-by-telephone';
/** Unlike the stand-in's own, a word that nothing else holds. */
export const TOKEN = 'tOkEn-0f-th1s-test';
export const NEW_TOKEN = 'tOkEn-that-came-l4ter';

/** No pace to wait for: what is tested is not the budget. */
export const UNPACED = {
  [VARIABLES.callsPerMinute]: '600000',
  [VARIABLES.callBurst]: '60000',
};

/** For tests that wait for the end of a lease, 10 s after it; still a hundred times what a call to the simulator takes. */
export const SHORT_CALL_TIMEOUT = { [VARIABLES.callTimeoutSeconds]: '5' };

/** One sandbox per lane. */
export const ONE_A_LANE = { maximumConcurrency: 1 };

/** A system that is stopped at the end of its block, and whose words are kept. */
export interface Scene extends LocalSystem {
  /** What its sandboxes print. */
  printed: string[];
  [Symbol.asyncDispose](): Promise<void>;
}

export interface Scenes {
  /** Starts a system without pace and quota, and with short times, unless the options say otherwise. */
  start(options?: LocalSystemOptions): Promise<Scene>;
  /** Fails where any system of the file printed or remembered an address, a token or a body. */
  expectNothingPrivate(): Promise<void>;
}

/** The systems of one file. They share a synthesized deployment, and all are stopped whatever becomes of the tests. */
export function scenes(): Scenes {
  vi.setConfig({ testTimeout: LONGEST_TEST_MS });
  let deployment: SynthesizedStack | undefined;
  const started: Scene[] = [];
  const running = new Set<Scene>();
  const ledgers: RequestItem[] = [];

  const stop = async (scene: Scene, system: LocalSystem) => {
    if (!running.delete(scene)) return;
    try {
      ledgers.push(...(await system.ledgerItems()));
    } finally {
      await system.stop();
    }
  };

  let folder: string | undefined;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'end-to-end-'));
    deployment = await synthesizeStack({}, folder);
  });
  afterAll(async () => {
    await Promise.allSettled([...running].map((scene) => scene.stop()));
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  return {
    start: async (options = {}) => {
      const { environment, simulator, ...rest } = options;
      const system = await startLocalSystem({
        ...(deployment === undefined ? {} : { deployment }),
        // A delivery that was lost comes back within a test, and one that is slow on a busy machine is not made twice.
        visibilityTimeoutSeconds: 90,
        environment: { ...UNPACED, ...environment },
        simulator: { tokens: [TOKEN], quota: undefined, ...simulator },
        ...rest,
      });
      const printed: string[] = [];
      system.function.onLine((line) => printed.push(line));
      const scene: Scene = {
        ...system,
        printed,
        stop: () => stop(scene, system),
        [Symbol.asyncDispose]: () => stop(scene, system),
      };
      started.push(scene);
      running.add(scene);
      return scene;
    },
    expectNothingPrivate: async () => {
      await Promise.all([...running].map((scene) => scene.stop()));
      const lines = started.flatMap(({ printed }) => printed);
      expect(lines.length).toBeGreaterThan(0);
      expect(ledgers.length).toBeGreaterThan(0);
      const text = [...lines, JSON.stringify(ledgers)].join('\n').toLowerCase();
      const words = [...addressWords(), ...tokenWords(), BODY_WORD];
      expect(words.filter((word) => text.includes(word.toLowerCase()))).toEqual([]);
    },
  };
}

const addresses: string[] = [];
const encodings = ['base64', 'base64url', 'hex'] as const;
const encoded = (text: string) => encodings.map((encoding) => Buffer.from(text).toString(encoding));
const addressWords = () => [PERSON, '@example', ...addresses.flatMap(encoded)];
const tokenWords = () => [TOKEN, NEW_TOKEN].flatMap((token) => [token, ...encoded(token)]);

export interface TestRequest {
  id: string;
  email: string;
  body: string;
}

/** An address of its own. `word` tells the simulator how to act, see `local/reset-api/personalities.ts`. */
export function anAddress(word?: string): string {
  const person = `${PERSON}.n${addresses.length}@example.com`;
  const email = word === undefined ? person : `${word}+${person}`;
  addresses.push(email);
  return email;
}

let requests = 0;
/** A valid request with an id and an address of its own. */
export function aRequest(word?: string, members: Record<string, unknown> = {}): TestRequest {
  requests += 1;
  const { email = anAddress(word), requestId: id = `request-${requests}` } = members as Record<string, string>;
  return { id, email, body: JSON.stringify({ email, requestId: id, comment: BODY_WORD, ...members }) };
}

export const someRequests = (count: number, word?: string): TestRequest[] =>
  Array.from({ length: count }, () => aRequest(word));

/** Looks again and again until the claims hold, for a bounded time; then fails with the claim that does not. */
export const eventually = <T>(look: () => Promise<T> | T): Promise<T> =>
  vi.waitFor(look, { timeout: PATIENCE_MS, interval: 100 });

export async function itemOf(scene: LocalSystem, id: string): Promise<RequestItem | undefined> {
  return (await scene.ledgerItems()).find(({ pk }) => requestIdOf(pk) === id);
}

/** The letters of a request, by the id that they carry. */
export async function lettersOf(scene: LocalSystem, id: string): Promise<InspectedMessage[]> {
  return (await scene.deadLetters()).filter((letter) => letter.messageAttributes.RequestId?.StringValue === id);
}

type Attribute = (typeof LETTER_ATTRIBUTES)[keyof typeof LETTER_ATTRIBUTES];
export const attributesOf = (letter: InspectedMessage | undefined): Partial<Record<Attribute, string>> =>
  Object.fromEntries(
    Object.entries(letter?.messageAttributes ?? {}).map(([name, { StringValue }]) => [name, StringValue]),
  );

/** Waits for the end of a request. */
export const ended = (scene: LocalSystem, id: string): Promise<RequestItem> =>
  eventually(async () => {
    const item = await itemOf(scene, id);
    expect(item?.state, id).toBeOneOf(['succeeded', 'failed']);
    return item as RequestItem;
  });

/**
 * Lets healthy users be reset, one after the other, so that everybody knows that the API lives: a server error or silence that comes next is then
 * the request's own. Two, since a success is shared with the next permit. @returns their requests.
 */
export async function showLife(scene: LocalSystem, lane: Lane): Promise<TestRequest[]> {
  const healthy = someRequests(2);
  for (const request of healthy) {
    await scene.send(lane, [request]);
    await ended(scene, request.id);
  }
  return healthy;
}

/** A request put back for a second time-out or an outage may wait for a quarter of an hour. */
const LONG_WAIT_MS = 15_000;

/**
 * Ends the long wait of a request that is put back, if it is: makes it due, and delivers its message once more, since the first is hidden. That may
 * be so for long after the request is due.
 */
async function hurry(scene: LocalSystem, lane: Lane, request: TestRequest): Promise<void> {
  const item = await itemOf(scene, request.id);
  if (!item || !waitsLong(item, Date.now())) return;
  if (item.state === 'waiting') await makeDue(scene, request.id);
  else await endLeaseLongAgo(scene, request.id);
  await scene.send(lane, [request]);
}

/** Until its next try, or for a quarter of an hour after a second call that was lost with its process. */
function waitsLong({ state, notBefore = 0, leaseEnd = 0 }: RequestItem, now: number): boolean {
  if (state === 'waiting') return Math.abs(notBefore - now) >= LONG_WAIT_MS;
  return state === 'calling' && now - leaseEnd >= LONG_WAIT_MS && now - leaseEnd < LONG_AGO_MS;
}

const LONG_AGO_MS = 20 * 60_000;

const endLeaseLongAgo = (scene: LocalSystem, id: string): Promise<unknown> =>
  callAws(scene.awsEndpoint, 'dynamodb', 'UpdateItem', {
    TableName: scene.ledgerTableName,
    Key: { [LEDGER.partitionKey]: { S: requestKey(id) } },
    UpdateExpression: 'SET leaseEnd = :longAgo',
    ConditionExpression: '#state = :calling AND leaseEnd < :now',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: {
      ':longAgo': { N: String(Date.now() - LONG_AGO_MS) },
      ':now': { N: String(Date.now()) },
      ':calling': { S: 'calling' },
    },
  });

/** Waits for the end of a request without its long waits. */
export const endedHurriedly = (scene: LocalSystem, lane: Lane, request: TestRequest): Promise<RequestItem> =>
  eventually(async () => {
    const item = await itemOf(scene, request.id);
    await hurry(scene, lane, request);
    expect(item?.state, request.id).toBeOneOf(['succeeded', 'failed']);
    return item as RequestItem;
  });

/** Writes into the item of a request that waits. */
export async function makeDue(scene: LocalSystem, id: string, failedCalls?: number): Promise<void> {
  await callAws(scene.awsEndpoint, 'dynamodb', 'UpdateItem', {
    TableName: scene.ledgerTableName,
    Key: { [LEDGER.partitionKey]: { S: requestKey(id) } },
    UpdateExpression: `SET notBefore = :now${failedCalls === undefined ? '' : ', failedCalls = :n'}`,
    ConditionExpression: '#state = :waiting',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: {
      ':now': { N: String(Date.now()) },
      ':waiting': { S: 'waiting' },
      ...(failedCalls === undefined ? {} : { ':n': { N: String(failedCalls) } }),
    },
  });
}

/** Waits until nothing is left in the lanes, visible or not. */
export const drained = (scene: LocalSystem): Promise<void> =>
  eventually(async () => {
    expect(await depths(scene)).toEqual({ interactive: 0, bulk: 0 });
  });

async function depths(scene: LocalSystem): Promise<Record<Lane, number>> {
  const [interactive, bulk] = await Promise.all([scene.depth('interactive'), scene.depth('bulk')]);
  return { interactive: interactive.waiting + interactive.inFlight, bulk: bulk.waiting + bulk.inFlight };
}

/** Waits until every request is reset. */
export const allReset = (scene: LocalSystem, sent: readonly TestRequest[]): Promise<RequestItem[]> =>
  eventually(async () => {
    const items = await scene.ledgerItems();
    const reset = items.filter(({ state }) => state === 'succeeded').map(({ pk }) => requestIdOf(pk));
    expect(reset.sort()).toEqual(sent.map(({ id }) => id).sort());
    return items;
  });

/**
 * Waits until every request is reset that is not dead-lettered, after a hold. Who met the end of a hold without being let through is hidden for as
 * long again, and who left the probe to others for up to an hour: once others have been reset for a while, what is left is made due and delivered
 * again.
 */
export async function allResetHurriedly(
  scene: LocalSystem,
  lane: Lane,
  sent: readonly TestRequest[],
): Promise<RequestItem[]> {
  let before: number | undefined;
  let standstill = { left: sent.length, since: Date.now() };
  return eventually(async () => {
    const items = await scene.ledgerItems();
    const reset = new Set(items.filter(({ state }) => state === 'succeeded').map(({ pk }) => requestIdOf(pk)));
    const left = sent.filter(({ id }) => !reset.has(id));
    before ??= left.length;
    if (left.length < standstill.left) standstill = { left: left.length, since: Date.now() };
    if (left.length < before && Date.now() - standstill.since > STANDSTILL_MS) {
      standstill.since = Date.now();
      const early = items.filter(({ state, notBefore = 0 }) => state === 'waiting' && notBefore > Date.now());
      for (const { pk } of early) await makeDue(scene, requestIdOf(pk));
      await scene.send(lane, left);
    }
    expect(left.map(({ id }) => id)).toEqual([]);
    expect(items.filter(({ state }) => state !== 'failed')).toHaveLength(sent.length);
    return items;
  });
}
const STANDSTILL_MS = 2_000;

/** Sends a dead letter back as it is, body and attributes, as an operator's redrive does. */
export async function redrive(scene: LocalSystem, letter: InspectedMessage | undefined, lane: Lane): Promise<void> {
  if (letter === undefined) throw new Error('There is no letter to redrive.');
  await callAws(scene.awsEndpoint, 'sqs', 'SendMessage', {
    QueueUrl: scene.queueUrls[lane],
    MessageBody: letter.body,
    MessageAttributes: letter.messageAttributes,
  });
}

/** The log lines of an event's code. */
export const logged = (scene: Scene, code: string): Record<string, unknown>[] =>
  scene.printed
    .filter((line) => line.includes(`"${code}"`))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((entry) => entry.code === code);
