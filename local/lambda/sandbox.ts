import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Keeper } from './keeper.ts';
import { type RuntimeApi, startRuntimeApi } from './runtime-api.ts';

/** How one invocation ended, from the service's point of view. */
export type InvocationResult =
  | { kind: 'response'; body: string }
  /** The handler threw; `body` is the error as JSON. */
  | { kind: 'error'; body: string }
  | { kind: 'timeout' }
  /** The process ended before it answered, during start or work. */
  | { kind: 'crash'; detail: string };

export interface SandboxOptions {
  functionArn: string;
  /** The function's whole environment; only `PATH` is taken over from this process. */
  environment: Readonly<Record<string, string>>;
  memoryMb: number;
  timeoutMs: number;
  /** Stop the process between invocations, as Lambda freezes its sandboxes. */
  freeze: boolean;
  keeper: Keeper;
  /** Called with each line that the function prints, and each line about the sandbox itself. */
  onLine(line: string): void;
  /** Called when the process has ended. */
  onEnd(): void;
}

export interface Sandbox {
  id: string;
  invoke(payload: string): Promise<InvocationResult>;
  /** Kills it, whatever it is doing. */
  kill(): Promise<void>;
}

/** How long Lambda lets a sandbox start. */
const INIT_TIMEOUT_MS = 10_000;

const RUNTIME_CLIENT = fileURLToPath(import.meta.resolve('aws-lambda-ric'));
const NATIVE_CLIENT = new URL('./native-client.mjs', import.meta.url).href;

/** One process that runs AWS's runtime interface client with the function's bundle, one invocation at a time. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const id = randomUUID();
  const current = createCurrentInvocation();
  const gone = Promise.withResolvers<void>();
  let asksForWork = Promise.withResolvers<void>();
  let ended: string | undefined;
  const api: RuntimeApi = await startRuntimeApi({
    onReady: () => {
      asksForWork.resolve();
      if (!current.isUnderWay()) runtime.freeze();
    },
    onResponse: (requestId, body) => current.finish(requestId, { kind: 'response', body }),
    onError: (requestId, body) => current.finish(requestId, { kind: 'error', body }),
    onInitError: (body) => options.onLine(`INIT_ERROR ${body}`),
  });
  const runtime = startProcess(options, api.address, id, (detail) => {
    ended = detail;
    asksForWork.resolve();
    current.crash(detail);
    options.onEnd();
    void api.close().then(gone.resolve);
  });

  return {
    id,
    invoke,
    kill: async () => {
      runtime.kill();
      await gone.promise;
    },
  };

  async function invoke(payload: string): Promise<InvocationResult> {
    const requestId = randomUUID();
    const result = current.begin(requestId);
    if (ended !== undefined) current.crash(ended);
    const initTimer = setTimeout(runtime.kill, INIT_TIMEOUT_MS);
    await asksForWork.promise;
    clearTimeout(initTimer);
    const timer = setTimeout(() => timeOut(requestId), options.timeoutMs);
    if (current.isUnderWay()) {
      asksForWork = Promise.withResolvers();
      runtime.thaw();
      const deadlineMs = Date.now() + options.timeoutMs;
      api.give({ requestId, payload, functionArn: options.functionArn, deadlineMs });
    }
    const outcome = await result;
    clearTimeout(timer);
    return outcome;
  }

  function timeOut(requestId: string): void {
    const seconds = (options.timeoutMs / 1000).toFixed(2);
    options.onLine(`${new Date().toISOString()} ${requestId} Task timed out after ${seconds} seconds`);
    current.finish(requestId, { kind: 'timeout' });
    runtime.kill();
  }
}

/** The invocation under way, if there is one. Its first result counts. */
function createCurrentInvocation() {
  let current: { requestId: string; settle: (result: InvocationResult) => void } | undefined;
  const finish = (requestId: string, result: InvocationResult) => {
    if (current?.requestId !== requestId) return;
    const { settle } = current;
    current = undefined;
    settle(result);
  };
  return {
    begin: (requestId: string) =>
      new Promise<InvocationResult>((settle) => {
        current = { requestId, settle };
      }),
    finish,
    crash: (detail: string) => {
      if (current !== undefined) finish(current.requestId, { kind: 'crash', detail });
    },
    isUnderWay: () => current !== undefined,
  };
}

/** The sandbox's process. @param onEnd is called once, with how it ended. */
function startProcess(options: SandboxOptions, runtimeApi: string, id: string, onEnd: (detail: string) => void) {
  const child = spawn(process.execPath, runtimeArguments(options.memoryMb), {
    env: sandboxEnvironment(options.environment, runtimeApi, id),
    cwd: options.environment.LAMBDA_TASK_ROOT,
    stdio: ['pipe', 'pipe', 'pipe'],
    // In a session of its own, so that Ctrl-C in the terminal does not reach it.
    detached: true,
  });
  child.stdin.on('error', () => {});
  if (child.pid !== undefined) options.keeper.watch(child.pid);
  for (const stream of [child.stdout, child.stderr]) eachLine(stream, options.onLine);
  let isAlive = true;
  let isFrozen = false;
  const end = (detail: string) => {
    if (!isAlive) return;
    isAlive = false;
    if (child.pid !== undefined) options.keeper.forget(child.pid);
    onEnd(detail);
  };
  child.on('error', (error) => end(error.message));
  child.on('exit', (code, signal) => end(signal === null ? `exit status ${code}` : `signal ${signal}`));
  const signal = (name: NodeJS.Signals) => {
    if (isAlive) child.kill(name);
  };
  return {
    kill: () => signal('SIGKILL'),
    freeze: () => {
      if (!options.freeze || isFrozen) return;
      isFrozen = true;
      signal('SIGSTOP');
    },
    thaw: () => {
      if (!isFrozen) return;
      isFrozen = false;
      signal('SIGCONT');
    },
  };
}

/** Node's options as Lambda sets them: the heap gets 90% of the function's memory. */
function runtimeArguments(memoryMb: number): string[] {
  return [`--max-old-space-size=${Math.floor(memoryMb * 0.9)}`, '--import', NATIVE_CLIENT, RUNTIME_CLIENT];
}

function sandboxEnvironment(own: Readonly<Record<string, string>>, runtimeApi: string, id: string) {
  return {
    PATH: process.env.PATH ?? '',
    ...own,
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_LAMBDA_LOG_STREAM_NAME: `local/[$LATEST]${id.replaceAll('-', '')}`,
  };
}

function eachLine(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
  });
}
