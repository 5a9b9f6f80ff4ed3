import type { ActionDetails, SentCampaign } from '../../../../functions/ledger/items.ts';
import { AddressFile } from '../../../addresses/address-file.ts';
import { type CarriedOut, carryOut, type RunningAction } from '../../../changes/carry-out.ts';
import { written } from '../../../changes/written.ts';
import type { Connection, Context } from '../../../deployment/connect.ts';
import { keptName } from '../../../sending/kept-name.ts';
import { NOTHING_SENT } from '../../../sending/send-to-lane.ts';
import { requireConsent } from '../../../terminal/confirm.ts';
import { CommandFailed, EXIT, type ExitCode, print } from '../../../terminal/io.ts';
import { number, printJson, time } from '../../../terminal/text.ts';
import { commandOf, type StartOptions, type Wanted, wantedOf } from './options.ts';
import { outcomeJson, tellOutcome } from './outcome.ts';
import { type Prepared, prepare, stillNew } from './prepare.ts';
import { otherSenderLine, previewLines } from './preview.ts';
import { type CampaignReport, sendCampaign } from './send-campaign.ts';

/** Sends a file of addresses as a campaign, or goes on with one. */
export async function startCampaign(context: Context, path: string, options: StartOptions): Promise<ExitCode> {
  const wanted = wantedOf(context, options);
  const { dryRun, plan, yes, json, emailColumn } = options;
  requireConsent(context, yes || dryRun || plan !== undefined);
  const file = await AddressFile.open(path, {
    where: wanted.where,
    ...(emailColumn === undefined ? {} : { emailColumn }),
  });
  const connection = await context.connect();
  const prepared = await prepare({ context, connection, file, wanted, options });

  const start = { wanted, options, prepared };
  const nothing = { wanted, prepared, actionId: null };
  if (prepared.outlook === undefined) {
    if (json) await printJson(context, outcomeJson(connection, nothing));
    else await print(context.stdout, sentAlready(context, prepared));
    return EXIT.done;
  }
  // Colours are for where it is printed.
  const shown = dryRun ? { ...context, stderr: context.stdout } : context;
  const preview = previewLines(shown, connection, file, start);
  const other = await otherSenderLine(connection, prepared);
  const about = other === undefined ? preview : [...preview, other];
  if (dryRun) {
    if (json) await printJson(context, outcomeJson(connection, nothing));
    else for (const line of about) await print(context.stdout, line);
    return EXIT.done;
  }

  const wayOn = context.command(commandOf(path, options));
  const fileSha256 = await file.sha256();
  const carried = await send(context, connection, { ...start, about, fileSha256, file, wayOn });
  if (await file.changed()) await print(context.stderr, changedLine(path));
  const { result: report, actionId } = carried;
  return tellOutcome(context, connection, { wanted, prepared, actionId, report, carried, wayOn, json });
}

interface Started {
  wanted: Wanted;
  options: StartOptions;
  prepared: Prepared;
  about: readonly string[];
  file: AddressFile;
  fileSha256: string;
  wayOn: string;
}

function send(context: Context, connection: Connection, started: Started): Promise<CarriedOut<CampaignReport>> {
  const { wanted, options, prepared, about, wayOn } = started;
  const { roster, from, setDigest } = prepared;
  const planned = roster.size - from;
  return carryOut(
    context,
    connection,
    {
      command: `campaign start ${wanted.campaignId}`,
      about,
      details: detailsOf(started),
      planned,
      // Who gives the plan has seen what is asked here, or somebody else has.
      yes: options.yes || options.plan !== undefined,
      typed: { count: planned, one: 'password reset', many: 'password resets' },
      undone: NOTHING_SENT,
      recheck: () => stillNew({ context, connection, wanted, options }, prepared),
    },
    async (action) => {
      await register(connection, action, started);
      const report = await sendCampaign(context, connection, action, {
        roster,
        setDigest,
        lane: wanted.lane,
        shared: wanted.shared,
        from,
        canary: wanted.canary,
        isPastCanary: options.continue === true,
        wayOn,
      });
      if (report.canary !== undefined) action.note({ canaryEnd: report.canary.end });
      return report;
    },
  );
}

/** Makes sure that the ledger has the campaign, and that it is this one. */
async function register(connection: Connection, { id, who }: RunningAction, started: Started): Promise<void> {
  const { campaigns } = connection;
  const { campaignId } = started.wanted;
  const { idKey, setDigest, item } = started.prepared;
  const undone = { undone: NOTHING_SENT };
  const kept = await written(connection, undone, campaigns.keepIdKey(campaignId, idKey));
  if (Buffer.compare(kept, idKey) !== 0) throw elsewhere(campaignId);
  if (item === undefined) {
    const sent = sentCampaign(started, who);
    const there = await written(connection, undone, campaigns.register(campaignId, sent));
    if (there.sent?.setDigest !== setDigest) throw elsewhere(campaignId);
  }
  if (await written(connection, undone, campaigns.checkpoint(campaignId, setDigest, { sentBy: id }))) return;
  throw new CommandFailed(`${NOTHING_SENT} Campaign ${campaignId} has been cancelled meanwhile.`);
}

/** Another start of the same id was faster, or the worker has met requests of another system. */
const elsewhere = (campaignId: string): CommandFailed =>
  new CommandFailed(`${NOTHING_SENT} Campaign ${campaignId} was begun elsewhere meanwhile; give the command again.`);

function sentCampaign({ wanted, prepared, file, fileSha256 }: Started, startedBy: string): SentCampaign {
  const { requestedBy, reason } = wanted.shared;
  return {
    lane: wanted.lane,
    rows: prepared.roster.size,
    setDigest: prepared.setDigest,
    startedAt: prepared.startedAt,
    startedBy,
    file: keptName(file.path),
    fileSha256,
    whereColumns: wanted.where.map(({ column }) => column),
    excludeFiles: prepared.survey.excluded.length,
    notIn: wanted.notIn,
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(reason === undefined ? {} : { reason }),
    ...(wanted.notAfter === undefined ? {} : { notAfter: wanted.notAfter }),
    ...(wanted.canary === undefined ? {} : { canary: wanted.canary.size }),
  };
}

function detailsOf({ wanted, prepared, options, file, fileSha256 }: Started): ActionDetails {
  const { campaignId, lane, where, notIn, canary } = wanted;
  return {
    campaign: campaignId,
    lane,
    file: keptName(file.path),
    fileSha256,
    rows: prepared.roster.size,
    setDigest: prepared.setDigest,
    whereColumns: where.map(({ column }) => column),
    excludeFiles: prepared.survey.excluded.length,
    notIn,
    ...(canary === undefined ? {} : { canary: canary.size }),
    ...(options.plan === undefined ? {} : { plan: prepared.plan }),
  };
}

function sentAlready({ command }: Context, { roster, item }: Prepared): string {
  const at = item?.sentAt === undefined ? '' : ` at ${time(item.sentAt)}`;
  return `All ${number(roster.size)} password resets of campaign ${roster.campaignId} were sent${at}; nothing is left to send. How it goes: ${command(`campaign status ${roster.campaignId}`)}`;
}

const changedLine = (path: string): string =>
  `${path} was changed meanwhile: what was previewed is what was sent, and what changed since is not.`;
