import { type Command, Option } from 'commander';
import { LANES } from '../../../../functions/contract/reset-request.ts';
import { maxFailures } from '../../../campaigns/max-failures.ts';
import { type Declaration, examples, JSON_OPTION, positiveInteger } from '../../../declaration.ts';
import { collected, condition } from '../filters.ts';
import type { StartOptions } from './options.ts';
import { startCampaign } from './start.ts';

/** Adds `start` to the group. */
export const declareStart = (campaign: Command, choose: Parameters<Declaration>[1]): void => {
  campaign
    .command('start')
    .description('Send a file of addresses as a campaign, or go on with one that was cut off.')
    .argument('<file>', 'a CSV file with a column "email", or a list of addresses, one per line')
    .requiredOption('--id <id>', "the campaign's id: the same id and the same people are the same campaign")
    .option('--email-column <name>', 'the column of the addresses, instead of "email"')
    .option('--where <column=value>', 'only rows with this value; given again: all must hold', condition)
    .option('--exclude <file>', 'accounts that are never reset; given again: of each list', collected)
    .option('--not-in <id>', 'leave out who was reset in this campaign; given again: in each', collected)
    .option('--reason <why>', 'why, for the audit')
    .option('--requested-by <who>', 'who asked, for the audit')
    .option('--not-after <time>', 'no reset later than this RFC 3339 time')
    .addOption(new Option('--lane <lane>', 'interactive takes at most 1,000 rows (default: bulk)').choices(LANES))
    .option('--canary <n>', 'send so many first, drawn at random, and watch what becomes of them', positiveInteger)
    .option(
      '--max-failures <n|n%>',
      'of the canary; more of them, and the rest is not sent (default: 50%)',
      maxFailures,
    )
    .option('--continue', 'send the rest although the canary has stopped it')
    .option('--again', 'reset them again although the same people were sent under another id')
    .option('--dry-run', 'show all of it with its plan, and send nothing')
    .option('--plan <plan>', 'send if this is still the plan, without being asked')
    .option('--left-out <file>', 'write the rows that are left out, and why, into a new file')
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
Rows that are not taken, such as invalid ones, do not stop a campaign: they are counted, shown with their lines, and left out.
RESETS_EXCLUDE names lists of accounts that are never reset, as PATH names folders.
A campaign that was cut off goes on with the same command. Nobody is reset twice.
${examples(
  ['resets campaign start people.csv --id breach-7 --exclude break-glass.txt --canary 50'],
  ['resets campaign start people.csv --id breach-7 --dry-run', 'shows the plan, for a ticket'],
  ['resets campaign start people.csv --id breach-7 --plan k3v7q2mzyx4a', 'sends what was approved'],
)}`,
    )
    .action((file: string, options: StartOptions) => choose((context) => startCampaign(context, file, options)));
};
