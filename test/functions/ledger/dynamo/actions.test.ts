import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { actionLog } from '../../../../functions/ledger/dynamo/actions.ts';
import { ledgerReader } from '../../../../functions/ledger/dynamo/reader.ts';
import { ACTION_LIST, actionKey } from '../../../../functions/ledger/items.ts';
import { LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
import { anAction } from '../../../support/builders.ts';
import { type LedgerTable, NOW, sendingTwice, startLedgerTable, TABLE } from '../../../support/ledger/ledger-table.ts';

let table: LedgerTable;
beforeAll(async () => {
  table = await startLedgerTable();
});
afterEach(() => table.standIns.faults.clear());
afterAll(() => table.stop());

let made = 0;
let now: number;
let id: string;
beforeEach(() => {
  now = NOW;
  made += 1;
  id = `action-${made}`;
});

const WHO = 'arn:aws:sts::123456789012:assumed-role/Operator/sam';
const log = (client = table.client) => actionLog({ client, tableName: TABLE, now: () => now });
const stored = () => ledgerReader(table.client, TABLE).findAction(id);
const begin = (client = table.client) =>
  log(client).begin({ actionId: id, command: 'lane pause bulk', who: WHO, details: { reason: 'r' }, planned: 3 });

describe('An action that begins', () => {
  it('is written down as running, without an end, where actions are listed', async () => {
    await begin();
    expect(await stored()).toEqual({
      pk: actionKey(id),
      campaign: ACTION_LIST,
      stateReasonTime: `begun##${NOW}`,
      actionId: id,
      command: 'lane pause bulk',
      who: WHO,
      details: { reason: 'r' },
      planned: 3,
      done: 0,
      state: 'running',
      startedAt: NOW,
      heardAt: NOW,
    });
    expect(await table.listed(ACTION_LIST, `begun##${NOW}`)).toContain(actionKey(id));
  });

  it('is written once, also where the SDK sends it again', async () => {
    await begin(sendingTwice(table.client));
    expect(await stored()).toMatchObject({ state: 'running', done: 0 });
  });

  it('is not set back by a write of its beginning that comes late', async () => {
    await begin(sendingTwice(table.client, () => log().end(id, 'done', 3)));
    expect(await stored()).toMatchObject({ state: 'done', done: 3 });
  });

  it('never takes the place of another one: what was done is kept', async () => {
    const before = anAction(id, { who: 'arn:aws:iam::123456789012:user/kim', at: NOW - 1000 });
    await table.put(before);
    await expect(begin()).rejects.toBeInstanceOf(LedgerUnreachable);
    expect(await stored()).toEqual(before);
  });
});

describe('An action that runs', () => {
  it('beats: its counts are written, and it is heard of', async () => {
    await begin();
    now += 5000;
    expect(await log().beat(id, 2)).toBe(false);
    expect(await stored()).toMatchObject({ state: 'running', done: 2, heardAt: NOW + 5000 });
  });

  it('hears with its next beat that it is to be stopped, and by whom that was asked is kept', async () => {
    await begin();
    expect(await log().askToStop(id, 'kim')).toBe(true);
    expect(await log(sendingTwice(table.client)).beat(id, 2)).toBe(true);
    expect(await stored()).toMatchObject({ state: 'running', abortAt: NOW, abortBy: 'kim' });
  });

  it('ends once, with the first end that is written', async () => {
    await begin();
    now += 5000;
    await log(sendingTwice(table.client)).end(id, 'aborted', 2);
    await log().end(id, 'done', 3);
    expect(await stored()).toMatchObject({ state: 'aborted', done: 2, finishedAt: NOW + 5000 });
  });

  it('was asked to stop, although it had stopped by the time the SDK asked again', async () => {
    await begin();
    const client = sendingTwice(table.client, () => log().end(id, 'aborted', 1));
    expect(await log(client).askToStop(id, 'kim')).toBe(true);
  });
});

describe('An action that has ended', () => {
  it('is left as it is by beats, and by whoever asks it to stop', async () => {
    await begin();
    await log().end(id, 'done', 3);
    const ended = await stored();
    now += 5000;
    expect(await log().beat(id, 1)).toBe(false);
    expect(await log().askToStop(id, 'kim')).toBe(false);
    expect(await stored()).toEqual(ended);
  });

  it('that was never begun is made by none of them', async () => {
    await log().end(id, 'done', 3);
    await log().beat(id, 1);
    expect(await log().askToStop(id, 'kim')).toBe(false);
    expect(await stored()).toBeUndefined();
  });
});
