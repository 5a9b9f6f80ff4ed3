import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type LetterMarks, letterMarks } from '../../../../functions/ledger/dynamo/letter-marks.ts';
import { requestKey, STATES } from '../../../../functions/ledger/items.ts';
import { LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
import { anItem, freshKey } from '../../../support/ledger/ledger-items.ts';
import { type LedgerTable, NOW, sendingTwice, startLedgerTable, TABLE } from '../../../support/ledger/ledger-table.ts';

let table: LedgerTable;
beforeAll(async () => {
  table = await startLedgerTable();
});
afterEach(() => table.standIns.faults.clear());
afterAll(() => table.stop());

const marksAt = (now: number, client = table.client): LetterMarks =>
  letterMarks({ client, tableName: TABLE, now: () => now });
/** A request in a state, for the failure `failure-1`. */
async function prepared(state: (typeof STATES)[number], given: Parameters<typeof anItem>[1] = {}) {
  const key = freshKey();
  const item = anItem(state, { key, failureId: 'failure-1', ...given });
  await table.put(item);
  return { key, item };
}
const MARKS = ['redriven', 'discarded', 'gone'] as const;

describe.each(['redriven', 'discarded'] as const)('a letter marked as %s', (mark) => {
  test('moves its request to that state, with all else as it was', async () => {
    const { key, item } = await prepared('failed', { redrives: 3 });
    expect(await marksAt(NOW)[mark](key, 'failure-1')).toBe(true);
    expect(await table.item(key)).toEqual({ ...item, state: mark, stateReasonTime: `${mark}##${NOW}` });
    expect(await table.listed('none', `${mark}##${NOW}`)).toContain(requestKey(key));
  });

  test('was found after all, if it had been taken for gone', async () => {
    const { key } = await prepared('failed', { gone: NOW - 5000 });
    await marksAt(NOW)[mark](key, 'failure-1');
    expect(await table.item(key)).not.toHaveProperty('gone');
  });

  test('a second time is marked, and keeps its first time', async () => {
    const { key } = await prepared('failed');
    await marksAt(NOW)[mark](key, 'failure-1');
    const first = await table.item(key);
    expect(await marksAt(NOW + 1000)[mark](key, 'failure-1')).toBe(true);
    expect(await table.item(key)).toEqual(first);
  });
});

describe('a letter marked as gone', () => {
  test('leaves its request failed, at its place in the index', async () => {
    const { key, item } = await prepared('failed');
    expect(await marksAt(NOW).gone(key, 'failure-1')).toBe(true);
    expect(await table.item(key)).toEqual({ ...item, gone: NOW });
  });

  test('a second time keeps its first time', async () => {
    const { key } = await prepared('failed');
    await marksAt(NOW).gone(key, 'failure-1');
    expect(await marksAt(NOW + 1000).gone(key, 'failure-1')).toBe(true);
    expect(await table.item(key)).toMatchObject({ gone: NOW });
  });
});

describe.each(MARKS)('the mark %s', (mark) => {
  test.each(STATES.filter((state) => state !== 'failed' && state !== mark))(
    'is not set on a request that is %s, nor is anything else of it changed',
    async (state) => {
      const { key, item } = await prepared(state);
      expect(await marksAt(NOW)[mark](key, 'failure-1')).toBe(false);
      expect(await table.item(key)).toEqual(item);
    },
  );

  test.each(['failed', 'redriven', 'discarded'] as const)(
    'is not set for another failure of a request that is %s',
    async (state) => {
      const { key, item } = await prepared(state, { failureId: 'failure-2' });
      expect(await marksAt(NOW)[mark](key, 'failure-1')).toBe(false);
      expect(await table.item(key)).toEqual(item);
    },
  );

  test('makes no item for a request that the ledger has forgotten', async () => {
    const key = freshKey();
    expect(await marksAt(NOW)[mark](key, 'failure-1')).toBe(false);
    expect(await table.item(key)).toBeUndefined();
  });

  test('sent twice by the SDK, since the first answer was lost, is set', async () => {
    const { key } = await prepared('failed');
    expect(await marksAt(NOW, sendingTwice(table.client))[mark](key, 'failure-1')).toBe(true);
  });

  test('of several who set it at once is set once, and all are told so', async () => {
    const { key } = await prepared('failed');
    const told = await Promise.all(Array.from({ length: 5 }, () => marksAt(NOW)[mark](key, 'failure-1')));
    expect(told).toEqual(Array(5).fill(true));
  });

  test('that cannot be written is an error of the ledger', async () => {
    const { key } = await prepared('failed');
    table.standIns.faults.add({ operation: 'dynamodb:UpdateItem', kind: 'fail', bodyIncludes: key });
    await expect(marksAt(NOW)[mark](key, 'failure-1')).rejects.toThrow(LedgerUnreachable);
  });
});

test('of a redrive and a discard at once one is done', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { key } = await prepared('failed');
    const marks = marksAt(NOW);
    const told = await Promise.all([marks.redriven(key, 'failure-1'), marks.discarded(key, 'failure-1')]);
    expect(told.filter(Boolean)).toHaveLength(1);
    expect((await table.item(key))?.state).toBe(told[0] ? 'redriven' : 'discarded');
  }
});
