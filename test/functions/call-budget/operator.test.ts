import { describe, expect, it } from 'vitest';
import {
  type Hold,
  type Holds,
  NO_HOLDS,
  type OperatorHold,
  type Scope,
} from '../../../functions/call-budget/holds.ts';
import { brakeOff, clearCeiling, pause, release, resume, setCeiling } from '../../../functions/call-budget/operator.ts';
import { nextPermit } from '../../../functions/call-budget/permits.ts';
import { type BudgetState, type Ceiling, freshBudget, paceAt } from '../../../functions/call-budget/state.ts';
import { NOON } from '../../support/virtual-clock.ts';

const HOUR_MS = 3_600_000;
const aHold = (why: Hold['why']): Hold => ({ why, since: NOON, permit: 3, until: NOON + 9, lengthMs: 5000 });
const aState = (holds: Partial<Holds>, more: Partial<BudgetState> = {}): BudgetState => ({
  ...freshBudget(NOON),
  granted: 41,
  ...more,
  holds: { ...NO_HOLDS, life: { permit: 40, success: 39, successAt: NOON }, ...holds },
});
const SCOPES: Scope[] = ['all', 'interactive', 'bulk'];

const DEPLOYED: Ceiling = { quota: 'ceiling', perMinute: 60, burst: 10 };
const until = (end: number): OperatorHold => ({ since: NOON, until: end, who: 'an operator', why: 'maintenance' });

describe('a pause', () => {
  it.each(SCOPES)('of %s holds that until then, and leaves all other holds alone', (scope) => {
    const before = aState({ byScope: { all: aHold('outage') }, rejections: { bulk: 3 } });
    const after = pause(before, scope, until(NOON + 5));
    expect(after).toEqual({ ...before, holds: { ...before.holds, byOperator: { [scope]: until(NOON + 5) } } });
  });

  it('stands beside another one, and a second one of the same takes its place', () => {
    const both = pause(pause(aState({}), 'bulk', until(NOON + 5)), 'all', until(NOON + 6));
    expect(both.holds.byOperator).toEqual({ bulk: until(NOON + 5), all: until(NOON + 6) });
    expect(pause(both, 'bulk', until(NOON + 1)).holds.byOperator).toEqual({
      bulk: until(NOON + 1),
      all: until(NOON + 6),
    });
  });

  it.each(SCOPES)('of %s is over when it is resumed, alone', (scope) => {
    const before = aState({ byScope: { all: aHold('outage') } });
    const [first, second] = SCOPES.filter((other) => other !== scope) as [Scope, Scope];
    const others = pause(pause(before, first, until(NOON + 1)), second, until(NOON + 2));
    expect(resume(pause(others, scope, until(NOON + 3)), scope)).toEqual(others);
    expect(resume(others, scope)).toEqual(others);
  });
});

describe('a release', () => {
  it('ends every hold but an operator’s, and forgets the signs of trouble', () => {
    const before = aState(
      {
        byScope: { all: aHold('credential'), interactive: aHold('brake'), bulk: aHold('brake') },
        byOperator: { all: until(NOON + 9), bulk: until(NOON + 8) },
        troubles: [{ key: 'a', permit: 41, at: NOON, weight: 1 }],
        rejections: { bulk: 20 },
      },
      { quietUntil: NOON + 7, arrival: NOON + 6 },
    );
    expect(release(before, NOON)).toEqual({
      ...before,
      quietUntil: NOON,
      holds: { ...before.holds, byScope: {}, troubles: [], brakeOff: { interactive: {}, bulk: {} } },
    });
  });

  it('ends the pause that a Retry-After asked for, and lets refusals teach again', () => {
    const learned = { ...freshBudget(NOON).learned, estimate: 1, grewFrom: NOON + HOUR_MS };
    const before = aState({}, { quietUntil: NOON + HOUR_MS, learned });
    expect(release(before, NOON + 5)).toEqual({
      ...before,
      quietUntil: NOON + 5,
      learned: { ...learned, grewFrom: NOON + 5 },
    });
    const over = aState({}, { quietUntil: NOON + 1, learned: { ...learned, grewFrom: NOON + 1 } });
    expect(release(over, NOON + 5)).toEqual(over);
  });

  it('switches the brake off of those lanes that it held, and leaves one off that was', () => {
    const { brakeOff } = release(aState({ byScope: { bulk: aHold('brake') } }), NOON).holds;
    expect(brakeOff).toEqual({ bulk: {} });
    const both = release(aState({ byScope: { bulk: aHold('brake') }, brakeOff: { interactive: {} } }), NOON);
    expect(both.holds.brakeOff).toEqual({ interactive: {}, bulk: {} });
  });

  it('of an outage switches the outage hold off for an hour', () => {
    const { holds } = release(aState({ byScope: { all: aHold('outage') } }), NOON);
    expect(holds).toMatchObject({ byScope: {}, outageOffUntil: NOON + HOUR_MS, brakeOff: {} });
  });

  it('of anything else leaves the outage hold as it was, on or off', () => {
    const before = aState({ byScope: { all: aHold('credential'), bulk: aHold('brake') } });
    expect(release(before, NOON).holds).not.toHaveProperty('outageOffUntil');
    const off = release(aState({ ...before.holds, outageOffUntil: NOON + 5 }), NOON);
    expect(off.holds.outageOffUntil).toBe(NOON + 5);
  });
});

