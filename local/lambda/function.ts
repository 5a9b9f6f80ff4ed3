import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CREDENTIALS, REGION } from '../aws/account.ts';
import { startKeeper } from './keeper.ts';
import { type InvocationResult, type Sandbox, startSandbox } from './sandbox.ts';

export interface FunctionOptions {
  name: string;
  arn: string;
  handler: string;
  /** The folder of the bundle. */
  codeDirectory: string;
  memoryMb: number;
  timeoutMs: number;
  environment: Readonly<Record<string, string>>;
  /** The endpoint of the function's SDK clients. */
  awsEndpoint: string;
  /** Freeze idle sandboxes, as Lambda does. */
  freeze: boolean;
  /** Where to write the function's lines and Lambda's own. */
  logFile?: string | undefined;
}

/** A function as Lambda runs it: sandboxes are started on demand, reused when idle, dropped when they die. */
export interface LambdaFunction {
  invoke(payload: string): Promise<InvocationResult>;
  /** Listens to every line that a sandbox prints. @returns how to stop listening. */
  onLine(listener: (line: string) => void): () => void;
  /** Counts of sandboxes. */
  sandboxes(): { alive: number; busy: number; started: number };
  /** Kills one sandbox as a crash would, preferably a busy one. @returns whether there was one. */
  killOne(): boolean;
  stop(): Promise<void>;
}

export function createFunction(options: FunctionOptions): LambdaFunction {
  const keeper = startKeeper();
  const alive = new Set<Promise<Sandbox>>();
  const busy = new Set<Sandbox>();
  /** The most recently used one is taken first, so the others grow cold, as with Lambda. */
  const idle: Sandbox[] = [];
  const listeners = new Set<(line: string) => void>();
  const environment = functionEnvironment(options);
  let started = 0;
  let stopped = false;
  if (options.logFile !== undefined) {
    mkdirSync(dirname(options.logFile), { recursive: true });
    writeFileSync(options.logFile, '');
  }

  function line(text: string): void {
    if (options.logFile !== undefined) appendFileSync(options.logFile, `${text}\n`);
    for (const listener of listeners) listener(text);
  }

  function start(): Promise<Sandbox> {
    started += 1;
    const starting: Promise<Sandbox> = startSandbox({
      functionArn: options.arn,
      environment,
      memoryMb: options.memoryMb,
      timeoutMs: options.timeoutMs,
      freeze: options.freeze,
      keeper,
      onLine: line,
      onEnd: () => {
        alive.delete(starting);
        void starting.then((sandbox) => {
          const at = idle.indexOf(sandbox);
          if (at >= 0) idle.splice(at, 1);
        });
      },
    });
    alive.add(starting);
    return starting;
  }

  return {
    invoke: async (payload) => {
      if (stopped) return { kind: 'crash', detail: 'the function is stopped' };
      const sandbox = idle.pop() ?? (await start());
      busy.add(sandbox);
      const result = await sandbox.invoke(payload);
      busy.delete(sandbox);
      if (result.kind === 'crash') line(`${new Date().toISOString()} the sandbox ended: ${result.detail}`);
      if (result.kind === 'response' || result.kind === 'error') idle.push(sandbox);
      return result;
    },
    onLine: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    sandboxes: () => ({ alive: alive.size, busy: busy.size, started }),
    killOne: () => {
      const [victim] = [...busy, ...idle];
      void victim?.kill();
      return victim !== undefined;
    },
    stop: async () => {
      stopped = true;
      await Promise.all([...alive].map(async (sandbox) => (await sandbox).kill()));
      keeper.stop();
    },
  };
}

/** The function's own variables, those that Lambda sets, and the stand-ins' endpoint. Nothing from this process's environment. */
function functionEnvironment(options: FunctionOptions): Record<string, string> {
  return {
    ...options.environment,
    AWS_ENDPOINT_URL: options.awsEndpoint,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_SESSION_TOKEN: CREDENTIALS.sessionToken,
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: options.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(options.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${options.name}`,
    LAMBDA_TASK_ROOT: options.codeDirectory,
    _HANDLER: options.handler,
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
  };
}
