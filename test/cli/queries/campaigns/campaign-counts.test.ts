import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { campaignCounts, failedIn, haveAllEnded, openIn } from '../../../../cli/queries/campaigns/campaign-counts.ts';
import { campaignState } from '../../../../cli/queries/campaigns/campaign-state.ts';
import { FAILURE_REASONS } from '../../../../functions/contract/dead-letter.ts';
import type { LedgerReader, SucceededCount } from '../../../../functions/ledger/dynamo/reader.ts';
import type { CampaignItem, CampaignTotals, RequestItem, State } from '../../../../functions/ledger/items.ts';
import { LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
import { anItem, aSentCampaign } from '../../../support/builders.ts';
import { memoryCampaigns, memoryReader } from '../../../support/cli/command-line.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const DAY_MS = 24 * 60 * 60_000;
const now = () => NOON;

/** A request of the campaign's file, by its number. */
const own = (index: number, state: State, more: Partial<RequestItem> = {}): RequestItem =>
  anItem({ key: `breach-7:${String(index).padStart(32, '0')}`, campaignId: 'breach-7', state, ...more });
const stranger = (index: number, state: State): RequestItem =>
  anItem({ key: `crm-${index}`, campaignId: 'breach-7', state });

const campaign = (more: Partial<CampaignItem> = {}, rows = 10): CampaignItem =>
  aSentCampaign('breach-7', { rows }, more);

const totalsOf = (more: Partial<CampaignTotals> = {}): CampaignTotals => ({
  at: NOON - 80 * DAY_MS,
  succeeded: 8,
  settled: { count: 0, others: 0, before: 0 },
  failed: { rejected: 1 },
  cancelled: 0,
  discarded: 1,
  ...more,
});

/** Whither a request may go from each state. */
const MOVES: Record<State, readonly State[]> = {
  waiting: ['calling', 'cancelled', 'failing', 'succeeded'],
  calling: ['succeeded', 'waiting', 'failing', 'calling'],
  failing: ['failed'],
  failed: ['redriven', 'discarded', 'succeeded', 'calling'],
  redriven: ['calling', 'waiting', 'failing'],
  succeeded: [],
  cancelled: ['succeeded'],
  discarded: ['succeeded'],
};

describe('The counts of a campaign', () => {
  it('tell each state, and give the rest to what waits', async () => {
    const ledger = memoryReader(
      ...[0, 1, 2].map((index) => own(index, 'succeeded')),
      own(3, 'failed'),
      own(4, 'failed', { reason: 'server-error', gone: NOON }),
      own(5, 'failing'),
      own(6, 'discarded'),
      own(7, 'calling', { leaseEnd: NOON + 1 }),
      own(8, 'calling', { leaseEnd: NOON - 1 }),
      own(9, 'waiting'),
    );
    expect(await campaignCounts(ledger, now, campaign({}, 40))).toMatchObject({
      rows: 40,
      succeeded: 3,
      failed: { rejected: 2, 'server-error': 1 },
      failing: 1,
      discarded: 1,
      cancelled: 0,
      calling: 1,
      unconfirmed: 1,
      waiting: 31,
      others: 0,
      keptSince: undefined,
    });
  });

  it('tell the requests of other systems under the same id apart', async () => {
    const ledger = memoryReader(own(0, 'succeeded'), stranger(1, 'succeeded'), stranger(2, 'failed'));
    expect(await campaignCounts(ledger, now, campaign({}, 2))).toMatchObject({ succeeded: 1, waiting: 1, others: 2 });
  });

  it.each<[claim: string, item: Partial<CampaignItem>, waiting: number, notSent: number]>([
    ['nothing of which is sent', {}, 0, 8],
    ['half of which is sent', { sentBelow: 'spring:8', sentRows: 5 }, 3, 5],
    ['of which the worker has received more than the last checkpoint tells', { sentRows: 1 }, 0, 8],
    ['all of which is sent', { sentAt: NOON }, 8, 0],
  ])('of a campaign %s tell what is not sent apart', async (_claim, more, waiting, notSent) => {
    const { sentAt: _, ...item } = campaign({}, 10);
    const ledger = memoryReader(own(0, 'succeeded'), own(1, 'failed'), own(2, 'waiting'));
    const counts = await campaignCounts(ledger, now, { ...item, ...more });
    expect(counts).toMatchObject({ succeeded: 1, waiting, notSent });
  });

  it.each([
    ['active', false],
    ['cancelled', true],
  ] as const)('of an %s campaign say that all has ended while some is not sent: %s', async (state, isSo) => {
    const { sentAt: _, ...item } = campaign({ state, sentRows: 1 }, 2);
    const counts = await campaignCounts(memoryReader(own(0, 'succeeded')), now, item);
    expect(counts).toMatchObject({ waiting: 0, notSent: 1 });
    expect(haveAllEnded(counts, item)).toBe(isSo);
  });

  it('of a campaign from other systems alone are all its requests, without rows', async () => {
    const ledger = memoryReader(stranger(1, 'succeeded'), stranger(2, 'waiting'), stranger(3, 'redriven'));
    const { sent: _, ...item } = campaign();
    expect(await campaignCounts(ledger, now, item)).toMatchObject({
      rows: undefined,
      succeeded: 1,
      waiting: 2,
      others: 0,
    });
  });

  /** Counts while requests move between the reads. @returns the counts, and the sum of what the ledger answered. */
  async function countedAmongMoves(
    items: RequestItem[],
    rows: number,
    moves: readonly { request: number; choice: number }[],
    allowed: Record<State, readonly State[]>,
  ) {
    const left = moves.values();
    const happen = (): void => {
      for (const { request, choice } of left.take(1)) {
        const item = items[request % Math.max(1, items.length)];
        const next = item && allowed[item.state];
        const state = next?.[choice % next.length];
        const reason = FAILURE_REASONS[choice % FAILURE_REASONS.length] ?? 'rejected';
        if (item && state) Object.assign(item, own(Number(item.pk.split(':')[1]), state, { reason }));
      }
    };
    let answered = 0;
    const still = memoryReader(...items);
    const ledger: LedgerReader = {
      ...still,
      async tally(selection) {
        happen();
        const found = await still.tally(selection);
        answered += found.count;
        return found;
      },
      async countSucceeded(...args) {
        happen();
        const found = await still.countSucceeded(...args);
        answered += found.count;
        return found;
      },
    };
    return { counts: await campaignCounts(ledger, now, campaign({}, rows)), answered };
  }

  const state = fc.constantFrom<State>('waiting', 'calling', 'succeeded', 'failed', 'failing', 'discarded');
  const states = fc.array(state, { maxLength: 4 });
  const moves = fc.array(fc.record({ request: fc.nat(), choice: fc.nat() }), { maxLength: 16 });

  it('add up to the rows whatever moves while they are read', async () => {
    const property = fc.asyncProperty(states, fc.nat({ max: 2 }), moves, async (first, unsent, some) => {
      const items = first.map((one, index) => own(index, one));
      const rows = items.length + unsent;
      const { counts } = await countedAmongMoves(items, rows, some, MOVES);
      expect(counts.succeeded + failedIn(counts) + counts.cancelled + counts.discarded + openIn(counts)).toBe(rows);
      expect(Math.min(counts.waiting, counts.calling, counts.unconfirmed)).toBeGreaterThanOrEqual(0);
    });
    await fc.assert(property, { numRuns: 1_000 });
  });

  it('count nothing twice that moves towards its end meanwhile', async () => {
    const onward = { ...MOVES, failed: ['discarded', 'succeeded'] } satisfies typeof MOVES;
    const property = fc.asyncProperty(states, moves, async (first, some) => {
      const items = first.map((one, index) => own(index, one));
      const { answered } = await countedAmongMoves(items, items.length, some, onward);
      expect(answered).toBeLessThanOrEqual(items.length);
    });
    await fc.assert(property, { numRuns: 1_000 });
  });

  it('go on from the last count of the successes, or from that of the kept totals', async () => {
    const asked: (SucceededCount | undefined)[] = [];
    const still = memoryReader();
    const ledger: LedgerReader = {
      ...still,
      async countSucceeded(_campaign, last) {
        asked.push(last);
        return { count: 0, others: 0, settled: { count: 0, others: 0, before: 0 } };
      },
    };
    const settled = { count: 7, others: 2, before: NOON - DAY_MS };
    const last = { count: 9, others: 2, settled };
    await campaignCounts(ledger, now, campaign(), last);
    await campaignCounts(ledger, now, campaign({ totals: totalsOf({ at: NOON, settled }) }));
    expect(asked).toEqual([last, expect.objectContaining({ settled })]);
  });
});

describe('The totals of a campaign whose requests the ledger has forgotten', () => {
  const kept = campaign({ totals: totalsOf() });

  it('are those that were kept when it had ended', async () => {
    expect(await campaignCounts(memoryReader(own(0, 'failed')), now, kept)).toMatchObject({
      succeeded: 8,
      failed: { rejected: 1 },
      discarded: 1,
      waiting: 0,
      keptSince: NOON - 80 * DAY_MS,
    });
  });

  it.each<[claim: string, items: RequestItem[], item: CampaignItem]>([
    ['one is redriven', [own(0, 'redriven')], kept],
    ['one is being called', [own(0, 'calling')], kept],
    [
      'it has ended just now, and its index is behind',
      [own(0, 'failed')],
      campaign({ totals: totalsOf({ at: NOON }) }),
    ],
    ['none were kept', [own(0, 'failed')], campaign()],
  ])('are counted anew where %s', async (_claim, items, item) => {
    expect(await campaignCounts(memoryReader(...items), now, item)).toMatchObject({ keptSince: undefined, rows: 10 });
  });
});

describe('The totals of a campaign', () => {
  const ended = [
    ...Array.from({ length: 8 }, (_, index) => own(index, 'succeeded')),
    own(8, 'failed'),
    own(9, 'discarded'),
  ];
  const look = async (items: RequestItem[], item = campaign()) => {
    const { campaigns, items: written } = memoryCampaigns(item);
    await campaignState({ ledger: memoryReader(...items), campaigns, now }, item);
    return written.get('breach-7')?.totals;
  };

  it('are kept once every row has ended', async () => {
    expect(await look(ended)).toMatchObject({ at: NOON, succeeded: 8, failed: { rejected: 1 }, discarded: 1 });
  });

  it.each<[claim: string, last: RequestItem]>([
    ['waits', own(9, 'waiting')],
    ['is being called', own(9, 'calling', { leaseEnd: NOON + 1 })],
    ['is unconfirmed', own(9, 'calling', { leaseEnd: NOON - 1 })],
    ['is being dead-lettered', own(9, 'failing')],
  ])('are not kept while one %s', async (_claim, last) => {
    expect(await look([...ended.slice(0, 9), last])).toBeUndefined();
  });

  it('are kept anew after a redrive has changed them, and not again where nothing has', async () => {
    const same = totalsOf({ at: NOON - DAY_MS });
    expect(await look(ended, campaign({ totals: same }))).toBe(same);
    expect(
      await look([...ended.slice(0, 8), own(8, 'succeeded'), own(9, 'discarded')], campaign({ totals: same })),
    ).toMatchObject({ at: NOON, succeeded: 9 });
  });

  it('that cannot be written are told all the same', async () => {
    const { campaigns } = memoryCampaigns(campaign());
    const keepTotals = () => Promise.reject(new LedgerUnreachable(new Error('denied')));
    const counts = await campaignState(
      { ledger: memoryReader(...ended), campaigns: { ...campaigns, keepTotals }, now },
      campaign(),
    );
    expect(counts.succeeded).toBe(8);
  });
});
