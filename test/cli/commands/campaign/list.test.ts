import { describe, expect, it } from 'vitest';
import { type ListOptions, listCampaigns } from '../../../../cli/commands/campaign/list.ts';
import type { Selection } from '../../../../functions/ledger/dynamo/reader.ts';
import type { ActionItem, CampaignItem } from '../../../../functions/ledger/items.ts';
import { aCampaign, anAction, anItem, aSentCampaign } from '../../../support/builders.ts';
import { memoryReader } from '../../../support/cli/command-line.ts';
import { anOperator, HOUR_MS, MINUTE_MS } from '../../../support/cli/operator.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const DAY_MS = 24 * HOUR_MS;
const SPRING = { ...aCampaign('spring', { at: NOON - MINUTE_MS }), firstSeenAt: NOON - HOUR_MS };
const FAR = { ...aCampaign('far', { at: NOON - 16 * MINUTE_MS }), firstSeenAt: NOON - HOUR_MS };
const OLD = { ...aCampaign('old', { state: 'cancelled', at: NOON - 2 * HOUR_MS }), firstSeenAt: NOON - 48 * HOUR_MS };
const ANCIENT = { ...aCampaign('ancient', { at: NOON - 31 * DAY_MS }), firstSeenAt: NOON - 32 * DAY_MS };

/** Of `spring` two were reset in the last five minutes and one before. */
async function listed(options: ListOptions, known: CampaignItem[] = [SPRING, FAR, OLD], actions: ActionItem[] = []) {
  const counted: Selection[] = [];
  const reset = (key: string, at: number) => anItem({ key, state: 'succeeded', campaignId: 'spring', at });
  const reader = memoryReader(
    reset('a', NOON - MINUTE_MS),
    reset('b', NOON - 5 * MINUTE_MS),
    reset('c', NOON - 6 * MINUTE_MS),
  );
  const ledger = {
    ...reader,
    async *campaigns() {
      yield* known;
    },
    findAction: async (id: string) => actions.find(({ actionId }) => actionId === id),
    count: async (selection: Selection) => {
      counted.push(selection);
      return reader.count(selection);
    },
  };
  const { io, context } = anOperator({}, { ledger });
  expect(await listCampaigns(context, options)).toBe(0);
  return { io, counted, rows: io.stdout.lines.map((line) => line.split(/ {2,}/)) };
}

describe('campaign list', () => {
  it('lists the campaigns in the order of the ledger, with the resets of the last five minutes', async () => {
    const { rows, io } = await listed({});
    expect(rows).toEqual([
      ['campaign', 'state', 'rows', 'reset', 'resets in 5 min', 'started or first seen', 'seen or cancelled last'],
      ['spring', 'from other systems', '2', '2026-11-23T11:00:00Z', '2026-11-23T11:59:00Z'],
      ['far', 'from other systems', '0', '2026-11-23T11:00:00Z', '2026-11-23T11:44:00Z'],
      ['old', 'cancelled', '0', '2026-11-21T12:00:00Z', '2026-11-23T10:00:00Z'],
    ]);
    expect(io.stderr.text).toBe('3 campaigns.\n');
  });

  const totals = {
    at: NOON,
    succeeded: 11_880,
    settled: { count: 0, others: 0, before: 0 },
    failed: {},
    cancelled: 0,
    discarded: 0,
  };
  const { sentAt: _, ...beingSent } = aSentCampaign('x', { rows: 12_000 });
  it.each<[state: string, item: CampaignItem, reset: string]>([
    ['sending', beingSent, '0'],
    ['not all sent', { ...beingSent, sentBy: 'action-2' }, '0'],
    ['sent', aSentCampaign('x', { rows: 12_000 }), '0'],
    ['ended', aSentCampaign('x', { rows: 12_000 }, { totals }), '11,880'],
    ['cancelled', aSentCampaign('x', { rows: 12_000 }, { totals, state: 'cancelled' }), '11,880'],
  ])('of one that was sent from a file tells its rows and that it is %s', async (state, item, reset) => {
    const actions = [anAction('action-1', { state: 'running' }), anAction('action-2', { state: 'interrupted' })];
    const { rows } = await listed({}, [item], actions);
    expect(rows[1]?.slice(0, 4)).toEqual(['x', state, '12,000', reset]);
  });

  it('counts only where something can have been reset lately', async () => {
    const { counted } = await listed({});
    expect(counted).toEqual([{ campaign: 'spring', state: 'succeeded', from: NOON - 5 * MINUTE_MS }]);
  });

  it('counts of one that was sent from a file only the requests of the file', async () => {
    const { counted } = await listed({}, [aSentCampaign('spring')]);
    expect(counted).toMatchObject([{ campaign: 'spring', ids: { prefix: 'spring:', length: 39 } }]);
  });

  it.each([
    [2, 'The last 2 campaigns; --limit all lists them all.\n', 2, true],
    [3, '3 campaigns.\n', 3, false],
    [Number.POSITIVE_INFINITY, '3 campaigns.\n', 3, false],
  ])('--limit %d says whether there are more', async (limit, words, length, hasMore) => {
    expect((await listed({ limit })).io.stderr.text).toBe(words);
    const { io } = await listed({ limit, json: true });
    expect(JSON.parse(io.stdout.text)).toMatchObject({ campaigns: { length }, hasMore });
  });

  it.each<[claim: string, options: ListOptions, known: CampaignItem[], rows: number, words: string]>([
    ['looks back 30 days', {}, [SPRING, ANCIENT], 1, '1 campaign. Older than 30 days: --all lists them too.\n'],
    ['lists older ones with --all', { all: true }, [SPRING, ANCIENT], 2, '2 campaigns.\n'],
    [
      'says where all are older',
      {},
      [ANCIENT],
      0,
      'The ledger knows no campaign of the last 30 days; --all lists older ones.\n',
    ],
    ['says where there are none', {}, [], 0, 'The ledger knows no campaign.\n'],
  ])('%s', async (_claim, options, known, length, words) => {
    const { rows, io } = await listed(options, known);
    expect({ rows: Math.max(0, rows.length - 1), words: io.stderr.text }).toEqual({ rows: length, words });
  });

  it('prints only JSON with --json, each member there', async () => {
    const { io } = await listed({ json: true, limit: 1 }, [SPRING, ANCIENT]);
    expect(JSON.parse(io.stdout.text)).toEqual({
      campaigns: [
        {
          campaignId: 'spring',
          state: 'from other systems',
          rows: null,
          lane: null,
          file: null,
          fileSha256: null,
          whereColumns: null,
          excludeFiles: null,
          notIn: null,
          reason: null,
          requestedBy: null,
          notAfter: null,
          startedAt: null,
          startedBy: null,
          sentAt: null,
          firstSeenAt: '2026-11-23T11:00:00.000Z',
          lastSeenAt: '2026-11-23T11:59:00.000Z',
          cancelledAt: null,
          reset: null,
          resetsInLast5Minutes: 2,
        },
      ],
      hasMore: false,
      hasOlder: true,
    });
  });
});
