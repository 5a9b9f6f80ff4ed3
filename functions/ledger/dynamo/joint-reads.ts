import { BatchGetCommand, type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { LEDGER } from '../../contract/ledger-table.ts';
import { LedgerUnreachable } from '../ledger.ts';

/** DynamoDB's limit for one request. */
const MAX_KEYS = 100;

type Item = Record<string, unknown>;
interface Answers {
  items: Map<string, Item>;
  /** Keys of which nothing is known, and why. */
  unread: Map<string, LedgerUnreachable>;
}

/**
 * Consistent reads of items by their keys. All that are asked for at one moment, as the look-ups of a batch of messages are, go in one
 * request: the price is the same, and nine requests of ten are spared. Each reader hears of its own item alone.
 */
export function jointReads(
  client: DynamoDBDocumentClient,
  tableName: string,
): (key: string) => Promise<Item | undefined> {
  let open: { keys: Set<string>; answers: Promise<Answers> } | undefined;
  const begin = () => {
    const keys = new Set<string>();
    const answers = Promise.resolve().then(() => {
      if (open?.keys === keys) open = undefined;
      return readAll(client, tableName, [...keys]);
    });
    return { keys, answers };
  };
  return async (key) => {
    if (open === undefined || open.keys.size >= MAX_KEYS) open = begin();
    open.keys.add(key);
    const { items, unread } = await open.answers;
    const why = unread.get(key);
    if (why) throw why;
    return items.get(key);
  };
}

async function readAll(client: DynamoDBDocumentClient, tableName: string, keys: string[]): Promise<Answers> {
  const items: Answers['items'] = new Map();
  const unread: Answers['unread'] = new Map();
  const unreachable = (key: string) => (error: unknown) => void unread.set(key, new LedgerUnreachable(error));
  try {
    const Keys = keys.map((key) => ({ [LEDGER.partitionKey]: key }));
    const found = await client.send(
      new BatchGetCommand({ RequestItems: { [tableName]: { Keys, ConsistentRead: true } } }),
    );
    for (const item of found.Responses?.[tableName] ?? []) items.set(String(item[LEDGER.partitionKey]), item);
    // One by one the SDK asks for them again with its own pauses.
    const leftOut = found.UnprocessedKeys?.[tableName]?.Keys ?? [];
    await Promise.all(
      leftOut.map(async (Key) => {
        const key = String(Key[LEDGER.partitionKey]);
        const one = client.send(new GetCommand({ TableName: tableName, Key, ConsistentRead: true }));
        await one.then(({ Item }) => Item && items.set(key, Item), unreachable(key));
      }),
    );
  } catch (error) {
    for (const key of keys) unreachable(key)(error);
  }
  return { items, unread };
}
