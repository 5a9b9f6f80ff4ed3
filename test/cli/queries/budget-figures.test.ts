import { describe, expect, it } from 'vitest';
import { budgetFigures, budgetJson } from '../../../cli/queries/budget-figures.ts';
import { withCalls } from '../../../functions/call-budget/minutes.ts';
import { type BudgetState, freshBudget } from '../../../functions/call-budget/state.ts';
import { aBudget } from '../../support/cli/a-situation.ts';
import { DEPLOYMENT } from '../../support/cli/command-line.ts';
import { NOON } from '../../support/virtual-clock.ts';

const MINUTE = 60_000;
const figures = (state: BudgetState | undefined, deployed = DEPLOYMENT.ceiling) => budgetFigures(state, deployed, NOON);
const set = { quota: 'known', perMinute: 30, burst: 5 } as const;
const learned = { ...freshBudget(NOON).learned, estimate: 45 / MINUTE, grewFrom: NOON };

describe('the figures of the call budget', () => {
  it('before the first call the deployed ceiling is the rate', () => {
    expect(figures(undefined)).toMatchObject({
      pace: { perMinute: 60, reserve: 3 },
      set: undefined,
      calls: 0,
      refusals: 0,
    });
  });

  it('a ceiling that an operator set wins, and both are told', () => {
    expect(figures(aBudget({ ceiling: set }))).toMatchObject({
      pace: { perMinute: 30, burst: 4 },
      deployed: { perMinute: 60 },
      set,
    });
  });

  it('what refusals taught is the rate, below the ceiling', () => {
    const { pace, learned: perMinute } = figures(aBudget({ learned }));
    expect(pace?.perMinute).toBeCloseTo(45);
    expect(perMinute).toBeCloseTo(45);
  });

  it('without a deployed or a set ceiling no rate is known, and with a set one it is', () => {
    expect(budgetFigures(undefined, undefined, NOON).pace).toBeUndefined();
    expect(budgetFigures(aBudget({ ceiling: set }), undefined, NOON).pace).toMatchObject({ perMinute: 30, reserve: 0 });
  });

  it('calls and refusals are those of the present minute and the four before', () => {
    let { minutes } = freshBudget(NOON - 6 * MINUTE);
    for (const ago of [5, 4, 1, 0]) minutes = withCalls(minutes, NOON - ago * MINUTE, 10, 1);
    expect(figures(aBudget({ minutes }))).toMatchObject({ calls: 30, refusals: 3 });
  });

  it('a brake is off until its time, or until a success without one; an outage hold until its time', () => {
    const past = aBudget({ holds: { brakeOff: { bulk: { until: NOON } }, outageOffUntil: NOON } });
    expect(figures(past)).toMatchObject({ brakeOff: [], outageOffUntil: undefined });
    const ahead = aBudget({
      holds: { brakeOff: { interactive: {}, bulk: { until: NOON + 1 } }, outageOffUntil: NOON + 1 },
    });
    expect(figures(ahead)).toMatchObject({
      brakeOff: [
        { lane: 'interactive', until: undefined },
        { lane: 'bulk', until: NOON + 1 },
      ],
      outageOffUntil: NOON + 1,
    });
  });

  it('in JSON every member is there, absent ones as null', () => {
    expect(budgetJson(budgetFigures(undefined, undefined, NOON))).toEqual({
      perMinute: null,
      burst: null,
      reserve: null,
      deployed: null,
      set: null,
      learnedPerMinute: null,
      minutes: 5,
      calls: 0,
      refusals: 0,
      brakeOff: { interactive: null, bulk: null },
      outageOffUntil: null,
    });
    const off = { brakeOff: { interactive: {}, bulk: { until: NOON + MINUTE } } };
    expect(budgetJson(figures(aBudget({ learned, holds: off })))).toMatchObject({
      perMinute: 45,
      deployed: DEPLOYMENT.ceiling,
      learnedPerMinute: 45,
      brakeOff: { interactive: { until: null }, bulk: { until: '2026-11-23T12:01:00.000Z' } },
    });
  });
});
