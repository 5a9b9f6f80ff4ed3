import { BatchGetCommand, type GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type LedgerReader,
  ledgerReader,
  type Selection,
  type SucceededCount,
} from '../../../../functions/ledger/dynamo/reader.ts';
import { requestIdOf } from '../../../../functions/ledger/items.ts';
import { LedgerUnreadable } from '../../../../functions/ledger/ledger.ts';
import { aCampaign, anAction, anItem } from '../../../support/builders.ts';
import { type StandInDeployment, startDeployment, TABLE } from '../../../support/cli/stand-ins.ts';
import { recording } from '../../../support/ledger/ledger-table.ts';
import { NOON } from '../../../support/virtual-clock.ts';

let deployment: StandInDeployment;
let reader: LedgerReader;

/** More than one page of the index: the first has 100 items, the others 500. */
const MANY = 1203;
const MINUTE = 60_000;

beforeAll(async () => {
  deployment = await startDeployment();
  reader = ledgerReader(deployment.documents, TABLE);
  await deployment.put(
    aCampaign('spring', { at: 3000 }),
    aCampaign('summer', { state: 'cancelled', at: 4000 }),
    aCampaign('autumn', { at: 5000 }),
    aCampaign('winter', { state: 'cancelled', at: 2000 }),
    anItem({ key: 'waits' }),
    anItem({ key: 'done', state: 'succeeded' }),
    anItem({ key: 'is-failing', state: 'failing' }),
    anItem({ key: 'rejected', state: 'failed', at: NOON - 5 }),
    anItem({ key: 'rejected-bulk', state: 'failed', lane: 'bulk', lastStatus: 403, at: NOON - 3 }),
    anItem({ key: 'unknown', state: 'failed', reason: 'outcome-unknown', lastStatus: 504, at: NOON - 4 }),
    anItem({ key: 'gone', state: 'failed', gone: NOON, at: NOON - 1 }),
    anItem({ key: 'sent-back', state: 'redriven', at: NOON - 2 }),
    anItem({ key: 'thrown-away', state: 'discarded', at: NOON - 2 }),
    anItem({ key: 'calling', state: 'calling', leaseEnd: NOON + 1 }),
    anItem({ key: 'lost', state: 'calling', leaseEnd: NOON - 1 }),
    anItem({ key: 'spring-failed', campaignId: 'spring', state: 'failed', at: NOON - 4 }),
    ...Array.from({ length: MANY }, (_, index) =>
      anItem({ key: `autumn-${index}`, campaignId: 'autumn', state: 'succeeded', at: NOON + index }),
    ),
  );
}, 60_000);
afterAll(() => deployment.stop());

const keysOf = async (selection: Selection): Promise<string[]> =>
  (await Array.fromAsync(reader.list(selection))).map(({ pk }) => requestIdOf(pk));
const queriesOf = async (work: () => Promise<unknown>): Promise<number> => {
  const before = deployment.operations()['dynamodb:Query'] ?? 0;
  await work();
  return (deployment.operations()['dynamodb:Query'] ?? 0) - before;
};

