import { randomUUID } from 'node:crypto';
import { isAbsolute, relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { EXIT, type Io } from './io.ts';
import { shellWord } from './text.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** The real streams, clock and signals. */
export function processIo(): Io {
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    clock: {
      now: () => Date.now(),
      sleep,
      every,
    },
    program: programOf(process.argv[1] ?? 'resets', process.cwd(), process.env),
    newId: () => randomUUID(),
    graceful,
  };
}

const sleep: Io['clock']['sleep'] = (ms, signal) => wait(ms, undefined, signal && { signal }).catch(() => {});

const every: Io['clock']['every'] = (ms, work) => {
  const stopped = new AbortController();
  const repeat = async (): Promise<void> => {
    for (;;) {
      await sleep(ms, stopped.signal);
      if (stopped.signal.aborted) return;
      await work();
    }
  };
  const repeated = repeat();
  // Whoever stops it hears of its failure.
  repeated.catch(() => {});
  return {
    stop() {
      stopped.abort();
      return repeated;
    },
  };
};

/**
 * The words that start this program again from the same folder.
 * @param file of the program, as Node was told.
 */
export function programOf(file: string, folder: string, env: Io['env']): string {
  // npm says in whose name it runs a program.
  if (env.npm_command === 'exec') return 'npx resets';
  if (env.npm_lifecycle_event === 'resets') return 'npm run resets --';
  const below = relative(folder, file);
  const path = below.startsWith('..') || isAbsolute(below) ? file : below;
  return `node ${shellWord(path)}`;
}

/** `resets … | head` closes the pipe when it has enough; whoever reads no more wants no more work done. */
export function exitAtClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(EXIT.done);
  });
}

/** A second signal does not wait for the work to end. */
async function graceful<T>(work: (interrupted: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}
