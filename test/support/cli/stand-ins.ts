import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LEDGER } from '../../../functions/contract/ledger-table.ts';
import type { ActionItem, CampaignItem, RequestItem } from '../../../functions/ledger/items.ts';
import { CREDENTIALS, queueUrl, REGION } from '../../../local/aws/account.ts';
import { type AwsStandIns, startAwsStandIns } from '../../../local/aws/stand-ins.ts';
import { COMPILE_CACHE } from '../compile-cache.ts';

export const TABLE = 'Ledger';
const QUEUES = ['interactive', 'bulk', 'dead'] as const;

export interface StandInDeployment extends AwsStandIns {
  documents: DynamoDBDocumentClient;
  sqs: SQSClient;
  url(queue: (typeof QUEUES)[number]): string;
  /** For a program that is to find this deployment, and nothing of whoever runs the tests. */
  environment(more?: Record<string, string>): Record<string, string>;
  put(...items: (RequestItem | CampaignItem | ActionItem)[]): Promise<void>;
}

/** An empty ledger table and the three queues. */
export async function startDeployment(): Promise<StandInDeployment> {
  const standIns = await startAwsStandIns();
  const options = { endpoint: standIns.origin, region: REGION, credentials: CREDENTIALS };
  const sqs = new SQSClient(options);
  for (const QueueName of QUEUES) await sqs.send(new CreateQueueCommand({ QueueName }));
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient(options));
  await documents.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [LEDGER.partitionKey, LEDGER.campaignKey, LEDGER.stateReasonTimeKey].map(
        (AttributeName) => ({
          AttributeName,
          AttributeType: 'S' as const,
        }),
      ),
      KeySchema: [{ AttributeName: LEDGER.partitionKey, KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: LEDGER.campaignIndex,
          KeySchema: [
            { AttributeName: LEDGER.campaignKey, KeyType: 'HASH' },
            { AttributeName: LEDGER.stateReasonTimeKey, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  );
  return {
    ...standIns,
    documents,
    sqs,
    url: (queue) => queueUrl(standIns.origin, queue),
    environment: (more = {}) => ({
      PATH: process.env.PATH ?? '',
      ...COMPILE_CACHE,
      AWS_ENDPOINT_URL: standIns.origin,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      RESETS_INTERACTIVE_QUEUE_URL: queueUrl(standIns.origin, 'interactive'),
      RESETS_BULK_QUEUE_URL: queueUrl(standIns.origin, 'bulk'),
      RESETS_DEAD_LETTER_QUEUE_URL: queueUrl(standIns.origin, 'dead'),
      RESETS_LEDGER_TABLE_NAME: TABLE,
      ...more,
    }),
    async put(...items) {
      for (let from = 0; from < items.length; from += 25) {
        const puts = items.slice(from, from + 25).map((Item) => ({ PutRequest: { Item } }));
        await documents.send(new BatchWriteCommand({ RequestItems: { [TABLE]: puts } }));
      }
    },
    async stop() {
      sqs.destroy();
      documents.destroy();
      await standIns.stop();
    },
  };
}
