import { InvalidArgumentError, Option } from 'commander';
import { CEILING_BOUNDS } from '../../../functions/contract/quota.ts';
import { LANES } from '../../../functions/contract/reset-request.ts';
import { type Duration, duration } from '../../changes/when.ts';
import { type Declaration, examples, JSON_OPTION, positiveInteger } from '../../declaration.ts';
import { type ClearOptions, clearBudget } from './clear.ts';
import { type ReleaseOptions, releaseBudget } from './release.ts';
import { type SetOptions, setBudget } from './set.ts';
import { type ShowOptions, showBudget } from './show.ts';

export const declareBudget: Declaration = (program, choose) => {
  const budget = program
    .command('budget')
    .description('Show and change how often the API is called, and end what holds the calls.')
    .addHelpText('after', examples(['resets budget show'], ['resets budget set 120'], ['resets budget release']));
  budget
    .command('show')
    .description('Show the rate, the ceilings, what was learned, what holds, and the calls of the last minutes.')
    .option(...JSON_OPTION)
    .addHelpText('after', examples(['resets budget show'], ['resets budget show --json', 'for a script']))
    .action((options: ShowOptions) => choose((context) => showBudget(context, options)));
  budget
    .command('set')
    .description('Call at most so often, within 10 s, in place of the deployed ceiling and of what was learned.')
    .argument('<calls-per-minute>', 'all copies together', within(CEILING_BOUNDS.perMinute))
    .option('--burst <n>', 'calls at once after a rest (default: as deployed)', within(CEILING_BOUNDS.burst))
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
It is taken for the quota itself: refusals still slow the calls down. It lasts until budget clear, deployments included.
${examples(['resets budget set 120'], ['resets budget set 120 --burst 20 --yes'])}`,
    )
    .action((perMinute: number, options: SetOptions) => choose((context) => setBudget(context, perMinute, options)));
  budget
    .command('clear')
    .description('Go back to the deployed ceiling.')
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .addHelpText('after', examples(['resets budget clear']))
    .action((options: ClearOptions) => choose((context) => clearBudget(context, options)));
  declareRelease(budget, choose);
};

const declareRelease: Declaration = (budget, choose) => {
  budget
    .command('release')
    .description("End every hold but an operator's pause, and a pause that the API asked for.")
    .option('--brake-off <duration>', 'count no rejections for so long, at most 24h: they are dead-lettered', brakeOff)
    .addOption(new Option('--lane <lane>', 'only the brake of this lane (default: both)').choices(LANES))
    .option('--yes', 'do not ask')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      `
A brake that is released stays off until its lane's next success, and outage holds stay off for an hour.
${examples(
  ['resets budget release'],
  ['resets budget release --brake-off 8h --lane bulk', 'many bad rows in a row are meant'],
)}`,
    )
    .action((options: ReleaseOptions) => choose((context) => releaseBudget(context, options)));
};

const within = ([least, most]: readonly [number, number]) => {
  return (typed: string): number => {
    const value = positiveInteger(typed);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
};

const LONGEST_BRAKE_OFF_MS = 24 * 3_600_000;

function brakeOff(typed: string): Duration {
  const read = duration(typed);
  if (read.ms <= LONGEST_BRAKE_OFF_MS) return read;
  throw new InvalidArgumentError('Give at most 24h.');
}
