import type { SiftedRow } from './sieve.ts';

/** Why a row is left out, as the end of a sentence that names its line. */
export function causeOf(row: Exclude<SiftedRow, { kind: 'taken' }>): string {
  switch (row.kind) {
    case 'invalid':
      return row.problem;
    case 'other':
      return 'is none of those that --where takes';
    case 'excluded':
      return `is excluded by ${row.file}`;
    case 'duplicate':
      return `repeats line ${row.firstLine}`;
    case 'reset before':
      return `was reset in campaign ${row.campaignId}`;
  }
}
