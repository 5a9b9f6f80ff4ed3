import { type Declaration, examples, JSON_OPTION } from '../../../declaration.ts';
import { collected, condition } from '../filters.ts';
import { campaignReport, type ReportOptions } from './report.ts';

const ABOUT = `
The report has each row of the file, also those that were left out: its own columns, then line, outcome, last status,
reason, detail, times and request id. A cell that a spreadsheet would take for a formula begins with an apostrophe.
The file is only for you, and is never one that was there before.

Exit codes: 0 the report is written; 1 it is not; 3 it is, and the file gives other people than were sent.
`;

export const declareReport: Declaration = (campaign, choose) => {
  campaign
    .command('report')
    .description('Write a CSV file of what became of each row of the file that a campaign was sent from.')
    .argument('<id>', 'the campaign, as campaign list shows it')
    .requiredOption('--file <file>', 'the file that it was sent from')
    .requiredOption('--to <file>', 'the report, a new file')
    .option('--email-column <name>', 'as at the start')
    .option('--where <column=value>', 'as at the start', condition)
    .option('--exclude <file>', 'as at the start', collected)
    .option('--not-in <id>', 'instead of the campaigns that the start named', collected)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      ABOUT +
        examples(
          ['resets campaign report breach-7 --file people.csv --to report.csv'],
          ['resets campaign report breach-7 --file people.csv --where country=DE --to de.csv'],
        ),
    )
    .action((id: string, options: ReportOptions) => choose((context) => campaignReport(context, id, options)));
};
