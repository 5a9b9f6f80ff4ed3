import { describe, expect, it } from 'vitest';

import { DEPLOYMENT_VARIABLES, findDeployment } from '../../../cli/deployment/find-deployment.ts';
import { failureIn, fileOf } from '../../support/cli/command-line.ts';

const OUTPUTS = {
  InteractiveQueueUrl: 'https://sqs/i',
  BulkQueueUrl: 'https://sqs/b',
  DeadLetterQueueUrl: 'https://sqs/d',
  LedgerTableName: 'T',
};
const PARTS = {
  laneQueueUrls: { interactive: 'https://sqs/i', bulk: 'https://sqs/b' },
  deadLetterQueueUrl: 'https://sqs/d',
  ledgerTableName: 'T',
};
const VARIABLES = {
  RESETS_INTERACTIVE_QUEUE_URL: 'https://sqs/i',
  RESETS_BULK_QUEUE_URL: 'https://sqs/b',
  RESETS_DEAD_LETTER_QUEUE_URL: 'https://sqs/d',
  RESETS_LEDGER_TABLE_NAME: 'T',
};

const outputsFile = (stacks: unknown): Promise<string> => fileOf(JSON.stringify(stacks), 'outputs.json');

describe('The deployment', () => {
  it('a deployment is found in an outputs file with one stack, whatever its name', async () => {
    const outputs = await outputsFile({ Other: { ...OUTPUTS, FunctionName: 'more' } });
    expect(await findDeployment({}, { outputs })).toEqual({ name: `stack Other of ${outputs}`, ...PARTS });
  });

  it('a deployment is the named stack, or the default one, if the file has several', async () => {
    const outputs = await outputsFile({ A: { ...OUTPUTS, LedgerTableName: 'of-A' }, PasswordResets: OUTPUTS });
    expect(await findDeployment({}, { outputs, stack: 'A' })).toMatchObject({ ledgerTableName: 'of-A' });
    expect(await findDeployment({}, { outputs })).toMatchObject({ ledgerTableName: 'T' });
  });

  it('a deployment is found by RESETS_OUTPUTS, which wins over the single variables', async () => {
    const env = { ...VARIABLES, RESETS_OUTPUTS: await outputsFile({ S: { ...OUTPUTS, LedgerTableName: 'file' } }) };
    expect(await findDeployment(env, {})).toMatchObject({ ledgerTableName: 'file' });
  });

  it('a deployment is found by variables, which are named in the help', async () => {
    expect(DEPLOYMENT_VARIABLES).toEqual(Object.keys(VARIABLES));
    expect(await findDeployment(VARIABLES, {})).toMatchObject(PARTS);
  });

  it.each<[claim: string, work: () => Promise<unknown>, message: RegExp]>([
    [
      'a file that is missing',
      () => findDeployment({}, { outputs: '/nowhere.json' }),
      /\/nowhere\.json cannot be read \(ENOENT\); name another/,
    ],
    ['a file that is not JSON', async () => findDeployment({}, { outputs: await fileOf('x') }), /is not JSON/],
    [
      'a file of another shape',
      async () => findDeployment({}, { outputs: await outputsFile({ a: 1 }) }),
      /not a list of outputs/,
    ],
    ['a file without stacks', async () => findDeployment({}, { outputs: await outputsFile({}) }), /names no stack/],
    [
      'a stack that the file does not have',
      async () => findDeployment({}, { outputs: await outputsFile({ A: OUTPUTS }), stack: 'B' }),
      /has no stack B, only A; choose one with --stack/,
    ],
    [
      'several stacks, none of them the default',
      async () => findDeployment({}, { outputs: await outputsFile({ A: OUTPUTS, B: OUTPUTS }) }),
      /has no stack PasswordResets, only A, B/,
    ],
    [
      'outputs that are missing',
      async () =>
        findDeployment({}, { outputs: await outputsFile({ A: { BulkQueueUrl: 'x', LedgerTableName: 'T' } }) }),
      /Stack A in .* lacks InteractiveQueueUrl, DeadLetterQueueUrl;/,
    ],
    [
      'variables that are missing',
      () => findDeployment({ RESETS_BULK_QUEUE_URL: 'x' }, {}),
      /set RESETS_INTERACTIVE_QUEUE_URL, RESETS_DEAD_LETTER_QUEUE_URL, RESETS_LEDGER_TABLE_NAME too/,
    ],
  ])('%s: one line names it and the way out', async (_claim, work, message) => {
    const failure = await failureIn(work());
    expect(failure.message).toMatch(message);
    expect(failure.message).not.toContain('\n');
    expect(failure.exitCode).toBe(1);
  });
});
