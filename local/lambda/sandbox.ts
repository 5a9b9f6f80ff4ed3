import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Keeper } from './keeper.ts';
import { type RuntimeApi, startRuntimeApi } from './runtime-api.ts';

/** How one invocation ended, as the service sees it. */
export type InvocationResult =
  | { kind: 'response'; body: string }
  /** The handler threw; `body` is the error as JSON. */
  | { kind: 'error'; body: string }
  | { kind: 'timeout' }
  /** The process ended before it answered, while starting or while working. */
  | { kind: 'crash'; detail: string };

export interface SandboxOptions {
  functionArn: string;
  /** The whole environment of the function; nothing of this process's own is added but `PATH`. */
  environment: Readonly<Record<string, string>>;
  memoryMb: number;
  timeoutMs: number;
  /** Stops the process between invocations, as Lambda freezes its sandboxes. */
  freeze: boolean;
  keeper: Keeper;
  /** One line of what the function printed, or of what became of the sandbox. */
  onLine(line: string): void;
  /** The process is gone. */
  onEnd(): void;
}

export interface Sandbox {
  id: string;
  invoke(payload: string): Promise<InvocationResult>;
  /** Ends it at once, whatever it does. */
  kill(): Promise<void>;
}

/** Lambda gives a sandbox this long to start, and no longer. */
const INIT_TIMEOUT_MS = 10_000;

const RUNTIME_CLIENT = fileURLToPath(import.meta.resolve('aws-lambda-ric'));
const NATIVE_CLIENT = new URL('./native-client.mjs', import.meta.url).href;

/** One process that runs AWS's runtime interface client with the function's bundle. It works on one invocation at a time. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const id = randomUUID();
  let settle: ((result: InvocationResult) => void) | undefined;
  let current: string | undefined;
  let ended: string | undefined;
  let asksForWork = Promise.withResolvers<void>();
  const api: RuntimeApi = await startRuntimeApi({
    onReady: () => {
      asksForWork.resolve();
      if (current === undefined) freeze();
    },
    onResponse: (requestId, body) => finish(requestId, { kind: 'response', body }),
    onError: (requestId, body) => finish(requestId, { kind: 'error', body }),
    onInitError: (body) => options.onLine(`INIT_ERROR ${body}`),
  });

  const child = spawn(process.execPath, runtimeArguments(options.memoryMb), {
    env: sandboxEnvironment(options.environment, api.address, id),
    cwd: options.environment.LAMBDA_TASK_ROOT,
    stdio: ['pipe', 'pipe', 'pipe'],
    // A session of its own, so that Ctrl-C in the terminal is ours to handle.
    detached: true,
  });
  child.stdin.on('error', () => {});
  if (child.pid !== undefined) options.keeper.watch(child.pid);
  for (const stream of [child.stdout, child.stderr]) eachLine(stream, options.onLine);

  const gone = Promise.withResolvers<void>();
  const end = (detail: string) => {
    if (ended !== undefined) return;
    ended = detail;
    if (child.pid !== undefined) options.keeper.forget(child.pid);
    asksForWork.resolve();
    if (current !== undefined) finish(current, { kind: 'crash', detail });
    options.onEnd();
    void api.close().then(gone.resolve);
  };
  child.on('error', (error) => end(error.message));
  child.on('exit', (code, signal) => end(signal === null ? `exit status ${code}` : `signal ${signal}`));

  function finish(requestId: string, result: InvocationResult): void {
    if (requestId !== current) return;
    current = undefined;
    settle?.(result);
  }

  const signal = (name: NodeJS.Signals) => {
    if (ended === undefined) child.kill(name);
  };
  let frozen = false;
  function freeze(): void {
    if (!options.freeze || frozen || ended !== undefined) return;
    frozen = true;
    signal('SIGSTOP');
  }
  function thaw(): void {
    if (!frozen) return;
    frozen = false;
    signal('SIGCONT');
  }

  return {
    id,
    invoke: (payload) => invoke(payload),
    kill: async () => {
      signal('SIGKILL');
      await gone.promise;
    },
  };

  async function invoke(payload: string): Promise<InvocationResult> {
    const requestId = randomUUID();
    current = requestId;
    const result = new Promise<InvocationResult>((resolve) => {
      settle = resolve;
    });
    if (ended !== undefined) finish(requestId, { kind: 'crash', detail: ended });
    const initTimer = setTimeout(() => signal('SIGKILL'), INIT_TIMEOUT_MS);
    await asksForWork.promise;
    clearTimeout(initTimer);
    const timer = setTimeout(() => timeOut(), options.timeoutMs);
    if (current === requestId) {
      asksForWork = Promise.withResolvers();
      thaw();
      const deadlineMs = Date.now() + options.timeoutMs;
      api.give({ requestId, payload, functionArn: options.functionArn, deadlineMs });
    }
    const outcome = await result;
    clearTimeout(timer);
    return outcome;

    function timeOut(): void {
      const seconds = (options.timeoutMs / 1000).toFixed(2);
      options.onLine(`${new Date().toISOString()} ${requestId} Task timed out after ${seconds} seconds`);
      finish(requestId, { kind: 'timeout' });
      signal('SIGKILL');
    }
  }
}

/** Node's options as Lambda sets them: the heap gets nine tenths of the function's memory. */
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