describe('a brake switched off', () => {
  it('is off until then in the lanes in scope, is over where it was on, and all else stays', () => {
    const before = aState({
      byScope: { all: aHold('outage'), interactive: aHold('brake'), bulk: aHold('brake') },
      byOperator: { bulk: until(NOON + 8) },
      rejections: { interactive: 3, bulk: 20 },
      brakeOff: { interactive: {} },
    });
    const { byScope } = before.holds;
    expect(brakeOff(before, 'bulk', NOON + HOUR_MS)).toEqual({
      ...before,
      holds: {
        ...before.holds,
        byScope: { all: byScope.all, interactive: byScope.interactive },
        rejections: { interactive: 3 },
        brakeOff: { interactive: {}, bulk: { until: NOON + HOUR_MS } },
      },
    });
    expect(brakeOff(before, 'all', NOON + HOUR_MS).holds).toMatchObject({
      byScope: { all: byScope.all },
      rejections: {},
      brakeOff: { interactive: { until: NOON + HOUR_MS }, bulk: { until: NOON + HOUR_MS } },
    });
  });
});

describe('a ceiling that an operator sets', () => {
  const rateOf = (state: BudgetState) => paceAt(state, DEPLOYED, 3, NOON).rate * 60_000;
  const learned = { ...freshBudget(NOON - HOUR_MS).learned, estimate: 30 / 60_000, grewFrom: NOON };

  it.each([6, 600])('is used whole at once, in place of what was learned: %d a minute', (perMinute) => {
    const set = setCeiling(aState({}, { learned, arrival: NOON }), { perMinute, burst: 20 }, DEPLOYED, NOON);
    expect(rateOf(set)).toBeCloseTo(perMinute);
    expect(set.ceiling).toEqual({ quota: 'known', perMinute, burst: 20 });
    expect(set).toMatchObject({ granted: 41, holds: { life: { permit: 40 } } });
  });

  it('is gone when it is cleared, and the deployed one is found out anew', () => {
    const before = aState({}, { ceiling: { quota: 'known', perMinute: 6, burst: 5 }, learned });
    const cleared = clearCeiling(before, { ...DEPLOYED, perMinute: 600 }, NOON);
    expect(cleared).not.toHaveProperty('ceiling');
    expect(paceAt(cleared, { ...DEPLOYED, perMinute: 600 }, 3, NOON).rate * 60_000).toBeCloseTo(120);
  });

  it('that stands already changes nothing, nor does clearing where none is set', () => {
    const before = aState({}, { learned });
    expect(clearCeiling(before, DEPLOYED, NOON)).toBe(before);
    const set = setCeiling(before, { perMinute: 30, burst: 5 }, DEPLOYED, NOON);
    expect(setCeiling(set, { perMinute: 30, burst: 5 }, DEPLOYED, NOON)).toBe(set);
    expect(setCeiling(set, { perMinute: 30, burst: 6 }, DEPLOYED, NOON).ceiling?.burst).toBe(6);
  });

  it('mints no permits and holds none back: those taken ahead of their time are so many as before', () => {
    // Ten calls ahead at one a second.
    const known: Ceiling = { ...DEPLOYED, quota: 'known' };
    const before = aState({}, { arrival: NOON + 10_000 });
    expect(setCeiling(before, { perMinute: 6, burst: 10 }, known, NOON).arrival).toBeCloseTo(NOON + 100_000);
    expect(setCeiling(before, { perMinute: 600, burst: 10 }, known, NOON).arrival).toBeCloseTo(NOON + 1_000);
    const rested = aState({}, { arrival: NOON - 10_000 });
    expect(setCeiling(rested, { perMinute: 6, burst: 10 }, known, NOON).arrival).toBe(NOON - 10_000);
    const raised = setCeiling(before, { perMinute: 600, burst: 20 }, known, NOON);
    expect(nextPermit(raised.arrival, paceAt(raised, known, 3, NOON), 'interactive', NOON).at).toBe(NOON);
  });
});
