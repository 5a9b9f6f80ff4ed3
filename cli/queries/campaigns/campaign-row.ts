import type { LedgerReader } from '../../../functions/ledger/dynamo/reader.ts';
import { type CampaignItem, reachedAt } from '../../../functions/ledger/items.ts';
import { rfc3339 } from '../rfc3339.ts';

const MINUTE_MS = 60_000;
export const RECENT_MINUTES = 5;
/** While its requests are looked at a campaign is seen again every five minutes: after so long a silence nothing of it was reset lately. */
const QUIET_AFTER_MS = 15 * MINUTE_MS;

/** One campaign and how fast it goes. */
export interface CampaignRow {
  item: CampaignItem;
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

/** A campaign as `--json` prints it. Every member is always there; times are RFC 3339 in UTC. When a cancelled one was last seen is not kept. */
export const campaignJson = ({ item, recentResets }: CampaignRow) => ({
  campaignId: item.campaignId,
  state: item.state,
  firstSeenAt: rfc3339(item.firstSeenAt),
  lastSeenAt: item.state === 'active' ? rfc3339(reachedAt(item)) : null,
  cancelledAt: item.state === 'cancelled' ? rfc3339(reachedAt(item)) : null,
  resetsInLast5Minutes: recentResets ?? null,
});
