import { type CampaignItem, reachedAt } from '../../../functions/ledger/items.ts';
import type { Connection, Context } from '../../deployment/connect.ts';
import { campaignRowJson } from '../../queries/campaigns/campaign-json.ts';
import { type CampaignRow, recentResetsOf } from '../../queries/campaigns/campaign-row.ts';
import { standingOf } from '../../queries/campaigns/campaign-standing.ts';
import { firstOf } from '../../queries/first-of.ts';
import { mapConcurrently } from '../../queries/map-concurrently.ts';
import { readingOf } from '../../queries/reading.ts';
import { EXIT, type ExitCode, print } from '../../terminal/io.ts';
import { printTable } from '../../terminal/print-table.ts';
import { counted, number, plain, printJson, time } from '../../terminal/text.ts';

export interface ListOptions {
  /** At most this many; `Infinity` lists all. */
  limit?: number;
  /** Also those that were seen or cancelled more than 30 days ago. */
  all?: boolean;
  json?: boolean;
}

export const DEFAULT_LIMIT = 100;
const DAYS = 30;
const DAY_MS = 24 * 60 * 60_000;

/** Lists the campaigns that the ledger knows, with how each stands and how fast it goes. */
export async function listCampaigns(context: Context, options: ListOptions): Promise<ExitCode> {
  const { limit = DEFAULT_LIMIT, all = false, json } = options;
  const connection = await context.connect();
  const { ledger, now } = connection;
  const since = (): number => (all ? 0 : now() - DAYS * DAY_MS);
  const old = { isThere: false };
  const { items, hasMore } = await firstOf(seenSince(ledger.campaigns(), since, old), limit);
  const rows = await mapConcurrently(items, (item) => rowOf(connection, item));
  if (json) {
    await printJson(context, { campaigns: rows.map(campaignRowJson), hasMore, hasOlder: old.isThere });
    return EXIT.done;
  }
  await printTable(context, rows.map(cellsOf));
  await print(context.stderr, summary(rows.length, { hasMore, hasOlder: old.isThere }));
  return EXIT.done;
}

/** Ends at the first that was seen, or cancelled, before. @param since is asked only after the ledger has answered once. */
async function* seenSince(
  campaigns: AsyncIterable<CampaignItem>,
  since: () => number,
  old: { isThere: boolean },
): AsyncGenerator<CampaignItem> {
  for await (const item of campaigns) {
    if (reachedAt(item) < since()) {
      old.isThere = true;
      return;
    }
    yield item;
  }
}

async function rowOf({ ledger, now }: Connection, item: CampaignItem): Promise<CampaignRow> {
  const { sentBy, sentAt } = item;
  const isBeingSent = sentBy !== undefined && sentAt === undefined && item.state === 'active';
  const [sending, recentResets] = await Promise.all([
    readingOf(isBeingSent ? ledger.findAction(sentBy) : Promise.resolve(undefined)),
    recentResetsOf(ledger, item, now()),
  ]);
  return { item, state: standingOf(item, sending, now()), recentResets };
}

function summary(rows: number, { hasMore, hasOlder }: { hasMore: boolean; hasOlder: boolean }): string {
  const older = hasOlder ? ` Older than ${DAYS} days: --all lists them too.` : '';
  if (hasMore) return `The last ${number(rows)} campaigns; --limit all lists them all.`;
  if (rows > 0) return `${counted(rows, 'campaign')}.${older}`;
  return hasOlder
    ? `The ledger knows no campaign of the last ${DAYS} days; --all lists older ones.`
    : 'The ledger knows no campaign.';
}

const cellsOf = ({ item, state, recentResets }: CampaignRow) => ({
  campaign: plain(item.campaignId),
  state,
  rows: item.sent === undefined ? '' : number(item.sent.rows),
  reset: item.totals === undefined ? '' : number(item.totals.succeeded),
  'resets in 5 min': number(recentResets ?? 0),
  'started or first seen': time(item.sent?.startedAt ?? item.firstSeenAt),
  'seen or cancelled last': time(reachedAt(item)),
});
