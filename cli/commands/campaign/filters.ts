import { InvalidArgumentError } from 'commander';
import type { Condition } from '../../addresses/address-file.ts';

/** Of an option that may be given again. */
export const collected = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** "country=DE", of an option that may be given again. */
export function condition(typed: string, before: readonly Condition[] = []): Condition[] {
  const [, column = '', value = ''] = /^([^=]+)=(.*)$/s.exec(typed) ?? [];
  if (column.trim() === '') throw new InvalidArgumentError('Give COLUMN=VALUE, such as country=DE.');
  return [...before, { column: column.trim(), value: value.trim() }];
}
