import { Option } from 'commander';
import { type Declaration, examples, JSON_OPTION, limit } from '../../declaration.ts';
import { type AbortOptions, abortAction } from './abort.ts';
import { DEFAULT_LIMIT, type ListOptions, listActions } from './list.ts';
import { type ShowOptions, showAction } from './show.ts';

export const declareActions: Declaration = (program, choose) => {
  const actions = program
    .command('actions')
    .description('Show what operators have done, and stop what still runs.')
    .addHelpText(
      'after',
      examples(
        ['resets actions', 'lists them'],
        ['resets actions show 3f2b8c1e-9a4d'],
        ['resets actions abort 3f2b8c1e-9a4d'],
      ),
    );
  actions
    .command('list', { isDefault: true })
    .description('List the changes that were made, newest first. This is what actions alone does.')
    .addOption(new Option('--limit <n>', 'at most this many, or "all"').default(DEFAULT_LIMIT).argParser(limit))
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
An action that still runs but was not heard of for a minute is interrupted.
${examples(['resets actions'], ['resets actions --limit all --json'])}`,
    )
    .action((options: ListOptions) => choose((context) => listActions(context, options)));
  actions
    .command('show')
    .description('Show one action.')
    .argument('<id>', 'as the list shows it')
    .option(...JSON_OPTION)
    .addHelpText('after', examples(['resets actions show 3f2b8c1e-9a4d']))
    .action((id: string, options: ShowOptions) => choose((context) => showAction(context, id, options)));
  actions
    .command('abort')
    .description('Stop an action that runs, on whatever machine. It stops within 10 s; what it has done stays done.')
    .argument('<id>', 'as the list shows it')
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .addHelpText('after', examples(['resets actions abort 3f2b8c1e-9a4d']))
    .action((id: string, options: AbortOptions) => choose((context) => abortAction(context, id, options)));
};
