import { type Declaration, examples, JSON_OPTION, positiveInteger } from '../../declaration.ts';
import { type VerifyOptions, verify } from './verify.ts';

const EXAMPLES = `
Sends a request of a cancelled campaign through each lane: that shows queue, function and ledger without a call.
Exit codes: 0 in order, 1 a check failed, 3 something could not be checked, 130 interrupted.
${examples(
  ['resets verify', 'after a deployment'],
  ['resets verify --wait 600', 'behind a backlog'],
  ['resets verify --dead-letter', 'also send a body that is no request, and remove its dead letter'],
  ['resets verify --json | jq .ok', 'in a pipeline'],
)}`;

export const declareVerify: Declaration = (program, choose) => {
  program
    .command('verify')
    .description('Check a deployment: configuration, secret, holds, alarms, and requests that go through it.')
    .option('--wait <seconds>', 'how long to watch the ledger for what was sent', positiveInteger, 60)
    .option('--dead-letter', 'also send a body that is no request, find its dead letter and remove it')
    .option('--yes', 'with --dead-letter: go ahead without being asked')
    .option(...JSON_OPTION)
    .addHelpText('after', EXAMPLES)
    .action((options: VerifyOptions) => choose((context) => verify(context, options)));
};
