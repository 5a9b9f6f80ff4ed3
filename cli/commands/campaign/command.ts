import { Option } from 'commander';
import { type Declaration, examples, JSON_OPTION, limit } from '../../declaration.ts';
import { type CancelOptions, cancelCampaign } from './cancel.ts';
import { DEFAULT_LIMIT, type ListOptions, listCampaigns } from './list.ts';
import { declareReport } from './report/command.ts';
import { declareStart } from './start/command.ts';
import { declareStatus } from './status/command.ts';

export const declareCampaign: Declaration = (program, choose) => {
  const campaign = program
    .command('campaign')
    .description('Start a campaign from a file, tell how it stands, report on it, and cancel one for good.')
    .addHelpText(
      'after',
      examples(
        ['resets campaign start people.csv --id breach-7'],
        ['resets campaign status breach-7 --watch'],
        ['resets campaign report breach-7 --file people.csv --to report.csv'],
        ['resets campaign cancel breach-7'],
      ),
    );
  declareStart(campaign, choose);
  campaign
    .command('list')
    .description('List the campaigns of the last 30 days, whoever enqueued them: seen or cancelled last first.')
    .option('--all', 'also older ones')
    .addOption(new Option('--limit <n>', 'at most this many, or "all"').default(DEFAULT_LIMIT).argParser(limit))
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
A campaign is known once it is started from a file, or the worker has received one of its requests, and then seen again
every five minutes at most. Of one that has ended the resets are told as they were counted then; campaign status counts.
${examples(['resets campaign list'], ['resets campaign list --all --limit all --json'])}`,
    )
    .action((options: ListOptions) => choose((context) => listCampaigns(context, options)));
  declareStatus(campaign, choose);
  declareReport(campaign, choose);
  campaign
    .command('cancel')
    .description('Drop what is still queued of a campaign, for good. No call later than 10 s from then.')
    .argument('<id>', 'the campaign, as campaign list shows it')
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
What was reset stays reset. To stop for a while, use lane pause.
${examples(['resets campaign cancel breach-7'])}`,
    )
    .action((id: string, options: CancelOptions) => choose((context) => cancelCampaign(context, id, options)));
};
