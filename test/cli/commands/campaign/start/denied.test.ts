import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../../../../../cli/program.ts';
import { CREDENTIALS, REGION } from '../../../../../local/aws/account.ts';
import type { FaultRule } from '../../../../../local/aws/faults.ts';
import { fileOf, testIo } from '../../../../support/cli/command-line.ts';
import { type StandInDeployment, startDeployment } from '../../../../support/cli/stand-ins.ts';
import { people } from './scene.ts';

const ROWS = 200;

let deployment: StandInDeployment;
beforeAll(async () => {
  deployment = await startDeployment();
  vi.stubEnv('AWS_ENDPOINT_URL', deployment.origin);
  vi.stubEnv('AWS_REGION', REGION);
  vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);
});
afterEach(() => deployment.faults.clear());
afterAll(async () => {
  vi.unstubAllEnvs();
  await deployment.stop();
});

let runs = 0;

async function start(id: string) {
  const io = testIo();
  io.env = deployment.environment();
  runs += 1;
  io.newId = () => `run-${runs}`;
  const file = await fileOf(people(ROWS).join('\n'));
  const code = await run(['campaign', 'start', file, '--id', id, '--again', '--yes'], io);
  // Another line may say that the end of the action could not be written down.
  return { code, out: io.stdout.text, err: io.stderr.text, fault: io.stderr.lines.at(-1) };
}

const queued = async (): Promise<string[]> => {
  const { ready } = await deployment.inspectQueue('bulk');
  return ready.map(({ body }) => (JSON.parse(body) as { requestId: string }).requestId);
};

describe('a campaign of somebody who lacks a permission', () => {
  it.each<[claim: string, rules: Partial<FaultRule>[], sent: number, code: number, line: RegExp]>([
    [
      'to read the ledger sends nothing',
      [{ operation: 'dynamodb:*' }],
      0,
      1,
      /^resets: Access to ledger table Ledger is denied/,
    ],
    [
      'to write the ledger sends nothing',
      [{ operation: 'dynamodb:PutItem' }, { operation: 'dynamodb:UpdateItem' }],
      0,
      1,
      /^resets: Nothing was sent\. Access to ledger table Ledger is denied/,
    ],
    [
      'to write how far it is sent sends nothing',
      [{ operation: 'dynamodb:UpdateItem' }],
      0,
      1,
      /^resets: Nothing was sent\. Access to ledger table Ledger is denied/,
    ],
    [
      'to send sends nothing, and can be given again',
      [{ operation: 'sqs:SendMessageBatch' }],
      0,
      1,
      /^resets: Access to queue \S+ is denied: .* The same command goes on where this one ended/,
    ],
  ])('%s', async (claim, rules, sent, code, line) => {
    const id = claim.replaceAll(/\W+/g, '-').slice(0, 60);
    const before = (await queued()).length;
    for (const rule of rules) deployment.faults.add({ operation: 'sqs:*', kind: 'deny', times: 1_000, ...rule });
    const denied = await start(id);
    expect(denied.fault).toMatch(line);
    expect(denied.err).not.toMatch(/\n {4}at |This is a bug/);
    expect({ code: denied.code, sent: (await queued()).length - before }).toEqual({ code, sent });

    deployment.faults.clear();
    const { code: second, out } = await start(id);
    expect({ second, out }).toEqual({ second: 0, out: expect.stringMatching(/^Sent 200 of 200 /) });
    expect(new Set((await queued()).filter((requestId) => requestId.startsWith(`${id}:`))).size).toBe(ROWS);
  });
});
