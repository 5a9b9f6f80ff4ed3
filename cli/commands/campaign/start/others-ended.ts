import { type CampaignItem, reachedAt } from '../../../../functions/ledger/items.ts';
import type { Connection, Context } from '../../../deployment/connect.ts';
import { campaignCounts, openIn } from '../../../queries/campaigns/campaign-counts.ts';
import { CommandFailed } from '../../../terminal/io.ts';
import { progressLineOn } from '../../../terminal/progress-line.ts';
import { counted } from '../../../terminal/text.ts';

/** After a cancellation calls begin for 10 s, and the copies' clocks differ by 2 s. */
const CALLS_BEGIN_MS = 12_000;
/** The longest lease of a call: 60 s for the call, and 10 s. */
const CALLS_END_MS = CALLS_BEGIN_MS + 70_000;
const LOOK_EVERY_MS = 1_000;

/**
 * Whom another campaign resets later nobody can leave out now: of one that was cancelled waits, a minute and a half at most, until its last
 * calls have ended. @throws CommandFailed for one that goes on
 */
export async function othersEnded(
  context: Context,
  connection: Connection,
  campaignIds: readonly string[],
): Promise<void> {
  for (const campaignId of campaignIds) {
    const item = await connection.ledger.findCampaign(campaignId);
    // One that is not known is told of when its resets are read.
    if (item?.state === 'cancelled') await lastCallsEnded(context, connection, item);
    else if (item !== undefined) await refuseIfOpen(context, connection, item);
  }
}

async function lastCallsEnded(context: Context, connection: Connection, item: CampaignItem): Promise<void> {
  const { now } = connection;
  const cancelledAt = reachedAt(item);
  const progress = progressLineOn(context);
  try {
    while (
      now() < cancelledAt + CALLS_BEGIN_MS ||
      (now() < cancelledAt + CALLS_END_MS && (await isCalled(connection, item)))
    ) {
      progress.show(`Waiting for the last calls of campaign ${item.campaignId}, which was just cancelled`);
      await context.clock.sleep(LOOK_EVERY_MS);
    }
  } finally {
    progress.end();
  }
}

async function isCalled({ ledger, now }: Connection, { campaignId: campaign }: CampaignItem): Promise<boolean> {
  const calling = { campaign, state: 'calling' } as const;
  const [all, over] = await Promise.all([ledger.count(calling), ledger.count({ ...calling, leaseEndedBefore: now() })]);
  return all > over;
}

async function refuseIfOpen({ command }: Context, { ledger, now }: Connection, item: CampaignItem): Promise<void> {
  const counts = await campaignCounts(ledger, now, item);
  const open = openIn(counts) + counts.notSent + counts.failing;
  if (open === 0) return;
  const { campaignId } = item;
  throw new CommandFailed(
    `Nothing was sent. Campaign ${campaignId} of --not-in goes on: ${counted(open, 'request')} of it may still be made, and these people would be reset twice. Let it end, or ${command(`campaign cancel ${campaignId}`)}, then give the command again.`,
  );
}
