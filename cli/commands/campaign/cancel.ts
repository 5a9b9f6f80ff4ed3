import { NO_CAMPAIGN } from '../../../functions/contract/reset-request.ts';
import { reachedAt, stateReasonTime } from '../../../functions/ledger/items.ts';
import { carryOut, NOTHING_CHANGED } from '../../changes/carry-out.ts';
import { tell } from '../../changes/tell.ts';
import { written } from '../../changes/written.ts';
import { failureOf } from '../../deployment/aws-errors.ts';
import { type Connection, type Context, placeOf } from '../../deployment/connect.ts';
import {
  type CampaignRow,
  campaignJson,
  RECENT_MINUTES,
  recentResetsOf,
} from '../../queries/campaigns/campaign-row.ts';
import { requireConsent } from '../../terminal/confirm.ts';
import { CommandFailed, EXIT, type ExitCode, wrongUsage } from '../../terminal/io.ts';
import { ago, counted, time } from '../../terminal/text.ts';
import { problemOf } from '../../validation.ts';

export interface CancelOptions {
  yes?: boolean;
  json?: boolean;
}

/** Cancels a campaign that the ledger knows. */
export async function cancelCampaign(context: Context, id: string, { yes, json }: CancelOptions): Promise<ExitCode> {
  const problem = problemOf('campaignId', id);
  if (problem !== undefined) throw wrongUsage(`The campaign id ${problem}.`);
  if (id === NO_CAMPAIGN) throw wrongUsage(`"${NO_CAMPAIGN}" is no campaign: it stands for requests without one.`);
  requireConsent(context, yes);
  const connection = await context.connect();
  const row = await find(context, connection, id);
  const told = (actionId: string | null, as: CampaignRow, words: string) =>
    tell(context, json, { actionId, changed: actionId !== null, ...campaignJson(as) }, [words]);
  const { item } = row;
  if (item.state === 'cancelled') {
    await told(null, row, `Cancelled already, since ${time(reachedAt(item))}: ${id}.`);
    return EXIT.done;
  }

  const { result, actionId } = await carryOut(
    context,
    connection,
    { command: `campaign cancel ${id}`, about: aboutCancel(connection, row), yes, undone: NOTHING_CHANGED },
    async (action) => {
      await written(connection, { undone: NOTHING_CHANGED, unknown: UNKNOWN }, connection.campaigns.cancel(id));
      action.done(1);
      return connection.now();
    },
  );
  const cancelled = { ...item, state: 'cancelled', stateReasonTime: stateReasonTime('cancelled', result) } as const;
  await told(actionId, { ...row, item: cancelled }, `Cancelled: ${id}. No call of it begins later than 10 s from now.`);
  return EXIT.done;
}

const UNKNOWN = 'Whether it was cancelled is not known: give the command again, it cancels nothing twice.';

async function find({ command }: Context, { ledger, now }: Connection, id: string): Promise<CampaignRow> {
  const item = await ledger.findCampaign(id);
  if (item === undefined) {
    throw new CommandFailed(
      `The ledger knows no campaign ${id}: the worker has received none of its requests. Those it knows: ${command('campaign list')}`,
    );
  }
  // What can't be counted is no reason to let it go on.
  const recentResets = await recentResetsOf(ledger, item, now()).catch((error: unknown) => {
    if (failureOf(error) === undefined) throw error;
    return undefined;
  });
  return { item, recentResets };
}

function aboutCancel(connection: Connection, { item, recentResets }: CampaignRow): string[] {
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
