import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { EpochMs } from '../../common/clock.ts';
import { FAILURE_REASONS, type FailureReason } from '../../contract/dead-letter.ts';
import { LEDGER } from '../../contract/ledger-table.ts';
import type { Lane } from '../../contract/reset-request.ts';
import {
  ACTION_LIST,
  type ActionItem,
  actionKey,
  CAMPAIGN_LIST,
  type CampaignItem,
  campaignKey,
  hasReasons,
  type RequestItem,
  reachedAt,
  requestIdOf,
  requestKey,
  type State,
  stateReasonTime,
} from '../items.ts';
import { LedgerUnreadable } from '../ledger.ts';
import { newestFirst } from './newest-first.ts';

/** Some requests of one campaign in one state; each further member narrows them down. */
export interface Selection {
  /** A campaign's id, or `none` for the requests of no campaign. */
  campaign: string;
  state: State;
  /** Of `failing` and `failed`. */
  reason?: FailureReason;
  /** Only what reached the state then or later. */
  from?: EpochMs;
  /** Only what reached the state before. */
  to?: EpochMs;
  lane?: Lane;
  lastStatus?: number;
  /** Only requests whose lease ended before. */
  leaseEndedBefore?: EpochMs;
  /** `failed` requests whose letter is no longer in the queue are left out without it. */
  withGone?: boolean;
  /** Only requests whose ids are of this form. */
  ids?: IdForm;
}

/** How some ids begin, and their length in characters. */
export interface IdForm {
  prefix: string;
  length: number;
}

/** A count that reads the same items for two numbers. */
export interface Tally {
  count: number;
  /** In the same ranges of the index, but left out by what it cannot tell apart: with `ids` alone, requests with other ids. */
  others: number;
}

/**
 * How many requests of a campaign have succeeded, so that the next count goes on from here. `settled` are those that succeeded before a
 * time so long ago that no more of them can turn up.
 */
export interface SucceededCount extends Tally {
  settled: Tally & { before: EpochMs };
}

/** For whoever waits for a long count. */
export interface CountWatch {
  /** Hears of each page, by the number of its requests. */
  onCounted?(more: number): void;
  /** Ends the count: it throws the signal's reason. */
  signal?: AbortSignal;
}

export type SucceededOptions = CountWatch & Pick<Selection, 'ids'>;

/** What people are told from the ledger. All but those that find reads an index and may be a second behind. */
export interface LedgerReader {
  find(requestId: string): Promise<RequestItem | undefined>;
  /** Of any number of requests, those that the ledger knows, by their ids. Reads them by their keys, a hundred at a time. */
  findEach(requestIds: readonly string[]): Promise<Map<string, RequestItem>>;
  findCampaign(campaignId: string): Promise<CampaignItem | undefined>;
  findAction(actionId: string): Promise<ActionItem | undefined>;
  /** The campaigns that the worker has seen or an operator has cancelled, one at a time: last seen, or cancelled, first. */
  campaigns(): AsyncIterable<CampaignItem>;
  /** What operators have done, newest first. @param first how many are wanted at first: one that sent many requests is large. */
  actions(first?: number): AsyncIterable<ActionItem>;
  /** Reads all that it counts. */
  count(selection: Selection, watch?: CountWatch): Promise<number>;
  /** As `count`, and tells what it has left out. */
  tally(selection: Selection, watch?: CountWatch): Promise<Tally>;
  /** Reads, after a first time, only what has succeeded since two minutes before the newest success of the last count. */
  countSucceeded(campaign: string, last?: SucceededCount, options?: SucceededOptions): Promise<SucceededCount>;
  /** Newest first over all selections. Reads on as its consumer does, page by page, so that any number of requests fits into memory. */
  list(...selections: Selection[]): AsyncIterable<RequestItem>;
}

/** A page is read whole even if its consumer stops at the first item. The first one shows on a screen, a later one is at most about 350 kB. */
const FIRST_PAGE_ITEMS = 100;
const PAGE_ITEMS = 500;
/** A success is in the index by then, whatever copies' clocks, repeated writes and the index's lag make of it. */
const SETTLED_AFTER_MS = 2 * 60_000;
/** DynamoDB's limit for one request. */
const MAX_KEYS = 100;
const END_OF_TIME: EpochMs = 9_999_999_999_999;

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
            ...(from === undefined || query.Limit === undefined ? {} : { Limit: PAGE_ITEMS }),
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

  async function* newest<T>(query: Partial<QueryCommandInput>, firstPageItems = FIRST_PAGE_ITEMS): AsyncGenerator<T> {
    const newestFirst = { ...query, ScanIndexForward: false, Limit: firstPageItems };
    for await (const page of pages(newestFirst)) yield* (page.Items ?? []) as T[];
  }

  const find = async <T>(key: string): Promise<T | undefined> => {
    const Key = { [LEDGER.partitionKey]: key };
    const found = await read(client.send(new GetCommand({ TableName: tableName, Key, ConsistentRead: true })));
    return found.Item as T | undefined;
  };

  const tally = async (selection: Selection, { onCounted, signal }: CountWatch = {}): Promise<Tally> => {
    const tallies = queriesOf(selection).map(async (query) => {
      const sum = { count: 0, others: 0 };
      signal?.throwIfAborted();
      for await (const { Count = 0, ScannedCount = Count } of pages({ ...query, Select: 'COUNT' })) {
        sum.count += Count;
        sum.others += ScannedCount - Count;
        onCounted?.(ScannedCount);
        signal?.throwIfAborted();
      }
      return sum;
    });
    return (await Promise.all(tallies)).reduce(plus, NONE);
  };

  return {
    find: (requestId) => find(requestKey(requestId)),

    findEach: (requestIds) => findEach(requestIds, { client, tableName, find, read }),

    findCampaign: (campaignId) => find(campaignKey(campaignId)),
    findAction: (actionId) => find(actionKey(actionId)),

    campaigns() {
      const ofState = (state: CampaignItem['state']) => newest<CampaignItem>(rangeQuery(CAMPAIGN_LIST, state));
      return newestFirst([ofState('active'), ofState('cancelled')]);
    },

    actions: (first) => newest(rangeQuery(ACTION_LIST, 'begun'), first),

    count: async (selection, watch) => (await tally(selection, watch)).count,
    tally,

    async countSucceeded(campaign, last, { ids, ...watch } = {}) {
      const { settled = { ...NONE, before: 0 } } = last ?? {};
      const succeeded: Selection = { campaign, state: 'succeeded', ...(ids === undefined ? {} : { ids }) };
      // By the copies' clocks: that of whoever counts may be wrong by more than two minutes.
      const first = await newest<RequestItem>(rangeQuery(campaign, 'succeeded'), 1).next();
      const before = first.done ? settled.before : Math.max(settled.before, reachedAt(first.value) - SETTLED_AFTER_MS);
      const [more, open] = await Promise.all([
        tally({ ...succeeded, from: settled.before, to: before }, watch),
        tally({ ...succeeded, from: before }, watch),
      ]);
      const all = plus(settled, more);
      return { ...plus(all, open), settled: { ...all, before } };
    },

    list: (...selections) => newestFirst(selections.flatMap(queriesOf).map((query) => newest<RequestItem>(query))),
  };
}

