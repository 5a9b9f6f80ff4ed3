import { LANES } from '../../../functions/contract/reset-request.ts';
import { type Change, carryOut, type RunningAction } from '../../changes/carry-out.ts';
import { type Connection, type Context, placeOf } from '../../deployment/connect.ts';
import { VERIFY_CAMPAIGN } from '../../queries/campaigns/campaign-ids.ts';
import { confirm, requireConsent } from '../../terminal/confirm.ts';
import { EXIT, type ExitCode, print } from '../../terminal/io.ts';
import { counted, painter, plain, printJson } from '../../terminal/text.ts';
import { type Check, checked, type Finding, faultFinding, notChecked } from './check.ts';
import { deploymentChecks } from './deployment-checks.ts';
import { testLetterFinding } from './test-letter.ts';
import { cancelVerifyCampaign, type Trial, testRequestFinding } from './test-requests.ts';

export interface VerifyOptions {
  /** Seconds. */
  wait: number;
  deadLetter?: boolean;
  yes?: boolean;
  json?: boolean;
}

/** Tells whether a deployment is in order, by looks and by requests that are sent through it. */
export async function verify(context: Context, options: VerifyOptions): Promise<ExitCode> {
  const { deadLetter, yes, json } = options;
  if (deadLetter) requireConsent(context, yes);
  const connection = await context.connect();
  if (deadLetter) {
    const about = [
      `About to send a body that is no request to lane interactive of ${placeOf(connection)}, and to take its letter out of the dead-letter queue.`,
      'Meanwhile other dead letters are hidden from whoever else looks for them, and the alarm for dead letters may ring.',
    ];
    await confirm(context, { yes, about, undone: NOTHING_SENT });
  }
  const looks = await deploymentChecks(context, connection);
  if (!json) {
    await print(context.stdout, painter(context.stdout, context.env)('bold', plain(placeOf(connection))));
    await printChecks(context, looks);
  }
  const { trials, stopped } = await tryOut(context, connection, options);
  const checks = [...looks, ...trials];
  const exitCode = stopped ?? exitCodeOf(checks);
  if (json) {
    const told = checks.map(({ name, result, words, wayOut }) => ({ name, result, words, wayOut }));
    await printJson(context, { checks: told, ok: exitCode === EXIT.done });
    return exitCode;
  }
  await printChecks(context, trials);
  await print(context.stdout, painter(context.stdout, context.env)('bold', summary(checks, exitCode)));
  return exitCode;
}

const NOTHING_SENT = 'Nothing was sent.';

/** Sends through the deployment and watches, as an action. @returns how it was stopped, if it was. */
async function tryOut(
  context: Context,
  connection: Connection,
  { wait, deadLetter }: VerifyOptions,
): Promise<{ trials: Check[]; stopped?: ExitCode }> {
  const findings: { name: string; find(trial: Trial): Promise<Finding> }[] = [
    ...LANES.map((lane) => ({ name: `${lane} lane`, find: (trial: Trial) => testRequestFinding(trial, lane) })),
    ...(deadLetter ? [{ name: 'dead letter', find: testLetterFinding }] : []),
  ];
  const all = (finding: Finding): Check[] => findings.map(({ name }) => ({ name, ...finding }));
  const change: Change = {
    command: deadLetter ? 'verify --dead-letter' : 'verify',
    about: [
      `Sending a request of the cancelled campaign ${VERIFY_CAMPAIGN} through each lane of ${placeOf(connection)}; nobody is called. The ledger is watched for up to ${wait} s.`,
    ],
    details: { campaign: VERIFY_CAMPAIGN },
    planned: findings.length,
    yes: true,
    undone: NOTHING_SENT,
  };
  const work = async (action: RunningAction): Promise<{ trials: Check[]; isStopped: boolean }> => {
    const trial: Trial = { context, connection, action, waitMs: wait * 1000 };
    await cancelVerifyCampaign(trial);
    if (action.stopped.aborted)
      return { trials: all(notChecked('stopped before anything was sent', null)), isStopped: true };
    let done = 0;
    const trials = findings.map(async ({ name, find }) => {
      const check = await checked(name, () => find(trial));
      if (!action.stopped.aborted) done += 1;
      action.done(done);
      return check;
    });
    return { trials: await Promise.all(trials), isStopped: action.stopped.aborted };
  };
  try {
    const { result, end } = await carryOut(context, connection, change, work);
    if (!result.isStopped) return { trials: result.trials };
    return { trials: result.trials, stopped: end === 'aborted' ? EXIT.partly : EXIT.interrupted };
  } catch (error) {
    return { trials: all(faultFinding(error)) };
  }
}

const isOpen = ({ result, matters }: Check): boolean => result === 'not checked' && matters;

function exitCodeOf(checks: readonly Check[]): ExitCode {
  if (checks.some(({ result }) => result === 'failed')) return EXIT.failed;
  return checks.some(isOpen) ? EXIT.partly : EXIT.done;
}

function summary(checks: readonly Check[], exitCode: ExitCode): string {
  const failures = checks.filter(({ result }) => result === 'failed').length;
  const open = checks.filter(isOpen).length;
  if (exitCode === EXIT.interrupted) return 'Interrupted; what was sent is dropped by the worker.';
  if (failures > 0) return `${counted(failures, 'check')} failed.`;
  if (open > 0) return `Nothing failed, and ${counted(open, 'check')} could not be made.`;
  return exitCode === EXIT.done ? 'The deployment is in order.' : 'Stopped by another operator.';
}

const STYLES = { ok: 'green', failed: 'red', 'not checked': 'yellow', warning: 'yellow' } as const;
const RESULT_WIDTH = 'not checked'.length;
const NAME_WIDTH = 'interactive queue'.length;

async function printChecks(context: Context, checks: readonly Check[]): Promise<void> {
  const paint = painter(context.stdout, context.env);
  for (const { name, result, words, wayOut } of checks) {
    const mark = paint(STYLES[result], result.padEnd(RESULT_WIDTH));
    await print(context.stdout, `  ${mark}  ${name.padEnd(NAME_WIDTH)}  ${plain(words)}`);
    if (wayOut !== null) await print(context.stdout, `${' '.repeat(RESULT_WIDTH + 4)}→ ${plain(wayOut)}`);
  }
}
