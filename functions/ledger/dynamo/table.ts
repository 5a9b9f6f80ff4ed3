import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { EpochMs } from '../../common/clock.ts';
import { LEDGER } from '../../contract/ledger-table.ts';
import { type RequestItem, requestKey } from '../items.ts';
import { LedgerUnreachable } from '../ledger.ts';
import type { Change } from './changes.ts';
import type { Clause, Values } from './conditions.ts';
import { jointReads } from './joint-reads.ts';

export interface TableOptions {
  client: DynamoDBDocumentClient;
  tableName: string;
  now(): EpochMs;
}

export interface LedgerOptions extends TableOptions {
  retentionDays: number;
}

/** The requests' items in their table, read and conditionally written. */
export interface RequestTable {
  /** Consistently. */
  get(key: string): Promise<RequestItem | undefined>;
  /** @returns the item as written, or undefined if the condition does not hold. */
  update(key: string, change: Change, condition?: Clause): Promise<RequestItem | undefined>;
  /** The write, or the trace of the same write: the SDK may have sent it twice and met its own first one. */
  updateOnce(
    key: string,
    change: Change,
    condition: Clause,
    isOwn: (item: RequestItem) => boolean,
  ): Promise<{ own: RequestItem } | { other: RequestItem | undefined }>;
}

/** @param options without `retentionDays` a write leaves an item's end as it is. */
export function requestTable(options: TableOptions & Partial<LedgerOptions>): RequestTable {
  const { client, tableName, retentionDays, now } = options;
  const read = jointReads(client, tableName);
  const get: RequestTable['get'] = async (key) => (await read(requestKey(key))) as RequestItem | undefined;

  const update: RequestTable['update'] = async (key, change, condition) => {
    const set =
      retentionDays === undefined
        ? change.set
        : { ...change.set, [LEDGER.timeToLive]: Math.ceil(now() / 1000) + retentionDays * 24 * 60 * 60 };
    const names: Record<string, string> = {};
    const name = (attribute: string): string => {
      names[`#${attribute}`] = attribute;
      return `#${attribute}`;
    };
    const values: Values = {};
    const value = (label: string, content: unknown): string => {
      values[`:${label}`] = content;
      return `:${label}`;
    };
    const sets = Object.entries(set).map(([k, v]) => `${name(k)} = ${value(`set_${k}`, v)}`);
    for (const [k, v] of Object.entries(change.setIfMissing ?? {})) {
      sets.push(`${name(k)} = if_not_exists(${name(k)}, ${value(`first_${k}`, v)})`);
    }
    for (const [k, v] of Object.entries(change.add ?? {})) {
      sets.push(`${name(k)} = ${name(k)} + ${value(`add_${k}`, v)}`);
    }
    const removes = (change.remove ?? []).map(name);
    for (const attribute of condition?.expression.match(/#\w+/g) ?? []) name(attribute.slice(1));
    for (const [label, content] of Object.entries(condition?.values ?? {})) value(label, content);
    try {
      const written = await client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { [LEDGER.partitionKey]: requestKey(key) },
          UpdateExpression: `SET ${sets.join(', ')}${removes.length > 0 ? ` REMOVE ${removes.join(', ')}` : ''}`,
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: values,
          ReturnValues: 'ALL_NEW',
          ...(condition ? { ConditionExpression: condition.expression } : {}),
        }),
      );
      return written.Attributes as RequestItem;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw new LedgerUnreachable(error);
    }
  };

  return {
    get,
    update,
    async updateOnce(key, change, condition, isOwn) {
      const written = await update(key, change, condition);
      if (written) return { own: written };
      const item = await get(key);
      return item && isOwn(item) ? { own: item } : { other: item };
    },
  };
}

/** Any error but a failed condition leaves the item's state unknown. */
export async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new LedgerUnreachable(error);
  }
}
