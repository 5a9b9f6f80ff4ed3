import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connect } from '../../../cli/deployment/connect.ts';
import { findDeployment } from '../../../cli/deployment/find-deployment.ts';
import { awsThat } from '../../support/cli/aws-that.ts';
import { failureIn, testIo } from '../../support/cli/command-line.ts';

// What the program waits, in a thirtieth of the time.
vi.mock('../../../cli/deployment/client-options.ts', async (original) => {
  const real = await original<typeof import('../../../cli/deployment/client-options.ts')>();
  const times = { requestTimeout: 100, socketTimeout: 100 };
  const requestHandler = { ...real.CLIENT_OPTIONS.requestHandler, ...times };
  return {
    CLIENT_OPTIONS: { ...real.CLIENT_OPTIONS, requestHandler },
    SQS_CLIENT_OPTIONS: { ...real.SQS_CLIENT_OPTIONS, requestHandler },
  };
});
afterEach(() => vi.unstubAllEnvs());

const silence = (): void => {};
const stalls = (response: ServerResponse) =>
  void response.writeHead(200, { 'Content-Type': 'application/x-amz-json-1.0', 'Content-Length': 99 }).write('{"');

const URL_OF = (queue: string) => `https://sqs.us-east-1.amazonaws.com/123456789012/${queue}`;
const connection = () =>
  connect(
    {
      ...testIo(),
      env: {
        RESETS_INTERACTIVE_QUEUE_URL: URL_OF('i'),
        RESETS_BULK_QUEUE_URL: URL_OF('b'),
        RESETS_DEAD_LETTER_QUEUE_URL: URL_OF('d'),
        RESETS_LEDGER_TABLE_NAME: 'T',
        RESETS_API_TOKEN_SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:s',
        RESETS_ALARM_TOPIC_ARN: 'arn:aws:sns:us-east-1:123456789012:t',
      },
    },
    {},
  );

const ASKED: [what: RegExp, ask: () => Promise<unknown>][] = [
  [/stack S/, () => findDeployment({}, { stack: 'S' })],
  [/queue https:.*\/i/, async () => (await connection()).queues.counts(URL_OF('i'))],
  [/your identity/, async () => (await connection()).caller()],
  [/secret arn:/, async () => (await connection()).secret?.hasValue()],
  [/topic arn:/, async () => (await connection()).topics.page?.confirmedSubscriptions()],
];

describe('AWS that hangs is tried three times and given up, with a line that names what was asked for', () => {
  it.each([
    ['never answers', silence],
    ['stalls within its answer', stalls],
  ])('if it %s', async (_claim, answers) => {
    for (const [what, ask] of ASKED) {
      const asked = await awsThat(answers);
      const { message, exitCode } = await failureIn(ask());
      expect(message).toMatch(/^AWS did not answer in time for .*; check the network, the region and AWS_ENDPOINT_URL/);
      expect(message).toMatch(what);
      expect(message).not.toContain('\n');
      expect(exitCode).toBe(1);
      expect(asked()).toBe(3);
    }
  });
});
