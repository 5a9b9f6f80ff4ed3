import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ActionLog, actionLog } from '../../../../functions/ledger/dynamo/actions.ts';
import { ledgerReader } from '../../../../functions/ledger/dynamo/reader.ts';
import { LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
import { anAction } from '../../../support/builders.ts';
import { type LedgerTable, NOW, startLedgerTable, TABLE } from '../../../support/ledger/ledger-table.ts';

let table: LedgerTable;
beforeAll(async () => {
  table = await startLedgerTable();
});
afterEach(() => table.standIns.faults.clear());
afterAll(() => table.stop());

const logAt = (now: number): ActionLog => actionLog({ client: table.client, tableName: TABLE, now: () => now });
const reader = () => ledgerReader(table.client, TABLE);
const WHO = 'arn:aws:sts::123456789012:assumed-role/Operator/sam';

let actions = 0;
async function begun(planned = 2): Promise<string> {
  actions += 1;
  const actionId = `action-${actions}`;
  await logAt(NOW).begin({ actionId, command: 'lane pause bulk', who: WHO, details: { lane: 'bulk' }, planned });
  return actionId;
}

describe('An action in the ledger', () => {
  test('begins as running, with nothing done', async () => {
    const actionId = await begun();
    expect(await reader().findAction(actionId)).toEqual({
      ...anAction(actionId, { at: NOW, planned: 2, done: 0, state: 'running', details: { lane: 'bulk' } }),
      finishedAt: undefined,
    });
  });

  test('tells with each beat how far it is and that it is alive, and hears that nobody wants it stopped', async () => {
    const actionId = await begun();
    expect(await logAt(NOW + 5_000).beat(actionId, 1)).toBe(false);
    expect(await reader().findAction(actionId)).toMatchObject({ done: 1, state: 'running', heardAt: NOW + 5_000 });
  });

  test('hears with its next beat that somebody wants it stopped, and who that was is kept', async () => {
    const actionId = await begun();
    expect(await logAt(NOW + 1_000).askToStop(actionId, 'arn:other')).toBe(true);
    expect(await logAt(NOW + 5_000).beat(actionId, 1)).toBe(true);
    expect(await reader().findAction(actionId)).toMatchObject({ abortAt: NOW + 1_000, abortBy: 'arn:other', done: 1 });
  });

  test.each(['done', 'interrupted', 'aborted'] as const)('ends as %s, and is never changed again', async (state) => {
    const actionId = await begun();
    await logAt(NOW + 7_000).end(actionId, state, 2);
    const ended = await reader().findAction(actionId);
    expect(ended).toMatchObject({ state, done: 2, finishedAt: NOW + 7_000 });
    expect(await logAt(NOW + 8_000).askToStop(actionId, 'arn:other')).toBe(false);
    expect(await logAt(NOW + 8_000).beat(actionId, 0)).toBe(false);
    await logAt(NOW + 8_000).end(actionId, 'interrupted', 0);
    expect(await reader().findAction(actionId)).toEqual(ended);
  });

  test('that never began is neither stopped nor written', async () => {
    expect(await logAt(NOW).askToStop('nobody', WHO)).toBe(false);
    expect(await reader().findAction('nobody')).toBeUndefined();
  });

  test('is listed, newest first', async () => {
    for (const [actionId, at] of [
      ['older', NOW + 100_000],
      ['newest', NOW + 300_000],
      ['newer', NOW + 200_000],
    ] as const) {
      await logAt(at).begin({ actionId, command: 'verify', who: WHO, details: {}, planned: 1 });
    }
    const listed = await Array.fromAsync(reader().actions());
    expect(listed.slice(0, 3).map(({ actionId }) => actionId)).toEqual(['newest', 'newer', 'older']);
  });

  test.each<[string, (log: ActionLog) => Promise<unknown>]>([
    ['begin', (log) => log.begin({ actionId: 'x', command: 'c', who: WHO, details: {}, planned: 1 })],
    ['beat', (log) => log.beat('x', 1)],
    ['end', (log) => log.end('x', 'done', 1)],
    ['ask to stop', (log) => log.askToStop('x', WHO)],
  ])('says so where the table is out of reach: %s', async (_name, work) => {
    table.standIns.faults.add({ operation: 'dynamodb:*', kind: 'fail', times: 9 });
    await expect(work(logAt(NOW))).rejects.toThrow(LedgerUnreachable);
  });
});
