import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { EpochMs } from '../../common/clock.ts';
import { LEDGER } from '../../contract/ledger-table.ts';
import {
  type CampaignItem,
  type CampaignTotals,
  campaignKey,
  idKeyKey,
  newCampaign,
  type SentCampaign,
} from '../items.ts';
import { LedgerUnreadable } from '../ledger.ts';
import { cancelCampaign } from './campaigns.ts';
import { reached, type TableOptions } from './table.ts';

/** How far a campaign is sent. */
export interface Checkpoint {
  /** The action of whoever sends it. */
  sentBy: string;
  /** SQS has taken every row whose request id is below this one, and how many these are. */
  sentBelow?: string;
  sentRows?: number;
  /** SQS has taken every row. */
  sentAt?: EpochMs;
}

/** What operators' commands write of campaigns. @throws LedgerUnreachable (each that writes): it is written or not. */
export interface CampaignLog {
  /** The random key under which its request ids are made; undefined if none was written. @throws LedgerUnreadable */
  idKey(campaignId: string): Promise<Uint8Array | undefined>;
  /** Writes an id key, once and for all. @returns the one in force, which may be that of somebody who was faster. */
  keepIdKey(campaignId: string, idKey: Uint8Array): Promise<Uint8Array>;
  /** Registers a campaign that the ledger does not know. @returns the item that is there now, which may be somebody else's. */
  register(campaignId: string, sent: SentCampaign): Promise<CampaignItem>;
  /**
   * Writes how far the rows of this set are sent, unless it is known to be further.
   * @returns whether the campaign is still active and has this set: if not, no more of it may be sent.
   */
  checkpoint(campaignId: string, setDigest: string, checkpoint: Checkpoint): Promise<boolean>;
  /** Keeps the totals of a campaign whose rows have all ended. */
  keepTotals(campaignId: string, totals: CampaignTotals): Promise<void>;
  /** Cancels a campaign for good, also one that the ledger has not seen. */
  cancel(campaignId: string): Promise<void>;
}

export function campaignLog(options: TableOptions): CampaignLog {
  const { tableName, now } = options;
  const { get, putOnce, update } = itemsOf(options);
  return {
    async idKey(campaignId) {
      try {
        return (await get(idKeyKey(campaignId)))?.idKey as Uint8Array | undefined;
      } catch (error) {
        throw new LedgerUnreadable(tableName, error);
      }
    },

    async keepIdKey(campaignId, idKey) {
      const item = await reached(putOnce({ pk: idKeyKey(campaignId), idKey }));
      return item.idKey as Uint8Array;
    },

    async register(campaignId, sent) {
      const item: CampaignItem = { ...newCampaign(campaignId, now()), sent };
      return (await reached(putOnce({ ...item }))) as unknown as CampaignItem;
    },

    async checkpoint(campaignId, setDigest, { sentBy, sentBelow, sentRows, sentAt }) {
      const isOurs = '#state = :active AND #sent.#setDigest = :setDigest';
      const names = {
        '#state': 'state',
        '#sent': 'sent',
        '#setDigest': 'setDigest',
        ...(sentBelow === undefined ? {} : { '#sentAt': 'sentAt' }),
      };
      const expected = { ':active': 'active', ':setDigest': setDigest };
      const isAhead =
        sentBelow === undefined
          ? ''
          : ' AND attribute_not_exists(#sentAt) AND (attribute_not_exists(#sentBelow) OR #sentBelow <= :sentBelow)';
      const isWritten = await reached(
        update(
          campaignId,
          { sentBy, sentBelow, sentRows, sentAt },
          {
            ConditionExpression: isOurs + isAhead,
            ExpressionAttributeNames: names,
            ExpressionAttributeValues: expected,
          },
        ),
      );
      if (isWritten) return true;
      const item = (await reached(get(campaignKey(campaignId)))) as CampaignItem | undefined;
      return item?.state === 'active' && item.sent?.setDigest === setDigest;
    },

    async keepTotals(campaignId, totals) {
      await reached(
        update(
          campaignId,
          { totals },
          { ConditionExpression: 'attribute_exists(#sent)', ExpressionAttributeNames: { '#sent': 'sent' } },
        ),
      );
    },

    cancel: (campaignId) => cancelCampaign(options, campaignId),
  };
}

/** Single items, read consistently and written on a condition. */
function itemsOf({ client, tableName }: TableOptions) {
  const get = async (pk: string): Promise<Record<string, unknown> | undefined> => {
    const found = await client.send(
      new GetCommand({ TableName: tableName, Key: { [LEDGER.partitionKey]: pk }, ConsistentRead: true }),
    );
    return found.Item;
  };

  /** Writes an item that is not there. @returns the item that is there now. */
  const putOnce = async (item: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const ConditionExpression = `attribute_not_exists(${LEDGER.partitionKey})`;
    try {
      await client.send(new PutCommand({ TableName: tableName, Item: item, ConditionExpression }));
      return item;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const found = await get(String(item[LEDGER.partitionKey]));
      if (found === undefined) throw error;
      return found;
    }
  };

  const update = async (
    campaignId: string,
    values: { [Name in keyof CampaignItem]?: CampaignItem[Name] | undefined },
    condition: Pick<UpdateCommandInput, 'ConditionExpression' | 'ExpressionAttributeNames'> & {
      ExpressionAttributeValues?: Record<string, unknown>;
    },
  ): Promise<boolean> => {
    const given = Object.entries(values).filter(([, value]) => value !== undefined);
    try {
      await client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { [LEDGER.partitionKey]: campaignKey(campaignId) },
          UpdateExpression: `SET ${given.map(([name]) => `#${name} = :${name}`).join(', ')}`,
          ConditionExpression: condition.ConditionExpression,
          ExpressionAttributeNames: {
            ...Object.fromEntries(given.map(([name]) => [`#${name}`, name])),
            ...condition.ExpressionAttributeNames,
          },
          ExpressionAttributeValues: {
            ...Object.fromEntries(given.map(([name, value]) => [`:${name}`, value])),
            ...condition.ExpressionAttributeValues,
          },
        }),
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  };

  return { get, putOnce, update };
}
