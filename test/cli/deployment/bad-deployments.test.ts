import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connect } from '../../../cli/deployment/connect.ts';
import { findDeployment } from '../../../cli/deployment/find-deployment.ts';
import { run } from '../../../cli/program.ts';
import { REGION } from '../../../local/aws/account.ts';
import { awsThat } from '../../support/cli/aws-that.ts';
import { failureIn, testIo } from '../../support/cli/command-line.ts';

afterEach(() => vi.unstubAllEnvs());

const xml =
  (status: number, body: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    void response.writeHead(status, { 'Content-Type': 'text/xml', ...headers }).end(body);
const error = (status: number, code: string, message: string) =>
  xml(
    status,
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  );
const stack = (outputs: Record<string, string>, status = 'CREATE_COMPLETE') => {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  const body = `<Stacks><member><StackName>S</StackName><StackStatus>${status}</StackStatus><Outputs>${members.join('')}</Outputs></member></Stacks>`;
  return xml(
    200,
    `<DescribeStacksResponse><DescribeStacksResult>${body}</DescribeStacksResult></DescribeStacksResponse>`,
  );
};

const PARTS = {
  InteractiveQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/i',
  BulkQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/b',
  DeadLetterQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/d',
  LedgerTableName: 'T',
};
const VARIABLES = (region: string, host = `sqs.${region}.amazonaws.com`) => ({
  RESETS_INTERACTIVE_QUEUE_URL: `https://${host}/123456789012/i`,
  RESETS_BULK_QUEUE_URL: `https://${host}/123456789012/b`,
  RESETS_DEAD_LETTER_QUEUE_URL: `https://${host}/123456789012/d`,
  RESETS_LEDGER_TABLE_NAME: 'T',
});

describe('A deployment that is looked for by its stack', () => {
  it('is found in the outputs that CloudFormation tells', async () => {
    await awsThat(stack({ ...PARTS, Quota: 'known', CallsPerMinute: '60', CallBurst: '10', InteractiveReserve: '3' }));
    expect(await findDeployment({}, { stack: 'S' })).toMatchObject({
      name: 'stack S',
      ledgerTableName: 'T',
      ceiling: { quota: 'known', perMinute: 60, burst: 10, reserve: 3 },
    });
  });

  it.each<[claim: string, answers: (response: ServerResponse) => void, line: RegExp]>([
    [
      'that is not there',
      error(400, 'ValidationError', 'Stack with id S does not exist'),
      /^There is no stack S in this account and region; name yours with --stack/,
    ],
    ['that CloudFormation does not list', xml(200, '<DescribeStacksResponse/>'), /^Stack S lacks InteractiveQueueUrl/],
    [
      'of another kind',
      stack({ WebsiteUrl: 'https://x' }),
      /^Stack S \(CREATE_COMPLETE\) lacks InteractiveQueueUrl, .*; deploy this project there, or choose another stack with --stack/,
    ],
    [
      'that is being made, without outputs',
      stack({}, 'CREATE_IN_PROGRESS'),
      /^Stack S \(CREATE_IN_PROGRESS\) lacks InteractiveQueueUrl.*; wait until its deployment has ended, or/,
    ],
    [
      'that could not be made',
      stack({}, 'ROLLBACK_COMPLETE'),
      /^Stack S \(ROLLBACK_COMPLETE\) lacks .*; deploy this project there, or/,
    ],
    [
      'that was deleted, by its ARN',
      stack({}, 'DELETE_COMPLETE'),
      /^Stack S \(DELETE_COMPLETE\) lacks .*; deploy this project there, or/,
    ],
    [
      'with a ceiling that is none',
      stack({ ...PARTS, Quota: 'x', CallsPerMinute: '0', CallBurst: '1', InteractiveReserve: '0' }),
      /^Stack S \(CREATE_COMPLETE\): Quota is not/,
    ],
    [
      'that may not be looked at',
      error(403, 'AccessDenied', 'User: sam is not authorized to perform: cloudformation:DescribeStacks'),
      /^Access to stack S is denied: User: sam is not authorized .*; ask for this permission/,
    ],
    ['with credentials that have expired', error(403, 'ExpiredToken', 'x'), /have expired.*aws sso login.*stack S/],
    ['with credentials of nobody', error(403, 'InvalidClientTokenId', 'x'), /rejects the credentials.*stack S/],
    ['while AWS throttles', error(400, 'Throttling', 'Rate exceeded'), /^AWS throttles calls for stack S/],
    ['while AWS is out of order', error(503, 'ServiceUnavailable', 'x'), /^AWS refused the call for stack S/],
    ['and something else answers', xml(200, '<html>Sign in</html>'), /stack S/i],
    [
      'behind a proxy that answers itself',
      xml(502, '<html>Bad gateway</html>', { 'Content-Type': 'text/html' }),
      /^What answered for stack S is not AWS \(HTTP 502, text\/html\): .*; check the network, .* AWS_ENDPOINT_URL/,
    ],
    [
      'behind a proxy that sends elsewhere',
      xml(302, '', { Location: 'http://127.0.0.1:1/' }),
      /^What answered for stack S is not AWS \(HTTP 302, text\/xml\)/,
    ],
    [
      'where something answers that is no HTTP',
      (response) => void response.socket?.end('SSH-2.0\r\n'),
      /^What answered for stack S is not AWS \(its words are no HTTP\)/,
    ],
  ])('%s: one line says so, and the way out', async (_claim, answers, line) => {
    await awsThat(answers);
    const { message, exitCode } = await failureIn(findDeployment({}, { stack: 'S' }));
    expect(message).toMatch(line);
    expect(message).not.toContain('\n');
    expect(exitCode).toBe(1);
  });

  it('is tried for three times where that may help, and once where it may not', async () => {
    const throttled = await awsThat(error(400, 'Throttling', 'Rate exceeded'));
    await failureIn(findDeployment({}, { stack: 'S' }));
    expect(throttled()).toBe(3);
    const denied = await awsThat(error(403, 'AccessDenied', 'no'));
    await failureIn(findDeployment({}, { stack: 'S' }));
    expect(denied()).toBe(1);
  });

  it('that is not there ends a command in one line, without a stack trace', async () => {
    await awsThat(error(400, 'ValidationError', 'Stack with id S does not exist'));
    const io = testIo();
    expect(await run(['verify', '--stack', 'S'], io)).toBe(1);
    expect(io.stdout.text).toBe('');
    expect(io.stderr.lines).toHaveLength(1);
    expect(io.stderr.text).toMatch(/^resets: There is no stack S /);
  });
});

describe('A ledger for which a sign-in page answers', () => {
  it('is told of in words for operators, without a word of the page', async () => {
    await awsThat(xml(200, '<html>jane@example.org</html>', { 'Content-Type': 'text/html' }));
    const io = { ...testIo(), env: VARIABLES('us-east-1') };
    expect(await run(['budget', 'show'], io)).toBe(1);
    expect(io.stderr.lines).toEqual([
      expect.stringMatching(
        /^resets: What answered for the ledger table is not AWS \(HTTP 200, text\/html\): [^<{$]*$/,
      ),
    ]);
  });
});

describe('A deployment of another region', () => {
  it.each([
    ['eu-central-1', 'sqs.eu-central-1.amazonaws.com'],
    ['cn-north-1', 'sqs.cn-north-1.amazonaws.com.cn'],
    ['us-gov-west-1', 'sqs.us-gov-west-1.amazonaws.com'],
    ['us-iso-east-1', 'sqs.us-iso-east-1.c2s.ic.gov'],
    ['us-isob-east-1', 'sqs.us-isob-east-1.sc2s.sgov.gov'],
    ['eusc-de-east-1', 'sqs.eusc-de-east-1.amazonaws.eu'],
    ['us-west-2', 'sqs-fips.us-west-2.amazonaws.com'],
    ['us-west-2', 'sqs-fips.us-west-2.api.aws'],
    ['ap-southeast-2', 'sqs.ap-southeast-2.api.aws'],
    ['eu-west-1', 'vpce-0123456789abcdef0-abcdefgh.sqs.eu-west-1.vpce.amazonaws.com'],
    ['eu-west-1', 'eu-west-1.queue.amazonaws.com'],
  ])('%s (%s) is not asked for in this one: the region to set is named', async (region, host) => {
    const asked = await awsThat(error(500, 'x', 'x'));
    const env = VARIABLES(region, host);
    const { message, exitCode } = await failureIn(connect({ ...testIo(), env }, {}));
    expect(message).toMatch(`are in region ${region}, and AWS is asked in us-east-1; set AWS_REGION=${region}`);
    expect(exitCode).toBe(1);
    expect(asked()).toBe(0);
  });

  it('is us-east-1 where the URL of a queue is of the oldest form, which names none', async () => {
    await awsThat(error(500, 'x', 'x'));
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    const env = VARIABLES('us-east-1', 'queue.amazonaws.com');
    expect((await failureIn(connect({ ...testIo(), env }, {}))).message).toMatch('are in region us-east-1');
  });

  it.each(['sqs.localhost.localstack.cloud:4566', 'localhost:4566', 'queue.example.com', 'sqs.example.com'])(
    'is not read from the host of an emulator: %s',
    async (host) => {
      await awsThat(error(500, 'x', 'x'));
      const env = VARIABLES(REGION, host);
      expect(await connect({ ...testIo(), env }, {})).toMatchObject({ account: '123456789012', region: REGION });
    },
  );

  it('is this one: account and region are known by the URL of a queue', async () => {
    await awsThat(error(500, 'x', 'x'));
    expect(await connect({ ...testIo(), env: VARIABLES(REGION) }, {})).toMatchObject({
      account: '123456789012',
      region: REGION,
    });
  });

  it.each(['no URL', 'https://example.com/', 'https://sqs.us-east-1.amazonaws.com/12/i', ''.padEnd(9, ' ')])(
    'is not read from what is no queue of AWS: %j',
    async (url) => {
      await awsThat(error(500, 'x', 'x'));
      const env = { ...VARIABLES(REGION), RESETS_INTERACTIVE_QUEUE_URL: url };
      expect(await connect({ ...testIo(), env }, {})).toMatchObject({ account: 'unknown', region: REGION });
    },
  );

  it('is not guessed where none is set', async () => {
    await awsThat(error(500, 'x', 'x'));
    vi.stubEnv('AWS_REGION', '');
    vi.stubEnv('AWS_CONFIG_FILE', '/nowhere');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere');
    expect(await failureIn(connect({ ...testIo(), env: VARIABLES(REGION) }, {}))).toMatchObject({
      message: expect.stringMatching(/^No AWS region is set; set AWS_REGION/),
    });
  });
});

describe('The time of a deployment', () => {
  const caller = (date: string) =>
    xml(
      200,
      '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/sam</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>',
      { Date: date },
    );
  const HOUR_MS = 3_600_000;
  const dateAt = (ms: number): string => new Date(ms).toUTCString();

  it.each([
    ['an hour ahead', HOUR_MS],
    ['an hour behind', -HOUR_MS],
  ])('is AWS’s, once it has answered: this machine’s clock is %s of it', async (_claim, aheadMs) => {
    const io = testIo();
    const { now, caller: askWho } = await connection(io, caller(dateAt(io.clock.now() - aheadMs)));
    expect(now()).toBe(io.clock.now());
    expect(await askWho()).toBe('arn:aws:iam::123456789012:user/sam');
    expect(Math.abs(now() - (io.clock.now() - aheadMs))).toBeLessThanOrEqual(1_000);
    await io.clock.sleep(5_000);
    expect(Math.abs(now() - (io.clock.now() - aheadMs))).toBeLessThanOrEqual(1_000);
  });

  it.each([
    ['a second is cut off', (ms: number) => dateAt(ms - 900)],
    ['its Date is nonsense', () => 'yesterday'],
  ])('is this machine’s where AWS says nothing else: %s', async (_claim, dateOf) => {
    const io = testIo();
    const { now, caller: askWho } = await connection(io, caller(dateOf(io.clock.now())));
    await askWho();
    expect(now()).toBe(io.clock.now());
  });

  async function connection(io: ReturnType<typeof testIo>, answers: (response: ServerResponse) => void) {
    await awsThat(answers);
    return connect({ ...io, env: VARIABLES(REGION) }, {});
  }
});
