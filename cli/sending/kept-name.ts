import { basename } from 'node:path';
import { mayHoldAddress } from '../validation.ts';

/** What is kept of a file's name: not even that, if it may name a person. */
export function keptName(file: string): string {
  const name = basename(file);
  return mayHoldAddress(name) ? '(a name that may hold an address)' : name;
}
