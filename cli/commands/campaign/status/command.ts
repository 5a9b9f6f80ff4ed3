import { type Declaration, examples, JSON_OPTION } from '../../../declaration.ts';
import { campaignStatus, type StatusOptions } from './status.ts';

const ABOUT = `
Opens with one sentence to paste. Of a campaign that was sent from a file the counts add up to its rows at every moment:
what has neither ended nor is being called is waiting.

Exit codes: 0 all was told, also that it is held; 1 the ledger knows no such campaign; 3 something could not be read.
`;

export const declareStatus: Declaration = (campaign, choose) => {
  campaign
    .command('status')
    .description('Show how a campaign stands: what was reset, what failed, and when it will be done.')
    .argument('<id>', 'the campaign, as campaign list shows it')
    .option('--watch', 'refresh until Ctrl-C; with --json, one line per refresh')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      ABOUT +
        examples(
          ['resets campaign status breach-7'],
          ['resets campaign status breach-7 --watch'],
          ['resets campaign status breach-7 --json', 'for a script that asks for .counts.waiting'],
        ),
    )
    .action((id: string, options: StatusOptions) => choose((context) => campaignStatus(context, id, options)));
};
