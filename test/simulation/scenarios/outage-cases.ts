import { timeToRate } from '../report/figures.ts';
import { duration, number } from '../report/summary.ts';
import type { Simulation } from '../simulation.ts';
import { OUTAGE_FORMS, type OutageForm, type Overrides } from '../world/options.ts';
import { type Case, HOUR_MS, lastResetOf, lettersOf, MINUTE_MS, mostCalls, openOf, quota, SECOND_MS } from './case.ts';

const OUTAGE = { fromMs: 10 * MINUTE_MS, toMs: 20 * MINUTE_MS } as const;

const outage: Case = {
  name: 'outage',
  aim: 'at most 40 calls in 10 minutes, 95% within 90 s after, no dead letters',
  overrides: {
    endsAtMs: 40 * MINUTE_MS,
    producers: { bulkJobs: 300 * 45 },
    budget: quota(300, 60),
    api: { ...quota(300, 60), phases: [{ kind: 'outage', form: '503', ...OUTAGE }] },
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

/** Whatever says not done, and whatever may have been done. */
const CLEAR = ['503', 'refused'] as const satisfies readonly OutageForm[];
const UNCLEAR = ['504', '502', '500', 'hang'] as const satisfies readonly OutageForm[];

const HOUR = { fromMs: 10 * MINUTE_MS, toMs: 70 * MINUTE_MS } as const;
/** At its onset some calls end before the outage is known as one. */
const MOST_LETTERS: Partial<Record<OutageForm | 'mixed', number>> = { '502': 2, '500': 5, mixed: 5 };

const hour: Case[] = ([...OUTAGE_FORMS, 'mixed'] as const).map((form) => {
  const most = MOST_LETTERS[form] ?? 0;
  return {
    name: `outage-hour-${form}`,
    aim: `at most ${most} dead letters and 75 calls in the hour`,
    overrides: {
      endsAtMs: HOUR.toMs + 40 * MINUTE_MS,
      producers: { bulkJobs: 5_000 },
      api: { phases: [{ kind: 'outage', form, ...HOUR }] },
    },
    judge(world) {
      const calls = world.measures.total('calls', HOUR.fromMs, HOUR.toMs);
      return {
        figure: `${lettersOf(world)}, ${number(calls)} calls, at most ${mostCalls(world)} for one request`,
        isMet: world.deadLetters.sends <= most && calls <= 75,
      };
    },
  };
});

/** A few that wait while an outage of every call lasts, from the start. */
function waitingThrough(form: OutageForm, waiting: number, lastsMs: number, probeAddress = false): Overrides {
  return {
    faultsUntilMs: lastsMs,
    producers: { bulkJobs: waiting },
    api: { phases: [{ kind: 'outage', form, fromMs: 0, toMs: lastsMs }] },
    worker: { probeAddress },
  };
}

/** What a queue of a few looks like after its outage. */
const afterOutage = (world: Simulation, lastsMs: number) => {
  const afterMs = lastResetOf(world) - lastsMs;
  const reset = world.measures.total('resets') === 0 ? 'none reset' : `last reset ${duration(afterMs)} after`;
  const figure = `${lettersOf(world)}, ${openOf(world)} not reset, ${reset}, at most ${mostCalls(world)} calls for one request`;
  return { letters: world.deadLetters.sends, open: openOf(world), afterMs, figure };
};

const few: Case[] = UNCLEAR.flatMap((form) =>
  [1, 2, 5].map((waiting) => ({
    name: `outage-few-${form}-${waiting}`,
    aim: 'no dead letters, at most 15 calls in the hour, all reset within 65 min of its end',
    overrides: waitingThrough(form, waiting, HOUR_MS),
    judge(world) {
      const { letters, open, afterMs, figure } = afterOutage(world, HOUR_MS);
      const calls = world.measures.total('calls', 0, HOUR_MS);
      return {
        figure: `${figure}, ${calls} calls in the hour`,
        isMet: letters === 0 && open === 0 && calls <= 15 && afterMs <= 65 * MINUTE_MS,
      };
    },
  })),
);

const WEEKEND_MS = 60 * HOUR_MS;

const weekend: Case[] = CLEAR.flatMap((form) =>
  [5, 50, 2_000].map((waiting) => {
    const minutes = waiting === 2_000 ? 60 : 25;
    return {
      name: `weekend-${form}-${waiting}`,
      aim: `no dead letters, all reset within ${minutes} min of its end`,
      overrides: waitingThrough(form, waiting, WEEKEND_MS),
      judge(world) {
        const { letters, open, afterMs, figure } = afterOutage(world, WEEKEND_MS);
        return { figure, isMet: letters === 0 && open === 0 && afterMs <= minutes * MINUTE_MS };
      },
    };
  }),
);

const unclearWeekend: Case[] = UNCLEAR.map((form) => ({
  name: `weekend-${form}-2000`,
  aim: 'at most 10 dead letters, nobody called more than three times in it',
  overrides: { ...waitingThrough(form, 2_000, WEEKEND_MS), endsAtMs: WEEKEND_MS },
  judge(world) {
    const letters = world.deadLetters.sends;
    return {
      figure: `${lettersOf(world)}, at most ${mostCalls(world)} calls for one request`,
      isMet: letters <= 10 && mostCalls(world) <= 3,
    };
  },
}));

const probedWeekend: Case[] = UNCLEAR.flatMap((form) =>
  [5, 50, 2_000].map((waiting) => ({
    name: `weekend-probed-${form}-${waiting}`,
    aim: 'at most 2 dead letters, nobody called more than twice, all others reset within 40 min of its end',
    overrides: waitingThrough(form, waiting, WEEKEND_MS, true),
    judge(world) {
      const { letters, open, afterMs, figure } = afterOutage(world, WEEKEND_MS);
      return {
        figure,
        isMet: letters <= 2 && open <= letters && afterMs <= 40 * MINUTE_MS && mostCalls(world) <= 2,
      };
    },
  })),
);

const OVERNIGHT_MS = 8 * HOUR_MS;

const overnight: Case = {
  name: 'overnight-503-5',
  aim: 'no dead letters',
  overrides: waitingThrough('503', 5, OVERNIGHT_MS),
  judge(world) {
    const { letters, open, figure } = afterOutage(world, OVERNIGHT_MS);
    return { figure, isMet: letters === 0 && open === 0 };
  },
};

const brownout = (name: string, form: OutageForm, share: { odds: number } | { every: number }): Case => ({
  name: `brownout-${name}-${form}`,
  aim: 'no dead letters',
  overrides: {
    endsAtMs: 4 * HOUR_MS,
    producers: { bulkJobs: 5_000 },
    api: { phases: [{ kind: 'outage', form, ...share, fromMs: 0, toMs: HOUR_MS }] },
  },
  judge(world) {
    const resets = world.measures.total('resets', 0, HOUR_MS);
    return {
      figure: `${lettersOf(world)}; ${number(resets)} reset in the hour, at most ${mostCalls(world)} calls for one request`,
      isMet: world.deadLetters.sends === 0,
    };
  },
});

const brownouts: Case[] = [
  brownout('third', '504', { every: 3 }),
  ...[30, 50, 80].flatMap((percent) =>
    (['504', 'hang'] as const).map((form) => brownout(String(percent), form, { odds: percent / 100 })),
  ),
];

/** Outages of the API, in whatever form. */
export const OUTAGE_CASES: readonly Case[] = [
  outage,
  ...hour,
  ...few,
  ...weekend,
  ...unclearWeekend,
  ...probedWeekend,
  overnight,
  ...brownouts,
];
