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

  it('a deployment’s name is printed, so that no character of it moves a cursor', async () => {
    const { name } = await findDeployment({}, { outputs: await outputsFile({ 'A\u001b[2J': OUTPUTS }) });
    expect(name).toMatch(/^stack A\\u001b\[2J of /);
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

  const CEILING = { Quota: 'ceiling', CallsPerMinute: '90', CallBurst: '12', InteractiveReserve: '0' };
  const withOutputs = async (outputs: object) =>
    findDeployment({}, { outputs: await outputsFile({ S: { ...OUTPUTS, ...outputs } }) });

  it('a deployment tells its ceiling, its secret and the topic of its alarms', async () => {
    expect(
      await withOutputs({
        ...CEILING,
        ApiTokenSecretArn: 'arn:secret',
        AlarmTopicArn: 'arn:topic',
        NoticeTopicArn: 'arn:mails',
      }),
    ).toMatchObject({
      ceiling: { quota: 'ceiling', perMinute: 90, burst: 12, reserve: 0 },
      secretArn: 'arn:secret',
      alarmTopicArn: 'arn:topic',
      noticeTopicArn: 'arn:mails',
    });
  });

  it('a deployment tells them by variables, too', async () => {
    const env = {
      ...VARIABLES,
      RESETS_QUOTA: 'known',
      RESETS_CALLS_PER_MINUTE: '60',
      RESETS_CALL_BURST: '10',
      RESETS_INTERACTIVE_RESERVE: '3',
      RESETS_API_TOKEN_SECRET_ARN: 'arn:secret',
      RESETS_ALARM_TOPIC_ARN: 'arn:topic',
      RESETS_NOTICE_TOPIC_ARN: 'arn:mails',
    };
    expect(await findDeployment(env, {})).toMatchObject({
      ceiling: { quota: 'known', perMinute: 60, burst: 10, reserve: 3 },
      secretArn: 'arn:secret',
      alarmTopicArn: 'arn:topic',
      noticeTopicArn: 'arn:mails',
    });
  });

  it.each(Object.keys(CEILING))('old outputs, or some that lack %s, tell no ceiling', async (name) => {
    for (const missing of [{ [name]: undefined }, { [name]: '' }]) {
      expect((await withOutputs({ ...CEILING, ...missing })).ceiling).toBeUndefined();
    }
  });

  it.each([
    ['Quota', 'sometimes', /: Quota is not known or ceiling/],
    ['Quota', 'Known', /: Quota is not known or ceiling/],
    ['CallsPerMinute', '0', /: CallsPerMinute is not a whole number from 1/],
    ['CallsPerMinute', '-60', /: CallsPerMinute is not/],
    ['CallsPerMinute', '1e3', /: CallsPerMinute is not/],
    ['CallsPerMinute', '60.5', /: CallsPerMinute is not/],
    ['CallsPerMinute', ' 60', /: CallsPerMinute is not/],
    ['CallsPerMinute', '60\n', /: CallsPerMinute is not/],
    ['CallsPerMinute', '９', /: CallsPerMinute is not/],
    ['CallsPerMinute', '99999999999', /: CallsPerMinute is not/],
    ['CallBurst', '0', /: CallBurst is not a whole number from 1/],
    ['CallBurst', 'NaN', /: CallBurst is not/],
    ['InteractiveReserve', 'three', /: InteractiveReserve is not a whole number from 0/],
  ])('outputs with the %s %j are refused, with the file, the name and the way out', async (name, value, line) => {
    const { message } = await failureIn(withOutputs({ ...CEILING, [name]: value }));
    expect(message).toMatch(line);
    expect(message).toMatch(/^Stack S in .*outputs\.json: .*; write it again with `cdk deploy --outputs-file`\.$/);
  });

  it.each<[claim: string, content: string | Buffer, line: RegExp]>([
    ['nothing', '', /is not JSON/],
    ['half a file', '{"S":{"InteractiveQueueUrl":', /is not JSON/],
    ['UTF-16, as PowerShell writes it', Buffer.from('\ufeff{"S":{}}', 'utf16le'), /is not JSON/],
    ['bytes', Buffer.from([0, 255, 254, 1]), /is not JSON/],
    ['null', 'null', /not a list of outputs by stack/],
    ['a list', '[]', /not a list of outputs by stack/],
    ['a text', '"S"', /not a list of outputs by stack/],
    ['a stack that is null', '{"S":null}', /not a list of outputs by stack/],
    ['a stack that is a list', '{"S":[]}', /not a list of outputs by stack/],
    ['the outputs of one stack, without its name', JSON.stringify(OUTPUTS), /not a list of outputs by stack/],
    ['a value that is a number', JSON.stringify({ S: { ...OUTPUTS, CallsPerMinute: 60 } }), /not a list of outputs by/],
    ['a value that is null', JSON.stringify({ S: { ...OUTPUTS, LedgerTableName: null } }), /not a list of outputs by/],
    ['an empty value', JSON.stringify({ S: { ...OUTPUTS, LedgerTableName: '' } }), /lacks LedgerTableName/],
    [
      'a stack of another kind',
      '{"S":{"WebsiteUrl":"https://x"}}',
      /Stack S in .* lacks InteractiveQueueUrl, BulkQueueUrl/,
    ],
    ['a stack without outputs', '{"S":{}}', /lacks InteractiveQueueUrl/],
  ])('an outputs file that holds %s: one line names it and the way out', async (_claim, content, line) => {
    const outputs = await fileOf(content, 'outputs.json');
    const { message, exitCode } = await failureIn(findDeployment({}, { outputs }));
    expect(message).toMatch(line);
    expect(message).toContain(outputs);
    expect(message).toContain('cdk deploy --outputs-file');
    expect(message).not.toContain('\n');
    expect(exitCode).toBe(1);
  });

  it.each(['constructor', '__proto__', 'toString'])('no file has a stack %s of its own accord', async (stack) => {
    const outputs = await outputsFile({ S: OUTPUTS });
    const { message } = await failureIn(findDeployment({}, { outputs, stack }));
    expect(message).toMatch(`has no stack ${stack}, only S`);
  });

  it('a folder is no outputs file', async () => {
    expect((await failureIn(findDeployment({}, { outputs: '/' }))).message).toMatch(/\/ cannot be read \(EISDIR\)/);
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
