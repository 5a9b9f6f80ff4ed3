import { CreateTableCommand, DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import type { EpochMs } from '../../../functions/common/clock.ts';
import { LEDGER } from '../../../functions/contract/ledger-table.ts';
import { requestLedger } from '../../../functions/ledger/dynamo/requests.ts';
import { type RequestItem, requestKey } from '../../../functions/ledger/items.ts';
import type { Ledger } from '../../../functions/ledger/ledger.ts';
import { CREDENTIALS, REGION } from '../../../local/aws/account.ts';
import { type AwsStandIns, startAwsStandIns } from '../../../local/aws/stand-ins.ts';

export const TABLE = 'ledger';
/** Any moment will do; nothing here waits for the real clock. */
export const NOW: EpochMs = Date.parse('2026-11-23T12:00:00.500Z');
export const RETENTION_DAYS = 90;

/** A table like the deployed one, empty, with a look behind the ledger's back. */
export interface LedgerTable {
  standIns: AwsStandIns;
  client: DynamoDBDocumentClient;
  ledgerAt(now: EpochMs, client?: DynamoDBDocumentClient): Omit<Ledger, 'isCancelled'>;
  put(item: object): Promise<void>;
  item(key: string): Promise<RequestItem | undefined>;
  all(): Promise<Record<string, unknown>[]>;
  /** The keys of the items that the index lists under a campaign and a sort key. */
  listed(campaign: string, stateReasonTime: string): Promise<string[]>;
  stop(): Promise<void>;
}

export function documentClient(origin: string, config: DynamoDBClientConfig = {}): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(
    new DynamoDBClient({ endpoint: origin, region: REGION, credentials: CREDENTIALS, maxAttempts: 1, ...config }),
  );
}

export async function startLedgerTable(): Promise<LedgerTable> {
  const standIns = await startAwsStandIns();
  const client = documentClient(standIns.origin);
  const { partitionKey, campaignIndex, campaignKey, stateReasonTimeKey } = LEDGER;
  await client.send(
    new CreateTableCommand({
      TableName: TABLE,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: partitionKey, KeyType: 'HASH' }],
      AttributeDefinitions: [partitionKey, campaignKey, stateReasonTimeKey].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      GlobalSecondaryIndexes: [
        {
          IndexName: campaignIndex,
          KeySchema: [
            { AttributeName: campaignKey, KeyType: 'HASH' },
            { AttributeName: stateReasonTimeKey, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    }),
  );
  const whole = async (pk: string) => {
    const found = await client.send(new GetCommand({ TableName: TABLE, Key: { pk }, ConsistentRead: true }));
    return found.Item as RequestItem | undefined;
  };
  return {
    standIns,
    client,
    ledgerAt: (now, other = client) =>
      requestLedger({ client: other, tableName: TABLE, retentionDays: RETENTION_DAYS, now: () => now }),
    async put(item) {
      await client.send(new PutCommand({ TableName: TABLE, Item: item }));
    },
    item: (key) => whole(requestKey(key)),
    async all() {
      return (await client.send(new ScanCommand({ TableName: TABLE, ConsistentRead: true }))).Items ?? [];
    },
    async listed(campaign, stateReasonTime) {
      const found = await client.send(
        new QueryCommand({
          TableName: TABLE,
          IndexName: campaignIndex,
          KeyConditionExpression: '#campaign = :campaign AND #key = :key',
          ExpressionAttributeNames: { '#campaign': campaignKey, '#key': stateReasonTimeKey },
          ExpressionAttributeValues: { ':campaign': campaign, ':key': stateReasonTime },
        }),
      );
      return (found.Items ?? []).map((item) => String(item[partitionKey]));
    },
    async stop() {
      client.destroy();
      await standIns.stop();
    },
  };
}

type Command = Parameters<DynamoDBDocumentClient['send']>[0];

/** A client that remembers what it was told to send. */
export function recording(client: DynamoDBDocumentClient): { client: DynamoDBDocumentClient; commands: Command[] } {
  const commands: Command[] = [];
  const send = (command: Command) => {
    commands.push(command);
    return client.send(command);
  };
  return { client: { send } as unknown as DynamoDBDocumentClient, commands };
}

/**
 * A client whose every write is sent twice, as the SDK sends one whose first answer was lost.
 * @param between happens after the first write has been applied.
 */
export function sendingTwice(client: DynamoDBDocumentClient, between: () => Promise<unknown> = async () => {}) {
  const send = async (command: Command) => {
    if (['UpdateCommand', 'PutCommand'].includes(command.constructor.name)) {
      await client.send(command);
      await between();
    }
    return client.send(command);
  };
  return { send } as unknown as DynamoDBDocumentClient;
}
