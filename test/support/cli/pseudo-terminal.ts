import { spawn } from '@lydell/node-pty';
import { onTestFinished } from 'vitest';
import { EmulatedScreen } from './emulated-screen.ts';

/** Only what fails takes so long. */
const LIMIT_MS = 30_000;
const ESCAPE = '\u001b';

export interface TerminalRun {
  screen: EmulatedScreen;
  /** All that was written, as it was. */
  written(): string;
  type(keys: string): void;
  /** As another program sends it. */
  signal(name: NodeJS.Signals): void;
  resize(columns: number, rows: number): void;
  /** Closes the terminal's window: the program is told so, and can write to it no more. */
  close(): void;
  /** Waits until the screen shows it. */
  shows(what: RegExp): Promise<void>;
  until(what: string, isSo: () => boolean): Promise<void>;
  ended: Promise<{ code: number; signal: number }>;
}

export interface TerminalOptions {
  env: Record<string, string | undefined>;
  columns?: number;
  rows?: number;
}

export const KEYS = { ctrlC: '\u0003', ctrlD: '\u0004', enter: '\r' } as const;

/** Runs a program in a terminal, as a person would. It is killed at the end of the test, if it still runs. */
export function runInTerminal(file: string, args: readonly string[], options: TerminalOptions): TerminalRun {
  const { env, columns = 100, rows = 40 } = options;
  const screen = new EmulatedScreen(columns, rows);
  const terminal = spawn(file, [...args], { cols: columns, rows, name: env.TERM ?? 'xterm-256color', env });
  let written = '';
  let unread = '';
  const waiting = new Set<() => void>();
  terminal.onData((data) => {
    written += data;
    // A sequence may come in two pieces.
    const text = unread + data;
    const last = text.lastIndexOf(ESCAPE);
    const isCut = last >= 0 && !/[A-Za-z]/.test(text.slice(last));
    unread = isCut ? text.slice(last) : '';
    screen.write(isCut ? text.slice(0, last) : text);
    for (const look of waiting) look();
  });
  let hasEnded = false;
  const ended = new Promise<{ code: number; signal: number }>((resolve) => {
    terminal.onExit(({ exitCode, signal = 0 }) => {
      hasEnded = true;
      resolve({ code: exitCode, signal });
      for (const look of waiting) look();
    });
  });
  onTestFinished(() => {
    if (!hasEnded) terminal.kill('SIGKILL');
  });
  const until = (what: string, isSo: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const fail = (why: string): void => {
        done();
        reject(new Error(`${why} before ${what}. The screen:\n${screen.text}`));
      };
      const timer = setTimeout(() => fail(`${LIMIT_MS} ms passed`), LIMIT_MS);
      const done = (): void => {
        clearTimeout(timer);
        waiting.delete(look);
      };
      const look = (): void => {
        if (isSo()) {
          done();
          resolve();
        } else if (hasEnded) fail('The program ended');
      };
      waiting.add(look);
      look();
    });
  return {
    screen,
    written: () => written,
    type: (keys) => terminal.write(keys),
    signal: (name) => terminal.kill(name),
    resize(newColumns, newRows) {
      screen.resize(newColumns, newRows);
      terminal.resize(newColumns, newRows);
    },
    // Its types lack it.
    close: () => (terminal as typeof terminal & { destroy(): void }).destroy(),
    until,
    shows: (what) => until(`it showed ${what}`, () => what.test(screen.text)),
    ended,
  };
}
