import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { CREDENTIALS, REGION } from '../../../../local/aws/account.ts';
import { startDeployment, TABLE } from '../../../support/cli/stand-ins.ts';

const MAIN = fileURLToPath(new URL('../../../../cli/main.ts', import.meta.url));

it('status --watch, interrupted while AWS hangs, ends at once with 0', async () => {
  const { faults, operations, origin, url, stop } = await startDeployment();
  onTestFinished(stop);
  faults.add({ operation: 'sqs:GetQueueAttributes', kind: 'hang', times: 99 });
  const child = spawn(process.execPath, [MAIN, 'status', '--watch', '--json'], {
    env: {
      AWS_ENDPOINT_URL: origin,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
      RESETS_INTERACTIVE_QUEUE_URL: url('interactive'),
      RESETS_BULK_QUEUE_URL: url('bulk'),
      RESETS_DEAD_LETTER_QUEUE_URL: url('dead'),
      RESETS_LEDGER_TABLE_NAME: TABLE,
    },
  });
  while (operations()['sqs:GetQueueAttributes'] === undefined) await new Promise((go) => setTimeout(go, 20));
  const interruptedAt = performance.now();
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  // The tries that are left take three times as long, at least.
  expect(performance.now() - interruptedAt).toBeLessThan(2_000);
});
