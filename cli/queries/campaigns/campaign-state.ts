import type { CountWatch, SucceededCount } from '../../../functions/ledger/dynamo/reader.ts';
import type { CampaignItem, CampaignTotals } from '../../../functions/ledger/items.ts';
import { failureOf } from '../../deployment/aws-errors.ts';
import type { Connection } from '../../deployment/connect.ts';
import { type CampaignCounts, campaignCounts, haveAllEnded } from './campaign-counts.ts';

/** Counts a campaign, and keeps the totals of one whose rows have all ended: the ledger forgets its requests in time, and not these. */
export async function campaignState(
  { ledger, campaigns, now }: Pick<Connection, 'ledger' | 'campaigns' | 'now'>,
  item: CampaignItem,
  last?: SucceededCount,
  watch?: CountWatch,
): Promise<CampaignCounts> {
  const counts = await campaignCounts(ledger, now, item, last, watch);
  if (haveAllEnded(counts) && !areKept(counts, item.totals)) {
    const { succeeded, cancelled, discarded, failed } = counts;
    const { settled } = counts.last;
    await campaigns
      .keepTotals(item.campaignId, { at: now(), succeeded, settled, failed, cancelled, discarded })
      // Whoever may only read, or is cut off now, loses nothing by it.
      .catch((error: unknown) => {
        if (failureOf(error) === undefined) throw error;
      });
  }
  return counts;
}

const areKept = (counts: CampaignCounts, totals: CampaignTotals | undefined): boolean =>
  totals !== undefined &&
  totals.succeeded === counts.succeeded &&
  totals.cancelled === counts.cancelled &&
  totals.discarded === counts.discarded &&
  Object.entries(counts.failed).every(([reason, count]) => count === (totals.failed[reason as never] ?? 0));
