import { describe, expect, test } from 'vitest';
import { NO_HOLDS } from '../../../functions/call-budget/holds.ts';
import { type BudgetState, freshBudget } from '../../../functions/call-budget/state.ts';
import { BudgetDamaged, checkedStore } from '../../../functions/call-budget/stored-state.ts';
import { memoryBudgetStore } from '../../support/ledger/memory-budget-store.ts';
import { NOON, virtualClock } from '../../support/virtual-clock.ts';

/** A state in which everything is there that may be there. */
const FULL: BudgetState = {
  ...freshBudget(NOON),
  revision: 7,
  minutes: { newest: 29_000_000, counts: '3 4/1 0' },
  quietUntil: NOON,
  learned: {
    startedAt: NOON,
    estimate: 0.001,
    grewFrom: NOON,
    beginsAt: 0.85,
    pauseMs: 3_000,
    admittedByRefusal: 4,
    samples: [[NOON, 4]],
  },
  holds: {
    ...NO_HOLDS,
    byScope: {
      all: { why: 'outage', since: NOON, permit: 4, until: NOON, lengthMs: 5_000, probeEnd: NOON, lastProber: 'k' },
    },
    byOperator: { bulk: { since: NOON, until: NOON, who: 'arn', why: 'a reason' } },
    troubles: [{ key: 'k', permit: 4, at: NOON, weight: 0.5 }],
    rejections: { bulk: 3 },
    brakeOff: { bulk: {}, interactive: { until: NOON } },
    lastOutage: 2,
    outageOffUntil: NOON,
  },
  ceiling: { quota: 'known', perMinute: 60, burst: 10 },
};

/** The state with one member changed, and the store that holds it. */
function damaged(place: string, value: unknown) {
  const state = structuredClone(FULL) as unknown as Record<string, unknown>;
  const names = place.split('.');
  const last = names.pop() ?? '';
  let parent = state;
  for (const name of names) parent = parent[name] as Record<string, unknown>;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  const store = memoryBudgetStore(virtualClock());
  store.item = state as unknown as BudgetState;
  return store;
}

const NEEDED = [
  'revision',
  'arrival',
  'granted',
  'refused',
  'minutes',
  'minutes.newest',
  'minutes.counts',
  'quietUntil',
  'learned',
  'learned.startedAt',
  'learned.beginsAt',
  'learned.pauseMs',
  'learned.admittedByRefusal',
  'learned.samples',
  'holds',
  'holds.byScope',
  'holds.byScope.all.why',
  'holds.byScope.all.since',
  'holds.byScope.all.permit',
  'holds.byScope.all.until',
  'holds.byScope.all.lengthMs',
  'holds.byOperator',
  'holds.byOperator.bulk.since',
  'holds.byOperator.bulk.who',
  'holds.troubles',
  'holds.troubles.0.key',
  'holds.troubles.0.permit',
  'holds.troubles.0.at',
  'holds.troubles.0.weight',
  'holds.life',
  'holds.life.permit',
  'holds.life.success',
  'holds.life.successAt',
  'holds.rejections',
  'holds.brakeOff',
  'ceiling.quota',
  'ceiling.perMinute',
  'ceiling.burst',
];
const OPTIONAL = [
  'learned.estimate',
  'learned.grewFrom',
  'holds.byScope.all',
  'holds.byScope.all.probeEnd',
  'holds.byOperator.bulk',
  'holds.byOperator.bulk.until',
  'holds.byOperator.bulk.why',
  'holds.rejections.bulk',
  'holds.brakeOff.bulk',
  'holds.brakeOff.interactive.until',
  'holds.lastOutage',
  'holds.outageOffUntil',
  'ceiling',
];

describe("The budget's item, checked for operators", () => {
  test('is given as it is where nobody has changed it', async () => {
    const store = damaged('revision', 7);
    expect(await checkedStore(store).read()).toEqual(FULL);
  });

  test.each<[place: string, value: unknown]>([
    ['minutes.counts', '30 4/12 120/13 12/345'],
    ['minutes.counts', '12/45'],
    ['holds.byScope.all.why', 'credential'],
    ['holds.byScope.all.why', 'brake'],
    ['ceiling.quota', 'ceiling'],
  ])('may have %s = %j', async (place, value) => {
    await expect(checkedStore(damaged(place, value)).read()).resolves.toBeDefined();
  });

  test('is given where it is not there yet', async () => {
    expect(await checkedStore(memoryBudgetStore(virtualClock())).read()).toBeUndefined();
  });

  test.each(OPTIONAL)('may lack %s', async (place) => {
    await expect(checkedStore(damaged(place, undefined)).read()).resolves.toBeDefined();
  });

  test.each(NEEDED)('is damaged without %s, and says so', async (place) => {
    const reading = checkedStore(damaged(place, undefined)).read();
    await expect(reading).rejects.toThrow(new BudgetDamaged(`state.${place} is not what the worker writes`));
  });

  test.each([...NEEDED, ...OPTIONAL])('is damaged by true as %s', async (place) => {
    const reading = checkedStore(damaged(place, true)).read();
    await expect(reading).rejects.toThrow(BudgetDamaged);
  });

  test.each<[place: string, value: unknown]>([
    ['revision', 1.5],
    ['revision', -1],
    ['arrival', -1],
    ['granted', '41'],
    ['minutes.counts', ''],
    ['minutes.counts', '3,4'],
    ['minutes.counts', '3  4'],
    ['minutes.counts', 'x3'],
    ['learned.estimate', 0],
    ['learned.samples', [[1]]],
    ['holds.byScope.all.why', 'operator'],
    ['holds.byScope.all.until', null],
    ['ceiling.quota', 'guess'],
    ['ceiling.perMinute', 0],
    ['ceiling.burst', 0],
  ])('is damaged by %s = %j', async (place, value) => {
    await expect(checkedStore(damaged(place, value)).read()).rejects.toThrow(BudgetDamaged);
  });

  test('is checked also where a write meets it', async () => {
    const store = damaged('quietUntil', 'soon');
    await expect(checkedStore(store).write({ ...FULL, revision: 5 })).rejects.toThrow(BudgetDamaged);
  });

  test('is written as the store writes it', async () => {
    const store = damaged('revision', 7);
    expect(await checkedStore(store).write({ ...FULL, revision: 8 })).toEqual({ kind: 'written' });
    expect(await checkedStore(store).write({ ...FULL, revision: 8 })).toMatchObject({ kind: 'conflict' });
  });
});
