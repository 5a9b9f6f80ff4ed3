import { Argument } from 'commander';
import { when } from '../../changes/when.ts';
import { type Declaration, examples, JSON_OPTION } from '../../declaration.ts';
import { type PauseOptions, pauseLane } from './pause.ts';
import { type ResumeOptions, resumeLane } from './resume.ts';
import { SCOPES, type Scope } from './scope.ts';

export const declareLane: Declaration = (program, choose) => {
  const lane = program
    .command('lane')
    .description('Pause a lane, or all, and resume it.')
    .addHelpText('after', examples(['resets lane pause bulk'], ['resets lane resume bulk']));
  const scope = () => new Argument('<lane>', 'a lane, or all of them').choices(SCOPES);
  lane
    .command('pause')
    .description('No calls from a lane, within 10 s and until it is resumed. Its messages wait.')
    .addArgument(scope())
    .option('--reason <text>', 'why, for whoever finds the lane paused; no address')
    .option('--until <when>', 'end on its own at an RFC 3339 time, or after 90m, 8h, 2d', when)
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
Calls under way end on their own. To stop one campaign for good, use campaign cancel.
${examples(
  ['resets lane pause bulk --reason "wrong file"'],
  ['resets lane pause all --until 90m --yes'],
  ['resets lane pause bulk --until 2026-11-23T18:00:00Z'],
)}`,
    )
    .action((name: Scope, options: PauseOptions) => choose((context) => pauseLane(context, name, options)));
  lane
    .command('resume')
    .description('End the pause of a lane. "all" ends the pause of all, and leaves those of single lanes.')
    .addArgument(scope())
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .addHelpText('after', examples(['resets lane resume bulk'], ['resets lane resume all --yes']))
    .action((name: Scope, options: ResumeOptions) => choose((context) => resumeLane(context, name, options)));
};
