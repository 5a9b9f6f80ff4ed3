import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { campaignLedger, cancelCampaign } from '../../../../functions/ledger/dynamo/campaigns.ts';
import { CAMPAIGN_LIST, type CampaignItem, campaignKey, stateReasonTime } from '../../../../functions/ledger/items.ts';
import { LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
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
  id = `campaign-${made}`;
});

const aWorker = () => campaignLedger({ client: table.client, tableName: TABLE, now: () => now });
const stored = async (campaignId: string) =>
  (await table.client.send(new GetCommand({ TableName: TABLE, Key: { pk: campaignKey(campaignId) } }))).Item;
const theCampaign = (campaignId: string, given: Partial<CampaignItem> = {}): CampaignItem => ({
  pk: campaignKey(campaignId),
  campaign: CAMPAIGN_LIST,
  stateReasonTime: `active##${NOW}`,
  campaignId,
  state: 'active',
  firstSeenAt: NOW,
  ...given,
});
const cancel = (campaignId: string, client = table.client) =>
  cancelCampaign({ client, tableName: TABLE, now: () => now }, campaignId);
/** Operations on the table that the work makes. */
async function operations(work: () => Promise<unknown>): Promise<{ reads: number; writes: number }> {
  const before = table.standIns.operations();
  await work();
  const after = table.standIns.operations();
  const count = (name: string) => (after[name] ?? 0) - (before[name] ?? 0);
  return { reads: count('dynamodb:GetItem'), writes: count('dynamodb:PutItem') + count('dynamodb:UpdateItem') };
}

describe('registering', () => {
  test('a campaign that is seen for the first time is registered, without an end, where campaigns are listed', async () => {
    expect(await aWorker().isCancelled(id)).toBe(false);
    expect(await stored(id)).toEqual(theCampaign(id));
    expect(await table.listed(CAMPAIGN_LIST, `active##${NOW}`)).toContain(campaignKey(id));
  });

  test('a registered campaign is not written again, also by a copy that knows nothing of it', async () => {
    await aWorker().isCancelled(id);
    now += 60_000;
    const again = operations(async () => expect(await aWorker().isCancelled(id)).toBe(false));
    expect(await again).toEqual({ reads: 1, writes: 0 });
    expect(await stored(id)).toEqual(theCampaign(id));
  });

  test('of two copies that see it first at once, one registers it and the other is content', async () => {
    expect(await Promise.all([aWorker().isCancelled(id), aWorker().isCancelled(id)])).toEqual([false, false]);
    expect(await stored(id)).toEqual(theCampaign(id));
  });

  test('registering does not overwrite a cancellation that came between', async () => {
    table.standIns.faults.add({ operation: 'dynamodb:PutItem', kind: 'slow', delayMs: 50, bodyIncludes: 'active' });
    const asked = aWorker().isCancelled(id);
    await cancel(id);
    await asked;
    expect(await stored(id)).toMatchObject({ state: 'cancelled' });
  });
});

describe('a campaign that is seen again', () => {
  const MINUTE = 60_000;
  const seenAt = (at: number) => theCampaign(id, { stateReasonTime: stateReasonTime('active', at) });
  /** Registered at noon. */
  const registered = async () => {
    const worker = aWorker();
    await worker.isCancelled(id);
    return worker;
  };

  test.each([
    [5 * MINUTE - 1, 0],
    [5 * MINUTE, 1],
  ])(
    '%i ms after its time is written again (writes: %i), also by a copy that knows nothing of it',
    async (passedMs, writes) => {
      await registered();
      now += passedMs;
      expect(await operations(() => aWorker().isCancelled(id))).toEqual({ reads: 1, writes });
      expect(await stored(id)).toEqual(seenAt(writes === 1 ? now : NOW));
    },
  );

  test('by several copies is written by the first of them', async () => {
    await registered();
    now += 5 * MINUTE;
    await aWorker().isCancelled(id);
    now += 5000;
    expect(await operations(() => aWorker().isCancelled(id))).toEqual({ reads: 1, writes: 0 });
  });

  test('while the table takes no writes is tried again after five minutes, not with every look', async () => {
    const worker = await registered();
    now += 5 * MINUTE;
    table.standIns.faults.add({ operation: 'dynamodb:UpdateItem', kind: 'fail', bodyIncludes: id });
    const asked = async () => expect(await worker.isCancelled(id)).toBe(false);
    const tries = async () => (await operations(asked)).writes;
    expect(await tries()).toBe(1);
    now += 5000;
    expect(await tries()).toBe(0);
    now += 5 * MINUTE;
    expect(await tries()).toBe(1);
    expect(await stored(id)).toEqual(seenAt(now));
  });

  test('and was cancelled meanwhile stays cancelled, and is known to be', async () => {
    await registered();
    now += 5 * MINUTE;
    table.standIns.faults.add({ operation: 'dynamodb:UpdateItem', kind: 'slow', delayMs: 50, bodyIncludes: 'active' });
    const asked = aWorker().isCancelled(id);
    await cancel(id);
    expect(await asked).toBe(true);
    expect(await stored(id)).toMatchObject({ state: 'cancelled', stateReasonTime: `cancelled##${now}` });
  });

  test('after its cancellation is not written again', async () => {
    await registered();
    await cancel(id);
    now += 60 * MINUTE;
    expect(await operations(() => aWorker().isCancelled(id))).toEqual({ reads: 1, writes: 0 });
  });
});

