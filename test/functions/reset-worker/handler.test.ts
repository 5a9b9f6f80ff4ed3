import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HoldCause } from '../../../functions/call-budget/call-budget.ts';
import { dynamoBudgetStore } from '../../../functions/call-budget/dynamo-store.ts';
import { type Hold, type Holds, NO_HOLDS } from '../../../functions/call-budget/holds.ts';
import { freshBudget } from '../../../functions/call-budget/state.ts';
import {
  LANE_DIMENSION,
  METRIC_NAMESPACE,
  METRICS,
  type MetricName,
  SERVICE_NAME,
  STACK_DIMENSION,
} from '../../../functions/common/telemetry.ts';
import { VARIABLES } from '../../../functions/contract/function-environment.ts';
import { LANES, type Lane } from '../../../functions/contract/reset-request.ts';
import { BUDGET_KEY } from '../../../functions/ledger/items.ts';
import { CREDENTIALS, queueUrl } from '../../../local/aws/account.ts';
import { secretArn } from '../../../local/aws/secrets-manager.ts';
import { aBody, aRecord } from '../../support/builders.ts';
import { type LedgerTable, startLedgerTable, TABLE } from '../../support/ledger/ledger-table.ts';

const HANDLER = new URL('../../../functions/reset-worker/handler.ts', import.meta.url).href;

const COMPLETE: Record<string, string> = {
  [VARIABLES.stackName]: 'Staging',
  [VARIABLES.apiBaseUrl]: 'https://example-corp.console.ves.volterra.io',
  [VARIABLES.apiTokenSecretArn]: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:token',
  [VARIABLES.interactiveQueueUrl]: 'https://sqs.us-east-1.amazonaws.com/000000000000/interactive',
  [VARIABLES.bulkQueueUrl]: 'https://sqs.us-east-1.amazonaws.com/000000000000/bulk',
  [VARIABLES.deadLetterQueueUrl]: 'https://sqs.us-east-1.amazonaws.com/000000000000/dead-letters',
  [VARIABLES.ledgerTableName]: 'ledger',
  [VARIABLES.quota]: 'known',
  [VARIABLES.callsPerMinute]: '60',
  [VARIABLES.callBurst]: '10',
  [VARIABLES.interactiveReserve]: '3',
  [VARIABLES.ledgerRetentionDays]: '90',
  [VARIABLES.callTimeoutSeconds]: '20',
};

/** Imports the handler in a process of its own, as Lambda does, and lets the script use it. */
async function run(
  environment: Record<string, string>,
  script = '',
): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', `const worker = await import(${JSON.stringify(HANDLER)}); ${script}`],
    { env: { AWS_REGION: 'us-east-1', ...environment } },
  );
  const [[code], out, err] = await Promise.all([
    once(child, 'close'),
    child.stdout.setEncoding('utf8').toArray(),
    child.stderr.setEncoding('utf8').toArray(),
  ]);
  return { code, out: out.join(''), err: err.join('') };
}

/** A context as Lambda gives it. */
const CONTEXT = `{ functionName: 'f', memoryLimitInMB: '512', invokedFunctionArn: 'arn', awsRequestId: 'id', getRemainingTimeInMillis: () => 120000 }`;

