import { type CampaignKnown, LEFT_OUT, REQUEST_OUTCOMES } from '../../../campaigns/row-outcome.ts';
import type { Context } from '../../../deployment/connect.ts';
import { percent } from '../../../queries/campaigns/sentence.ts';
import { rfc3339 } from '../../../queries/rfc3339.ts';
import { EXIT, type ExitCode, print } from '../../../terminal/io.ts';
import { counted, number, painter, plain, printJson, relative, time } from '../../../terminal/text.ts';
import type { ReportFile } from './report.ts';

interface Told {
  actionId: string;
  report: ReportFile;
  campaign: CampaignKnown;
  to: string;
  /** Why it is not the whole truth, each a sentence. */
  problems: readonly string[];
  json: boolean | undefined;
}

/** Tells what the report holds, how to prove that it is unchanged, and until when it can be written again. */
export async function tellReport(context: Context, told: Told): Promise<ExitCode> {
  const { actionId, report, campaign, to, problems, json } = told;
  const { stderr, env } = context;
  const sentence = sentenceOf(report, campaign);
  if (json) {
    const zeros = Object.fromEntries([...REQUEST_OUTCOMES, ...LEFT_OUT].map((outcome) => [outcome, 0]));
    await printJson(context, {
      actionId,
      campaignId: campaign.item.campaignId,
      sentence,
      report: to,
      sha256: report.sha256,
      rows: report.rows,
      counts: { ...zeros, ...report.counts },
      isSameSet: campaign.isSameSet,
      keptUntil: rfc3339(report.keptUntil),
      problems,
    });
  } else for (const line of linesOf(told, sentence)) await print(stderr, line);
  const paint = painter(stderr, env);
  for (const problem of problems) await print(stderr, paint('yellow', problem));
  return problems.length > 0 ? EXIT.partly : EXIT.done;
}

/** "Campaign breach-7: 11,880 of 12,000 reset (99%), 120 failed; left out: 40 invalid, 25 duplicate." */
function sentenceOf({ counts }: ReportFile, { item }: CampaignKnown): string {
  const count = (outcome: keyof typeof counts): number => counts[outcome] ?? 0;
  const words = (outcomes: readonly (keyof typeof counts)[]): string[] =>
    outcomes.flatMap((outcome) => (count(outcome) === 0 ? [] : [`${number(count(outcome))} ${outcome}`]));
  const rows = REQUEST_OUTCOMES.reduce((sum, outcome) => sum + count(outcome), 0);
  const reset = `${number(count('reset'))} of ${number(rows)} reset (${percent(count('reset'), rows)})`;
  const others = words(REQUEST_OUTCOMES.filter((outcome) => outcome !== 'reset'));
  const leftOut = words(LEFT_OUT);
  const left = leftOut.length === 0 ? '' : `; left out: ${leftOut.join(', ')}`;
  return `Campaign ${item.campaignId}: ${[reset, ...others].join(', ')}${left}.`;
}

function linesOf({ report, campaign, to }: Told, sentence: string): string[] {
  const { rows, sha256, keptUntil } = report;
  return [
    sentence,
    `${plain(to)}: ${counted(rows, 'row')}, SHA-256 ${sha256}. It holds addresses, and only you may read it.`,
    ...(keptUntil === undefined
      ? []
      : [
          `The ledger forgets the first of these requests at ${time(keptUntil)} (${relative(keptUntil, campaign.now)}).`,
        ]),
  ];
}
