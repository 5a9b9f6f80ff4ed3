import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { VARIABLES } from '../../../functions/contract/function-environment.ts';

const HANDLER = new URL('../../../functions/reset-worker/handler.ts', import.meta.url).href;

const COMPLETE: Record<string, string> = {
  [VARIABLES.apiBaseUrl]: 'https://example-corp.console.ves.volterra.io',
  [VARIABLES.apiTokenSecretArn]: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:token',
  [VARIABLES.interactiveQueueUrl]: 'https://sqs.us-east-1.amazonaws.com/000000000000/interactive',
  [VARIABLES.bulkQueueUrl]: 'https://sqs.us-east-1.amazonaws.com/000000000000/bulk',
  [VARIABLES.deadLetterQueueUrl]: 'https://sqs.us-east-1.amazonaws.com/000000000000/dead-letters',
  [VARIABLES.ledgerTableName]: 'ledger',
  [VARIABLES.callsPerMinute]: '60',
  [VARIABLES.callBurst]: '10',
  [VARIABLES.interactiveReserve]: '3',
  [VARIABLES.ledgerRetentionDays]: '90',
  [VARIABLES.callTimeoutSeconds]: '20',
};

/** Imports the handler in a process of its own, as Lambda does, and lets the script use it. */
async function run(
  environment: Record<string, string>,
  script = '',
): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '--eval', `const worker = await import(${JSON.stringify(HANDLER)}); ${script}`],
    { env: { AWS_REGION: 'us-east-1', ...environment } },
  );
  const [[code], out, err] = await Promise.all([
    once(child, 'close'),
    child.stdout.setEncoding('utf8').toArray(),
    child.stderr.setEncoding('utf8').toArray(),
  ]);
  return { code, out: out.join(''), err: err.join('') };
}

/** A context as Lambda gives it. */
const CONTEXT = `{ functionName: 'f', memoryLimitInMB: '512', invokedFunctionArn: 'arn', awsRequestId: 'id', getRemainingTimeInMillis: () => 120000 }`;

describe('the function, as it is loaded', () => {
  test('names every variable that is missing in one error', async () => {
    const { code, err } = await run({});
    expect(code).not.toBe(0);
    expect(err.match(/^InvalidSettings: /gm)).toHaveLength(1);
    for (const name of Object.keys(COMPLETE)) expect(err).toContain(`${name} is missing`);
  });

  test('names the missing and the wrong together, and no more', async () => {
    const { [VARIABLES.ledgerTableName]: _, ...rest } = COMPLETE;
    const { code, err } = await run({
      ...rest,
      [VARIABLES.callBurst]: '0',
      [VARIABLES.apiBaseUrl]: 'http://example.com',
    });
    expect(code).not.toBe(0);
    expect(err).toContain(`${VARIABLES.ledgerTableName} is missing`);
    expect(err).toContain(`${VARIABLES.callBurst} is not a whole number from 1`);
    expect(err).toContain(`${VARIABLES.apiBaseUrl} must begin with https://`);
    for (const name of [VARIABLES.callsPerMinute, VARIABLES.bulkQueueUrl]) expect(err).not.toContain(`${name} is`);
  });

  test('has a handler of two parameters: the runtime refuses one with more', async () => {
    expect(await run(COMPLETE, 'console.log(worker.handler.length)')).toEqual({ code: 0, out: '2\n', err: '' });
  });

  test('acknowledges an event without messages', async () => {
    const { code, out } = await run(COMPLETE, `console.log(await worker.handler({ Records: [] }, ${CONTEXT}))`);
    expect({ code, out }).toEqual({ code: 0, out: '{ batchItemFailures: [] }\n' });
  });

  test.each([
    ['of a queue that is no lane', { Records: [{ eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:other' }] }],
    ['without records', {}],
  ])('fails on an event %s, so that its messages stay where they are', async (_, event) => {
    const { code } = await run(COMPLETE, `await worker.handler(${JSON.stringify(event)}, ${CONTEXT})`);
    expect(code).not.toBe(0);
  });
});
