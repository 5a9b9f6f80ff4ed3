import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createFunction, type FunctionOptions, type LambdaFunction } from '../../../local/lambda/function.ts';

/** Does what the event says. */
const HANDLER = `
let calls = 0;
let ticks = 0;
export const handler = async (event, context) => {
  calls += 1;
  switch (event.do) {
    case 'answer': return { calls, pid: process.pid, left: context.getRemainingTimeInMillis(), requestId: context.awsRequestId };
    case 'environment': return process.env;
    case 'print': console.log('one'); console.error('two'); return {};
    case 'throw': throw new TypeError('no');
    case 'exit': process.exit(3);
    case 'sleep': await new Promise((resolve) => setTimeout(resolve, event.ms)); return { pid: process.pid };
    case 'spin': for (;;);
    case 'tick': setInterval(() => { ticks += 1; }, 5); return {};
    case 'ticks': return { ticks };
  }
};`;

let folder = '';
let running: LambdaFunction[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sandbox-test-'));
  writeFileSync(join(folder, 'index.mjs'), HANDLER);
  writeFileSync(join(folder, 'broken.mjs'), 'throw new Error("at the start");');
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()));
  running = [];
});

function start(options: Partial<FunctionOptions> = {}): LambdaFunction {
  const started = createFunction({
    name: 'worker',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:worker',
    handler: 'index.handler',
    codeDirectory: folder,
    memoryMb: 128,
    timeoutMs: 5000,
    environment: { OWN: 'value' },
    awsEndpoint: 'http://127.0.0.1:1',
    freeze: true,
    ...options,
  });
  running.push(started);
  return started;
}

