import { Option } from 'commander';
import { LANES } from '../../../functions/contract/reset-request.ts';
import { type Declaration, examples, JSON_OPTION, positiveInteger } from '../../declaration.ts';
import { enqueue } from './enqueue.ts';
import type { EnqueueOptions } from './options.ts';

export const declareEnqueue: Declaration = (program, choose) => {
  program
    .command('enqueue')
    .description('Send reset requests to a lane, from addresses or from a file.')
    .argument('[email...]', 'at most 100 addresses, or "-": one per line from standard input, with --yes')
    .option('--file <file>', 'a list of addresses, one per line, or a CSV file with a column "email"')
    .addOption(new Option('--lane <lane>', 'default: interactive for addresses, bulk for a file').choices(LANES))
    .option('--request-id <id>', 'idempotency key of a single address (default: a random one)')
    .option('--campaign <id>', 'the campaign that the requests belong to')
    .option('--requested-by <who>', 'who asked, for the audit')
    .option('--reason <why>', 'why, for the audit')
    .option('--not-after <time>', 'no reset later than this RFC 3339 time')
    .option('--skip-invalid', 'send a file even if some of its lines are invalid')
    .option(
      '--run <id>',
      "with --file: prefix of its request ids, RUN:LINE; with an interrupted run's id it is safe to send again",
    )
    .option('--from-line <n>', 'with --file: leave out the lines before this one', positiveInteger)
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
The whole file is checked before anything is sent; one invalid line stops it, unless --skip-invalid. Repeated addresses are sent once.
Prints the request ids of addresses, one per line in their order; those of a file are RUN:LINE.
${examples(
  ['resets enqueue ann@example.org --requested-by helpdesk --reason "ticket 4711"'],
  ['cut -f 3 -d , desk.csv | resets enqueue - --yes --requested-by helpdesk'],
  ['resets enqueue --file people.csv --campaign spring'],
  ['resets enqueue --file people.csv --run spring-1 --from-line 1042', 'goes on with a run'],
)}`,
    )
    .action((addresses: string[], options: EnqueueOptions) =>
      choose((context) => enqueue(context, { addresses, ...options })),
    );
};
