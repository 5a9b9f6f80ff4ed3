import { describe, expect, test } from 'vitest';
import type { BudgetItem } from '../../../functions/call-budget/dynamo-store.ts';
import { NO_HOLDS } from '../../../functions/call-budget/holds.ts';
import { type BudgetState, freshBudget } from '../../../functions/call-budget/state.ts';
import { BudgetDamaged, checkBudgetItem } from '../../../functions/call-budget/stored-state.ts';
import { NOON } from '../../support/virtual-clock.ts';

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

/** The item with one member changed, or without it. */
function damaged(place: string, value: unknown): BudgetItem {
  const item = { pk: 'budget', revision: 7, writer: 'w', state: structuredClone(FULL) } as const;
  const names = place.split('.');
  const last = names.pop() ?? '';
  let parent = item as unknown as Record<string, unknown>;
  for (const name of names) parent = parent[name] as Record<string, unknown>;
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return item;
}

const checking = (place: string, value: unknown) => () => checkBudgetItem(damaged(place, value));

const NEEDED = [
  'revision',
  'state',
  'state.arrival',
  'state.granted',
  'state.refused',
  'state.minutes',
  'state.minutes.newest',
  'state.minutes.counts',
  'state.quietUntil',
  'state.learned',
  'state.learned.startedAt',
  'state.learned.beginsAt',
  'state.learned.pauseMs',
  'state.learned.admittedByRefusal',
  'state.learned.samples',
  'state.holds',
  'state.holds.byScope',
  'state.holds.byScope.all.why',
  'state.holds.byScope.all.since',
  'state.holds.byScope.all.permit',
  'state.holds.byScope.all.until',
  'state.holds.byScope.all.lengthMs',
  'state.holds.byOperator',
  'state.holds.byOperator.bulk.since',
  'state.holds.byOperator.bulk.who',
  'state.holds.troubles',
  'state.holds.troubles.0.key',
  'state.holds.troubles.0.permit',
  'state.holds.troubles.0.at',
  'state.holds.troubles.0.weight',
  'state.holds.life',
  'state.holds.life.permit',
  'state.holds.life.success',
  'state.holds.life.successAt',
  'state.holds.rejections',
  'state.holds.brakeOff',
  'state.ceiling.quota',
  'state.ceiling.perMinute',
  'state.ceiling.burst',
];
const OPTIONAL = [
  'state.learned.estimate',
  'state.learned.grewFrom',
  'state.holds.byScope.all',
  'state.holds.byScope.all.probeEnd',
  'state.holds.byOperator.bulk',
  'state.holds.byOperator.bulk.until',
  'state.holds.byOperator.bulk.why',
  'state.holds.rejections.bulk',
  'state.holds.brakeOff.bulk',
  'state.holds.brakeOff.interactive.until',
  'state.holds.lastOutage',
  'state.holds.outageOffUntil',
  'state.ceiling',
];

describe("The budget's item, checked for operators", () => {
  test('is in order where nobody has changed what is reckoned with', () => {
    expect(checking('state.revision', 7)).not.toThrow();
    expect(checking('note', 'looked at by sam')).not.toThrow();
  });

  test.each<[place: string, value: unknown]>([
    ['state.minutes.counts', '30 4/12 120/13 12/345'],
    ['state.minutes.counts', '12/45'],
    ['state.holds.byScope.all.why', 'credential'],
    ['state.holds.byScope.all.why', 'brake'],
    ['state.ceiling.quota', 'ceiling'],
  ])('may have %s = %j', (place, value) => {
    expect(checking(place, value)).not.toThrow();
  });

  test.each(OPTIONAL)('may lack %s', (place) => {
    expect(checking(place, undefined)).not.toThrow();
  });

  test.each(NEEDED)('is damaged without %s, and says so', (place) => {
    expect(checking(place, undefined)).toThrow(new BudgetDamaged(`${place} is not what the worker writes`));
  });

  test.each([...NEEDED, ...OPTIONAL])('is damaged by true as %s', (place) => {
    expect(checking(place, true)).toThrow(BudgetDamaged);
  });

  test.each<[place: string, value: unknown]>([
    ['revision', 1.5],
    ['revision', -1],
    // Whoever writes compares the one and goes by the other: nobody can write over it any more.
    ['revision', 8],
    ['revision', '7'],
    ['state.arrival', -1],
    ['state.granted', '41'],
    ['state.minutes.counts', ''],
    ['state.minutes.counts', '3,4'],
    ['state.minutes.counts', '3  4'],
    ['state.minutes.counts', 'x3'],
    // No dates any more.
    ['state.minutes.newest', 1.5e11],
    ['state.quietUntil', 8.7e15],
    ['state.learned.estimate', 0],
    ['state.learned.samples', [[1]]],
    ['state.holds.byScope.all.why', 'operator'],
    ['state.holds.byScope.all.until', null],
    ['state.ceiling.quota', 'guess'],
    ['state.ceiling.perMinute', 0],
    ['state.ceiling.burst', 0],
  ])('is damaged by %s = %j, and says where', (place, value) => {
    expect(checking(place, value)).toThrow(new RegExp(`^${place}`));
  });
});