async function invoke(worker: LambdaFunction, event: unknown) {
  const result = await worker.invoke(JSON.stringify(event));
  return result.kind === 'response' ? JSON.parse(result.body) : result;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('the bundle runs in AWS’s runtime client and answers, with the time left', async () => {
  const answer = await invoke(start(), { do: 'answer' });
  expect(answer).toMatchObject({ calls: 1, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(answer.left).toBeGreaterThan(4000);
  expect(answer.left).toBeLessThanOrEqual(5000);
});

test('an idle sandbox is reused; a second one is started only while the first is busy', async () => {
  const worker = start();
  const first = await invoke(worker, { do: 'answer' });
  expect(await invoke(worker, { do: 'answer' })).toMatchObject({ pid: first.pid, calls: 2 });
  const pids = await Promise.all([invoke(worker, { do: 'sleep', ms: 100 }), invoke(worker, { do: 'sleep', ms: 100 })]);
  expect(new Set(pids.map(({ pid }) => pid)).size).toBe(2);
  expect(worker.sandboxes()).toEqual({ alive: 2, busy: 0, started: 2 });
});

test('a sandbox sees the variables of the template and of Lambda, and none of this process’s', async () => {
  process.env.OF_THE_PARENT = 'secret';
  const environment = await invoke(start(), { do: 'environment' });
  delete process.env.OF_THE_PARENT;
  expect(Object.keys(environment).toSorted()).toEqual(
    [
      'AWS_ACCESS_KEY_ID',
      'AWS_DEFAULT_REGION',
      'AWS_ENDPOINT_URL',
      'AWS_EXECUTION_ENV',
      'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
      'AWS_LAMBDA_FUNCTION_NAME',
      'AWS_LAMBDA_FUNCTION_VERSION',
      'AWS_LAMBDA_INITIALIZATION_TYPE',
      'AWS_LAMBDA_LOG_GROUP_NAME',
      'AWS_LAMBDA_LOG_STREAM_NAME',
      'AWS_LAMBDA_RUNTIME_API',
      'AWS_REGION',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'LAMBDA_TASK_ROOT',
      'LANG',
      'OWN',
      'PATH',
      'TZ',
      '_HANDLER',
      '_X_AMZN_TRACE_ID',
    ].toSorted(),
  );
});

test('what the function prints can be listened to', async () => {
  const worker = start();
  const lines: string[] = [];
  worker.onLine((line) => lines.push(line));
  await invoke(worker, { do: 'print' });
  await until(() => lines.length >= 2);
  expect(lines.map((line) => line.split('\t').at(-1))).toEqual(expect.arrayContaining(['one', 'two']));
});

test('a thrown error is an error of the invocation, and the sandbox lives on', async () => {
  const worker = start();
  expect(await invoke(worker, { do: 'throw' })).toMatchObject({
    kind: 'error',
    body: expect.stringContaining('TypeError'),
  });
  expect(await invoke(worker, { do: 'answer' })).toMatchObject({ calls: 2 });
});

test.each([
  ['waits', { do: 'sleep', ms: 60_000 }],
  ['spins', { do: 'spin' }],
])('a function that %s beyond its timeout is killed, and the next call gets a new sandbox', async (_, event) => {
  const worker = start({ timeoutMs: 1000 });
  const lines: string[] = [];
  worker.onLine((line) => lines.push(line));
  expect(await invoke(worker, event)).toEqual({ kind: 'timeout' });
  expect(await invoke(worker, { do: 'answer' })).toMatchObject({ calls: 1 });
  expect(lines.join()).toContain('Task timed out after 1.00 seconds');
});

test('a function that ends its process is a crash, and the next call gets a new sandbox', async () => {
  const worker = start();
  expect(await invoke(worker, { do: 'exit' })).toEqual({ kind: 'crash', detail: 'exit status 3' });
  expect(await invoke(worker, { do: 'answer' })).toMatchObject({ calls: 1 });
});

test('a sandbox can be killed while it works', async () => {
  const worker = start();
  const invocation = invoke(worker, { do: 'sleep', ms: 60_000 });
  await until(() => worker.killOne());
  expect(await invocation).toEqual({ kind: 'crash', detail: 'signal SIGKILL' });
});

test('an idle sandbox that was killed is not reused', async () => {
  const worker = start();
  await invoke(worker, { do: 'answer' });
  expect(worker.killOne()).toBe(true);
  await until(() => worker.sandboxes().alive === 0);
  expect(await invoke(worker, { do: 'answer' })).toMatchObject({ calls: 1 });
});

test('a bundle that throws when it is loaded is a crash, and the error is printed', async () => {
  const worker = start({ handler: 'broken.handler' });
  const lines: string[] = [];
  worker.onLine((line) => lines.push(line));
  expect(await invoke(worker, {})).toMatchObject({ kind: 'crash' });
  expect(lines.join()).toContain('at the start');
});

test('a frozen sandbox does nothing between two calls', async () => {
  const worker = start();
  await invoke(worker, { do: 'tick' });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  // Awake it would have ticked two hundred times.
  expect((await invoke(worker, { do: 'ticks' })).ticks).toBeLessThan(40);
});

test('after a stop no process is left, frozen or busy', async () => {
  const worker = start();
  const { pid } = await invoke(worker, { do: 'answer' });
  await Promise.all([invoke(worker, { do: 'sleep', ms: 20 }), invoke(worker, { do: 'sleep', ms: 20 })]);
  const busy = invoke(worker, { do: 'sleep', ms: 60_000 });
  await worker.stop();
  expect(await busy).toMatchObject({ kind: 'crash' });
  expect(isAlive(pid)).toBe(false);
  expect(worker.sandboxes().alive).toBe(0);
});

test.each([true, false])('when this process is killed its sandboxes end too (frozen: %s)', async (freeze) => {
  const options = {
    name: 'w',
    arn: 'a',
    handler: 'index.handler',
    codeDirectory: folder,
    memoryMb: 128,
    timeoutMs: 5000,
  };
  const script = `
    import { createFunction } from ${JSON.stringify(new URL('../../../local/lambda/function.ts', import.meta.url).href)};
    const worker = createFunction(${JSON.stringify({ ...options, environment: {}, awsEndpoint: '', freeze })});
    const { body } = await worker.invoke('{"do":"answer"}');
    console.log(JSON.parse(body).pid);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [chunk] = await once(parent.stdout, 'data');
  const pid = Number(String(chunk));
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await until(() => !isAlive(pid));
});
