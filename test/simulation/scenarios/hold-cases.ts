import { duration, number } from '../report/summary.ts';
import {
  alarmsOf,
  type Case,
  DAY_MS,
  HOUR_MS,
  lastResetOf,
  lettersOf,
  MINUTE_MS,
  mostReceives,
  openOf,
  quota,
  SECOND_MS,
} from './case.ts';

const EXPIRED = { fromMs: 10 * MINUTE_MS, toMs: 70 * MINUTE_MS } as const;

const token: Case[] = (['replaced', 'renewed'] as const).map((how) => ({
  name: `token-${how}`,
  aim: 'at most 130 calls in the hour, no dead letters, drained after',
  overrides: {
    producers: { bulkJobs: 60 * 60 },
    budget: quota(60, 10),
    api: quota(60, 10),
    secret: {
      expiresAtMs: EXPIRED.fromMs,
      ...(how === 'replaced' ? { replacedAtMs: EXPIRED.toMs } : { renewedAtMs: EXPIRED.toMs }),
    },
  },
  judge(world) {
    const calls = world.measures.total('calls', EXPIRED.fromMs, EXPIRED.toMs);
    const letters = world.deadLetters.sends;
    return {
      figure: `${calls} calls, ${letters} dead letters, ${world.isDrained ? 'drained' : 'not drained'}`,
      isMet: calls <= 130 && letters === 0 && world.isDrained,
    };
  },
}));

const LONE_MS = MINUTE_MS;

const lone: Case[] = (
  [
    { name: '10min', badMs: 10 * MINUTE_MS, withinMs: 35 * SECOND_MS },
    { name: 'day', badMs: DAY_MS, withinMs: 10 * MINUTE_MS },
  ] as const
).flatMap(({ name, badMs, withinMs }) =>
  (['replaced', 'set'] as const).map((how) => ({
    name: `lone-token-${how}-${name}`,
    aim: `a lone request goes on within ${duration(withinMs)} of the token being ${how}`,
    overrides: {
      faultsUntilMs: LONE_MS + badMs,
      producers: { interactiveJobs: 1 },
      secret:
        how === 'replaced' ? { expiresAtMs: 0, replacedAtMs: LONE_MS + badMs } : { emptyUntilMs: LONE_MS + badMs },
    },
    judge(world) {
      const [open, afterMs] = [openOf(world), lastResetOf(world) - (LONE_MS + badMs)];
      return {
        figure: `${open} not reset, the last ${duration(afterMs)} after; up to ${mostReceives(world)} receives`,
        isMet: open === 0 && afterMs <= withinMs && world.deadLetters.sends === 0,
      };
    },
  })),
);

const WRONG_URL_MS = 12 * HOUR_MS;

const wrongUrl: Case = {
  name: 'wrong-url',
  aim: 'at most 60 dead letters a lane in 12 hours, nothing lost after',
  overrides: {
    // The world goes on until then, even where the queues are empty long before.
    faultsUntilMs: WRONG_URL_MS + MINUTE_MS,
    producers: { bulkJobs: 10_000, interactiveJobs: 10_000 },
    budget: quota(300, 60),
    api: { ...quota(300, 60), phases: [{ kind: 'wrong-url', fromMs: 0, toMs: WRONG_URL_MS }] },
    acts: [{ atMs: WRONG_URL_MS, act: 'redrive all' }],
  },
  judge(world) {
    const { deadLetters, requests } = world;
    const letters = { interactive: 0, bulk: 0 };
    let open = 0;
    for (let request = 0; request < requests.count; request += 1) {
      // All letters of the time were sent back once, by the operator.
      letters[requests.laneOf(request)] += requests.redrives.get(request);
      if (requests.resets.get(request) === 0) open += 1;
    }
    const most = Math.max(letters.interactive, letters.bulk);
    return {
      figure: `${letters.interactive} interactive, ${letters.bulk} bulk; alarms: ${alarmsOf(world)}; ${open} not reset, ${deadLetters.letters.size} letters left`,
      isMet: most <= 60 && alarmsOf(world) !== 'none' && open === 0 && world.isDrained,
    };
  },
};

/** All calls are held from the start, by a token that is not accepted, until then. */
const heldUntil = (untilMs: number) => ({ expiresAtMs: 0, renewedAtMs: untilMs });