describe('a cancellation', () => {
  const theCancelled = (given: Partial<CampaignItem> = {}) =>
    theCampaign(id, { state: 'cancelled', stateReasonTime: `cancelled##${now}`, ...given });

  test('of a campaign that the ledger has not seen is written whole, where campaigns are listed', async () => {
    await cancel(id);
    expect(await stored(id)).toEqual(theCancelled());
    expect(await table.listed(CAMPAIGN_LIST, `cancelled##${NOW}`)).toContain(campaignKey(id));
  });

  test('keeps when the campaign was first seen', async () => {
    await aWorker().isCancelled(id);
    now += 1000;
    await cancel(id);
    expect(await stored(id)).toEqual(theCancelled({ firstSeenAt: NOW }));
  });

  test('done again keeps the first time', async () => {
    await cancel(id);
    const first = await stored(id);
    now += 1000;
    await cancel(id);
    expect(await stored(id)).toEqual(first);
  });

  test('sent twice by the SDK, since the first answer was lost, is done', async () => {
    await cancel(id, sendingTwice(table.client));
    expect(await stored(id)).toEqual(theCancelled());
  });

  test('that cannot be written is an error of the ledger', async () => {
    table.standIns.faults.add({ operation: 'dynamodb:UpdateItem', kind: 'fail', bodyIncludes: id });
    await expect(cancel(id)).rejects.toThrow(LedgerUnreachable);
  });

  test('is known at once to a copy that has not asked yet', async () => {
    await cancel(id);
    expect(await aWorker().isCancelled(id)).toBe(true);
  });

  test.each([
    [4999, false],
    [5000, true],
  ])('%i ms after a copy has asked, it is seen: %s', async (passedMs, seen) => {
    const worker = aWorker();
    await worker.isCancelled(id);
    await cancel(id);
    now += passedMs;
    expect(await worker.isCancelled(id)).toBe(seen);
  });

  test('of another campaign is nothing to this one', async () => {
    const worker = aWorker();
    await cancel(`${id}-other`);
    expect(await worker.isCancelled(`${id}-other`)).toBe(true);
    expect(await worker.isCancelled(id)).toBe(false);
  });
});

describe('asking', () => {
  test('is done once for all who ask at the same time', async () => {
    const worker = aWorker();
    const work = async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => worker.isCancelled(id)));
      expect(answers).toEqual(Array(20).fill(false));
    };
    expect(await operations(work)).toEqual({ reads: 1, writes: 1 });
  });

  test('is done once in 5 s', async () => {
    const worker = aWorker();
    await worker.isCancelled(id);
    const within = operations(async () => {
      for (const passedMs of [0, 1000, 3999]) {
        now = NOW + passedMs;
        await worker.isCancelled(id);
      }
    });
    expect(await within).toEqual({ reads: 0, writes: 0 });
  });

  test('that failed tells all who wait, and is done anew', async () => {
    const worker = aWorker();
    table.standIns.faults.add({ operation: 'dynamodb:GetItem', kind: 'throttle' });
    const first = await Promise.allSettled([worker.isCancelled(id), worker.isCancelled(id)]);
    for (const answer of first) {
      expect(answer).toMatchObject({ status: 'rejected', reason: expect.any(LedgerUnreachable) });
    }
    expect(await worker.isCancelled(id)).toBe(false);
    expect(await stored(id)).toEqual(theCampaign(id));
  });

  test('about a campaign that cannot be registered lets its requests go on, and the next one registers it', async () => {
    const worker = aWorker();
    table.standIns.faults.add({ operation: 'dynamodb:PutItem', kind: 'throttle' });
    expect(await Promise.all([worker.isCancelled(id), worker.isCancelled(id)])).toEqual([false, false]);
    expect(await stored(id)).toBeUndefined();
    expect(await operations(() => worker.isCancelled(id))).toEqual({ reads: 1, writes: 1 });
    expect(await stored(id)).toEqual(theCampaign(id));
    expect(await operations(() => worker.isCancelled(id))).toEqual({ reads: 0, writes: 0 });
  });

  test('of very many campaigns remembers no more than a thousand', async () => {
    let reads = 0;
    const client = {
      async send() {
        reads += 1;
        return { Item: theCampaign('any') };
      },
    } as unknown as LedgerTable['client'];
    const worker = campaignLedger({ client, tableName: TABLE, now: () => now });
    const ask = async (count: number) => {
      for (let n = 0; n < count; n += 1) await worker.isCancelled(`many-${n}`);
    };
    await ask(1000);
    expect(reads).toBe(1000);
    // All are remembered still …
    await ask(1000);
    expect(reads).toBe(1000);
    // … until one more comes; then they are asked for again.
    await ask(1001);
    expect(reads).toBe(1001);
    await ask(1);
    expect(reads).toBe(1002);
  });
});
