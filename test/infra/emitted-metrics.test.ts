import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { EVENTS, METRIC_NAMESPACE, METRICS, SERVICE_NAME, STACK_DIMENSION } from '../../functions/common/telemetry.ts';
import { cancelCampaign } from '../../functions/ledger/dynamo/campaigns.ts';
import type { LocalSystemOptions } from '../../local/system.ts';
import {
  aRequest,
  ended,
  eventually,
  ONE_A_LANE,
  type Scene,
  SHORT_CALL_TIMEOUT,
  scenes,
  someRequests,
  TOKEN,
} from '../support/local-system.ts';
import { templateWith } from '../support/synthesized-template.ts';
import { bodyOf, metricRows } from './dashboard-body.ts';

const { start } = scenes();

/** Little time per invocation, so that what waits is soon given back. */
const SHORT: LocalSystemOptions = { mapping: ONE_A_LANE, environment: SHORT_CALL_TIMEOUT, functionTimeoutMs: 25_000 };
/** The metric of a defect: nobody can order one. */
const DEFECTS: readonly string[] = [METRICS.unexpectedErrors];

/** The names of the metrics that a system's sandboxes have reported. */
const reportedBy = ({ printed, stackName }: Scene): string[] =>
  printed
    .filter((line) => line.includes('"_aws"'))
    .map((line) => JSON.parse(line))
    .filter((line) => line[STACK_DIMENSION] === stackName && line.service === SERVICE_NAME)
    .flatMap((line) => line._aws.CloudWatchMetrics)
    .filter(({ Namespace }) => Namespace === METRIC_NAMESPACE)
    .flatMap(({ Metrics }) => Metrics.map(({ Name }: { Name: string }) => Name));

/** Ends of all kinds, and faults of the API and of AWS. */
async function mishaps(scene: Scene): Promise<void> {
  const { faults, clientOptions, ledgerTableName } = scene;
  const done = aRequest();
  await scene.send('interactive', [done]);
  await ended(scene, done.id);

  const client = DynamoDBDocumentClient.from(new DynamoDBClient(clientOptions));
  await cancelCampaign({ client, tableName: ledgerTableName, now: Date.now }, 'called-off');
  const unread = aRequest();
  const unsent = aRequest('notfound');
  const unwritten = aRequest();
  const key = `"request#${unwritten.id}"`;
  faults.add({ operation: 'dynamodb:*', kind: 'deny', bodyIncludes: `"request#${unread.id}"` });
  faults.add({ operation: 'sqs:SendMessage', kind: 'deny', bodyIncludes: unsent.id });
  faults.add({ operation: 'dynamodb:UpdateItem', kind: 'deny', after: 1, times: 1_000, bodyIncludes: key });
  faults.add({ operation: 'sqs:ChangeMessageVisibility', kind: 'deny' });
  await scene.send('interactive', [done, unsent, aRequest('notfound')]);
  await scene.send('bulk', [
    aRequest(undefined, { campaignId: 'called-off' }),
    ...['status429x1-after11', 'flaky503x1', 'timeout504x1'].map((word) => aRequest(word)),
    unread,
    unwritten,
  ]);
}

test('a run of the worker reports every metric of ours that the dashboard shows', async () => {
  const expiring = JSON.stringify({ token: TOKEN, expiresAt: '2099-01-01T00:00:00Z' });
  await using busy = await start({ ...SHORT, secretValue: expiring });
  await using held = await start(SHORT);
  await using hurried = await start({ ...SHORT, functionTimeoutMs: 8_000 });
  await held.simulator.change({ expired: true });
  for (const scene of [held, hurried]) await scene.send('bulk', someRequests(3));
  await mishaps(busy);

  const shown = new Set(
    metricRows(bodyOf(templateWith({})).widgets)
      .filter(([namespace]) => namespace === METRIC_NAMESPACE)
      .map(([, name]) => String(name)),
  );
  expect(shown.size).toBe(Object.keys(METRICS).length);
  await eventually(() => {
    const reported = new Set([busy, held, hurried].flatMap(reportedBy));
    expect([...shown].filter((name) => !reported.has(name) && !DEFECTS.includes(name))).toEqual([]);
  });
  const counted: readonly string[] = Object.values(EVENTS).flatMap((event) => ('metric' in event ? event.metric : []));
  expect(DEFECTS.filter((name) => !counted.includes(name))).toEqual([]);
});
