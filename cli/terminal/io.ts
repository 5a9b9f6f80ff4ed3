import { once } from 'node:events';

/** What the exit codes of every command mean. */
export const EXIT = { done: 0, failed: 1, wrongUsage: 2, partly: 3, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An expected failure: the message is one line for the operator that names the thing and the way out. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.failed, cause?: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}

export const wrongUsage = (message: string): CommandFailed => new CommandFailed(message, EXIT.wrongUsage);

type Input = NodeJS.ReadableStream & { isTTY?: boolean };
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number; rows?: number };

/** Everything that a command takes from the process it runs in. */
export interface Io {
  stdin: Input;
  /** Only results, so that they can be piped. */
  stdout: Output;
  /** Progress, questions and faults. */
  stderr: Output;
  env: Record<string, string | undefined>;
  clock: {
    /** Milliseconds since the epoch. */
    now(): number;
    /** Ends early, without an error, when the signal is given. */
    sleep(ms: number, signal?: AbortSignal): Promise<void>;
    /** Does work again and again, each time so long after the last, until it is told to stop. Work that has begun ends. */
    every(ms: number, work: () => Promise<void>): { stop(): Promise<void> };
  };
  /** How this run was started, to be pasted: "npx resets". */
  program: string;
  newId(): string;
  /** Runs work that ends on its own soon after its signal is given. Elsewhere Ctrl-C ends the process at once. */
  graceful<T>(work: (interrupted: AbortSignal) => Promise<T>): Promise<T>;
}

/** Writes a line and waits while the reader of a pipe is slower than the writer. Nobody waits for one that is gone. */
export async function print(stream: Output, line: string): Promise<void> {
  if (!stream.write(`${line}\n`)) await once(stream, 'drain').catch(() => {});
}