const holdOfAnHour: Case = {
  name: 'hold-of-an-hour',
  aim: 'at most 1,500 receives and 2.2 s of Lambda time a second',
  overrides: {
    endsAtMs: HOUR_MS,
    producers: { bulkJobs: 100_000 },
    budget: quota(60, 10),
    api: quota(60, 10),
    secret: heldUntil(HOUR_MS),
  },
  judge(world) {
    const receives = world.sources.bulk.delivered + world.sources.interactive.delivered;
    const seconds = world.lambda.used.billedMs / world.timeMs;
    return {
      figure: `${number(receives)} receives, ${number(seconds, 2)} s a second`,
      isMet: receives <= 1_500 && seconds <= 2.2,
    };
  },
};

const HELD_DAYS_MS = 5 * DAY_MS;

const holdOfFiveDays: Case = {
  name: 'hold-of-five-days',
  aim: 'nothing dead-lettered, all reset within an hour after',
  overrides: {
    faultsUntilMs: HELD_DAYS_MS,
    producers: { bulkJobs: 5 },
    budget: quota(60, 10),
    api: quota(60, 10),
    secret: heldUntil(HELD_DAYS_MS),
  },
  judge(world) {
    const resets = world.measures.total('resets');
    const afterMs = world.timeMs - HELD_DAYS_MS;
    const receives = mostReceives(world);
    return {
      figure: `${resets} reset, the last ${duration(afterMs)} after; ${world.deadLetters.sends} dead letters, up to ${receives} receives`,
      isMet: resets === 5 && afterMs <= HOUR_MS && world.deadLetters.sends === 0,
    };
  },
};

const PAUSES = [
  { hours: 60, waiting: 1 },
  { hours: 72, waiting: 5 },
] as const;

const paused: Case[] = PAUSES.map(({ hours, waiting }) => ({
  name: `paused-${hours}h-${waiting}`,
  aim: 'nothing moved to the dead-letter queue by SQS, all reset within 20 min of the resume',
  overrides: {
    faultsUntilMs: hours * HOUR_MS,
    producers: { bulkJobs: waiting },
    acts: [
      { atMs: 0, act: 'pause', scope: 'bulk' },
      { atMs: hours * HOUR_MS, act: 'resume', scope: 'bulk' },
    ],
  },
  judge(world) {
    const moved = world.deadLetters.byReason.get('not-processed') ?? 0;
    const [open, afterMs] = [openOf(world), lastResetOf(world) - hours * HOUR_MS];
    return {
      figure: `${moved} moved by SQS, ${open} not reset, the last ${duration(afterMs)} after; up to ${mostReceives(world)} receives`,
      isMet: moved === 0 && open === 0 && afterMs >= 0 && afterMs <= 20 * MINUTE_MS,
    };
  },
}));

const OVERNIGHT_MS = 8 * HOUR_MS;

const throttled: Case = {
  name: 'overnight-429-5',
  aim: 'no dead letters: the quota is nobody’s fault',
  overrides: {
    faultsUntilMs: OVERNIGHT_MS,
    producers: { bulkJobs: 5 },
    api: { phases: [{ kind: 'quota', factor: 0, fromMs: 0, toMs: OVERNIGHT_MS }] },
  },
  judge(world) {
    const [open, afterMs] = [openOf(world), lastResetOf(world) - OVERNIGHT_MS];
    return {
      figure: `${lettersOf(world)}, ${open} not reset, the last ${duration(afterMs)} after`,
      isMet: world.deadLetters.sends === 0 && open === 0,
    };
  },
};

const PAGES_MS = 2 * HOUR_MS;

const page: Case = {
  name: 'html-page',
  aim: 'nobody is taken as reset, at most 60 dead letters, an alarm',
  overrides: {
    endsAtMs: PAGES_MS,
    producers: { bulkJobs: 10_000 },
    budget: quota(300, 60),
    api: { ...quota(300, 60), phases: [{ kind: 'html', fromMs: 0, toMs: PAGES_MS }] },
  },
  judge(world) {
    const letters = world.deadLetters.sends;
    return {
      figure: `${lettersOf(world)}; alarms: ${alarmsOf(world)}`,
      isMet: letters <= 60 && alarmsOf(world) !== 'none',
    };
  },
};

/** Holds of every cause but an outage. */
export const HOLD_CASES: readonly Case[] = [
  ...token,
  ...lone,
  wrongUrl,
  holdOfAnHour,
  holdOfFiveDays,
  ...paused,
  throttled,
  page,
];
