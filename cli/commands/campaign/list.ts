import { reachedAt } from '../../../functions/ledger/items.ts';
import type { Context } from '../../deployment/connect.ts';
import { type CampaignRow, campaignJson, recentResetsOf } from '../../queries/campaigns/campaign-row.ts';
import { firstOf } from '../../queries/first-of.ts';
import { mapConcurrently } from '../../queries/map-concurrently.ts';
import { EXIT, type ExitCode, print } from '../../terminal/io.ts';
import { printTable } from '../../terminal/print-table.ts';
import { counted, number, plain, printJson, time } from '../../terminal/text.ts';

export interface ListOptions {
  /** At most this many; `Infinity` lists all. */
  limit?: number;
  json?: boolean;
}

export const DEFAULT_LIMIT = 100;

/** Lists the campaigns that the ledger knows, with how fast each goes. */
export async function listCampaigns(context: Context, { limit = DEFAULT_LIMIT, json }: ListOptions): Promise<ExitCode> {
  const { ledger, now } = await context.connect();
  const { items, hasMore } = await firstOf(ledger.campaigns(), limit);
  const at = now();
  const rows = await mapConcurrently(items, async (item): Promise<CampaignRow> => {
    return { item, recentResets: await recentResetsOf(ledger, item, at) };
  });
  if (json) {
    await printJson(context, { campaigns: rows.map(campaignJson), hasMore });
    return EXIT.done;
  }
  await printTable(context, rows.map(cellsOf));
  await print(
    context.stderr,
    hasMore
      ? `The last ${number(rows.length)} campaigns; --limit all lists them all.`
      : rows.length === 0
        ? 'The ledger knows no campaign.'
        : `${counted(rows.length, 'campaign')}.`,
  );
  return EXIT.done;
}

const cellsOf = ({ item, recentResets }: CampaignRow) => ({
  campaign: plain(item.campaignId),
  state: item.state,
  'seen or cancelled last': time(reachedAt(item)),
  'first seen': time(item.firstSeenAt),
  'resets in 5 min': number(recentResets ?? 0),
});
