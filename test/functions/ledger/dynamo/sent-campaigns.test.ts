import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ledgerReader } from '../../../../functions/ledger/dynamo/reader.ts';
import { campaignLog } from '../../../../functions/ledger/dynamo/sent-campaigns.ts';
import { CAMPAIGN_LIST, campaignKey, type SentCampaign } from '../../../../functions/ledger/items.ts';
import { LedgerUnreachable, LedgerUnreadable } from '../../../../functions/ledger/ledger.ts';
import { type LedgerTable, NOW, sendingTwice, startLedgerTable, TABLE } from '../../../support/ledger/ledger-table.ts';

let table: LedgerTable;
beforeAll(async () => {
  table = await startLedgerTable();
});
afterEach(() => table.standIns.faults.clear());
afterAll(() => table.stop());

let made = 0;
let id: string;
beforeEach(() => {
  made += 1;
  id = `breach-${made}`;
});

const log = (client = table.client) => campaignLog({ client, tableName: TABLE, now: () => NOW });
const stored = () => ledgerReader(table.client, TABLE).findCampaign(id);
const SENT: SentCampaign = {
  lane: 'bulk',
  rows: 3,
  setDigest: 'd1',
  startedAt: NOW,
  startedBy: 'arn:aws:sts::123456789012:assumed-role/Operator/sam',
  file: 'people.csv',
  fileSha256: 'f1',
  whereColumns: ['country'],
  excludeFiles: 1,
  notIn: [],
};
const point = (sentBelow: string, more: { sentBy?: string; sentRows?: number; sentAt?: number } = {}) =>
  log().checkpoint(id, 'd1', { sentBy: 'a-1', sentBelow, ...more });

describe('The id key of a campaign', () => {
  it('is the one that was written first, also for whoever comes later', async () => {
    expect(await log().idKey(id)).toBeUndefined();
    const [first, second] = [Uint8Array.from([1, 2]), Uint8Array.from([3, 4])];
    expect([...(await log(sendingTwice(table.client)).keepIdKey(id, first))]).toEqual([1, 2]);
    expect([...(await log().keepIdKey(id, second))]).toEqual([1, 2]);
    expect([...((await log().idKey(id)) ?? [])]).toEqual([1, 2]);
  });

  it('is no campaign, so that no list holds it', async () => {
    await log().keepIdKey(id, Uint8Array.from([1]));
    expect(await stored()).toBeUndefined();
    expect(await table.listed(CAMPAIGN_LIST, 'active##')).not.toContain(campaignKey(id));
  });

  it('that cannot be read is a fault of its own, and so is one that cannot be written', async () => {
    table.standIns.faults.add({ operation: 'dynamodb:*', kind: 'deny', times: 99 });
    await expect(log().idKey(id)).rejects.toBeInstanceOf(LedgerUnreadable);
    await expect(log().keepIdKey(id, Uint8Array.from([1]))).rejects.toBeInstanceOf(LedgerUnreachable);
  });
});

describe('A campaign that is sent', () => {
  it('is registered as active, with what it was started with, also where the SDK sends it again', async () => {
    const item = await log(sendingTwice(table.client)).register(id, SENT);
    expect(item).toEqual(await stored());
    expect(item).toMatchObject({ campaignId: id, state: 'active', firstSeenAt: NOW, sent: SENT });
  });

  it('keeps what it was started with first', async () => {
    await log().register(id, SENT);
    const item = await log().register(id, { ...SENT, setDigest: 'd2' });
    expect(item.sent?.setDigest).toBe('d1');
  });

  it('is not revived by a registration', async () => {
    await log().cancel(id);
    expect(await log().register(id, SENT)).toMatchObject({ state: 'cancelled' });
    expect((await stored())?.sent).toBeUndefined();
  });
});

describe('A checkpoint', () => {
  beforeEach(() => log().register(id, SENT));

  it('is written with who sends it, and at the end with when all was sent', async () => {
    expect(await log().checkpoint(id, 'd1', { sentBy: 'a-0' })).toBe(true);
    expect(await point(`${id}:5`)).toBe(true);
    expect(await stored()).toMatchObject({ sentBy: 'a-1', sentBelow: `${id}:5` });
    expect(await point(`${id}:9`, { sentAt: NOW + 1 })).toBe(true);
    expect(await stored()).toMatchObject({ sentBelow: `${id}:9`, sentAt: NOW + 1 });
  });

  it('that is behind another leaves that one, and its sender may go on', async () => {
    await point(`${id}:5`);
    expect(await point(`${id}:4`, { sentBy: 'a-2' })).toBe(true);
    expect(await stored()).toMatchObject({ sentBy: 'a-1', sentBelow: `${id}:5` });
  });

  it('that comes after the last one changes nothing, also at the same row, and its sender may go on', async () => {
    await point(`${id}:9`, { sentRows: 3, sentAt: NOW });
    expect(await point(`${id}:9`, { sentBy: 'a-2', sentRows: 2 })).toBe(true);
    expect(await point(`${id}:9`, { sentBy: 'a-2', sentRows: 3, sentAt: NOW + 60_000 })).toBe(true);
    expect(await stored()).toMatchObject({ sentBy: 'a-1', sentRows: 3, sentAt: NOW });
  });

  it('of a campaign that was cancelled is not written, and stops its sender', async () => {
    await log().cancel(id);
    expect(await point(`${id}:5`)).toBe(false);
    expect((await stored())?.sentBelow).toBeUndefined();
  });

  it.each([
    ['of another set of people', async () => log().checkpoint(id, 'd2', { sentBy: 'a-1', sentBelow: `${id}:5` })],
    ['of a campaign that nobody started', async () => log().checkpoint('unknown', 'd1', { sentBy: 'a-1' })],
  ])('%s is not written, and stops its sender', async (_claim, write) => {
    expect(await write()).toBe(false);
    expect((await stored())?.sentBelow).toBeUndefined();
  });

  it('that cannot be written says so', async () => {
    table.standIns.faults.add({ operation: 'dynamodb:UpdateItem', kind: 'deny', times: 99 });
    await expect(point(`${id}:5`)).rejects.toBeInstanceOf(LedgerUnreachable);
  });
});

it('the totals of a campaign are kept only where it was sent from a file', async () => {
  const totals = {
    at: NOW,
    succeeded: 2,
    settled: { count: 2, others: 0, before: NOW },
    failed: { rejected: 1 },
    cancelled: 0,
    discarded: 0,
  };
  await log().keepTotals(id, totals);
  expect(await stored()).toBeUndefined();
  await log().register(id, SENT);
  await log().keepTotals(id, totals);
  expect((await stored())?.totals).toEqual(totals);
});