const NONE: Tally = { count: 0, others: 0 };

const plus = (one: Tally, other: Tally): Tally => ({
  count: one.count + other.count,
  others: one.others + other.others,
});

/** One query for each range of the index: without a reason, states that have reasons in the index fall into six. */
function queriesOf(selection: Selection): Partial<QueryCommandInput>[] {
  const { campaign, state, reason, from = 0, to } = selection;
  // DynamoDB refuses a range that ends before it begins.
  if (to !== undefined && to <= from) return [];
  const reasons = hasReasons(state) && reason === undefined ? FAILURE_REASONS : [reason];
  return reasons.map((one) => filtered(rangeQuery(campaign, state, one, from, to), selection));
}

function rangeQuery(campaign: string, state: string, reason?: FailureReason, from: EpochMs = 0, to?: EpochMs) {
  return {
    KeyConditionExpression: '#campaign = :campaign AND #time BETWEEN :first AND :last',
    ExpressionAttributeNames: { '#campaign': LEDGER.campaignKey, '#time': LEDGER.stateReasonTimeKey },
    ExpressionAttributeValues: {
      ':campaign': campaign,
      ':first': stateReasonTime(state, from, reason),
      ':last': stateReasonTime(state, to === undefined ? END_OF_TIME : to - 1, reason),
    },
  };
}

function filtered(
  query: ReturnType<typeof rangeQuery>,
  { state, lane, lastStatus, leaseEndedBefore, withGone, ids }: Selection,
): Partial<QueryCommandInput> {
  const filters = [
    { expression: '#lane = :lane', name: 'lane', value: lane },
    { expression: '#lastStatus = :lastStatus', name: 'lastStatus', value: lastStatus },
    { expression: '#leaseEnd < :leaseEnd', name: 'leaseEnd', value: leaseEndedBefore },
    { expression: 'begins_with(#pk, :prefix)', name: 'pk', label: 'prefix', value: ids && requestKey(ids.prefix) },
    {
      expression: 'size(#pk) = :length',
      name: 'pk',
      label: 'length',
      value: ids && requestKey('').length + ids.length,
    },
  ].filter(({ value }) => value !== undefined);
  const expressions = filters.map(({ expression }) => expression);
  if (state === 'failed' && !withGone) expressions.push('attribute_not_exists(gone)');
  return {
    ...query,
    ...(expressions.length === 0 ? {} : { FilterExpression: expressions.join(' AND ') }),
    ExpressionAttributeNames: {
      ...query.ExpressionAttributeNames,
      ...Object.fromEntries(filters.map(({ name }) => [`#${name}`, name])),
    },
    ExpressionAttributeValues: {
      ...query.ExpressionAttributeValues,
      ...Object.fromEntries(filters.map(({ name, label = name, value }) => [`:${label}`, value])),
    },
  };
}

interface Reads {
  client: DynamoDBDocumentClient;
  tableName: string;
  find<T>(key: string): Promise<T | undefined>;
  read<T>(answer: Promise<T>): Promise<T>;
}

async function findEach(
  requestIds: readonly string[],
  { client, tableName, find, read }: Reads,
): Promise<Map<string, RequestItem>> {
  const found = new Map<string, RequestItem>();
  for (let from = 0; from < requestIds.length; from += MAX_KEYS) {
    let keys = requestIds.slice(from, from + MAX_KEYS).map((id) => ({ [LEDGER.partitionKey]: requestKey(id) }));
    while (keys.length > 0) {
      const RequestItems = { [tableName]: { Keys: keys, ConsistentRead: true } };
      const answer = await read(client.send(new BatchGetCommand({ RequestItems })));
      for (const item of (answer.Responses?.[tableName] ?? []) as RequestItem[]) found.set(requestIdOf(item.pk), item);
      const left = answer.UnprocessedKeys?.[tableName]?.Keys ?? [];
      const first = left[0];
      // One alone is asked for by the SDK with its own pauses, until the table has room again.
      if (first !== undefined) {
        const item = await find<RequestItem>(String(first[LEDGER.partitionKey]));
        if (item !== undefined) found.set(requestIdOf(item.pk), item);
      }
      keys = left.slice(1) as typeof keys;
    }
  }
  return found;
}
