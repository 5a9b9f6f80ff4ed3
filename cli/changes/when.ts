import { InvalidArgumentError } from 'commander';
import { wrongUsage } from '../terminal/io.ts';
import { problemOf } from '../validation.ts';

const SECOND_MS = 1_000;
const UNITS_MS: Record<string, number> = {
  s: SECOND_MS,
  m: 60 * SECOND_MS,
  h: 3_600 * SECOND_MS,
  d: 86_400 * SECOND_MS,
};
const LONGEST_AHEAD_MS = 365 * 86_400 * SECOND_MS;

/** So long, as it was typed. */
export interface Duration {
  typed: string;
  ms: number;
}

/** A moment as it was typed: a time, or so long from now. */
export type When = Duration | { typed: string; at: number };

/** Reads "90m", "8h", "2d". */
export function duration(typed: string): Duration {
  const read = readDuration(typed);
  if (read === undefined) throw new InvalidArgumentError('Give a duration such as 90m, 8h or 2d.');
  return read;
}

/** Reads an RFC 3339 time or a duration. */
export function when(typed: string): When {
  const read = problemOf('notAfter', typed) === undefined ? { typed, at: Date.parse(typed) } : readDuration(typed);
  if (read !== undefined) return read;
  throw new InvalidArgumentError(
    'Give an RFC 3339 time such as 2026-11-23T18:00:00Z, or a duration such as 90m, 8h or 2d.',
  );
}

function readDuration(typed: string): Duration | undefined {
  const [, count = '', unit = ''] = /^([1-9]\d{0,5})([smhd])$/.exec(typed) ?? [];
  const unitMs = UNITS_MS[unit];
  return unitMs === undefined ? undefined : { typed, ms: Number(count) * unitMs };
}

/**
 * The moment that is meant, which must lie ahead.
 * @param now by AWS's clock, which is known only after an answer of AWS.
 */
export function momentAhead(option: string, moment: When, now: number): number {
  const at = 'at' in moment ? moment.at : now + moment.ms;
  if (at <= now) {
    throw wrongUsage(`${option} has passed: AWS's clock says ${new Date(now).toISOString()}; give a later time.`);
  }
  if (at - now > LONGEST_AHEAD_MS) throw wrongUsage(`${option} is more than a year ahead; give an earlier time.`);
  return at;
}
