import { type Command, InvalidArgumentError } from 'commander';
import type { Context } from './deployment/connect.ts';
import type { ExitCode } from './terminal/io.ts';

/** What a command line asks for. Its result is the exit code of the program. */
export type Work = (context: Context) => Promise<ExitCode>;

/** Adds a command, or a group of commands, to the program. The command that was typed chooses the work. */
export type Declaration = (program: Command, choose: (work: Work) => void) => void;

export const JSON_OPTION = ['--json', 'print JSON on stdout'] as const;

export function positiveInteger(value: string): number {
  if (!/^[1-9]\d{0,14}$/.test(value)) throw new InvalidArgumentError('Give a positive whole number.');
  return Number(value);
}

/** A positive number, or "all". */
export const limit = (value: string): number => (value === 'all' ? Number.POSITIVE_INFINITY : positiveInteger(value));
