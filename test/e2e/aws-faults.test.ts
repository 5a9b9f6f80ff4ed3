import { beforeAll, describe, expect, test } from 'vitest';
import type { RequestItem } from '../../functions/ledger/items.ts';
import type { FaultKind, FaultRule } from '../../local/aws/faults.ts';
import {
  allReset,
  aRequest,
  attributesOf,
  drained,
  ended,
  eventually,
  lettersOf,
  logged,
  ONE_A_LANE,
  type Scene,
  SHORT_CALL_TIMEOUT,
  scenes,
  someRequests,
  type TestRequest,
} from '../support/local-system.ts';

const { start, expectNothingPrivate } = scenes();

/** One call of the worker to AWS, picked out by the id that its body holds and by its place among its like. */
interface Stage {
  name: string;
  operation: FaultRule['operation'];
  after: number;
  word?: string;
  inCampaign?: true;
  calls: number;
  item: Partial<RequestItem>;
}
const RESET: Partial<RequestItem> = { state: 'succeeded', calls: 1, failedCalls: 0, unknowns: 0 };
const REJECTED: Partial<RequestItem> = { state: 'failed', reason: 'rejected', calls: 1, failedCalls: 1, unknowns: 0 };
const STAGES: Stage[] = [
  { name: 'the look-up', operation: 'dynamodb:BatchGetItem', after: 0, calls: 1, item: RESET },
  { name: 'the claim', operation: 'dynamodb:UpdateItem', after: 0, calls: 1, item: RESET },
  { name: 'a reset', operation: 'dynamodb:UpdateItem', after: 1, calls: 1, item: RESET },
  {
    name: 'a wait',
    operation: 'dynamodb:UpdateItem',
    after: 1,
    word: 'flaky429x1',
    calls: 2,
    item: { state: 'succeeded', calls: 2, unknowns: 0 },
  },
  { name: 'a failure', operation: 'dynamodb:UpdateItem', after: 1, word: 'notfound', calls: 1, item: REJECTED },
  { name: 'the letter', operation: 'sqs:SendMessage', after: 0, word: 'notfound', calls: 1, item: REJECTED },
  { name: 'a letter sent', operation: 'dynamodb:UpdateItem', after: 2, word: 'notfound', calls: 1, item: REJECTED },
  { name: 'a campaign', operation: 'dynamodb:PutItem', after: 0, inCampaign: true, calls: 1, item: RESET },
];

/** Once, and so often that the SDK gives up: it tries twice. */
const KINDS: { kind: FaultKind; times: number; delayMs?: number }[] = [
  { kind: 'hang', times: 1 },
  { kind: 'hang', times: 2 },
  { kind: 'slow', times: 1, delayMs: 500 },
  // Later than the SDK waits: what it tried first is done after what it tried last.
  { kind: 'slow', times: 1, delayMs: 3500 },
  { kind: 'slow', times: 2, delayMs: 3500 },
  { kind: 'fail', times: 1 },
  { kind: 'fail', times: 2 },
  { kind: 'throttle', times: 1 },
  { kind: 'throttle', times: 2 },
  { kind: 'cut', times: 1 },
  { kind: 'cut', times: 2 },
  { kind: 'done-but-fail', times: 1 },
  { kind: 'done-but-fail', times: 2 },
  { kind: 'done-but-cut', times: 1 },
  { kind: 'done-but-cut', times: 2 },
];

/** The claim stands, and nobody knows: that ends with its lease alone, see `outages.test.ts`. */
const endsWithItsLease = (stage: Stage, { kind, times }: (typeof KINDS)[number]) =>
  stage.name === 'the claim' && /^done|slow/.test(kind) && times === 2;

const ROWS = KINDS.flatMap((fault) =>
  STAGES.filter((stage) => !endsWithItsLease(stage, fault)).map((stage) => ({ ...stage, ...fault })),
);
type Row = (typeof ROWS)[number];

