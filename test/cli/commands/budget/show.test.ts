import { describe, expect, it } from 'vitest';
import { showBudget } from '../../../../cli/commands/budget/show.ts';
import { withCalls } from '../../../../functions/call-budget/minutes.ts';
import { type BudgetState, freshBudget } from '../../../../functions/call-budget/state.ts';
import { DEPLOYMENT } from '../../../support/cli/command-line.ts';
import { aBudgetState, aHold, anOperator, HOUR_MS, MINUTE_MS } from '../../../support/cli/operator.ts';
import { NOON } from '../../../support/virtual-clock.ts';

async function shown(state: BudgetState | undefined, deployment = DEPLOYMENT): Promise<string> {
  const { io, context, store } = anOperator({}, { deployment });
  store.item = state;
  expect(await showBudget(context, {})).toBe(0);
  expect(io.stderr.text).toBe('');
  return io.stdout.text;
}

const learned = { ...freshBudget(NOON).learned, estimate: 23.4 / MINUTE_MS, grewFrom: NOON };

describe('budget show', () => {
  it.each<[claim: string, state: BudgetState | undefined, words: RegExp]>([
    ['the deployed ceiling', undefined, /rate now +60 calls a minute.*deployed +60 calls a minute, burst 10, known/s],
    [
      'what is held',
      aBudgetState({ byScope: { bulk: aHold('brake') } }),
      /held +brake on lane bulk, since .*next probe/,
    ],
    ['that nothing is held', aBudgetState(), /held +nothing\n/],
    [
      'a ceiling that was set, which wins',
      aBudgetState({}, { ceiling: { quota: 'known', perMinute: 30, burst: 5 } }),
      /rate now +30 calls a minute.*set +30 calls a minute, burst 5; it wins until budget clear/s,
    ],
    ['what was learned', aBudgetState({}, { learned }), /rate now +23.4 calls a minute.*admits about 23.4 calls/s],
    [
      'a pause that the API asked for',
      aBudgetState({}, { quietUntil: NOON + HOUR_MS }),
      /held +the API asked for a pause on all lanes, until 2026-11-23T13:00:00Z/,
    ],
    [
      'a brake that is off until a time',
      aBudgetState({ brakeOff: { bulk: { until: NOON + HOUR_MS } } }),
      /brake off +lane bulk, until 2026-11-23T13:00:00Z/,
    ],
    ['a brake that is off', aBudgetState({ brakeOff: { bulk: {} } }), /brake off +lane bulk, until its next success/],
    [
      'outage holds that are off',
      aBudgetState({ outageOffUntil: NOON + HOUR_MS }),
      /outage hold off +until 2026-11-23T13/,
    ],
    [
      'the calls and refusals of the last minutes',
      aBudgetState({}, { minutes: withCalls(freshBudget(NOON - MINUTE_MS).minutes, NOON - MINUTE_MS, 34, 2) }),
      /calls by minute +12:00 {2}0 calls\n +11:59 {2}34 calls, 2 refused \(429\)/,
    ],
  ])('tells %s', async (_claim, state, words) => {
    expect(await shown(state)).toMatch(words);
  });

  it('says where that is', async () => {
    expect(await shown(undefined)).toMatch(/^Call budget of stack Test, account 123456789012, region eu-central-1\n/);
  });

  it('tells what it can where the outputs do not know the ceiling', async () => {
    const text = await shown(aBudgetState(), { ...DEPLOYMENT, ceiling: undefined });
    expect(text).toMatch(/rate now +not known: the outputs .*deployed +not known.*held +nothing/s);
  });

  it('prints only JSON with --json, each member there', async () => {
    const { io, context } = anOperator({ state: aBudgetState({ byScope: { bulk: aHold('brake') } }) });
    await showBudget(context, { json: true });
    const printed = JSON.parse(io.stdout.text);
    expect(printed).toMatchObject({
      deployment: 'stack Test',
      account: '123456789012',
      region: 'eu-central-1',
      perMinute: 60,
      deployed: { quota: 'known', perMinute: 60, burst: 10, reserve: 3 },
      set: null,
      learnedPerMinute: null,
      holds: [{ scope: 'bulk', why: 'brake', who: null }],
    });
    expect(printed.byMinute).toHaveLength(10);
    expect(printed.byMinute[0]).toEqual({ at: '2026-11-23T12:00:00.000Z', calls: 0, refusals: 0 });
  });
});
