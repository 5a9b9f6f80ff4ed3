import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { EpochMs } from '../../common/clock.ts';
import { LEDGER } from '../../contract/ledger-table.ts';
import { CAMPAIGN_LIST, type CampaignItem, campaignKey, newCampaign, reachedAt, stateReasonTime } from '../items.ts';
import type { Ledger } from '../ledger.ts';
import { reached, type TableOptions } from './table.ts';

/** A cancelled campaign's calls end within this time. */
const FRESH_MS = 5_000;
/** How old the time of an active campaign may be, at most, while its requests are looked at. */
const SEEN_EVERY_MS = 5 * 60_000;
/** Campaigns remembered at once; more are asked for again. */
const MAX_REMEMBERED = 1_000;

interface Known {
  at: EpochMs;
  cancelled: Promise<boolean>;
  /** When this copy last tried to write that the campaign was seen. */
  triedAt: EpochMs;
}

/**
 * Whether campaigns are cancelled, asked for at most every 5 s each. A campaign that is seen for the first time is registered, so that it
 * can be listed whoever enqueued it, and later seen ones are listed first. Its item is kept without an end: it is small, and a cancelled id
 * must not be started again.
 */
export function campaignLedger({ client, tableName, now }: TableOptions): Pick<Ledger, 'isCancelled'> {
  const remembered = new Map<string, Known>();

  const ask = async (campaignId: string, known: Known): Promise<boolean> => {
    const pk = campaignKey(campaignId);
    const found = await reached(client.send(new GetCommand({ TableName: tableName, Key: { pk } })));
    const item = found.Item as CampaignItem | undefined;
    if (item?.state === 'cancelled') return true;
    if (item && now() - Math.max(reachedAt(item), known.triedAt) < SEEN_EVERY_MS) return false;
    if (item) {
      known.triedAt = now();
      // That its time is old is no reason to keep its requests waiting.
      const isActive = await seeAgain(campaignId).catch(() => true);
      return !isActive;
    }
    // Nor is that it cannot be listed yet; the next one tries again.
    await register(campaignId).catch(() => remembered.delete(campaignId));
    return false;
  };

  const register = (campaignId: string): Promise<boolean> => {
    const Item = newCampaign(campaignId, now());
    return holds(
      client.send(new PutCommand({ TableName: tableName, Item, ConditionExpression: 'attribute_not_exists(pk)' })),
    );
  };

  /** @returns whether it is still active. */
  const seeAgain = (campaignId: string): Promise<boolean> =>
    holds(
      client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { [LEDGER.partitionKey]: campaignKey(campaignId) },
          UpdateExpression: 'SET #time = :time',
          ConditionExpression: '#state = :active',
          ExpressionAttributeNames: { '#time': LEDGER.stateReasonTimeKey, '#state': 'state' },
          ExpressionAttributeValues: { ':time': stateReasonTime('active', now()), ':active': 'active' },
        }),
      ),
    );

  return {
    async isCancelled(campaignId) {
      const before = remembered.get(campaignId);
      if (before && now() - before.at < FRESH_MS) return before.cancelled;
      if (remembered.size >= MAX_REMEMBERED) remembered.clear();
      const known: Known = { at: now(), cancelled: Promise.resolve(false), triedAt: before?.triedAt ?? 0 };
      remembered.set(campaignId, known);
      known.cancelled = ask(campaignId, known);
      known.cancelled.catch(() => remembered.delete(campaignId));
      return known.cancelled;
    },
  };
}

/**
 * Cancels a campaign for good, also one that the ledger has not seen. Done twice, the first time stays.
 * @throws LedgerUnreachable: it may be cancelled or not.
 */
export async function cancelCampaign({ client, tableName, now }: TableOptions, campaignId: string): Promise<void> {
  const names = ['campaign', 'campaignId', 'state', 'firstSeenAt', LEDGER.stateReasonTimeKey];
  await holds(
    client.send(
      new UpdateCommand({
        TableName: tableName,
        Key: { [LEDGER.partitionKey]: campaignKey(campaignId) },
        UpdateExpression: `SET #campaign = :list, #campaignId = :id, #state = :cancelled, #firstSeenAt = if_not_exists(#firstSeenAt, :now), #${LEDGER.stateReasonTimeKey} = :time`,
        ConditionExpression: `attribute_not_exists(${LEDGER.partitionKey}) OR #state <> :cancelled`,
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ':list': CAMPAIGN_LIST,
          ':id': campaignId,
          ':cancelled': 'cancelled',
          ':now': now(),
          ':time': stateReasonTime('cancelled', now()),
        },
      }),
    ),
  );
}

/** Whether a write's condition held. */
const holds = (write: Promise<unknown>): Promise<boolean> =>
  reached(
    write.then(
      () => true,
      (error: unknown) => {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      },
    ),
  );
