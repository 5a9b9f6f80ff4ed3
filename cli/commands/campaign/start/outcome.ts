import { canaryJson } from '../../../campaigns/canary-words.ts';
import { outlookJson } from '../../../campaigns/outlook.ts';
import { surveyJson } from '../../../campaigns/survey.ts';
import type { CarriedOut } from '../../../changes/carry-out.ts';
import type { Connection, Context } from '../../../deployment/connect.ts';
import { whyStopped } from '../../../sending/send-to-lane.ts';
import { EXIT, type ExitCode, print } from '../../../terminal/io.ts';
import { number, printJson } from '../../../terminal/text.ts';
import type { Wanted } from './options.ts';
import type { Prepared } from './prepare.ts';
import type { CampaignReport } from './send-campaign.ts';

/** What came of a start: nothing was sent where there is no report. */
export interface Outcome {
  wanted: Wanted;
  prepared: Prepared;
  actionId: string | null;
  report?: CampaignReport;
}

/** As `--json` prints it. Every member is always there. */
export function outcomeJson({ deployment, account, region, now }: Connection, outcome: Outcome) {
  const { wanted, prepared, actionId, report } = outcome;
  const { roster, from, outlook, plan, survey } = prepared;
  const sent = report?.sent ?? 0;
  return {
    campaign: wanted.campaignId,
    lane: wanted.lane,
    deployment: deployment.name,
    account,
    region,
    plan,
    rows: roster.size,
    sentBefore: from,
    sent,
    notSent: roster.size - from - sent,
    actionId,
    survey: surveyJson(survey),
    outlook: outlook === undefined ? null : outlookJson(outlook, now()),
    canary: report?.canary === undefined ? null : canaryJson(report.canary),
  };
}

/** Tells what came of sending, and how to go on. */
export async function tellOutcome(
  context: Context,
  connection: Connection,
  outcome: Outcome & { report: CampaignReport; carried: CarriedOut<unknown>; wayOn: string; json: boolean | undefined },
): Promise<ExitCode> {
  const { wanted, prepared, report, carried, wayOn, json } = outcome;
  const { roster, from } = prepared;
  const { campaignId } = wanted;
  if (json) await printJson(context, outcomeJson(connection, outcome));
  else {
    const sent = `Sent ${number(from + report.sent)} of ${number(roster.size)} password resets of campaign ${campaignId}.`;
    const lines = [
      sent,
      `How it goes: ${context.command(`campaign status ${campaignId}`)}`,
      ...(report.isFinal ? [] : [`To cancel it: ${context.command(`campaign cancel ${campaignId}`)}`]),
    ];
    for (const line of lines) await print(context.stdout, line);
  }
  const fault = faultOf(context, { report, carried, wayOn });
  if (fault !== undefined) await print(context.stderr, `resets: ${fault}`);
  return exitCodeOf(report, carried.end);
}

function faultOf(
  context: Context,
  { report, carried, wayOn }: { report: CampaignReport; carried: CarriedOut<unknown>; wayOn: string },
): string | undefined {
  const again = `The same command goes on where this one ended, and nobody is reset twice: ${wayOn}`;
  switch (report.end) {
    case 'all-sent':
      return report.isUnwritten ? `That all is sent could not be written into the ledger. ${again}` : undefined;
    // What failed, and the ways on, were told with the canary.
    case 'canary-stopped':
      return 'The canary has stopped the campaign.';
    case 'stopped':
      return `${whyStopped({ end: 'stopped' }, carried, context)} ${again}`;
    case 'failed':
      return `${report.why ?? 'Stopped.'} ${report.isFinal ? '' : again}`.trimEnd();
  }
}

function exitCodeOf({ end, sent, isUnwritten }: CampaignReport, how: CarriedOut<unknown>['end']): ExitCode {
  if (end === 'all-sent') return isUnwritten ? EXIT.partly : EXIT.done;
  if (end === 'canary-stopped') return EXIT.failed;
  if (end === 'stopped' && how !== 'aborted') return EXIT.interrupted;
  return sent > 0 ? EXIT.partly : EXIT.failed;
}
