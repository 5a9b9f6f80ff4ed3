import { duration, number } from '../report/summary.ts';
import type { ServiceError } from '../world/options.ts';
import { type Case, HOUR_MS } from './case.ts';
import { optionsWith } from './healthy.ts';

const ERRORS: readonly { name: string; error: ServiceError }[] = [
  { name: 'denied', error: 'AccessDeniedException' },
  { name: 'missing', error: 'ResourceNotFoundException' },
  { name: 'throttles', error: 'ThrottlingException' },
];

/** The ledger refuses at once, in milliseconds. */
export const LEDGER_CASES: readonly Case[] = ERRORS.map(({ name, error }) => ({
  name: `ledger-${name}`,
  aim: 'at most 10,000 receives in the hour',
  overrides: {
    endsAtMs: HOUR_MS,
    producers: { bulkJobs: 10_000, interactiveJobs: 10_000 },
    table: { faults: { ...optionsWith({}).table.faults, refuses: [{ error, fromMs: 0, toMs: HOUR_MS }] } },
  },
  judge(world) {
    const { interactive, bulk } = world.sources;
    const receives = interactive.delivered + bulk.delivered;
    return {
      figure: `${number(receives)} receives: ${number(interactive.delivered)} interactive, ${number(bulk.delivered)} bulk; ${duration(world.lambda.used.billedMs)} of Lambda time`,
      isMet: receives <= 10_000,
    };
  },
}));
