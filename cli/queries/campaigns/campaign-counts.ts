import { FAILURE_REASONS, type FailureReason } from '../../../functions/contract/dead-letter.ts';
import type {
  CountWatch,
  LedgerReader,
  Selection,
  SucceededCount,
  Tally,
} from '../../../functions/ledger/dynamo/reader.ts';
import type { CampaignItem, CampaignTotals, State } from '../../../functions/ledger/items.ts';
import { ownIdPrefix } from '../../campaigns/request-ids.ts';
import { mapConcurrently } from '../map-concurrently.ts';

/**
 * How the requests of one campaign stand. With `rows` all but `others` add up to them. A campaign whose requests came from other systems
 * alone has no rows, and all its requests are counted.
 */
export interface CampaignCounts {
  rows: number | undefined;
  succeeded: number;
  cancelled: number;
  discarded: number;
  /** Also those whose letter is on its way. */
  failed: Record<FailureReason, number>;
  /** Of the failed, those whose letter is on its way. */
  failing: number;
  /** A call was begun, its lease ended, and its result was never recorded. */
  unconfirmed: number;
  calling: number;
  /** The rest: in the queue, or not sent yet. Of a cancelled campaign they are cancelled once they are received. */
  waiting: number;
  /** Requests of other systems under the campaign's id that have ended or are being called. */
  others: number;
  /** When it was counted, if the ledger has forgotten some of the requests since. */
  keptSince: number | undefined;
  /** For the next count to go on from. */
  last: SucceededCount;
}

type Counting = Pick<LedgerReader, 'countSucceeded' | 'tally' | 'count' | 'list'>;

/** The ledger keeps a request for longer. */
const KEPT_AT_LEAST_MS = 24 * 60 * 60_000;

/**
 * Reads one state after another, the final ones first: a request that moves on meanwhile is counted once, or falls into the rest.
 * @param now is asked only after the ledger has answered once: AWS's clock is known by then.
 * @param last an earlier count, from which that of the successes goes on.
 */
export async function campaignCounts(
  ledger: Counting,
  now: () => number,
  item: CampaignItem,
  last?: SucceededCount,
  watch?: CountWatch,
): Promise<CampaignCounts> {
  const { campaignId: campaign, sent, totals } = item;
  const own = sent === undefined ? {} : { idPrefix: ownIdPrefix(campaign) };
  let others = 0;
  const tally = async (state: State, reason?: FailureReason): Promise<number> => {
    const selection: Selection = { campaign, state, withGone: true, ...own, ...(reason && { reason }) };
    const found = await ledger.tally(selection, watch);
    others += found.others;
    return found.count;
  };
  const byReason = (state: State): Promise<number[]> =>
    mapConcurrently(FAILURE_REASONS, (reason) => tally(state, reason));

  const from = last ?? (totals && { ...NONE, settled: totals.settled });
  const succeeded = await ledger.countSucceeded(campaign, from, { ...own, ...watch });
  const cancelled = await tally('cancelled');
  const discarded = await tally('discarded');
  const failed = await byReason('failed');
  const failing = await byReason('failing');
  const calling = await tally('calling');
  const unconfirmed =
    calling === 0 ? 0 : await ledger.count({ campaign, state: 'calling', leaseEndedBefore: now(), ...own }, watch);
  const waiting = sent === undefined ? (await tally('waiting')) + (await tally('redriven')) : 0;

  const found = { succeeded: succeeded.count, cancelled, discarded, failed, failing, calling, unconfirmed, waiting };
  const counts = { ...addedUp(sent?.rows, found), others: others + succeeded.others, last: succeeded };
  const isForgotten =
    totals !== undefined &&
    now() - totals.at > KEPT_AT_LEAST_MS &&
    counts.waiting > 0 &&
    counts.calling + counts.unconfirmed + counts.failing === 0 &&
    !(await hasAny(ledger, campaign, own));
  return isForgotten ? { ...counts, ...frozen(totals), waiting: 0, keptSince: totals.at } : counts;
}

const NONE: Tally = { count: 0, others: 0 };

interface Found {
  succeeded: number;
  cancelled: number;
  discarded: number;
  /** In the order of the reasons, as the next. */
  failed: number[];
  failing: number[];
  calling: number;
  unconfirmed: number;
  waiting: number;
}

/**
 * Gives what is read first its whole count and the rest to what waits. The index lags behind, and a redrive brings back what was counted as
 * failed: what was read last takes no more than is left.
 */
function addedUp(rows: number | undefined, found: Found): Omit<CampaignCounts, 'others' | 'last'> {
  let left = rows ?? Number.POSITIVE_INFINITY;
  const take = (count: number): number => {
    const taken = Math.min(count, left);
    left -= taken;
    return taken;
  };
  const succeeded = take(found.succeeded);
  const cancelled = take(found.cancelled);
  const discarded = take(found.discarded);
  const failed = found.failed.map(take);
  const failing = found.failing.map(take);
  const calling = take(found.calling);
  const unconfirmed = Math.min(found.unconfirmed, calling);
  return {
    rows,
    succeeded,
    cancelled,
    discarded,
    failed: reasons((index) => (failed[index] ?? 0) + (failing[index] ?? 0)),
    failing: failing.reduce((sum, count) => sum + count, 0),
    unconfirmed,
    calling: calling - unconfirmed,
    waiting: rows === undefined ? found.waiting : left,
    keptSince: undefined,
  };
}

const reasons = (count: (index: number) => number): Record<FailureReason, number> =>
  Object.fromEntries(FAILURE_REASONS.map((reason, index) => [reason, count(index)])) as Record<FailureReason, number>;

const frozen = ({ succeeded, failed, cancelled, discarded }: CampaignTotals) => ({
  succeeded,
  cancelled,
  discarded,
  failed: reasons((index) => failed[FAILURE_REASONS[index] as FailureReason] ?? 0),
});

/** Whether any of its requests is still to be called, as after a redrive. */
async function hasAny(ledger: Counting, campaign: string, own: Pick<Selection, 'idPrefix'>): Promise<boolean> {
  const open = (['waiting', 'redriven'] as const).map((state) => ({ campaign, state, ...own }));
  for await (const _ of ledger.list(...open)) return true;
  return false;
}

export const failedIn = ({ failed }: Pick<CampaignCounts, 'failed'>): number =>
  FAILURE_REASONS.reduce((sum, reason) => sum + failed[reason], 0);

/** Those that are still to be called, or whose end is not recorded. */
export const openIn = ({ unconfirmed, calling, waiting }: CampaignCounts): number => unconfirmed + calling + waiting;

/** Whether every row has ended. A redrive begins again what has failed. */
export const haveAllEnded = (counts: CampaignCounts): boolean =>
  counts.rows !== undefined && openIn(counts) === 0 && counts.failing === 0;
