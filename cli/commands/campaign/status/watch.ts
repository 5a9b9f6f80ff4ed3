import type { CampaignItem } from '../../../../functions/ledger/items.ts';
import type { Connection, Context } from '../../../deployment/connect.ts';
import type { CampaignCounts } from '../../../queries/campaigns/campaign-counts.ts';
import { campaignViewJson } from '../../../queries/campaigns/campaign-json.ts';
import { campaignState } from '../../../queries/campaigns/campaign-state.ts';
import { campaignView } from '../../../queries/campaigns/campaign-view.ts';
import { readingOf } from '../../../queries/reading.ts';
import { RunningTotals } from '../../../queries/situation/running-totals.ts';
import { unlessInterrupted } from '../../../terminal/interruption.ts';
import { EXIT, type ExitCode, print } from '../../../terminal/io.ts';
import { type PageLine, pageText } from '../../../terminal/page.ts';
import { screenOn } from '../../../terminal/screen.ts';
import { jsonText, time } from '../../../terminal/text.ts';
import { campaignLines } from './page.ts';

const REFRESH_MS = 2000;

/** Looks again and again until it is interrupted, which is how it is meant to end. It is counted in the background. */
export async function watch(
  context: Context,
  connection: Connection,
  first: CampaignItem,
  { json }: { json: boolean },
): Promise<ExitCode> {
  const { clock, stdout } = context;
  const { ledger } = connection;
  let item = first;
  await context.graceful(async (interrupted) => {
    const running = new RunningTotals<CampaignCounts>(
      (before, on) => campaignState(connection, item, before?.last, on),
      clock,
      interrupted,
    );
    const screen = json ? undefined : screenOn(context);
    try {
      while (!interrupted.aborted) {
        const view = await unlessInterrupted(campaignView(connection, item), interrupted);
        if (view === undefined) break;
        const totals = running.look();
        if (screen) {
          const lines = campaignLines(context, connection, view, totals, { isWatched: true });
          const footer: PageLine[] = [{ text: '' }, { text: `${time(view.at)}, Ctrl-C to stop.` }];
          screen.draw(pageText([...lines, ...footer], context));
        } else await print(stdout, jsonText(campaignViewJson(connection, view, totals)));
        // The first page does not wait for the first count, which keeps the ledger busy.
        running.refresh();
        await clock.sleep(REFRESH_MS, interrupted);
        // It may be sent by now, or cancelled; what can't be read is as it was.
        const again = await readingOf(ledger.findCampaign(item.campaignId));
        if (again.ok && again.value !== undefined) item = again.value;
      }
    } finally {
      screen?.end();
    }
  });
  return EXIT.done;
}
