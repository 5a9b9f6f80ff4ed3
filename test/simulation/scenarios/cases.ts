import type { Case } from './case.ts';
import { HOLD_CASES } from './hold-cases.ts';
import { LEDGER_CASES } from './ledger-cases.ts';
import { OUTAGE_CASES } from './outage-cases.ts';
import { PACE_CASES } from './pace-cases.ts';
import { TROUBLED_USER_CASES } from './troubled-user-cases.ts';

export const CASES: readonly Case[] = [
  ...PACE_CASES,
  ...OUTAGE_CASES,
  ...HOLD_CASES,
  ...TROUBLED_USER_CASES,
  ...LEDGER_CASES,
];

/** The cases of these names, or whose names begin so; all where none is named. */
export function casesNamed(names: readonly string[]): readonly Case[] {
  if (names.length === 0) return CASES;
  return names.flatMap((wanted) => {
    const exact = CASES.filter(({ name }) => name === wanted);
    const found = exact.length > 0 ? exact : CASES.filter(({ name }) => name.startsWith(wanted));
    if (found.length === 0) throw new Error(`No case is named ${wanted}; --list names them.`);
    return found;
  });
}
