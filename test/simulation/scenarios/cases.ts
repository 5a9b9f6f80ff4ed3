import {
  lambdaSecondsAReset,
  percentilesOf,
  refusedAMinute,
  refusedShare,
  steadyUse,
  timeToRate,
  useBetween,
  usedShare,
} from '../report/figures.ts';
import { duration, number, percent } from '../report/summary.ts';
import type { BudgetFactory } from '../world/budget.ts';
import type { World } from '../world/world.ts';
import { type Options, type Overrides, optionsWith, type QuotaModel } from './options.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** One claim about how the whole behaves, with the world that shows it. */
export interface Case {
  name: string;
  aim: string;
  overrides: Overrides;
  judge(world: World): { figure: string; isMet: boolean };
}

export const optionsOf = ({ overrides }: Case, factory: BudgetFactory, seed: number): Options => ({
  ...optionsWith(factory, overrides),
  seed,
});

const quota = (perMinute: number, burst: number) => ({ perMinute, burst });

function used(least: number, mostRefused: number, mostRefusedAMinute: number, fromMs?: number): Case['judge'] {
  return (world) => {
    const use = steadyUse(world, fromMs);
    const [share, refused, aMinute] = [usedShare(use), refusedShare(use), refusedAMinute(use)];
    return {
      figure: `${percent(share)}, refused ${percent(refused)} (${number(aMinute, 1)} a minute)`,
      isMet: share >= least && (refused <= mostRefused || aMinute <= mostRefusedAMinute) && world.isDrained,
    };
  };
}

const known: Case[] = [quota(60, 10), quota(300, 60), quota(600, 20)].map(({ perMinute, burst }) => ({
  name: `known-${perMinute}`,
  aim: 'at least 99%, refused at most 0.5%',
  overrides: {
    producers: { bulkJobs: 2_000 },
    budget: quota(perMinute, burst),
    api: quota(perMinute, burst),
  },
  judge: used(0.99, 0.005, 0),
}));

const MODELS: readonly QuotaModel[] = ['token-bucket', 'fixed-window', 'sliding-window'];
/** Half an hour of work at the real quota, but 2,000 at least. */
const unknownJobs = (perMinute: number): number => Math.max(2_000, perMinute * 30);

const unknown: Case[] = [2, 10].flatMap((copies) =>
  [quota(60, 10), quota(300, 60), quota(600, 20)].flatMap(({ perMinute, burst }) =>
    MODELS.flatMap((model) =>
      [false, true].map(
        (retryAfter): Case => ({
          name: `unknown-${perMinute}-${model}${retryAfter ? '-retry-after' : ''}-${copies}`,
          aim: 'at least 95%, refused at most 3% or 2 a minute',
          overrides: {
            producers: { bulkJobs: unknownJobs(perMinute) },
            worker: { copies },
            budget: quota(perMinute * 5, burst),
            api: { ...quota(perMinute, burst), model, retryAfter },
          },
          judge: used(0.95, 0.03, 2),
        }),
      ),
    ),
  ),
);

const HALVES = { fromMs: 20 * MINUTE_MS, toMs: 40 * MINUTE_MS } as const;

const halves: Case[] = MODELS.map((model) => {
  const most = model === 'token-bucket' ? 90 : 150;
  return {
    name: `quota-halves-${model}`,
    aim: `back to 95% within ${most} s, both ways`,
    overrides: {
      endsAtMs: 60 * MINUTE_MS,
      producers: { bulkJobs: 300 * 70 },
      budget: quota(300 * 5, 60),
      api: { ...quota(300, 60), model, phases: [{ kind: 'quota', factor: 0.5, ...HALVES }] },
    },
    judge(world) {
      const down = timeToRate(world, HALVES.fromMs, HALVES.toMs, { factor: 0.5 });
      const up = timeToRate(world, HALVES.toMs, 60 * MINUTE_MS);
      const refused = refusedAMinute(useBetween(world, HALVES.fromMs, HALVES.toMs));
      return {
        figure: `down ${duration(down)}, up ${duration(up)}, refused ${number(refused, 1)} a minute while halved`,
        isMet: Math.max(down, up) <= most * SECOND_MS,
      };
    },
  };
});