// The groups run at the same time, the tests of a group one after the other.
describe.concurrent('a call to AWS that goes wrong', () => {
  let scene: Scene;
  const sent = new Map<Row, { request: TestRequest; rule: FaultRule }>();
  const sentBy = (row: Row) => {
    const found = sent.get(row);
    if (found === undefined) throw new Error(`${row.name} was not sent`);
    return found;
  };

  beforeAll(async () => {
    scene = await start({ lanes: [], environment: SHORT_CALL_TIMEOUT });
    for (const row of ROWS) {
      const { operation, kind, times, after, word, inCampaign, delayMs } = row;
      const campaignId = `campaign-${sent.size}`;
      const request = aRequest(word, inCampaign ? { campaignId } : {});
      const id = operation.startsWith('sqs') ? request.id : `request#${request.id}`;
      const bodyIncludes = `"${inCampaign ? campaignId : id}"`;
      const rule = { operation, kind, times, after, bodyIncludes, ...(delayMs === undefined ? {} : { delayMs }) };
      scene.faults.add(rule);
      sent.set(row, { request, rule });
    }
    const requests = [...sent.values()].map(({ request }) => request);
    const half = Math.ceil(requests.length / 2);
    await scene.send('interactive', requests.slice(0, half));
    await scene.send('bulk', requests.slice(half));
    scene.startLane('interactive');
    scene.startLane('bulk');
  });

  test.each(ROWS)('$name: $kind × $times', { concurrent: false }, async (row) => {
    const { request, rule } = sentBy(row);
    expect(await ended(scene, request.id)).toMatchObject(row.item);
    const { calls, resets } = scene.simulator.historyOf(request.email);
    expect({ calls, resets }).toEqual({ calls: row.calls, resets: row.item.state === 'succeeded' ? 1 : 0 });
    expect(isUsedUp(scene, rule)).toBe(true);
    // A letter that was perhaps sent is sent again: copies of one failure, of which a redrive runs one.
    const letters = await lettersOf(scene, request.id);
    const failures = new Set(letters.map((letter) => attributesOf(letter).FailureId));
    expect(failures.size).toBe(row.item.state === 'failed' ? 1 : 0);
    const perhapsSent = row.operation === 'sqs:SendMessage' && /^done|slow/.test(row.kind);
    expect(letters.length).toBeLessThanOrEqual(failures.size + (perhapsSent ? row.times : 0));
  });

  test('nothing is left in the lanes, and nothing was a defect', { concurrent: false }, async () => {
    await drained(scene);
    expect(scene.simulator.statistics()).toMatchObject({ secondResets: 0 });
    expect(logged(scene, 'UNEXPECTED')).toEqual([]);
  });
});

/** Whether a fault has hit as often as it should: an operation of its kind would pass now. */
function isUsedUp({ faults }: Scene, { operation, after = 0, bodyIncludes = '' }: FaultRule): boolean {
  const hits = Array.from({ length: after + 1 }, () => faults.next(operation, () => bodyIncludes));
  return hits.every((hit) => hit === undefined);
}

test.concurrent.each(['fail', 'done-but-cut'] as const)(
  'a batch whose deletion comes to %s is received again and not called again',
  async (kind) => {
    await using scene = await start({ lanes: ['bulk'], mapping: ONE_A_LANE, visibilityTimeoutSeconds: 4 });
    // As often as the event source tries.
    scene.faults.add({ operation: 'sqs:DeleteMessageBatch', kind, times: 3 });
    const sent = [...someRequests(5), aRequest('notfound')];
    await scene.send('bulk', sent);
    await drained(scene);
    for (const { id } of sent) await ended(scene, id);
    expect(scene.simulator.statistics()).toMatchObject({ calls: sent.length, secondResets: 0 });
    const failures = (await scene.deadLetters()).map((letter) => attributesOf(letter).FailureId);
    expect(new Set(failures).size).toBe(1);
    if (kind === 'fail') expect(logged(scene, 'DUPLICATE')).not.toEqual([]);
  },
);

describe.concurrent('the secret', () => {
  let scene: Scene;
  const sent: TestRequest[] = [];
  beforeAll(async () => {
    scene = await start({ lanes: ['interactive'], mapping: ONE_A_LANE });
  });

  test.each(['fail', 'throttle', 'cut', 'slow', 'done-but-fail', 'done-but-cut', 'hang'] as const)(
    'read with %s once holds nothing',
    { concurrent: false },
    async (kind) => {
      const { started } = scene.function.sandboxes();
      // A new sandbox reads the secret anew.
      if (scene.function.killOne()) await eventually(() => expect(scene.function.sandboxes().alive).toBe(0));
      const rule: FaultRule = { operation: 'secretsmanager:GetSecretValue', kind, delayMs: 500 };
      scene.faults.add(rule);
      sent.push(aRequest());
      await scene.send('interactive', sent.slice(-1));
      await allReset(scene, sent);
      expect(scene.function.sandboxes().started).toBe(started + 1);
      expect(isUsedUp(scene, rule)).toBe(true);
      expect(logged(scene, 'TOKEN_UNUSABLE')).toEqual([]);
    },
  );
});

test('no address, no token and no body in any line printed or item written', expectNothingPrivate);
