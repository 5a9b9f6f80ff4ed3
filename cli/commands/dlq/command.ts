import { InvalidArgumentError, Option } from 'commander';
import { FAILURE_REASONS } from '../../../functions/contract/dead-letter.ts';
import { LANES } from '../../../functions/contract/reset-request.ts';
import { type Declaration, examples, JSON_OPTION, limit } from '../../declaration.ts';
import { DEFAULT_LIMIT, type DlqListOptions, dlqList } from './list.ts';

export const declareDlq: Declaration = (program, choose) => {
  const dlq = program
    .command('dlq')
    .description('Look at dead letters.')
    .addHelpText('after', examples(['resets dlq list']));
  dlq
    .command('list')
    .description('List dead letters from the ledger, newest first, without touching any message.')
    .addOption(new Option('--reason <reason>', 'only this reason').choices(FAILURE_REASONS))
    .option('--status <code>', "only this HTTP status of the API's last answer", httpStatus)
    .option('--campaign <id>', 'only this campaign; "none" for requests without one')
    .addOption(new Option('--lane <lane>', 'only this lane').choices(LANES))
    .addOption(new Option('--limit <n>', 'at most this many, or "all"').default(DEFAULT_LIMIT).argParser(limit))
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(
        ['resets dlq list'],
        ['resets dlq list --reason rejected --status 404 --limit all'],
        ['resets dlq list --campaign none --json', 'only single requests'],
      ),
    )
    .action((options: DlqListOptions) => choose((context) => dlqList(context, options)));
};

function httpStatus(value: string): number {
  if (!/^[1-5]\d\d$/.test(value)) throw new InvalidArgumentError('Give an HTTP status such as 404.');
  return Number(value);
}
