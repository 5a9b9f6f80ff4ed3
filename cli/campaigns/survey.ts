import type { AddressFile } from '../addresses/address-file.ts';
import type { Io } from '../terminal/io.ts';
import type { LeftOutFile } from './left-out-file.ts';
import type { Sieve } from './sieve.ts';

/** What is taken of a file, and what is left out and why. Lists are cut after their first 10,000. */
export interface Survey {
  taken: number;
  other: number;
  /** All that the API would refuse, those to reset by hand among them. */
  invalidCount: number;
  invalid: { line: number; problem: string }[];
  /** Addresses that mail may reach and that only the API's pattern refuses. */
  byHandCount: number;
  byHand: { line: number; email: string }[];
  duplicateCount: number;
  duplicates: { line: number; firstLine: number }[];
  excluded: { file: string; count: number }[];
  resetBefore: { campaignId: string; count: number }[];
  /** Five addresses that are taken, whole. */
  sample: string[];
}

/** Reads the whole file and fills the sieve's roster; on stderr it shows how far it is. */
export async function surveyOf(
  _io: Pick<Io, 'stderr' | 'clock' | 'env'>,
  _file: AddressFile,
  _sieve: Sieve,
  _leftOut?: LeftOutFile,
): Promise<Survey> {
  throw new Error('Not yet written.');
}

/** The part of the preview that is about the file. Addresses are masked. */
export function surveyLines(
  _io: Pick<Io, 'stderr' | 'env'>,
  _file: AddressFile,
  _survey: Survey,
  _leftOut?: string,
): string[] {
  throw new Error('Not yet written.');
}

/** The same for `--json`, addresses masked. */
export function surveyJson(_survey: Survey): Record<string, unknown> {
  throw new Error('Not yet written.');
}
