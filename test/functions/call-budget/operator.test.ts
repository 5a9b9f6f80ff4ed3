import { describe, expect, it } from 'vitest';
import { type Hold, type Holds, NO_HOLDS, type Scope } from '../../../functions/call-budget/holds.ts';
import { pause, release, resume } from '../../../functions/call-budget/operator.ts';
import { type BudgetState, freshBudget } from '../../../functions/call-budget/state.ts';
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

describe('a pause', () => {
  it.each(SCOPES)('of %s holds that until then, and leaves all other holds alone', (scope) => {
    const before = aState({ byScope: { all: aHold('outage') }, rejections: { bulk: 3 } });
    const after = pause(before, scope, NOON + 5);
    expect(after).toEqual({ ...before, holds: { ...before.holds, byOperator: { [scope]: { until: NOON + 5 } } } });
  });

  it('stands beside another one, and a second one of the same takes its place', () => {
    const both = pause(pause(aState({}), 'bulk', NOON + 5), 'all', NOON + 6);
    expect(both.holds.byOperator).toEqual({ bulk: { until: NOON + 5 }, all: { until: NOON + 6 } });
    expect(pause(both, 'bulk', NOON + 1).holds.byOperator).toEqual({
      bulk: { until: NOON + 1 },
      all: { until: NOON + 6 },
    });
  });

  it.each(SCOPES)('of %s is over when it is resumed, alone', (scope) => {
    const before = aState({ byScope: { all: aHold('outage') } });
    const [first, second] = SCOPES.filter((other) => other !== scope) as [Scope, Scope];
    const others = pause(pause(before, first, NOON + 1), second, NOON + 2);
    expect(resume(pause(others, scope, NOON + 3), scope)).toEqual(others);
    expect(resume(others, scope)).toEqual(others);
  });
});

describe('a release', () => {
  it('ends every hold but an operator’s, and forgets the signs of trouble', () => {
    const before = aState(
      {
        byScope: { all: aHold('credential'), interactive: aHold('brake'), bulk: aHold('brake') },
        byOperator: { all: { until: NOON + 9 }, bulk: { until: NOON + 8 } },
        troubles: [{ key: 'a', permit: 41, at: NOON, weight: 1 }],
        rejections: { bulk: 20 },
      },
      { quietUntil: NOON + 7, arrival: NOON + 6 },
    );
    expect(release(before, NOON)).toEqual({
      ...before,
      quietUntil: NOON,
      holds: { ...before.holds, byScope: {}, troubles: [], brakeOff: { interactive: true, bulk: true } },
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
    expect(brakeOff).toEqual({ bulk: true });
    const both = release(aState({ byScope: { bulk: aHold('brake') }, brakeOff: { interactive: true } }), NOON);
    expect(both.holds.brakeOff).toEqual({ interactive: true, bulk: true });
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
