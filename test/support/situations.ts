import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { expect } from 'vitest';
import { SQS_CLIENT_OPTIONS } from '../../cli/deployment/client-options.ts';
import { type QueueCounts, sqsQueues } from '../../cli/deployment/queues.ts';
import { type StandingHold, standingHolds } from '../../cli/queries/standing-holds.ts';
import { dynamoBudgetStore } from '../../functions/call-budget/dynamo-store.ts';
import type { Scope } from '../../functions/call-budget/holds.ts';
import { pause } from '../../functions/call-budget/operator.ts';
import { SharedItem } from '../../functions/call-budget/shared-item.ts';
import type { BudgetState } from '../../functions/call-budget/state.ts';
import { checkBudgetItem } from '../../functions/call-budget/stored-state.ts';
import type { Lane } from '../../functions/contract/reset-request.ts';
import { cancelCampaign } from '../../functions/ledger/dynamo/campaigns.ts';
import { has } from './cli/a-situation.ts';
import { aRequest, drained, eventually, ONE_A_LANE, type Scene, type Scenes, someRequests } from './local-system.ts';

/** What an operator would look at in a running system. */
export interface Sight {
  /** Undefined until a first call is wanted. */
  state: BudgetState | undefined;
  lanes: Record<Lane, QueueCounts>;
  holds: StandingHold[];
}

/** Brings a system there through real traffic. The lane is `bulk`, and it has a sandbox to itself. */
export type Situation = (start: Scenes['start']) => Promise<Scene>;

const CALM = { mapping: ONE_A_LANE, visibilityTimeoutSeconds: 120 };
/** More than a sandbox takes at once, so that some are left waiting. */
const MANY = 200;
/** As many in a row as turn the brake on. */
const BRAKE_REJECTIONS = 20;

/** Those that `status` must tell the truth about. */
export const SITUATIONS = {
  async 'empty secret, nothing sent'(start) {
    return start({ ...CALM, secretValue: null });
  },

  async 'empty secret, requests sent'(start) {
    const scene = await start({ ...CALM, secretValue: null });
    await scene.send('bulk', someRequests(3));
    return held(scene, 'all', 'credential');
  },

  async 'token expired'(start) {
    const scene = await start(CALM);
    await scene.simulator.change({ expired: true });
    await scene.send('bulk', someRequests(3));
    return held(scene, 'all', 'credential');
  },

  'outage by 503': (start) => outage(start, 503),
  'outage by 504': (start) => outage(start, 504),

  async 'brake, many waiting'(start) {
    const scene = await start({ ...CALM, lanes: [] });
    await scene.send('bulk', [...someRequests(BRAKE_REJECTIONS, 'notfound'), ...someRequests(MANY)]);
    scene.startLane('interactive');
    scene.startLane('bulk');
    return held(scene, 'bulk', 'brake');
  },

  async 'lane paused'(start) {
    const scene = await start(CALM);
    await pauseLane(scene, 'bulk');
    await scene.send('bulk', someRequests(3));
    return held(scene, 'bulk', 'operator');
  },

  async 'ended hold in an empty lane'(start) {
    const scene = await start(CALM);
    await scene.simulator.change({ outage: 503 });
    const campaignId = 'given-up';
    await scene.send(
      'bulk',
      Array.from({ length: 3 }, () => aRequest(undefined, { campaignId })),
    );
    await held(scene, 'all', 'outage');
    await cancelCampaign(ledgerOf(scene), campaignId);
    await drained(scene);
    await eventually(async () => {
      const { state } = await sightOf(scene);
      expect(state?.holds.byScope.all?.until).toBeLessThan(Date.now());
    });
    return scene;
  },
} satisfies Record<string, Situation>;

async function outage(start: Scenes['start'], status: 503 | 504): Promise<Scene> {
  const scene = await start(CALM);
  await scene.simulator.change({ outage: status });
  await scene.send('bulk', someRequests(5));
  return held(scene, 'all', 'outage');
}

/** Waits until the hold stands, and the messages of its lane are in it. */
async function held(scene: Scene, scope: Scope, why: StandingHold['why']): Promise<Scene> {
  await eventually(async () => {
    const { holds } = await sightOf(scene);
    expect(holds.map((hold) => ({ scope: hold.scope, why: hold.why }))).toContainEqual({ scope, why });
  });
  return scene;
}

/** Looks at queues and budget as the command line does. */
export async function sightOf(scene: Scene): Promise<Sight> {
  const sqs = new SQSClient({ ...SQS_CLIENT_OPTIONS, ...scene.clientOptions });
  try {
    const { counts } = sqsQueues(sqs);
    const [state, interactive, bulk] = await Promise.all([
      budgetOf(scene).read(),
      counts(scene.queueUrls.interactive),
      counts(scene.queueUrls.bulk),
    ]);
    const lanes = { interactive, bulk };
    return {
      state,
      lanes,
      holds: standingHolds(state, { interactive: has(interactive), bulk: has(bulk) }, Date.now()),
    };
  } finally {
    sqs.destroy();
  }
}

/** An operator's pause, written as the command line writes it. */
async function pauseLane(scene: Scene, lane: Lane): Promise<void> {
  const clock = { now: Date.now, sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)) };
  const item = new SharedItem(budgetOf(scene), clock, Math.random);
  await eventually(async () => {
    const told = await item.change((state) => {
      const next = pause(state, lane, { since: Date.now(), who: 'arn:aws:iam::000000000000:user/sam', why: 'a test' });
      return { state: next, next };
    });
    expect(told).toBeDefined();
  });
}

const documents = ({ clientOptions }: Scene) => DynamoDBDocumentClient.from(new DynamoDBClient(clientOptions));
const budgetOf = (scene: Scene) => dynamoBudgetStore(documents(scene), scene.ledgerTableName, checkBudgetItem);
const ledgerOf = (scene: Scene) => ({ client: documents(scene), tableName: scene.ledgerTableName, now: Date.now });
