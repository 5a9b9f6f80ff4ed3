import { duration, number } from '../report/summary.ts';
import type { ServiceError } from '../world/options.ts';
import { TRAIT } from '../world/requests.ts';
import { type Case, HOUR_MS, lastCallOf, MINUTE_MS, openOf, quota, SECOND_MS } from './case.ts';
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

/** Not a whole minute: what is looked at once a minute would be looked at just then. */
const CANCELLED_AT_MS = 5 * MINUTE_MS + 7 * SECOND_MS;
const LATEST_CALL_MS = 10 * SECOND_MS;
const DROPPED_WITHIN_MS = 10 * MINUTE_MS;

/** A campaign that nearly all of its requests still wait for, cancelled by an operator, in a lane that works or that has been paused. */
const cancelled: Case[] = [false, true].map((isPaused) => ({
  name: `cancelled-100000${isPaused ? '-paused' : ''}`,
  aim: 'no call begins more than 10 s after the cancellation; all dropped within 10 min',
  overrides: {
    endsAtMs: CANCELLED_AT_MS + HOUR_MS,
    producers: { bulkJobs: 100_000, inCampaign: 1, campaignCancelledAtMs: CANCELLED_AT_MS },
    acts: isPaused ? [{ atMs: CANCELLED_AT_MS - 2 * MINUTE_MS, act: 'pause', scope: 'bulk' }] : [],
  },
  judge(world) {
    const callMs = lastCallOf(world, TRAIT.inCampaign) - CANCELLED_AT_MS;
    const droppedMs = world.timeMs - CANCELLED_AT_MS;
    const word = callMs > 0 ? 'after' : 'before';
    return {
      figure: `last call ${duration(Math.abs(callMs))} ${word}, ${world.isDrained ? 'all dropped' : 'not all dropped'} after ${duration(droppedMs)}`,
      isMet: callMs <= LATEST_CALL_MS && world.isDrained && droppedMs <= DROPPED_WITHIN_MS,
    };
  },
}));

/** The ledger refuses, or answers with what was, or says that a campaign is cancelled. */
export const LEDGER_CASES: readonly Case[] = [...refusing, staleReads, ...cancelled];
