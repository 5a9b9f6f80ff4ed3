import type { LedgerReader } from '../../../functions/ledger/dynamo/reader.ts';
import { type CampaignItem, reachedAt } from '../../../functions/ledger/items.ts';
import type { CampaignStanding } from './campaign-standing.ts';

const MINUTE_MS = 60_000;
export const RECENT_MINUTES = 5;
/** While its requests are looked at a campaign is seen again every five minutes: after so long a silence nothing of it was reset lately. */
const QUIET_AFTER_MS = 15 * MINUTE_MS;

/** One campaign, how it stands by its item, and how fast it goes. */
export interface CampaignRow {
  item: CampaignItem;
  state: CampaignStanding;
  /** Resets in the last five minutes; undefined where they could not be counted. */
  recentResets: number | undefined;
}

/** Counts the resets of the last five minutes, if there can be any. */
export async function recentResetsOf(
  ledger: Pick<LedgerReader, 'count'>,
  item: CampaignItem,
  now: number,
): Promise<number> {
  if (now - reachedAt(item) > QUIET_AFTER_MS) return 0;
  return ledger.count({ campaign: item.campaignId, state: 'succeeded', from: now - RECENT_MINUTES * MINUTE_MS });
}
