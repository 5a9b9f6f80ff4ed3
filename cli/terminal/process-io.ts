import { randomUUID } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { invocationOf } from './invocation.ts';
import { EXIT, type Io } from './io.ts';

/** Ctrl-C, the end of a session's service, and the end of its terminal. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Who is kept waiting longer is told so. */
const PATIENCE_MS = 1000;

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
    program: invocationOf({
      node: process.argv0,
      file: process.argv[1] ?? 'resets',
      folder: process.cwd(),
      env: process.env,
      isExecutable,
    }),
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

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * `resets … | head` closes the pipe when it has enough; whoever reads no more wants no more work done. A terminal that is gone ends nothing
 * by itself: what is under way comes to its end, and the signal says so. Nor does a log that cannot be written: nobody could be told.
 */
export function exitAtClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'EPIPE' && stream === process.stdout) process.exit(EXIT.done);
      if (code === 'EPIPE' || code === 'EIO' || stream === process.stderr) return;
      process.stderr.write(
        `The output cannot be written (${code}); what was to be changed may be changed, see actions.\n`,
      );
      process.exit(EXIT.failed);
    });
  }
}

/** A second signal does not wait for the work to end. */
async function graceful<T>(work: (interrupted: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let patience: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
    patience = setTimeout(() => {
      process.stderr.write('\nStopping as soon as what is under way has ended; Ctrl-C again stops at once.\n');
    }, PATIENCE_MS);
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(patience);
    for (const signal of SIGNALS) process.off(signal, interrupt);
  }
}
