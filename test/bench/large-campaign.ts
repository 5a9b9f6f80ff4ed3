import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { FAILURE_REASONS } from '../../functions/contract/dead-letter.ts';
import type { RequestItem } from '../../functions/ledger/items.ts';
import { anItem } from '../support/builders.ts';

export const CAMPAIGN = 'breach-7';
/** As many a second as the design is meant for at most. */
export const INTERVAL_MS = 100;
/** Of each hundred, those that are dead-lettered, for all reasons in turn; the others have succeeded. */
const FAILED = 10;
const BATCH = 25;
const WRITERS = 8;

/** Writes so many requests of one campaign that has run at its fastest until a time. */
export async function writeCampaign(
  { client, tableName }: { client: DynamoDBDocumentClient; tableName: string },
  { first, count, endsAt }: { first: number; count: number; endsAt: number },
): Promise<void> {
  const itemAt = (index: number): RequestItem => {
    const known = {
      key: `${CAMPAIGN}:${index.toString(16).padStart(32, '0')}`,
      campaignId: CAMPAIGN,
      lane: 'bulk',
      at: endsAt - (first + count - 1 - index) * INTERVAL_MS,
    } as const;
    if (index % 100 >= FAILED) return anItem({ ...known, state: 'succeeded' });
    const reason = FAILURE_REASONS[index % FAILURE_REASONS.length] ?? 'rejected';
    return anItem({ ...known, state: 'failed', reason });
  };
  const batches = Array.from({ length: Math.ceil(count / BATCH) }, (_, index) => index * BATCH).values();
  const writer = async (): Promise<void> => {
    for (const from of batches) {
      const puts = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => ({
        PutRequest: { Item: itemAt(first + from + index) },
      }));
      await client.send(new BatchWriteCommand({ RequestItems: { [tableName]: puts } }));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}
