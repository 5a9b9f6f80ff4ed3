import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { startDeployment } from '../../../support/cli/stand-ins.ts';

const MAIN = fileURLToPath(new URL('../../../../cli/main.ts', import.meta.url));

it('status --watch, interrupted while AWS hangs, ends at once with 0', async () => {
  const { faults, operations, environment, stop } = await startDeployment();
  onTestFinished(stop);
  faults.add({ operation: 'sqs:GetQueueAttributes', kind: 'hang', times: 99 });
  const child = spawn(process.execPath, [MAIN, 'status', '--watch', '--json'], {
    env: environment(),
  });
  while (operations()['sqs:GetQueueAttributes'] === undefined) await new Promise((go) => setTimeout(go, 20));
  child.kill('SIGINT');
  const [code] = await once(child, 'exit');
  expect(code).toBe(0);
  // Of each queue it was the first of three tries, the next of which would come seconds later.
  expect(operations()['sqs:GetQueueAttributes']).toBeLessThanOrEqual(3);
});
