import { type Declaration, examples, JSON_OPTION } from '../../declaration.ts';
import { type StatusOptions, status } from './status.ts';

export const declareStatus: Declaration = (program, choose) => {
  program
    .command('status')
    .description('Show the state of the deployment, and the next command.')
    .option('--watch', 'refresh until Ctrl-C')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(['resets status'], ['resets status --watch'], ['resets status --json', 'for a script']),
    )
    .action((options: StatusOptions) => choose((context) => status(context, options)));
};
