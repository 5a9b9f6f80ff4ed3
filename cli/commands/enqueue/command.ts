import { Option } from 'commander';
import { LANES } from '../../../functions/contract/reset-request.ts';
import { type Declaration, examples, JSON_OPTION } from '../../declaration.ts';
import { enqueue } from './enqueue.ts';
import type { EnqueueOptions } from './options.ts';

export const declareEnqueue: Declaration = (program, choose) => {
  program
    .command('enqueue')
    .description('Send reset requests for single addresses to a lane; a file is a campaign.')
    .argument('<email...>', 'at most 100 addresses, or "-": one per line from standard input, with --yes')
    .addOption(new Option('--lane <lane>', 'default: interactive').choices(LANES))
    .option('--request-id <id>', 'idempotency key of a single address (default: a random one)')
    .option('--campaign <id>', 'the campaign that the requests belong to')
    .option('--requested-by <who>', 'who asked, for the audit')
    .option('--reason <why>', 'why, for the audit')
    .option('--not-after <time>', 'no reset later than this RFC 3339 time')
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
All addresses are checked before anything is sent, and repeated ones are sent once. Prints the request ids, one per line in their order.
${examples(['resets enqueue ann@example.org --requested-by helpdesk --reason "ticket 4711"'])}`,
    )
    .action((addresses: string[], options: EnqueueOptions) =>
      choose((context) => enqueue(context, { addresses, ...options })),
    );
};
