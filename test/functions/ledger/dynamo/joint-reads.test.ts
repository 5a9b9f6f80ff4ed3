import {
  BatchGetCommand,
  type BatchGetCommandInput,
  type DynamoDBDocumentClient,
  GetCommand,
} from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { jointReads } from '../../../../functions/ledger/dynamo/joint-reads.ts';
import { LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';

const TABLE = 'ledger';
type Keys = string[];

/**
 * A table whose items are `{ pk, of: pk }` unless the key begins with `no-`.
 * @param leavesOut which keys it leaves unprocessed; it may throw.
 * @param readsOne may throw at a read of one key.
 */
function aTable(
  leavesOut: (keys: Keys, request: number) => Keys = () => [],
  readsOne: (key: string) => void = () => undefined,
) {
  const requests: Keys[] = [];
  const send = async (command: unknown) => {
    if (command instanceof GetCommand) {
      const pk = String(command.input.Key?.pk);
      expect(command.input).toMatchObject({ TableName: TABLE, ConsistentRead: true });
      requests.push([pk]);
      readsOne(pk);
      return pk.startsWith('no-') ? {} : { Item: { pk, of: pk } };
    }
    if (!(command instanceof BatchGetCommand)) throw new Error('Not a read.');
    const input: BatchGetCommandInput = command.input;
    const keys = (input.RequestItems?.[TABLE]?.Keys ?? []).map(({ pk }) => String(pk));
    requests.push(keys);
    const left = leavesOut(keys, requests.length);
    const items = keys.filter((key) => !left.includes(key) && !key.startsWith('no-'));
    return {
      // In no order, as DynamoDB answers.
      Responses: { [TABLE]: items.map((pk) => ({ pk, of: pk })).reverse() },
      ...(left.length === 0 ? {} : { UnprocessedKeys: { [TABLE]: { Keys: left.map((pk) => ({ pk })) } } }),
    };
  };
  return { read: jointReads({ send } as unknown as DynamoDBDocumentClient, TABLE), requests };
}

const keysOf = (count: number): Keys => Array.from({ length: count }, (_, n) => `key-${n}`);

describe('reads of one moment', () => {
  test('go in one request, and each is answered with its own item', async () => {
    const { read, requests } = aTable();
    const keys = ['a', 'no-b', 'c'];
    expect(await Promise.all(keys.map(read))).toEqual([{ pk: 'a', of: 'a' }, undefined, { pk: 'c', of: 'c' }]);
    expect(requests).toEqual([keys]);
  });

  test('of one key are one key: DynamoDB refuses a request that names a key twice', async () => {
    const { read, requests } = aTable();
    expect(await Promise.all([read('a'), read('a')])).toEqual([
      { pk: 'a', of: 'a' },
      { pk: 'a', of: 'a' },
    ]);
    expect(requests).toEqual([['a']]);
  });

  test('go in requests of 100 keys at most', async () => {
    const { read, requests } = aTable();
    const keys = keysOf(250);
    expect((await Promise.all(keys.map(read))).map((item) => item?.pk)).toEqual(keys);
    expect(requests.map((request) => request.length)).toEqual([100, 100, 50]);
  });

  test('are not answered with what a read of a moment before saw', async () => {
    const { read, requests } = aTable();
    await read('a');
    await read('a');
    expect(requests).toEqual([['a'], ['a']]);
  });

  test('while a request is under way wait for the next one', async () => {
    const { read, requests } = aTable();
    const first = read('a');
    await Promise.resolve();
    await Promise.all([first, read('a'), read('b')]);
    expect(requests).toEqual([['a'], ['a', 'b']]);
  });
});

describe('a key that is left unprocessed', () => {
  const leftOut = (keys: Keys): Keys => keys.slice(1);

  test('is read by itself', async () => {
    const { read, requests } = aTable(leftOut);
    const items = await Promise.all(['a', 'b', 'no-c'].map(read));
    expect(items).toEqual([{ pk: 'a', of: 'a' }, { pk: 'b', of: 'b' }, undefined]);
    expect(requests).toEqual([['a', 'b', 'no-c'], ['b'], ['no-c']]);
  });

  test('and cannot be read by itself either is unreachable, not missing, and the others are read', async () => {
    const { read } = aTable(leftOut, (key) => {
      if (key === 'b') throw Object.assign(new Error(), { name: 'ThrottlingException' });
    });
    const [a, b, c] = await Promise.allSettled(['a', 'b', 'c'].map(read));
    expect(a).toMatchObject({ status: 'fulfilled', value: { pk: 'a' } });
    expect(b).toMatchObject({
      status: 'rejected',
      reason: { name: 'LedgerUnreachable', why: 'ThrottlingException' },
    });
    expect(c).toMatchObject({ status: 'fulfilled', value: { pk: 'c' } });
  });
});

test('a request that fails fails all its reads, and not the next ones', async () => {
  const { read } = aTable((_, request) => {
    if (request === 1) throw Object.assign(new Error(), { name: 'AccessDeniedException' });
    return [];
  });
  for (const result of await Promise.allSettled(['a', 'b'].map(read))) {
    expect(result).toMatchObject({ status: 'rejected', reason: { why: 'AccessDeniedException' } });
    expect((result as PromiseRejectedResult).reason).toBeInstanceOf(LedgerUnreachable);
  }
  expect(await read('a')).toEqual({ pk: 'a', of: 'a' });
});
