import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type LedgerReader,
  LedgerUnreadable,
  ledgerReader,
  type Selection,
} from '../../../../functions/ledger/dynamo/reader.ts';
import { requestIdOf } from '../../../../functions/ledger/items.ts';
import { anItem } from '../../../support/builders.ts';
import { aCampaign, type StandInDeployment, startDeployment, TABLE } from '../../../support/cli/stand-ins.ts';
import { NOON } from '../../../support/virtual-clock.ts';

let deployment: StandInDeployment;
let reader: LedgerReader;

/** More than one page of the index: a page has at most 500 items. */
const MANY = 1203;

beforeAll(async () => {
  deployment = await startDeployment();
  reader = ledgerReader(deployment.documents, TABLE);
  await deployment.put(
    aCampaign('spring'),
    aCampaign('autumn'),
    anItem({ key: 'waits' }),
    anItem({ key: 'done', state: 'succeeded' }),
    anItem({ key: 'is-failing', state: 'failing' }),
    anItem({ key: 'rejected', state: 'failed' }),
    anItem({ key: 'rejected-bulk', state: 'failed', lane: 'bulk', lastStatus: 403 }),
    anItem({ key: 'unknown', state: 'failed', reason: 'outcome-unknown', lastStatus: 504 }),
    anItem({ key: 'calling', state: 'calling', leaseEnd: NOON + 1 }),
    anItem({ key: 'lost', state: 'calling', leaseEnd: NOON - 1 }),
    anItem({ key: 'spring-failed', campaignId: 'spring', state: 'failed' }),
    ...Array.from({ length: MANY }, (_, index) =>
      anItem({ key: `autumn-${index}`, campaignId: 'autumn', state: 'succeeded' }),
    ),
  );
}, 60_000);
afterAll(() => deployment.stop());

const keysOf = async (selection: Selection): Promise<string[]> =>
  (await Array.fromAsync(reader.list(selection))).map(({ pk }) => requestIdOf(pk)).sort();

describe('The ledger reader', () => {
  it('finds a request by its id', async () => {
    expect(await reader.find('done')).toEqual(anItem({ key: 'done', state: 'succeeded' }));
  });

  it('finds nothing under an id that was never seen', async () => {
    expect(await reader.find('nobody')).toBeUndefined();
  });

  it('tells the campaigns, and `none` for the requests without one', async () => {
    expect((await Array.fromAsync(reader.campaigns())).sort()).toEqual(['autumn', 'none', 'spring']);
  });

  it.each<[claim: string, selection: Omit<Selection, 'campaign'>, keys: string[]]>([
    ['a state', { state: 'succeeded' }, ['done']],
    ['failed, and not failing', { state: 'failed' }, ['rejected', 'rejected-bulk', 'unknown']],
    ['failing, and not failed', { state: 'failing' }, ['is-failing']],
    ['a reason', { state: 'failed', reason: 'rejected' }, ['rejected', 'rejected-bulk']],
    ['a lane', { state: 'failed', lane: 'bulk' }, ['rejected-bulk']],
    ['a status', { state: 'failed', lastStatus: 504 }, ['unknown']],
    ['reason, lane and status together', { state: 'failed', reason: 'rejected', lane: 'bulk', lastStatus: 404 }, []],
    ['leases that ended', { state: 'calling', leaseEndedBefore: NOON }, ['lost']],
    ['a state that nothing is in', { state: 'discarded' }, []],
  ])('lists and counts by %s', async (_claim, selection, keys) => {
    expect(await keysOf({ campaign: 'none', ...selection })).toEqual(keys);
    expect(await reader.count({ campaign: 'none', ...selection })).toBe(keys.length);
  });

  it('keeps campaigns apart', async () => {
    expect(await keysOf({ campaign: 'spring', state: 'failed' })).toEqual(['spring-failed']);
  });

  it('reads on over pages, of five hundred items', async () => {
    const before = deployment.operations()['dynamodb:Query'] ?? 0;
    const selection = { campaign: 'autumn', state: 'succeeded' } as const;
    expect(new Set(await keysOf(selection)).size).toBe(MANY);
    expect((deployment.operations()['dynamodb:Query'] ?? 0) - before).toBe(3);
    expect(await reader.count(selection)).toBe(MANY);
  });

  it('reads no page that its consumer does not come to', async () => {
    const before = deployment.operations()['dynamodb:Query'] ?? 0;
    for await (const _ of reader.list({ campaign: 'autumn', state: 'succeeded' })) break;
    expect((deployment.operations()['dynamodb:Query'] ?? 0) - before).toBe(1);
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
