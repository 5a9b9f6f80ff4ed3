import { type Declaration, examples, JSON_OPTION } from '../../declaration.ts';
import { type StatusOptions, status } from './status.ts';

const ABOUT = `
Opens with a verdict: what is the case, what it means for users, the runbook's heading, and one next step. What can't be
read is said in its place, and the rest is shown.

Exit codes: 0 all was told, also that calls are held; 1 the holds can't be read; 3 something else can't be read.
`;

export const declareStatus: Declaration = (program, choose) => {
  program
    .command('status')
    .description('Show the state of the deployment, and the next command.')
    .option('--watch', 'refresh until Ctrl-C; with --json, one line per refresh')
    .option('--no-totals', 'leave out all requests by state: in a large ledger their count takes minutes')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      ABOUT +
        examples(
          ['resets status'],
          ['resets status --watch'],
          ['resets status --no-totals --json', 'for a script that asks for .verdict.kind'],
        ),
    )
    .action((options: StatusOptions) => choose((context) => status(context, options)));
};
