import type { LedgerReader, Selection } from '../../../functions/ledger/dynamo/reader.ts';
import { campaignIds } from '../campaigns/campaign-ids.ts';
import { RECENT_MINUTES } from '../campaigns/campaign-row.ts';
import { sumOf } from '../map-concurrently.ts';

const MINUTE_MS = 60_000;
/** Besides requests of no campaign: whoever is being reset belongs to one of the campaigns seen last. */
const RECENT_CAMPAIGNS = 20;

/** What was reset in the last five minutes. */
export interface RecentResets {
  resets: number;
  /** Undefined where nothing was reset. */
  perMinute: number | undefined;
}

/** @param now is asked only after the ledger has answered once: AWS's clock is known by then. */
export async function recentResets(
  ledger: Pick<LedgerReader, 'campaigns' | 'count'>,
  now: () => number,
): Promise<RecentResets> {
  const campaigns = await campaignIds(ledger, RECENT_CAMPAIGNS);
  return recentlyReset(
    ledger,
    campaigns.map((campaign) => ({ campaign })),
    now(),
  );
}

export async function recentlyReset(
  ledger: Pick<LedgerReader, 'count'>,
  requests: readonly Pick<Selection, 'campaign' | 'ids'>[],
  end: number,
): Promise<RecentResets> {
  const minutes = Array.from({ length: RECENT_MINUTES }, (_, index) => {
    const from = end - (RECENT_MINUTES - index) * MINUTE_MS;
    // A copy's clock may be a little ahead: the last minute has no end.
    return index === RECENT_MINUTES - 1 ? { from } : { from, to: from + MINUTE_MS };
  });
  const counts = await Promise.all(
    minutes.map((range) => sumOf(requests, (of) => ledger.count({ ...of, state: 'succeeded' as const, ...range }))),
  );
  return { resets: sum(counts), perMinute: perMinuteOf(counts) };
}

/** @param counts of each minute, the oldest first. */
export function perMinuteOf(counts: readonly number[]): number | undefined {
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return undefined;
  // Work that began, or was released, in these minutes did so somewhere within the first of them, which then makes too small a measure.
  return Math.max(average(counts.slice(first)), first === 0 ? 0 : average(counts.slice(first + 1)));
}

const average = (counts: readonly number[]): number => sum(counts) / Math.max(1, counts.length);

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