describe('The ledger reader', () => {
  it('reads as many actions as are wanted at first, and all of them in the end', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `a-${String(index).padStart(2, '0')}`);
    await deployment.put(...ids.map((id, index) => anAction(id, { at: NOON + index })));
    const { client, commands } = recording(deployment.documents);
    const all = await Array.fromAsync(ledgerReader(client, TABLE).actions(5));
    expect(all.map(({ actionId }) => actionId)).toEqual(ids.toReversed());
    expect(commands.map(({ input }) => input)).toMatchObject([{ Limit: 5 }, { Limit: 500 }]);
  });

  it('finds a request by its id', async () => {
    expect(await reader.find('done')).toEqual(anItem({ key: 'done', state: 'succeeded' }));
  });

  it('finds nothing under an id that was never seen', async () => {
    expect(await reader.find('nobody')).toBeUndefined();
  });

  it('tells the campaigns, last seen or cancelled first', async () => {
    const campaigns = await Array.fromAsync(reader.campaigns());
    expect(campaigns.map(({ campaignId }) => campaignId)).toEqual(['autumn', 'summer', 'spring', 'winter']);
  });

  it('finds a campaign by its id', async () => {
    expect(await reader.findCampaign('summer')).toMatchObject({ campaignId: 'summer', state: 'cancelled' });
    expect(await reader.findCampaign('fall')).toBeUndefined();
  });

  it('tells of a count page by page, and ends it when it is told to', async () => {
    const pages: number[] = [];
    const many = { campaign: 'autumn', state: 'succeeded' } as const;
    expect(await reader.count(many, { onCounted: (more) => pages.push(more) })).toBe(MANY);
    expect(pages.reduce((sum, more) => sum + more, 0)).toBe(MANY);
    const stop = new AbortController();
    const ended = reader.count(many, { signal: stop.signal, onCounted: () => stop.abort(new Error('enough')) });
    await expect(ended).rejects.toThrow('enough');
  });

  it.each<[claim: string, selection: Omit<Selection, 'campaign'>, keys: string[]]>([
    ['a state', { state: 'succeeded' }, ['done']],
    ['failed of all reasons, not gone and not failing', { state: 'failed' }, ['rejected-bulk', 'unknown', 'rejected']],
    ['failed, gone or not', { state: 'failed', withGone: true }, ['gone', 'rejected-bulk', 'unknown', 'rejected']],
    ['a time', { state: 'failed', from: NOON - 5, to: NOON - 3 }, ['unknown', 'rejected']],
    ['a beginning', { state: 'failed', from: NOON - 4 }, ['rejected-bulk', 'unknown']],
    ['a reason and a time', { state: 'failed', reason: 'rejected', to: NOON - 3 }, ['rejected']],
    ['a time that ends before it begins', { state: 'failed', from: NOON, to: NOON }, []],
    ['failing, and not failed', { state: 'failing' }, ['is-failing']],
    ['a reason', { state: 'failed', reason: 'rejected' }, ['rejected-bulk', 'rejected']],
    ['a lane', { state: 'failed', lane: 'bulk' }, ['rejected-bulk']],
    ['a status', { state: 'failed', lastStatus: 504 }, ['unknown']],
    ['reason, lane and status together', { state: 'failed', reason: 'rejected', lane: 'bulk', lastStatus: 404 }, []],
    ['leases that ended', { state: 'calling', leaseEndedBefore: NOON }, ['lost']],
    ['redriven, which the index does not divide by reason', { state: 'redriven' }, ['sent-back']],
    ['discarded', { state: 'discarded' }, ['thrown-away']],
    ['a state that nothing is in', { state: 'cancelled' }, []],
  ])('lists, newest first, and counts by %s', async (_claim, selection, keys) => {
    expect(await keysOf({ campaign: 'none', ...selection })).toEqual(keys);
    expect(await reader.count({ campaign: 'none', ...selection })).toBe(keys.length);
  });

  it('counts the requests whose ids begin alike, and the others apart', async () => {
    await deployment.put(
      ...['p:1', 'p:2', 'x-1', 'p:ticket-1'].map((key) =>
        anItem({ key, campaignId: 'p', state: 'failed', gone: NOON }),
      ),
      anItem({ key: 'p:3', campaignId: 'p', state: 'calling', leaseEnd: NOON - 1 }),
    );
    const failed = { campaign: 'p', state: 'failed', withGone: true } as const;
    expect(await reader.tally({ ...failed, ids: { prefix: 'p:', length: 3 } })).toEqual({ count: 2, others: 2 });
    expect(await reader.count({ ...failed, ids: { prefix: 'p:', length: 3 } })).toBe(2);
    expect(
      await reader.count({ campaign: 'p', state: 'calling', leaseEndedBefore: NOON, ids: { prefix: 'p:', length: 3 } }),
    ).toBe(1);
  });

  it('keeps campaigns apart', async () => {
    expect(await keysOf({ campaign: 'spring', state: 'failed' })).toEqual(['spring-failed']);
  });

  it('lists several selections as one, newest first', async () => {
    const selections = ['none', 'spring'].map((campaign) => ({ campaign, state: 'failed' }) as const);
    const keys = (await Array.fromAsync(reader.list(...selections))).map(({ pk }) => requestIdOf(pk));
    expect(keys).toEqual(['rejected-bulk', 'unknown', 'spring-failed', 'rejected']);
  });

  it('reads on over pages, of a hundred items and then of five hundred', async () => {
    const selection = { campaign: 'autumn', state: 'succeeded' } as const;
    let keys: string[] = [];
    const queries = await queriesOf(async () => {
      keys = await keysOf(selection);
    });
    expect(keys).toEqual(Array.from({ length: MANY }, (_, index) => `autumn-${MANY - 1 - index}`));
    expect(queries).toBe(4);
    expect(await reader.count(selection)).toBe(MANY);
  });

  it('reads no page that its consumer does not come to', async () => {
    const work = async () => {
      for await (const _ of reader.list({ campaign: 'autumn', state: 'succeeded' })) break;
    };
    expect(await queriesOf(work)).toBe(1);
  });

  describe('counting what has succeeded', () => {
    /** Successes under a campaign of their own, at these times. */
    const succeedAt = (campaignId: string, ...times: number[]) =>
      deployment.put(...times.map((at) => anItem({ key: `${campaignId}-${at}`, campaignId, state: 'succeeded', at })));

    it('of a campaign of which nothing has, is zero, and stays what it was', async () => {
      const nothing = { count: 0, others: 0, settled: { count: 0, others: 0, before: 0 } };
      expect(await reader.countSucceeded('nothing')).toEqual(nothing);
      const last = { count: 7, others: 0, settled: { count: 7, others: 0, before: NOON } };
      expect(await reader.countSucceeded('nothing', last)).toEqual(last);
    });

    it('settles what lies two minutes before the newest success', async () => {
      await succeedAt('settles', NOON, NOON + 1, NOON + 2 * MINUTE);
      expect(await reader.countSucceeded('settles')).toEqual({
        count: 3,
        others: 0,
        settled: { count: 0, others: 0, before: NOON },
      });
      await succeedAt('settles', NOON + 2 * MINUTE + 1);
      expect(await reader.countSucceeded('settles')).toEqual({
        count: 4,
        others: 0,
        settled: { count: 1, others: 0, before: NOON + 1 },
      });
    });

    it('goes on from the last count as if it had counted the whole, also where some come late', async () => {
      await succeedAt('goes-on', NOON, NOON + 3 * MINUTE);
      const first = await reader.countSucceeded('goes-on');
      // Late by less than two minutes: another copy's clock, a write that was repeated, the index's lag.
      await succeedAt('goes-on', NOON + MINUTE, NOON + 2 * MINUTE, NOON + 4 * MINUTE, NOON + 9 * MINUTE);
      const next = await reader.countSucceeded('goes-on', first);
      expect(next).toEqual(await reader.countSucceeded('goes-on'));
      expect(next.count).toBe(6);
    });

    it('goes on with the requests of other systems apart', async () => {
      const succeed = (key: string, at: number) => anItem({ key, campaignId: 'apart', state: 'succeeded', at });
      const count = (last?: SucceededCount) =>
        reader.countSucceeded('apart', last, { ids: { prefix: 'apart:', length: 7 } });
      await deployment.put(succeed('apart:1', NOON), succeed('crm-1', NOON), succeed('apart:2', NOON + 3 * MINUTE));
      const first = await count();
      expect(first).toEqual({ count: 2, others: 1, settled: { count: 1, others: 1, before: NOON + MINUTE } });
      await deployment.put(succeed('crm-2', NOON + 4 * MINUTE));
      expect(await count(first)).toMatchObject({ count: 2, others: 2 });
    });

    it('never reads again what is settled', async () => {
      await succeedAt('settled', NOON, NOON + 3 * MINUTE);
      const first = await reader.countSucceeded('settled');
      expect(first.settled.count).toBe(1);
      // Older than anything that can come: it would be found by whoever counts the whole.
      await succeedAt('settled', NOON - 1);
      expect(await reader.countSucceeded('settled', first)).toEqual(first);
    });

    it('counts none twice where the index answers with an older state than before', async () => {
      await succeedAt('stale', NOON, NOON + MINUTE);
      const last = { count: 2, others: 0, settled: { count: 2, others: 0, before: NOON + 9 * MINUTE } };
      expect(await reader.countSucceeded('stale', last)).toEqual(last);
    });

    it('counts none twice whatever its times', async () => {
      const times = Array.from({ length: 60 }, (_, index) => NOON + index * 10_000);
      let last: SucceededCount | undefined;
      for (let from = 0; from < times.length; from += 7) {
        await succeedAt('steps', ...times.slice(from, from + 7));
        last = await reader.countSucceeded('steps', last);
        expect(last.count).toBe(Math.min(from + 7, times.length));
      }
    });
  });

  it('finds many requests by their ids, also where each answer of DynamoDB leaves some out', async () => {
    const ids = Array.from({ length: 230 }, (_, index) => `each-${index}`);
    await deployment.put(...ids.slice(0, 220).map((key) => anItem({ key })));
    const asked: number[] = [];
    const documents = {
      async send(command: BatchGetCommand | GetCommand) {
        if (!(command instanceof BatchGetCommand)) return deployment.documents.send(command);
        const keys = command.input.RequestItems?.[TABLE]?.Keys ?? [];
        asked.push(keys.length);
        const RequestItems = { [TABLE]: { Keys: keys.slice(0, 30), ConsistentRead: true } };
        const answer = await deployment.documents.send(new BatchGetCommand({ RequestItems }));
        return keys.length <= 30 ? answer : { ...answer, UnprocessedKeys: { [TABLE]: { Keys: keys.slice(30) } } };
      },
    } as unknown as typeof deployment.documents;
    const found = await ledgerReader(documents, TABLE).findEach(ids);
    expect([...found.keys()].sort()).toEqual(ids.slice(0, 220).sort());
    expect(found.get('each-7')).toMatchObject({ pk: 'request#each-7' });
    // What was left out is asked for again, the first of it alone.
    expect(asked.slice(0, 4)).toEqual([100, 69, 38, 7]);
    expect(await reader.findEach([])).toEqual(new Map());
  });

  it('names the table that it cannot read', async () => {
    const missing = ledgerReader(deployment.documents, 'Missing');
    await expect(missing.find('x')).rejects.toThrow(LedgerUnreadable);
    await expect(missing.count({ campaign: 'none', state: 'failed' })).rejects.toMatchObject({
      tableName: 'Missing',
      cause: { name: 'ResourceNotFoundException' },
    });
  });
});
