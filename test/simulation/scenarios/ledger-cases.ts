import { duration, number } from '../report/summary.ts';
import type { ServiceError } from '../world/options.ts';
import { type Case, HOUR_MS, MINUTE_MS, openOf, quota } from './case.ts';
import { optionsWith } from './healthy.ts';

const ERRORS: readonly { name: string; error: ServiceError }[] = [
  { name: 'denied', error: 'AccessDeniedException' },
  { name: 'missing', error: 'ResourceNotFoundException' },
  { name: 'throttles', error: 'ThrottlingException' },
];

/** At once, in milliseconds. */
const refusing: Case[] = ERRORS.map(({ name, error }) => ({
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

const USERS = 15;

/** Users who answer 404 whenever they are redriven, which is at once, beside others who keep the brake off. */
const staleReads: Case = {
  name: 'redriven-at-once',
  aim: 'nothing lost where replicas lag by up to a second',
  overrides: {
    faultsUntilMs: 5 * MINUTE_MS,
    producers: { bulkJobs: 1_500, troubled: [{ trouble: 'notFound', lane: 'interactive', count: USERS, atMs: 0 }] },
    operator: { everyMs: 100, redrives: 1, mostRedrives: 20 },
    budget: quota(600, 20),
    api: quota(600, 20),
    table: { lagMs: 1_000 },
  },
  judge(world) {
    const left = world.deadLetters.letters.size;
    return {
      figure: `${number(world.deadLetters.sends)} letters, ${left} of ${USERS} left at the end`,
      isMet: left === USERS && openOf(world) === USERS,
    };
  },
};

/** The ledger refuses, or answers with what was. */
export const LEDGER_CASES: readonly Case[] = [...refusing, staleReads];
