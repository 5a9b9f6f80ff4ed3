import { type CampaignItem, reachedAt, stateReasonTime } from '../../../functions/ledger/items.ts';
import { carryOut, NOTHING_CHANGED } from '../../changes/carry-out.ts';
import { tell } from '../../changes/tell.ts';
import { written } from '../../changes/written.ts';
import { type Connection, type Context, placeOf } from '../../deployment/connect.ts';
import { campaignCounts } from '../../queries/campaigns/campaign-counts.ts';
import { campaignRowJson } from '../../queries/campaigns/campaign-json.ts';
import { RECENT_MINUTES, recentResetsOf } from '../../queries/campaigns/campaign-row.ts';
import { findCampaign, requireCampaignId } from '../../queries/campaigns/find-campaign.ts';
import { countWords } from '../../queries/campaigns/sentence.ts';
import { known, readingOf } from '../../queries/reading.ts';
import { requireConsent } from '../../terminal/confirm.ts';
import { countWithProgress } from '../../terminal/count-with-progress.ts';
import { EXIT, type ExitCode } from '../../terminal/io.ts';
import { ago, counted, time } from '../../terminal/text.ts';

export interface CancelOptions {
  yes?: boolean;
  json?: boolean;
}

/** Cancels a campaign that the ledger knows. */
export async function cancelCampaign(context: Context, id: string, { yes, json }: CancelOptions): Promise<ExitCode> {
  requireCampaignId(id);
  requireConsent(context, yes);
  const connection = await context.connect();
  const item = await findCampaign(context, connection, id);
  // What can't be counted is no reason to let it go on.
  const recentResets = known(await readingOf(recentResetsOf(connection.ledger, item, connection.now())));
  const told = async (actionId: string | null, as: CampaignItem, words: string): Promise<ExitCode> => {
    const row = campaignRowJson({ item: as, state: 'cancelled', recentResets });
    await tell(context, json, { actionId, changed: actionId !== null, ...row }, [words]);
    return EXIT.done;
  };
  if (item.state === 'cancelled') {
    return told(null, item, `Cancelled already, since ${time(reachedAt(item))}: ${id}.`);
  }

  const about = [
    ...aboutCancel(connection, item, recentResets),
    ...(yes ? [] : await rowsLines(context, connection, item)),
  ];
  const { result, actionId } = await carryOut(
    context,
    connection,
    { command: `campaign cancel ${id}`, about, yes, undone: NOTHING_CHANGED },
    async (action) => {
      await written(connection, { undone: NOTHING_CHANGED, unknown: UNKNOWN }, connection.campaigns.cancel(id));
      action.done(1);
      return connection.now();
    },
  );
  const cancelled = { ...item, state: 'cancelled', stateReasonTime: stateReasonTime('cancelled', result) } as const;
  return told(actionId, cancelled, `Cancelled: ${id}. No call of it begins later than 10 s from now.`);
}

const UNKNOWN = 'Whether it was cancelled is not known: give the command again, it cancels nothing twice.';

/** How the rows stand of a campaign that was sent from a file: nobody who is in a hurry need wait for it. */
async function rowsLines(context: Context, connection: Connection, item: CampaignItem): Promise<string[]> {
  if (item.sent === undefined) return [];
  const counts = await countWithProgress(context, (watch) =>
    readingOf(campaignCounts(connection.ledger, connection.now, item, undefined, watch)),
  );
  return counts?.ok
    ? [`Of its rows: ${countWords(counts.value, item)}.`]
    : [`It has ${counted(item.sent.rows, 'row')}; how many wait was not counted.`];
}

function aboutCancel(connection: Connection, item: CampaignItem, recentResets: number | undefined): string[] {
  const now = connection.now();
  const at = (epochMs: number): string => `${time(epochMs)} (${ago(epochMs, now)})`;
  const resets = recentResets === undefined ? 'an unknown number of resets' : counted(recentResets, 'reset');
  return [
    `About to cancel campaign ${item.campaignId} of ${placeOf(connection)}, for good.`,
    `First seen ${at(item.firstSeenAt)}, last seen ${at(reachedAt(item))}, ${resets} in the last ${RECENT_MINUTES} minutes.`,
    'No call of it begins later than 10 s from now. What is visible is dropped as its lane delivers it, what is hidden when it comes back.',
    'What was reset stays reset. A cancelled id cannot be started again.',
  ];
}
