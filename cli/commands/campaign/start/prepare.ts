import type { CampaignItem } from '../../../../functions/ledger/items.ts';
import type { AddressFile } from '../../../addresses/address-file.ts';
import { type CanaryTally, tallyOf } from '../../../campaigns/canary-tally.ts';
import { LeftOutFile } from '../../../campaigns/left-out-file.ts';
import { type Outlook, outlookFor, outlookRefusal } from '../../../campaigns/outlook.ts';
import { isPlan, planOf } from '../../../campaigns/plan.ts';
import { newIdKey } from '../../../campaigns/request-ids.ts';
import { Roster } from '../../../campaigns/roster.ts';
import { readExcludes, resetIn } from '../../../campaigns/sieve.ts';
import { leftOutCount, type Survey, surveyLines, surveyOf } from '../../../campaigns/survey.ts';
import type { Connection, Context } from '../../../deployment/connect.ts';
import { NOTHING_SENT } from '../../../sending/send-to-lane.ts';
import { CommandFailed, print } from '../../../terminal/io.ts';
import type { StartOptions, Wanted } from './options.ts';
import { othersEnded } from './others-ended.ts';
import { differenceRefusal, forgottenRefusal, idRefusal, rowsRefusal, sameSetRefusal } from './refusals.ts';

/** A campaign that may be sent, before anything of it is written. */
export interface Prepared {
  /** As the ledger has it; undefined where it knows no such campaign. */
  item: CampaignItem | undefined;
  idKey: Uint8Array;
  survey: Survey;
  roster: Roster;
  setDigest: string;
  plan: string;
  /** The first place that is not known to be sent; the number of rows if all are. */
  from: number;
  /** Undefined where all is sent. */
  outlook: Outlook | undefined;
  /** What has become of the first of those that were sent before; undefined where none was, or all were. */
  before: CanaryTally | undefined;
  /** AWS's time at which the ledger was asked who was reset before. */
  startedAt: number;
}

interface Start {
  context: Context;
  connection: Connection;
  file: AddressFile;
  wanted: Wanted;
  options: StartOptions;
}

/** Reads file, lists and ledger. Nothing is written. @throws CommandFailed for each reason for which it may not be sent */
export async function prepare(start: Start): Promise<Prepared> {
  const { context, connection, file, wanted, options } = start;
  const { campaignId } = wanted;
  const [item, kept] = await Promise.all([
    connection.ledger.findCampaign(campaignId),
    connection.campaigns.idKey(campaignId),
  ]);
  refuse(idRefusal(wanted, item, kept, connection));
  if (item === undefined) await othersEnded(context, connection, wanted.notIn);
  const startedAt = item?.sent?.startedAt ?? connection.now();

  const idKey = kept ?? newIdKey();
  const roster = new Roster(campaignId, idKey);
  const survey = await sifted(start, roster, startedAt);
  const rows = rowsRefusal(wanted, { rows: roster.size, leftOut: leftOutCount(survey), path: file.path });
  if (rows !== undefined) {
    for (const line of surveyLines(context, file, survey, options.leftOut)) await print(context.stderr, line);
    refuse(rows);
  }
  const setDigest = roster.setDigest();
  if (item?.sent) refuse(differenceRefusal(wanted, item.sent, { rows: roster.size, setDigest }));
  else if (!options.again) refuse(await sameSetRefusal(context, connection, wanted, roster));

  const plan = planFor(start, roster);
  const from = placeReached(item, roster);
  const left = { lane: wanted.lane, rows: roster.size - from };
  const outlook = left.rows === 0 ? undefined : await outlookFor(connection, left);
  if (outlook !== undefined) refuse(outlookRefusal(outlook, left, context));
  const before = left.rows === 0 ? undefined : await tallyOfFirst(connection, roster, from);
  return { item, idKey, survey, roster, setDigest, plan, from, outlook, before, startedAt };
}

async function sifted(
  { context, connection, file, wanted, options }: Start,
  roster: Roster,
  startedAt: number,
): Promise<Survey> {
  const excluded = await readExcludes(context, wanted.exclude, roster);
  const before = [];
  // The same people are left out whenever the command is given again.
  for (const other of wanted.notIn) before.push(await resetIn(connection, other, startedAt));
  refuse(before.map(forgottenRefusal).find((why) => why !== undefined));
  const leftOut = options.leftOut === undefined ? undefined : await LeftOutFile.create(options.leftOut);
  return surveyOf(context, file, { roster, excluded, resetIn: before }, leftOut);
}

function planFor({ connection, wanted, options, context }: Start, roster: Roster): string {
  const { campaignId, lane, where, notIn, shared, notAfter, canary } = wanted;
  const plan = planOf(
    connection,
    {
      campaignId,
      lane,
      emailColumn: options.emailColumn ?? 'email',
      where,
      notIn,
      reason: shared.reason,
      requestedBy: shared.requestedBy,
      notAfter,
      canary: canary?.size,
      maxFailures: canary?.max.typed,
    },
    roster,
  );
  if (options.plan !== undefined && !isPlan(plan, options.plan)) {
    throw new CommandFailed(
      `${NOTHING_SENT} The plan is ${plan} now, and another was approved: file, options or deployment differ from what was shown then. Look at it again with --dry-run (${context.command('campaign start --help')}).`,
    );
  }
  return plan;
}

/** Somebody else may have sent the same people while the answer was waited for. @throws CommandFailed if so */
export async function stillNew({ context, connection, wanted, options }: Omit<Start, 'file'>, prepared: Prepared) {
  if (prepared.item !== undefined || options.again) return;
  refuse(await sameSetRefusal(context, connection, wanted, prepared.roster));
}

/** Enough to tell the share of those that fail. */
const MOST_TALLIED = 1_000;

async function tallyOfFirst({ ledger }: Connection, roster: Roster, from: number): Promise<CanaryTally | undefined> {
  if (from === 0) return undefined;
  const requestIds = Array.from({ length: Math.min(from, MOST_TALLIED) }, (_, place) => roster.person(place).requestId);
  const items = await ledger.findEach(requestIds);
  return tallyOf(requestIds.length, [...items.values()]);
}

function placeReached(item: CampaignItem | undefined, roster: Roster): number {
  if (item?.sentAt !== undefined) return roster.size;
  return item?.sentBelow === undefined ? 0 : roster.placeOf(item.sentBelow);
}

function refuse(why: string | undefined): void {
  if (why !== undefined) throw new CommandFailed(`${NOTHING_SENT} ${why}`);
}