describe('the function, as it is loaded', () => {
  test('names every variable that is missing in one error', async () => {
    const { code, err } = await run({});
    expect(code).not.toBe(0);
    expect(err.match(/^InvalidSettings: /gm)).toHaveLength(1);
    for (const name of Object.keys(COMPLETE)) expect(err).toContain(`${name} is missing`);
  });

  test('names the missing and the wrong together, and no more', async () => {
    const { [VARIABLES.ledgerTableName]: _, ...rest } = COMPLETE;
    const { code, err } = await run({
      ...rest,
      [VARIABLES.callBurst]: '0',
      [VARIABLES.apiBaseUrl]: 'http://example.com',
    });
    expect(code).not.toBe(0);
    expect(err).toContain(`${VARIABLES.ledgerTableName} is missing`);
    expect(err).toContain(`${VARIABLES.callBurst} is not a whole number from 1`);
    expect(err).toContain(`${VARIABLES.apiBaseUrl} must begin with https://`);
    for (const name of [VARIABLES.callsPerMinute, VARIABLES.bulkQueueUrl]) expect(err).not.toContain(`${name} is`);
  });

  test('has a handler of two parameters: the runtime refuses one with more', async () => {
    expect(await run(COMPLETE, 'console.log(worker.handler.length)')).toEqual({ code: 0, out: '2\n', err: '' });
  });

  test('acknowledges an event without messages', async () => {
    const { code, out } = await run(COMPLETE, `console.log(await worker.handler({ Records: [] }, ${CONTEXT}))`);
    expect({ code, out }).toEqual({ code: 0, out: '{ batchItemFailures: [] }\n' });
  });

  test.each([
    ['of a queue that is no lane', { Records: [{ eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:other' }] }],
    ['without records', {}],
  ])('fails on an event %s, so that its messages stay where they are', async (_, event) => {
    const { code } = await run(COMPLETE, `await worker.handler(${JSON.stringify(event)}, ${CONTEXT})`);
    expect(code).not.toBe(0);
  });
});

/** Queue URLs on a host that must not be asked, and the address that the environment gives instead. */
async function withSqs<T>(work: (environment: Record<string, string>) => Promise<T>) {
  const asked: { at: 'endpoint' | 'queue URL'; target: string }[] = [];
  const serverAt = (at: 'endpoint' | 'queue URL') =>
    createServer((request, response) => {
      asked.push({ at, target: String(request.headers['x-amz-target']) });
      request
        .resume()
        .on('end', () => response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}'));
    }).listen(0, '127.0.0.1');
  const servers = { endpoint: serverAt('endpoint'), queue: serverAt('queue URL') };
  await Promise.all([once(servers.endpoint, 'listening'), once(servers.queue, 'listening')]);
  const originOf = (of: keyof typeof servers) => `http://127.0.0.1:${(servers[of].address() as AddressInfo).port}`;
  try {
    const result = await work({
      ...COMPLETE,
      [VARIABLES.interactiveQueueUrl]: `${originOf('queue')}/000000000000/interactive`,
      [VARIABLES.bulkQueueUrl]: `${originOf('queue')}/000000000000/bulk`,
      AWS_ENDPOINT_URL_SQS: originOf('endpoint'),
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
    return { ...result, asked };
  } finally {
    for (const server of Object.values(servers)) server.close().closeAllConnections();
  }
}

/** A line of metrics, as CloudWatch reads it. */
interface Metrics extends Record<string, unknown> {
  _aws: { CloudWatchMetrics: { Metrics: { Name: string; Unit: string }[] }[] };
}

/** Invocations with so little time that messages are only hidden. */
const invocation = (lane: Lane, messages: number): string => {
  const Records = Array.from({ length: messages }, (_, index) => aRecord({ id: `message-${index}`, lane }));
  return `await worker.handler(${JSON.stringify({ Records })}, { ...${CONTEXT}, getRemainingTimeInMillis: () => 2000 });`;
};

/** What it logged and counted: each line is JSON, or the parsing fails. */
const linesOf = ({ out, err }: { out: string; err: string }) =>
  `${out}${err}`
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describe('an invocation whose messages go back to their queue', () => {
  test('asks the endpoint that the environment gives, not the queue URL’s host, and prints no line but its own', async () => {
    const result = await withSqs((environment) => run(environment, invocation('bulk', 1)));
    expect(result.code).toBe(0);
    expect(result.asked).toEqual([{ at: 'endpoint', target: 'AmazonSQS.ChangeMessageVisibility' }]);
    const codes = linesOf(result).flatMap(({ code }) => code ?? []);
    expect(codes.sort()).toEqual(['GIVEN_BACK', 'TIMEOUT_TOO_SHORT']);
  });

  test('has its lane and stack on every metric, also with a batch of 100, and after one of the other lane', async () => {
    const script = invocation('interactive', 100) + invocation('bulk', 100);
    const result = await withSqs((environment) => run(environment, script));
    expect(result.code).toBe(0);
    const metrics = linesOf(result).filter((line) => '_aws' in line);
    const counted = (lane: Lane, metric: string) =>
      metrics.filter((line) => line[LANE_DIMENSION] === lane).flatMap((line) => line[metric] ?? []);
    for (const lane of LANES) {
      expect(counted(lane, METRICS.queuedAge)).toHaveLength(100);
      expect(counted(lane, METRICS.givenBack)).toHaveLength(100);
      expect(counted(lane, METRICS.shortTimeouts)).toEqual([1]);
    }
    for (const line of metrics) {
      expect(line).toMatchObject({ [STACK_DIMENSION]: 'Staging' });
      expect(line._aws.CloudWatchMetrics[0].Dimensions).toEqual([['service', STACK_DIMENSION, LANE_DIMENSION]]);
    }
  });
});

describe('the gauges of an invocation', () => {
  const HOUR_MS = 3_600_000;
  const DAY_MS = 24 * HOUR_MS;
  const api = createServer((request, response) => void request.resume().on('end', () => response.end('{}')));
  let table: LedgerTable;
  let environment: Record<string, string>;
  beforeAll(async () => {
    table = await startLedgerTable();
    await once(api.listen(0, '127.0.0.1'), 'listening');
    const { origin, secrets } = table.standIns;
    const arn = secretArn('token');
    secrets.create('token', arn);
    const SecretString = JSON.stringify({ token: 'abc', expiresAt: new Date(Date.now() + 3 * DAY_MS) });
    secrets.handle('PutSecretValue', { SecretId: arn, SecretString });
    environment = {
      ...COMPLETE,
      [VARIABLES.apiBaseUrl]: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
      [VARIABLES.apiTokenSecretArn]: arn,
      [VARIABLES.interactiveQueueUrl]: queueUrl(origin, 'interactive'),
      [VARIABLES.bulkQueueUrl]: queueUrl(origin, 'bulk'),
      [VARIABLES.ledgerTableName]: TABLE,
      [VARIABLES.callTimeoutSeconds]: '2',
      AWS_ENDPOINT_URL: origin,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    };
  });
  afterAll(async () => {
    api.close().closeAllConnections();
    await table.stop();
  });

  /** What the worker prints of a batch in each lane, with next to no time to wait for a turn, while these holds stand. */
  async function metricsUnder(holds: Partial<Holds>, messages: number): Promise<Record<Lane, Metrics[]>> {
    await table.client.send(new DeleteCommand({ TableName: TABLE, Key: { pk: BUDGET_KEY } }));
    const state = { ...freshBudget(Date.now()), revision: 1, holds: { ...NO_HOLDS, ...holds } };
    await dynamoBudgetStore(table.client, TABLE).write(state);
    const batch = (lane: Lane) => {
      const Records = Array.from({ length: messages }, (_, index) =>
        aRecord({ id: `m${index}`, lane, sentAt: Date.now(), body: aBody({ requestId: randomUUID() }) }),
      );
      return `await worker.handler(${JSON.stringify({ Records })}, { ...${CONTEXT}, getRemainingTimeInMillis: () => 12_300 });`;
    };
    const result = await run(environment, LANES.map(batch).join(''));
    expect(result.code).toBe(0);
    const printed: Metrics[] = linesOf(result).filter((line) => '_aws' in line);
    const of = (lane: Lane) => printed.filter((line) => line[LANE_DIMENSION] === lane);
    return { interactive: of('interactive'), bulk: of('bulk') };
  }

  const GAUGES: Record<HoldCause, MetricName> = {
    credential: METRICS.credentialHeld,
    outage: METRICS.outageHeld,
    brake: METRICS.brakeHeld,
    operator: METRICS.operatorHeld,
  };
  const hold = (why: Hold['why']): Hold => {
    const since = Date.now() - HOUR_MS;
    return { why, since, permit: 0, until: Date.now() + HOUR_MS, lengthMs: 2 * HOUR_MS };
  };
  const OPERATOR = { since: 0, who: 'arn:aws:iam::000000000000:user/sam' };

  test.each<[situation: string, holds: () => Partial<Holds>, held: Record<Lane, HoldCause[]>]>([
    ['nothing is held', () => ({}), { interactive: [], bulk: [] }],
    [
      'no token is accepted',
      () => ({ byScope: { all: hold('credential') } }),
      { interactive: ['credential'], bulk: ['credential'] },
    ],
    ['the API is gone', () => ({ byScope: { all: hold('outage') } }), { interactive: ['outage'], bulk: ['outage'] }],
    ['the brake of bulk is on', () => ({ byScope: { bulk: hold('brake') } }), { interactive: [], bulk: ['brake'] }],
    [
      'an operator pauses interactive',
      () => ({ byOperator: { interactive: OPERATOR } }),
      { interactive: ['operator'], bulk: [] },
    ],
    [
      'an operator pauses all',
      () => ({ byOperator: { all: OPERATOR } }),
      { interactive: ['operator'], bulk: ['operator'] },
    ],
  ])('say in each lane, once and under its dimensions, that %s', async (_, holds, held) => {
    const printed = await metricsUnder(holds(), 2);
    for (const lane of LANES) {
      const told = printed[lane].flatMap((line) =>
        Object.entries(GAUGES).flatMap(([cause, name]) => (name in line ? [[cause, line[name]]] : [])),
      );
      const expected = Object.keys(GAUGES).map((cause) => [cause, held[lane].includes(cause as HoldCause) ? 1 : 0]);
      expect(told).toEqual(expected);
      const [line] = printed[lane].filter((metrics) => METRICS.credentialHeld in metrics);
      expect(line).toMatchObject({ service: SERVICE_NAME, [STACK_DIMENSION]: 'Staging', [LANE_DIMENSION]: lane });
      const [directive] = line?._aws.CloudWatchMetrics ?? [];
      expect(directive).toMatchObject({
        Namespace: METRIC_NAMESPACE,
        Dimensions: [['service', STACK_DIMENSION, LANE_DIMENSION]],
      });
      for (const Name of Object.values(GAUGES)) expect(directive?.Metrics).toContainEqual({ Name, Unit: 'Count' });
    }
  });

  test('tell once how many days of the token are left, in each lane', async () => {
    const printed = await metricsUnder({}, 2);
    for (const lane of LANES) {
      const days = printed[lane].flatMap((line) =>
        METRICS.tokenDaysLeft in line ? [line[METRICS.tokenDaysLeft]] : [],
      );
      expect(days).toEqual([expect.closeTo(3, 2)]);
      const units = printed[lane].flatMap((line) => line._aws.CloudWatchMetrics[0]?.Metrics ?? []);
      expect(units).toContainEqual({ Name: METRICS.tokenDaysLeft, Unit: 'None' });
    }
  });

  test('are there once in a batch of 100, whose other metrics are published before', async () => {
    const printed = await metricsUnder({ byOperator: { all: OPERATOR } }, 100);
    for (const lane of LANES) {
      expect(printed[lane].length).toBeGreaterThan(1);
      for (const name of Object.values(GAUGES)) {
        expect(printed[lane].flatMap((line) => line[name] ?? [])).toEqual([name === METRICS.operatorHeld ? 1 : 0]);
      }
    }
  });
});
