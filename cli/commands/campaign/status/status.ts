import type { Connection, Context } from '../../../deployment/connect.ts';
import type { CampaignCounts } from '../../../queries/campaigns/campaign-counts.ts';
import { campaignViewJson } from '../../../queries/campaigns/campaign-json.ts';
import { campaignState } from '../../../queries/campaigns/campaign-state.ts';
import { campaignView, unreadOf } from '../../../queries/campaigns/campaign-view.ts';
import { findCampaign, requireCampaignId } from '../../../queries/campaigns/find-campaign.ts';
import { readingOf } from '../../../queries/reading.ts';
import type { Totals } from '../../../queries/situation/running-totals.ts';
import { countWithProgress } from '../../../terminal/count-with-progress.ts';
import { EXIT, type ExitCode, print, wrongUsage } from '../../../terminal/io.ts';
import { pageText } from '../../../terminal/page.ts';
import { printJson } from '../../../terminal/text.ts';
import { campaignLines } from './page.ts';
import { watch } from './watch.ts';

export interface StatusOptions {
  watch?: boolean;
  json?: boolean;
}

/** Tells how one campaign stands. */
export async function campaignStatus(context: Context, id: string, options: StatusOptions): Promise<ExitCode> {
  const { json = false } = options;
  requireCampaignId(id);
  if (options.watch && !json && !context.stdout.isTTY) {
    throw wrongUsage('--watch redraws a terminal, and there is none; add --json for one line of JSON per refresh.');
  }
  const connection = await context.connect();
  const item = await findCampaign(context, connection, id);
  if (options.watch) return watch(context, connection, item, { json });

  const totals = await count(context, connection, item);
  const view = await campaignView(connection, item);
  if (json) await printJson(context, campaignViewJson(connection, view, totals));
  else await print(context.stdout, pageText(campaignLines(context, connection, view, totals), context));
  return unreadOf(view, totals).length > 0 ? EXIT.partly : EXIT.done;
}

/** With progress on stderr; Ctrl-C leaves the counts out. */
async function count(
  context: Context,
  connection: Connection,
  item: Parameters<typeof campaignState>[1],
): Promise<Totals<CampaignCounts>> {
  const counts = await countWithProgress(context, (on) => readingOf(campaignState(connection, item, undefined, on)));
  if (counts === undefined) return { kind: 'left out' };
  return counts.ok ? { kind: 'counted', counts: counts.value } : { kind: 'failed', why: counts.why, counts: undefined };
}
