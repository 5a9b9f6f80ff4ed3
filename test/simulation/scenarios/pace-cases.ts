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
import type { QuotaModel } from '../world/options.ts';
import { type Case, guess, HOUR_MS, MINUTE_MS, quota, SECOND_MS } from './case.ts';

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
  aim: 'at least 99% from the first minute, refused at most 0.5%',
  overrides: {
    producers: { bulkJobs: 2_000 },
    budget: quota(perMinute, burst),
    api: quota(perMinute, burst),
  },
  judge: used(0.99, 0.005, 0, 0),
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
            worker: { copies: { interactive: copies, bulk: copies } },
            budget: guess(perMinute, burst),
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
      budget: guess(300, 60),
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

const RESTED_MS = 3 * HOUR_MS;
/** Ten minutes of work, from which the quota is learned. */
const learnedFrom = (perMinute: number): number => perMinute * 10;

const rested: Case[] = [quota(60, 10), quota(300, 60)].flatMap(({ perMinute, burst }) =>
  MODELS.map((model): Case => {
    // A window gives no sign before it is used up; at 300 a minute several calls are on their way by the time of its first refusal.
    const most = perMinute === 300 && model === 'fixed-window' ? 15 : 6;
    return {
      name: `after-rest-${perMinute}-${model}`,
      aim: `a campaign after three idle hours is refused at most ${most} times in its first 3 minutes`,
      overrides: {
        endsAtMs: RESTED_MS + 20 * MINUTE_MS,
        producers: {
          bulkJobs: learnedFrom(perMinute),
          bulkAgain: { atMs: RESTED_MS + 15 * MINUTE_MS, jobs: learnedFrom(perMinute) },
        },
        budget: guess(perMinute, burst),
        api: { ...quota(perMinute, burst), model },
      },
      judge(world) {
        const fromMs = RESTED_MS + 15 * MINUTE_MS;
        const use = useBetween(world, fromMs, fromMs + 3 * MINUTE_MS);
        return {
          figure: `refused ${use.refused} times, ${percent(usedShare(use))} of the quota`,
          isMet: use.refused <= most && use.calls > 0,
        };
      },
    };
  }),
);

const BAD_MS = 20 * MINUTE_MS;
const NEXT_MS = 6 * HOUR_MS;

const badHour: Case = {
  name: 'after-bad-hour',
  aim: 'a known quota that was a tenth for a while is used whole in the next campaign: at least 99% of its first 3 minutes',
  overrides: {
    endsAtMs: NEXT_MS + 20 * MINUTE_MS,
    producers: { bulkJobs: 60 * 60, bulkAgain: { atMs: NEXT_MS, jobs: 600 } },
    api: { phases: [{ kind: 'quota', factor: 0.1, fromMs: 0, toMs: BAD_MS }] },
  },
  judge(world) {
    const use = useBetween(world, NEXT_MS, NEXT_MS + 3 * MINUTE_MS);
    return { figure: `${percent(usedShare(use))}, refused ${use.refused} times`, isMet: usedShare(use) >= 0.99 };
  },
};

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

const compute: Case = {
  name: 'paid-compute',
  aim: 'at most 2.2 s of Lambda time a reset',
  overrides: { producers: { bulkJobs: 2_000 }, budget: quota(60, 10), api: quota(60, 10) },
  judge(world) {
    const seconds = lambdaSecondsAReset(world);
    return { figure: `${number(seconds, 2)} s`, isMet: seconds <= 2.2 };
  },
};

/** How well the quota is used, and how long single requests wait. */
export const PACE_CASES: readonly Case[] = [...known, ...unknown, ...halves, ...rested, badHour, interactive, compute];
