import { describe, expect, it } from 'vitest';
import { type DlqListOptions, dlqList } from '../../../../cli/commands/dlq/list.ts';
import type { LedgerReader } from '../../../../functions/ledger/dynamo/reader.ts';
import type { RequestItem } from '../../../../functions/ledger/items.ts';
import { anItem } from '../../../support/builders.ts';
import { contextOf, failureIn, memoryReader, testIo } from '../../../support/cli/command-line.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const LETTERS: RequestItem[] = [
  anItem({ key: 'status', state: 'failed', lastStatus: 403, at: NOON - 3 }),
  anItem({ key: 'bulk', state: 'failed', lane: 'bulk', at: NOON - 2 }),
  anItem({ key: 'plain', state: 'failed', at: NOON - 1 }),
  anItem({ key: 'unknown', state: 'failed', reason: 'outcome-unknown', unknowns: 3, at: NOON - 5 }),
  anItem({ key: 'spring', state: 'failed', campaignId: 'spring', at: NOON - 4 }),
];
const OTHERS = [
  anItem({ key: 'fine', state: 'succeeded' }),
  anItem({ key: 'on-its-way', state: 'failing' }),
  anItem({ key: 'gone', state: 'failed', gone: NOON }),
  anItem({ key: 'sent-back', state: 'redriven' }),
];

async function listed(options: DlqListOptions, items = [...LETTERS, ...OTHERS]) {
  const io = testIo();
  // The queues throw when touched.
  expect(await dlqList(contextOf(io, { ledger: memoryReader(...items) }), options)).toBe(0);
  return io;
}
const idsOf = async (options: DlqListOptions, items?: RequestItem[]): Promise<string[]> =>
  JSON.parse((await listed({ ...options, json: true }, items)).stdout.text).deadLetters.map(
    ({ requestId }: { requestId: string }) => requestId,
  );

describe('dlq list', () => {
  it.each<[claim: string, options: DlqListOptions, ids: string[]]>([
    ['everything that failed, in every campaign, newest first', {}, ['plain', 'bulk', 'status', 'spring', 'unknown']],
    ['a reason', { reason: 'outcome-unknown' }, ['unknown']],
    ['a status', { status: 403 }, ['status']],
    ['a campaign', { campaign: 'spring' }, ['spring']],
    ['no campaign', { campaign: 'none' }, ['plain', 'bulk', 'status', 'unknown']],
    ['a lane', { lane: 'bulk' }, ['bulk']],
    ['a limit', { limit: 2 }, ['plain', 'bulk']],
    ['nothing of an unknown campaign', { campaign: 'nope' }, []],
  ])('dlq list finds %s', async (_claim, options, ids) => {
    expect(await idsOf(options)).toEqual(ids);
  });

  it('dlq list shows a hundred by default, and says of how many', async () => {
    const many = Array.from({ length: 150 }, (_, index) => anItem({ key: `k-${index}`, state: 'failed' }));
    expect(await idsOf({}, many)).toHaveLength(100);
    expect(await idsOf({ limit: Number.POSITIVE_INFINITY }, many)).toHaveLength(150);
    expect((await listed({}, many)).stderr.text).toContain('The newest 100 of 150 dead letters');
  });

  it('dlq list reads no more letters than it shows, and none of a campaign that has none', async () => {
    const read: string[] = [];
    const reader = memoryReader(
      ...LETTERS,
      ...OTHERS,
      anItem({ key: 'calm', campaignId: 'autumn', state: 'succeeded' }),
    );
    const ledger: LedgerReader = {
      ...reader,
      async *list(...selections) {
        read.push(...selections.map(({ campaign }) => campaign));
        for await (const item of reader.list(...selections)) {
          read.push(item.pk);
          yield item;
        }
      },
    };
    await dlqList(contextOf(testIo(), { ledger }), { limit: 2 });
    expect(read).toEqual(['none', 'spring', 'request#plain', 'request#bulk']);
  });

  it('dlq list prints a table with everything that matters', async () => {
    const { stdout } = await listed({ campaign: 'spring' });
    expect(stdout.lines[0]).toMatch(/^failed at +request id +reason +status +calls +unknowns +lane +campaign +detail$/);
    expect(stdout.lines[1]).toMatch(
      /^2026-11-23T12:00:00Z +spring +rejected +404 +1 +0 +interactive +spring +no such user$/,
    );
  });

  it('dlq list says so when nothing matches, and prints valid JSON for it', async () => {
    expect((await listed({}, [])).stderr.text).toBe('No dead letters match.\n');
    expect(JSON.parse((await listed({ json: true }, [])).stdout.text)).toEqual({ total: 0, deadLetters: [] });
  });

  it('dlq list --json counts all that match, even if it lists only some', async () => {
    const { stdout } = await listed({ json: true, limit: 1 });
    expect(JSON.parse(stdout.text)).toMatchObject({
      total: 5,
      deadLetters: [
        { requestId: 'plain', reason: 'rejected', lastStatus: 404, failureId: 'failure-0', campaignId: null },
      ],
    });
  });

  it('dlq list shows no control character that the ledger holds', async () => {
    const { stdout } = await listed({}, [anItem({ key: 'x', state: 'failed', detail: 'a\u001b[31mb\nc' })]);
    expect(stdout.lines[1]).toMatch(/a\\u001b\[31mb c$/);
  });

  it('dlq list refuses a campaign against the rule', async () => {
    expect((await failureIn(dlqList(contextOf(testIo()), { campaign: 'a b' }))).exitCode).toBe(2);
  });
});