const OUTAGE = { fromMs: 10 * MINUTE_MS, toMs: 20 * MINUTE_MS } as const;

const outage: Case = {
  name: 'outage',
  aim: 'at most 40 calls in 10 minutes, 95% within 90 s after, no dead letters',
  overrides: {
    endsAtMs: 40 * MINUTE_MS,
    producers: { bulkJobs: 300 * 45 },
    budget: quota(300, 60),
    api: { ...quota(300, 60), phases: [{ kind: 'outage', ...OUTAGE }] },
  },
  judge(world) {
    const calls = world.measures.total('calls', OUTAGE.fromMs, OUTAGE.toMs);
    const back = timeToRate(world, OUTAGE.toMs, 40 * MINUTE_MS);
    const letters = world.deadLetters.sends;
    return {
      figure: `${calls} calls, back in ${duration(back)}, ${letters} dead letters`,
      isMet: calls <= 40 && back <= 90 * SECOND_MS && letters === 0,
    };
  },
};

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

const interactive: Case = {
  name: 'interactive-under-bulk',
  aim: 'median at most 3 s, 95% within 6 s',
  overrides: {
    endsAtMs: 6 * HOUR_MS,
    producers: { bulkJobs: 100_000, singleEveryMs: 20 * SECOND_MS },
    budget: quota(60, 10),
    api: quota(60, 10),
  },
  judge(world) {
    const { count, p50Ms, p95Ms } = percentilesOf(world).interactive;
    return {
      figure: `median ${duration(p50Ms)}, 95% within ${duration(p95Ms)} (of ${number(count)})`,
      isMet: p50Ms <= 3 * SECOND_MS && p95Ms <= 6 * SECOND_MS,
    };
  },
};

const WRONG_URL_MS = 12 * HOUR_MS;

/** What was logged of holds: each such event has a metric that an alarm looks at. */
const alarmsOf = (world: World): string =>
  [...world.measures.events.keys()].filter((code) => /HELD|BRAKE/.test(code)).join(', ') || 'none';

const wrongUrl: Case = {
  name: 'wrong-url',
  aim: 'at most 60 dead letters a lane in 12 hours, nothing lost after',
  overrides: {
    // The world goes on until then, even where the queues are empty long before.
    faultsUntilMs: WRONG_URL_MS + MINUTE_MS,
    producers: { bulkJobs: 10_000, interactiveJobs: 10_000 },
    budget: quota(300, 60),
    api: { ...quota(300, 60), phases: [{ kind: 'wrong-url', fromMs: 0, toMs: WRONG_URL_MS }] },
    acts: [
      { atMs: WRONG_URL_MS, what: 'operator sends all letters back', act: ({ operator }) => operator.redriveAll() },
    ],
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

const compute: Case = {
  name: 'paid-compute',
  aim: 'at most 2.2 s of Lambda time a reset',
  overrides: { producers: { bulkJobs: 2_000 }, budget: quota(60, 10), api: quota(60, 10) },
  judge(world) {
    const seconds = lambdaSecondsAReset(world);
    return { figure: `${number(seconds, 2)} s`, isMet: seconds <= 2.2 };
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
    let receives = 0;
    for (let message = 0; message < world.messages.count; message += 1) {
      receives = Math.max(receives, world.messages.receives.get(message));
    }
    return {
      figure: `${resets} reset, the last ${duration(afterMs)} after; ${world.deadLetters.sends} dead letters, up to ${receives} receives`,
      isMet: resets === 5 && afterMs <= HOUR_MS && world.deadLetters.sends === 0,
    };
  },
};

export const CASES: readonly Case[] = [
  ...known,
  ...unknown,
  ...halves,
  outage,
  ...token,
  interactive,
  wrongUrl,
  compute,
  holdOfAnHour,
  holdOfFiveDays,
];
