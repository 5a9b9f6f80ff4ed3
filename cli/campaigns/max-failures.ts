import { InvalidArgumentError } from 'commander';

/** How many requests of a canary may fail, as it was typed: "5" or "20%". */
export interface MaxFailures {
  typed: string;
  /** Of a canary of so many requests, the most that may fail. */
  of(size: number): number;
}

/** Reads "5" or "20%"; a part of a request is none. */
export function maxFailures(typed: string): MaxFailures {
  const [, digits = '', unit] = /^(\d{1,7})(%?)$/.exec(typed) ?? [];
  const value = Number(digits);
  if (digits === '' || (unit === '%' && value > 100)) {
    throw new InvalidArgumentError('Give how many may fail, such as 5, or a share of the canary, such as 20%.');
  }
  return { typed, of: unit === '%' ? (size) => Math.floor((size * value) / 100) : () => value };
}

/** The canary is there for a wrong URL, owner or column, with which all fail, and not for some who are gone. */
export const DEFAULT_MAX_FAILURES = maxFailures('50%');
