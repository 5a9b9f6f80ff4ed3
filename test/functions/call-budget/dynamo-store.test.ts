import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Shown, Ticket } from '../../../functions/call-budget/call-budget.ts';
import { dynamoBudgetStore } from '../../../functions/call-budget/dynamo-store.ts';
import { pause, release } from '../../../functions/call-budget/operator.ts';
import type { BudgetStore } from '../../../functions/call-budget/shared-item.ts';
import {
  afterCall,
  afterPermits,
  type BudgetState,
  type Ceiling,
  freshBudget,
} from '../../../functions/call-budget/state.ts';
import { LEDGER } from '../../../functions/contract/ledger-table.ts';
import { BUDGET_KEY } from '../../../functions/ledger/items.ts';
import { LedgerUnreachable } from '../../../functions/ledger/ledger.ts';
import { AWS_CLIENT_OPTIONS } from '../../../functions/reset-worker/adapters/aws-client-options.ts';
import {
  documentClient,
  type LedgerTable,
  NOW,
  recording,
  sendingTwice,
  startLedgerTable,
  TABLE,
} from '../../support/ledger/ledger-table.ts';

let table: LedgerTable;
let store: BudgetStore;
beforeAll(async () => {
  table = await startLedgerTable();
});
beforeEach(async () => {
  store = dynamoBudgetStore(table.client, TABLE);
  await table.client.send(new DeleteCommand({ TableName: TABLE, Key: { [LEDGER.partitionKey]: BUDGET_KEY } }));
});
afterEach(() => table.standIns.faults.clear());
afterAll(() => table.stop());

const aState = (revision: number, granted = revision): BudgetState => ({ ...freshBudget(NOW), revision, granted });

/** After calls of every kind: all members that a state can have. */
function livedState(): BudgetState {
  const calls: Shown[] = [
    { kind: 'throttled', status: 429 },
    { kind: 'unavailable', status: 503 },
    { kind: 'unknown' },
    { kind: 'rejected', status: 404, detail: '' },
    { kind: 'succeeded', status: 200 },
    { kind: 'server-error', status: 500, detail: '' },
    { kind: 'unauthorized', status: 401 },
  ];
  const DEPLOYED: Ceiling = { quota: 'known', perMinute: 60, burst: 10 };
  let state: BudgetState = { ...freshBudget(NOW), ceiling: { quota: 'known', perMinute: 90, burst: 5 } };
  calls.forEach((shown, index) => {
    const now = NOW + index * 9000;
    state = afterPermits(state, { count: 1, arrival: now + 1 / 3, holds: state.holds }, DEPLOYED, now);
    const ticket: Ticket = {
      lane: 'bulk',
      key: `k${index}`,
      permit: state.granted,
      grantedAt: now,
      history: { unknowns: 0, heldCalls: 0 },
    };
    state = afterCall(state, ticket, shown, DEPLOYED, now);
  });
  state = pause(release(state, NOW), 'all', { since: NOW, who: 'x' });
  return { ...state, revision: 1 };
}

describe('the budget’s item', () => {
  test('is not there before its first write', async () => {
    expect(await store.read()).toBeUndefined();
  });

  test('is read as it was written, whatever its state', async () => {
    const state = livedState();
    expect(await store.write(state)).toEqual({ kind: 'written' });
    expect(await store.read()).toStrictEqual(state);
  });

  test('is one, without an end and in no campaign’s index', async () => {
    await store.write(aState(1));
    const [item] = (await table.all()).filter(({ pk }) => pk === BUDGET_KEY);
    expect(Object.keys(item ?? {}).toSorted()).toEqual(['pk', 'revision', 'state', 'writer']);
  });

  test('is read consistently', async () => {
    const { client, commands } = recording(table.client);
    await dynamoBudgetStore(client, TABLE).read();
    expect(commands.map(({ input }) => input)).toEqual([
      { TableName: TABLE, Key: { pk: BUDGET_KEY }, ConsistentRead: true },
    ]);
  });
});

describe('a write', () => {
  test.each<[string, number[], number, boolean]>([
    ['is the first where there is no item', [], 1, true],
    ['is not the first where there is one', [1], 1, false],
    ['follows the revision before it', [1, 2], 3, true],
    ['meets one made meanwhile', [1, 2, 3], 3, false],
    ['meets several made meanwhile', [1, 2, 3, 4], 3, false],
    ['does not leave a revision out', [1], 3, false],
    ['does not bring back an item that was deleted', [], 5, false],
  ])('%s', async (_, before, revision, isWritten) => {
    for (const each of before) await store.write(aState(each));
    const current = await store.read();
    const next = aState(revision, 999);
    expect(await store.write(next)).toEqual(isWritten ? { kind: 'written' } : { kind: 'conflict', current });
    expect(await store.read()).toEqual(isWritten ? next : current);
  });

  test('by ten at once is one of them', async () => {
    await store.write(aState(1));
    const results = await Promise.all(Array.from({ length: 10 }, (_, nth) => store.write(aState(2, 100 + nth))));
    expect(results.filter(({ kind }) => kind === 'written')).toHaveLength(1);
  });

  test.each([1, 2])('that the SDK sent twice is written, once (revision %i)', async (revision) => {
    if (revision === 2) await store.write(aState(1));
    const twice = dynamoBudgetStore(sendingTwice(table.client), TABLE);
    expect(await twice.write(aState(revision, 5))).toEqual({ kind: 'written' });
    expect(await store.read()).toEqual(aState(revision, 5));
  });

  test('that the SDK sent twice, with another’s between, is a conflict: a permit is wasted, none is minted', async () => {
    const twice = dynamoBudgetStore(
      sendingTwice(table.client, () => store.write(aState(2, 77))),
      TABLE,
    );
    expect(await twice.write(aState(1, 5))).toEqual({ kind: 'conflict', current: aState(2, 77) });
  });

  test('of the same state by another is a conflict, not one’s own', async () => {
    await store.write(aState(1));
    expect(await dynamoBudgetStore(table.client, TABLE).write(aState(1))).toMatchObject({ kind: 'conflict' });
  });
});

describe('a table that cannot be reached', () => {
  const METHODS: [string, () => Promise<unknown>][] = [
    ['read', () => store.read()],
    ['write', () => store.write(aState(1))],
  ];

  test.each(METHODS)('is called unreachable, with its cause: %s', async (_, call) => {
    table.standIns.faults.add({ operation: 'dynamodb:*', kind: 'throttle' });
    await expect(call()).rejects.toMatchObject({
      name: 'LedgerUnreachable',
      why: 'ProvisionedThroughputExceededException',
    });
  });

  test('when a conflict is looked at is called so, too', async () => {
    await store.write(aState(1));
    table.standIns.faults.add({ operation: 'dynamodb:GetItem', kind: 'throttle' });
    await expect(store.write(aState(1))).rejects.toBeInstanceOf(LedgerUnreachable);
  });

  test('because nobody listens is called so, too', async () => {
    const client = documentClient('http://127.0.0.1:1', AWS_CLIENT_OPTIONS);
    await expect(dynamoBudgetStore(client, TABLE).write(aState(1))).rejects.toMatchObject({ why: 'ECONNREFUSED' });
    client.destroy();
  });
});
