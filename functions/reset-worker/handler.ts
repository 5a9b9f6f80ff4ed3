import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { dynamoBudgetStore } from '../call-budget/dynamo-store.ts';
import { sharedBudget } from '../call-budget/shared-budget.ts';
import type { Clock } from '../common/clock.ts';
import { METRIC_NAMESPACE, SERVICE_NAME } from '../common/telemetry.ts';
import { LANES, type Lane } from '../contract/reset-request.ts';
import { campaignLedger } from '../ledger/dynamo/campaigns.ts';
import { requestLedger } from '../ledger/dynamo/requests.ts';
import { leaseMs } from '../ledger/lease.ts';
import { secretApiTokens } from './adapters/api-token.ts';
import { AWS_CLIENT_OPTIONS, SQS_CLIENT_OPTIONS } from './adapters/aws-client-options.ts';
import { sqsDeadLetters } from './adapters/dead-letters.ts';
import { sqsVisibility } from './adapters/message-visibility.ts';
import { powertoolsTelemetry, setDimensions } from './adapters/powertools-telemetry.ts';
import { httpResetApi } from './adapters/reset-api.ts';
import type { Ports } from './core/ports.ts';
import { processBatch } from './core/process-batch.ts';
import { readSettings } from './settings.ts';

const CONNECT_TIMEOUT_MS = 5_000;

const settings = readSettings(process.env);
const logger = new Logger({ serviceName: SERVICE_NAME });
const metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName: SERVICE_NAME });
const ports = wire();

/** Processes one batch of one lane. Answers with the messages that their queue must keep. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  logger.addContext(context);
  const lane = event.Records?.[0] ? laneOf(event.Records[0].eventSourceARN) : undefined;
  setDimensions(metrics, settings.stackName, lane);
  try {
    return await processBatch(ports, event, laneOf, context.getRemainingTimeInMillis());
  } finally {
    // Powertools warns in plain text if there is nothing to publish.
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  }
}

function laneOf(queueArn: string): Lane {
  const name = queueArn.split(':').at(-1);
  const lane = LANES.find((candidate) => settings.queueUrls[candidate].split('/').at(-1) === name);
  if (!lane) throw new Error(`The event source ${queueArn} is neither lane's queue.`);
  return lane;
}

function wire(): Ports {
  const now = () => Date.now();
  const clock: Clock = {
    now,
    sleep: (delayMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const timer = setTimeout(wake, delayMs);
        signal?.addEventListener('abort', wake);
      }),
  };
  const telemetry = powertoolsTelemetry(logger, metrics);
  const sqs = new SQSClient(SQS_CLIENT_OPTIONS);
  const dynamo = DynamoDBDocumentClient.from(new DynamoDBClient(AWS_CLIENT_OPTIONS));
  const table = { client: dynamo, tableName: settings.ledgerTableName, now };
  const random = () => Math.random();
  return {
    callTimeoutMs: settings.callTimeoutMs,
    ...(settings.probeAddress === undefined ? {} : { probeAddress: settings.probeAddress }),
    clock,
    random,
    newId: randomUUID,
    api: httpResetApi({
      baseUrl: settings.apiBaseUrl,
      timeoutMs: settings.callTimeoutMs,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      now,
    }),
    tokens: secretApiTokens(new SecretsManagerClient(AWS_CLIENT_OPTIONS), settings.apiTokenSecretArn, now, telemetry),
    ledger: {
      ...requestLedger({ ...table, retentionDays: settings.ledgerRetentionDays }),
      ...campaignLedger(table),
    },
    budget: sharedBudget({
      store: dynamoBudgetStore(dynamo, settings.ledgerTableName),
      ceiling: { quota: settings.quota, perMinute: settings.callsPerMinute, burst: settings.callBurst },
      reserve: settings.interactiveReserve,
      leaseMs: leaseMs(settings.callTimeoutMs),
      probesByAddress: settings.probeAddress !== undefined,
      clock,
      random,
      telemetry,
    }),
    deadLetters: sqsDeadLetters(sqs, settings.deadLetterQueueUrl),
    visibility: sqsVisibility(sqs, settings.queueUrls),
    telemetry,
  };
}
