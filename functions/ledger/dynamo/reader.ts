import { type DynamoDBDocumentClient, GetCommand, QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import type { FailureReason } from '../../contract/dead-letter.ts';
import { LEDGER } from '../../contract/ledger-table.ts';
import { type Lane, NO_CAMPAIGN } from '../../contract/reset-request.ts';
import { CAMPAIGN_LIST, type CampaignItem, type RequestItem, requestKey, type State, stateReason } from '../items.ts';

/** The ledger could not be read; the cause is the SDK's error. */
export class LedgerUnreadable extends Error {
  override readonly name = 'LedgerUnreadable';
  readonly tableName: string;

  constructor(tableName: string, cause: unknown) {
    super(`the ledger table ${tableName} could not be read`, { cause });
    this.tableName = tableName;
  }
}

/** Some requests of one campaign in one state; each further member narrows them down. */
export interface Selection {
  /** A campaign's id, or `none` for the requests of no campaign. */
  campaign: string;
  state: State;
  reason?: FailureReason;
  lane?: Lane;
  lastStatus?: number;
  /** Milliseconds since the epoch: only requests whose lease ended before. */
  leaseEndedBefore?: number;
}

/** What people are told from the ledger. All but `find` reads an index and may be a second behind. */
export interface LedgerReader {
  find(requestId: string): Promise<RequestItem | undefined>;
  /** The campaigns that the worker has seen, and `none`, one at a time. */
  campaigns(): AsyncIterable<string>;
  count(selection: Selection): Promise<number>;
  /** Reads on as its consumer does, page by page, so that any number of requests fits into memory. Not in order of time. */
  list(selection: Selection): AsyncIterable<RequestItem>;
}

/** A page is read whole even if its consumer stops at the first item: at most about 250 kB. */
const PAGE_ITEMS = 500;

export function ledgerReader(client: DynamoDBDocumentClient, tableName: string): LedgerReader {
  async function* pages(query: Partial<QueryCommandInput>) {
    let from: Record<string, unknown> | undefined;
    do {
      const page = await read(
        client.send(
          new QueryCommand({
            TableName: tableName,
            IndexName: LEDGER.campaignIndex,
            ...query,
            ...(from === undefined ? {} : { ExclusiveStartKey: from }),
          }),
        ),
      );
      yield page;
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }

  const read = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw new LedgerUnreadable(tableName, error);
    }
  };

  return {
    async find(requestId) {
      const Key = { [LEDGER.partitionKey]: requestKey(requestId) };
      const found = await read(client.send(new GetCommand({ TableName: tableName, Key, ConsistentRead: true })));
      return found.Item as RequestItem | undefined;
    },

    async *campaigns() {
      yield NO_CAMPAIGN;
      const query = {
        KeyConditionExpression: '#campaign = :campaign',
        ExpressionAttributeNames: { '#campaign': LEDGER.campaignKey },
        ExpressionAttributeValues: { ':campaign': CAMPAIGN_LIST },
        Limit: PAGE_ITEMS,
      };
      for await (const { Items = [] } of pages(query)) {
        for (const { campaignId } of Items as CampaignItem[]) yield campaignId;
      }
    },

    async count(selection) {
      let count = 0;
      for await (const page of pages({ ...queryOf(selection), Select: 'COUNT' })) count += page.Count ?? 0;
      return count;
    },

    async *list(selection) {
      for await (const page of pages({ ...queryOf(selection), Limit: PAGE_ITEMS })) {
        yield* (page.Items ?? []) as RequestItem[];
      }
    },
  };
}

function queryOf({ campaign, state, reason, lane, lastStatus, leaseEndedBefore }: Selection) {
  const filters = [
    { expression: '#lane = :lane', name: 'lane', value: lane },
    { expression: '#lastStatus = :lastStatus', name: 'lastStatus', value: lastStatus },
    { expression: '#leaseEnd < :leaseEnd', name: 'leaseEnd', value: leaseEndedBefore },
  ].filter(({ value }) => value !== undefined);
  const key = reason === undefined ? 'begins_with(#stateReason, :stateReason)' : '#stateReason = :stateReason';
  return {
    KeyConditionExpression: `#campaign = :campaign AND ${key}`,
    ...(filters.length === 0 ? {} : { FilterExpression: filters.map(({ expression }) => expression).join(' AND ') }),
    ExpressionAttributeNames: {
      '#campaign': LEDGER.campaignKey,
      '#stateReason': LEDGER.stateReasonKey,
      ...Object.fromEntries(filters.map(({ name }) => [`#${name}`, name])),
    },
    ExpressionAttributeValues: {
      ':campaign': campaign,
      // Without a reason this ends in `#`, so that `fail…` never matches another state that begins alike.
      ':stateReason': stateReason(state, reason),
      ...Object.fromEntries(filters.map(({ name, value }) => [`:${name}`, value])),
    },
  };
}
