import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from './deployment/connect.ts';
import type { ExitCode } from './terminal/io.ts';

/** What a command line asks for. Its result is the exit code of the program. */
export type Work = (context: Context) => Promise<ExitCode>;

/** Adds a command, or a group of commands, to the program. The command that was typed chooses the work. */
export type Declaration = (program: Command, choose: (work: Work) => void) => void;

export const JSON_OPTION = ['--json', 'print JSON on stdout'] as const;

/** A positive number, or "all". */
export const limit = (value: string): number => (value === 'all' ? Number.POSITIVE_INFINITY : positiveInteger(value));

export function positiveInteger(value: string): number {
  if (!/^[1-9]\d{0,14}$/.test(value)) throw new InvalidArgumentError('Give a positive whole number.');
  return Number(value);
}

/** For the end of a command's help: lines to paste, and what each is for where that needs to be said. */
export function examples(...lines: readonly (readonly [line: string, what?: string])[]): string {
  const width = Math.max(...lines.map(([line]) => line.length));
  const shown = lines.map(([line, what]) => (what === undefined ? line : `${line.padEnd(width)}  # ${what}`));
  return ['', lines.length === 1 ? 'Example:' : 'Examples:', ...shown.map((line) => `  ${line}`)].join('\n');
}
