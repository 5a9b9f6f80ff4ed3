import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { EpochMs } from '../../common/clock.ts';
import { CAMPAIGN_LIST, type CampaignItem, campaignKey, stateReason } from '../items.ts';
import type { Ledger } from '../ledger.ts';
import { reached } from './table.ts';

/** A cancelled campaign's calls end within this time. */
const FRESH_MS = 5_000;
/** Campaigns remembered at once; more are asked for again. */
const MAX_REMEMBERED = 1_000;

export interface CampaignOptions {
  client: DynamoDBDocumentClient;
  tableName: string;
  now: () => EpochMs;
}

/**
 * Whether campaigns are cancelled, asked for at most every 5 s each. A campaign that is seen for the first time is registered, so that it
 * can be listed whoever enqueued it. Its item is kept without an end: it is small, and a cancelled id must not be started again.
 */
export function campaignLedger({ client, tableName, now }: CampaignOptions): Pick<Ledger, 'isCancelled'> {
  const remembered = new Map<string, { at: EpochMs; cancelled: Promise<boolean> }>();

  const ask = async (campaignId: string): Promise<boolean> => {
    const pk = campaignKey(campaignId);
    const found = await reached(client.send(new GetCommand({ TableName: tableName, Key: { pk } })));
    const item = found.Item as CampaignItem | undefined;
    if (item) return item.state === 'cancelled';
    // That it cannot be listed yet is no reason to keep its requests waiting; the next one tries again.
    await register(campaignId).catch(() => remembered.delete(campaignId));
    return false;
  };

  const register = async (campaignId: string): Promise<void> => {
    const Item: CampaignItem = {
      pk: campaignKey(campaignId),
      campaign: CAMPAIGN_LIST,
      stateReason: stateReason('active'),
      campaignId,
      state: 'active',
      firstSeenAt: now(),
    };
    const put = client.send(
      new PutCommand({ TableName: tableName, Item, ConditionExpression: 'attribute_not_exists(pk)' }),
    );
    await reached(
      put.catch((error: unknown) => {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      }),
    );
  };

  return {
    async isCancelled(campaignId) {
      const known = remembered.get(campaignId);
      if (known && now() - known.at < FRESH_MS) return known.cancelled;
      if (remembered.size >= MAX_REMEMBERED) remembered.clear();
      const cancelled = ask(campaignId);
      remembered.set(campaignId, { at: now(), cancelled });
      cancelled.catch(() => remembered.delete(campaignId));
      return cancelled;
    },
  };
}
