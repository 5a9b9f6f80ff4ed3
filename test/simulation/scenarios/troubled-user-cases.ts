import { duration } from '../report/summary.ts';
import type { Simulation } from '../simulation.ts';
import type { TroubledUsers } from '../world/options.ts';
import { type Case, eventsOf, lettersOf, MINUTE_MS, quota, SECOND_MS, serviceOf } from './case.ts';

/** All of it at the quota. */
const CAMPAIGN_MS = 30 * MINUTE_MS;

const shares: Case[] = [10, 30].map((percent) => ({
  name: `always-500-${percent}`,
  aim: 'all ended within 50 min, which is 20 min more than the quota takes',
  overrides: {
    producers: { bulkJobs: 9_000, always500: percent / 100 },
    budget: quota(300, 60),
    api: quota(300, 60),
  },
  judge(world) {
    const holds = eventsOf(world, 'OUTAGE_HELD');
    return {
      figure: `all ended after ${duration(world.timeMs)}; ${lettersOf(world)}; ${holds} outage holds`,
      isMet: world.isDrained && world.timeMs <= CAMPAIGN_MS + 20 * MINUTE_MS,
    };
  },
}));

/** Singles sent in the first minute and the last two are left out. */
const ENDS_AT_MS = 31 * MINUTE_MS;

function served(world: Simulation, fromMs = MINUTE_MS): { p95Ms: number; text: string } {
  const { served: count, unserved, p95Ms } = serviceOf(world, fromMs, ENDS_AT_MS - 2 * MINUTE_MS);
  return { p95Ms, text: `${count} of ${count + unserved} singles reset, 95% within ${duration(p95Ms)}` };
}

const attack = (trouble: TroubledUsers['trouble'], count: number, everyMs: number): TroubledUsers[] => [
  { trouble, lane: 'interactive', count, atMs: MINUTE_MS, everyMs, untilMs: ENDS_AT_MS },
];

const failing: Case = {
  name: 'always-500-singles',
  aim: 'healthy singles: 95% within 6 s',
  overrides: {
    endsAtMs: ENDS_AT_MS,
    producers: {
      bulkJobs: 2_400,
      singleEveryMs: 5 * SECOND_MS,
      singles: 372,
      troubled: attack('always500', 1, 2 * SECOND_MS),
    },
  },
  judge(world) {
    const { p95Ms, text } = served(world);
    return { figure: text, isMet: p95Ms <= 6 * SECOND_MS };
  },
};

const HUNG = { fromMs: 5 * MINUTE_MS, toMs: 15 * MINUTE_MS } as const;

const beside: Case[] = [
  { count: 2, everyMs: 0, p95Ms: 6 * SECOND_MS, longestMs: 15 * SECOND_MS },
  { count: 2, everyMs: SECOND_MS, p95Ms: 6 * SECOND_MS, longestMs: 15 * SECOND_MS },
  { count: 10, everyMs: SECOND_MS, p95Ms: 20 * SECOND_MS, longestMs: Number.POSITIVE_INFINITY },
].map(({ count, everyMs, p95Ms, longestMs }) => ({
  name: `beside-${count}-hanging${everyMs > 0 ? '-in-turn' : ''}`,
  aim: `healthy singles: 95% within ${duration(p95Ms)}${Number.isFinite(longestMs) ? `, all within ${duration(longestMs)}` : ''}`,
  overrides: {
    endsAtMs: 20 * MINUTE_MS,
    producers: {
      singleEveryMs: 3 * SECOND_MS,
      singles: 400,
      troubled: [
        {
          trouble: 'hanging',
          lane: 'interactive',
          count: everyMs > 0 ? 1 : count,
          atMs: HUNG.fromMs,
          everyMs,
          untilMs: HUNG.fromMs + (count - 1) * everyMs,
        },
      ],
    },
  },
  judge(world) {
    const { served: count, unserved, p95Ms: p95, longestMs: longest } = serviceOf(world, HUNG.fromMs, HUNG.toMs);
    return {
      figure: `${count} of ${count + unserved} reset, 95% within ${duration(p95)}, all within ${duration(longest)}`,
      isMet: p95 <= p95Ms && longest <= longestMs,
    };
  },
}));

const hanging = { singleEveryMs: MINUTE_MS, singles: 31, troubled: attack('hanging', 3, 30 * SECOND_MS) };

const probed: Case = {
  name: 'hanging-singles-probed',
  aim: 'healthy singles: 95% within 30 s',
  overrides: { endsAtMs: ENDS_AT_MS, producers: hanging, worker: { probeAddress: true } },
  judge(world) {
    const { p95Ms, text } = served(world);
    return { figure: text, isMet: p95Ms <= 30 * SECOND_MS };
  },
};

const RELEASED_MS = 20 * MINUTE_MS;

const released: Case = {
  name: 'hanging-singles-released',
  // The calls that hang take all copies of the lane by then, a minute of copies' time in half a minute: how long is no matter of the hold.
  aim: 'held and told; after an operator’s release every healthy single is reset, 95% within 5 min',
  overrides: { endsAtMs: ENDS_AT_MS, producers: hanging, acts: [{ atMs: RELEASED_MS, act: 'release' }] },
  judge(world) {
    const told = eventsOf(world, 'OUTAGE_HELD');
    const { p95Ms, text } = served(world, RELEASED_MS);
    return {
      figure: `${told} outage holds told; after the release ${text}`,
      isMet: told > 0 && p95Ms <= 5 * MINUTE_MS,
    };
  },
};

/** Users whose every call goes wrong, beside healthy ones. */
export const TROUBLED_USER_CASES: readonly Case[] = [...shares, failing, ...beside, probed, released];
