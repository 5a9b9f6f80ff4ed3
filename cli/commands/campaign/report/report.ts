import type { SentCampaign } from '../../../../functions/ledger/items.ts';
import { AddressFile, type Condition } from '../../../addresses/address-file.ts';
import { Roster } from '../../../campaigns/roster.ts';
import type { CampaignKnown } from '../../../campaigns/row-outcome.ts';
import { readExcludes, resetIn, type Sieve } from '../../../campaigns/sieve.ts';
import { surveyOf } from '../../../campaigns/survey.ts';
import { type CarriedOut, carryOut } from '../../../changes/carry-out.ts';
import { type Connection, type Context, placeOf } from '../../../deployment/connect.ts';
import { findCampaign, idKeyOf, requireCampaignId } from '../../../queries/campaigns/find-campaign.ts';
import { keptName } from '../../../sending/kept-name.ts';
import { CommandFailed, EXIT, type ExitCode } from '../../../terminal/io.ts';
import { NewFile, requireNoFile } from '../../../terminal/new-file.ts';
import { counted, number, plain } from '../../../terminal/text.ts';
import { tellReport } from './tell-report.ts';
import { type Written, writeReport } from './write-report.ts';

export interface ReportOptions {
  /** What the campaign was started with. */
  file: string;
  /** A file that is made. */
  to: string;
  emailColumn?: string;
  where?: readonly Condition[];
  /** Files. */
  exclude?: readonly string[];
  /** Campaigns; default: those that the start named. */
  notIn?: readonly string[];
  json?: boolean;
}

export interface ReportFile extends Written {
  /** In hex. */
  sha256: string;
}

/** Writes what became of each row of the file that a campaign was sent from. */
export async function campaignReport(context: Context, id: string, options: ReportOptions): Promise<ExitCode> {
  requireCampaignId(id);
  await requireNoFile('--to', options.to);
  const { emailColumn, where = [] } = options;
  const file = await AddressFile.open(options.file, { where, ...(emailColumn === undefined ? {} : { emailColumn }) });
  const connection = await context.connect();
  const item = await findCampaign(context, connection, id);
  const idKey = await idKeyOf(connection, item);
  const { sent } = item;
  if (sent === undefined) throw new CommandFailed(`Campaign ${id} has an id key and was never sent; start it first.`);

  const roster = new Roster(id, idKey);
  const sieve = await sieveFor(context, connection, { roster, options, sent });
  await surveyOf(context, file, sieve);
  const isSameSet = roster.setDigest() === sent.setDigest;
  const difference = isSameSet ? undefined : differenceWords(roster.size, sent);
  const campaign = { item, isSameSet, now: connection.now() };

  // Its rows are told one after another again, so that the first roster need not be kept.
  const again = { ...sieve, roster: new Roster(id, idKey) };
  const carried = await write(context, connection, options, { file, sieve: again, campaign });
  const { result: report, end, actionId } = carried;
  if (report === undefined) throw stoppedWords(end, options.to);
  const problems = [difference, (await file.changed()) ? changedWords(options.file) : undefined];
  return tellReport(context, {
    actionId,
    report,
    campaign,
    to: options.to,
    problems: problems.filter((words) => words !== undefined),
    json: options.json,
  });
}

async function sieveFor(
  context: Context,
  connection: Connection,
  { roster, options, sent }: { roster: Roster; options: ReportOptions; sent: SentCampaign },
): Promise<Sieve> {
  const excluded = await readExcludes(context, options.exclude ?? [], roster);
  const before = [];
  // Whoever was reset there since then has been sent here.
  for (const other of options.notIn ?? sent.notIn) before.push(await resetIn(connection, other, sent.startedAt));
  return { roster, excluded, resetIn: before };
}

/** It changes nothing, and is an action all the same: the file that it makes holds addresses. */
function write(
  context: Context,
  connection: Connection,
  { file: path, to }: ReportOptions,
  source: { file: AddressFile; sieve: Sieve; campaign: CampaignKnown },
): Promise<CarriedOut<ReportFile | undefined>> {
  const { campaignId } = source.campaign.item;
  return carryOut(
    context,
    connection,
    {
      command: `campaign report ${campaignId}`,
      about: [`Writing what became of campaign ${campaignId} of ${placeOf(connection)} to ${plain(to)}.`],
      details: { campaign: campaignId, file: keptName(path), report: keptName(to) },
      yes: true,
      undone: 'No report was written.',
    },
    async (action) => {
      const target = await NewFile.create('--to', to);
      const written = await writeReport(context, connection, { ...source, to: target }, action.stopped).catch(
        async (error: unknown) => {
          await target.discard();
          throw error;
        },
      );
      if (written === undefined) {
        await target.discard();
        return undefined;
      }
      const sha256 = await target.close();
      action.note({ rows: written.rows, sha256 });
      action.done(1);
      return { ...written, sha256 };
    },
  );
}

const differenceWords = (rows: number, sent: SentCampaign): string =>
  rows === sent.rows
    ? `The file gives as many people as were sent, and not the same: rows that the ledger does not know are "unknown". Is it ${plain(sent.file)} with the options of the start?`
    : `The file gives ${counted(rows, 'row')}, and the campaign has ${number(sent.rows)}: rows that the ledger does not know are "unknown". Is it ${plain(sent.file)} with the options of the start?`;

const changedWords = (path: string): string =>
  `${path} was changed while it was read: give the command again for a report on one state of it.`;

const stoppedWords = (end: CarriedOut<unknown>['end'], to: string): CommandFailed =>
  new CommandFailed(
    `The report was ${end === 'aborted' ? 'aborted by another operator' : 'interrupted'}; ${to} was removed again.`,
    end === 'aborted' ? EXIT.failed : EXIT.interrupted,
  );
