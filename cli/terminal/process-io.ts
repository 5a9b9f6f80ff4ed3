import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { EXIT, type Io } from './io.ts';

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
      sleep: (ms, signal) => wait(ms, undefined, signal && { signal }).catch(() => {}),
    },
    newId: () => randomUUID(),
    graceful,
  };
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
