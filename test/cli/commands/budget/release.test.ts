import { describe, expect, it } from 'vitest';
import { releaseBudget } from '../../../../cli/commands/budget/release.ts';
import type { Holds } from '../../../../functions/call-budget/holds.ts';
import type { BudgetState } from '../../../../functions/call-budget/state.ts';
import { failureIn } from '../../../support/cli/command-line.ts';
import { aBudgetState, aHold, anOperator, HOUR_MS, MINUTE_MS } from '../../../support/cli/operator.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const EIGHT_HOURS = { typed: '8h', ms: 8 * HOUR_MS };
const PAUSE = { since: NOON - HOUR_MS, who: 'kim' };
const scene = (holds: Partial<Holds>, more: Partial<BudgetState> = {}) =>
  anOperator({ state: aBudgetState(holds, more) });

describe('budget release', () => {
  it.each<[claim: string, holds: Partial<Holds>, more: Partial<BudgetState>, shown: RegExp, meaning: RegExp]>([
    [
      'a brake',
      { byScope: { bulk: aHold('brake') } },
      {},
      /brake on lane bulk/,
      /brake of lane bulk stays off until its next success/,
    ],
    [
      'an outage hold',
      { byScope: { all: aHold('outage') } },
      {},
      /outage on all lanes/,
      /Outage holds stay off for an hour/,
    ],
    [
      'a credential hold',
      { byScope: { all: aHold('credential') } },
      {},
      /no accepted token/,
      /still rejected holds all lanes again/,
    ],
    [
      'a pause that the API asked for',
      {},
      { quietUntil: NOON + HOUR_MS },
      /the API asked for a pause/,
      /it may refuse all calls until then/,
    ],
  ])(
    'ends %s, and says before what it ends, what that means, and where',
    async (_claim, holds, more, shown, meaning) => {
      const { io, context, store, action } = scene(holds, more);
      expect(await releaseBudget(context, {})).toBe(0);
      expect(io.stderr.text).toContain(
        'About to release what holds stack Test, account 123456789012, region eu-central-1:',
      );
      expect(io.stderr.text).toMatch(shown);
      expect(io.stderr.text).toMatch(meaning);
      expect(store.item?.holds.byScope).toEqual({});
      expect(store.item?.quietUntil).toBeLessThanOrEqual(NOON);
      expect(io.stdout.text).toBe('Released.\n');
      expect(action()).toMatchObject({ command: 'budget release', state: 'done' });
    },
  );

  it("leaves an operator's pause, and says that it stands", async () => {
    const { io, context, store } = scene({ byScope: { bulk: aHold('brake') }, byOperator: { bulk: PAUSE } });
    await releaseBudget(context, {});
    expect(store.item?.holds.byOperator).toEqual({ bulk: PAUSE });
    expect(io.stdout.text).toMatch(
      /^Released\.\nStill held: paused by kim on lane bulk.*npx resets lane resume bulk\n$/,
    );
  });

  it.each<[claim: string, state: BudgetState, queued: number]>([
    ['nothing is held', aBudgetState(), 5],
    ['only a pause of an operator stands', aBudgetState({ byOperator: { bulk: PAUSE } }), 5],
    ['an ended hold has no message to hold', aBudgetState({ byScope: { bulk: aHold('brake', { until: NOON }) } }), 0],
  ])('where %s says so, asks nothing and is no action', async (_claim, state, queued) => {
    const { io, context, store, written } = anOperator({ state, queued });
    expect(await releaseBudget(context, {})).toBe(0);
    expect(io.stdout.lines[0]).toBe('There is nothing to release.');
    expect(io.stderr.text).toBe('');
    expect({ writes: store.writes, actions: written.size }).toEqual({ writes: 0, actions: 0 });
  });

  it('--brake-off keeps the brakes off for so long, also where nothing is held', async () => {
    const { io, context, store, action } = scene({});
    await releaseBudget(context, { brakeOff: EIGHT_HOURS });
    const off = { until: NOON + EIGHT_HOURS.ms };
    expect(store.item?.holds.brakeOff).toEqual({ interactive: off, bulk: off });
    expect(io.stderr.text).toMatch(/About to switch a brake off in stack Test, account .*; nothing is held\./);
    expect(io.stderr.text).toMatch(
      /brake of lane interactive and lane bulk is off until 2026-11-23T20:00:00Z: .*dead-lettered/,
    );
    expect(io.stdout.text).toBe('The brake is switched off.\n');
    expect(action()).toMatchObject({ command: 'budget release --brake-off 8h' });
  });

  it('--brake-off --lane keeps one brake off for so long, and another that was on till its next success', async () => {
    const { io, context, store, action } = scene({ byScope: { bulk: aHold('brake'), interactive: aHold('brake') } });
    await releaseBudget(context, { brakeOff: EIGHT_HOURS, lane: 'bulk' });
    expect(store.item?.holds.byScope).toEqual({});
    expect(store.item?.holds.brakeOff).toEqual({ interactive: {}, bulk: { until: NOON + EIGHT_HOURS.ms } });
    expect(io.stderr.text).toContain('The brake of lane interactive stays off until its next success.');
    expect(action()).toMatchObject({ command: 'budget release --brake-off 8h --lane bulk' });
  });

  it('--lane without --brake-off is wrong usage', async () => {
    const { context } = scene({});
    expect((await failureIn(releaseBudget(context, { lane: 'bulk' }))).exitCode).toBe(2);
  });

  /** A brake, beside which a hold begins once it was looked at. */
  function heldAnewAfterALook() {
    const scened = scene({ byScope: { bulk: aHold('brake') } });
    const { store } = scened;
    const { read } = store;
    store.read = async () => {
      const shown = await read();
      store.item = aBudgetState({ byScope: { bulk: aHold('brake'), all: aHold('credential') } });
      return shown;
    };
    return scened;
  }

  it('does not end a hold that has begun while the question was open', async () => {
    const { context, store } = heldAnewAfterALook();
    const failure = await failureIn(releaseBudget(context, {}));
    expect(failure.message).toMatch(/^Nothing was changed\. Meanwhile another hold has begun \(credential\)/);
    expect(store.writes).toBe(0);
  });

  it('--yes ends also a hold that has begun since it looked', async () => {
    const { context, store } = heldAnewAfterALook();
    expect(await releaseBudget(context, { yes: true })).toBe(0);
    expect(store.item?.holds.byScope).toEqual({});
  });

  it('goes on where a hold that was shown has ended or been probed meanwhile', async () => {
    const { context, store } = scene({ byScope: { bulk: aHold('brake'), all: aHold('outage') } });
    const { read } = store;
    store.read = async () => {
      const shown = await read();
      store.item = aBudgetState({ byScope: { bulk: aHold('brake', { until: NOON + 4 * MINUTE_MS }) } });
      return shown;
    };
    expect(await releaseBudget(context, {})).toBe(0);
    expect(store.item?.holds.byScope).toEqual({});
  });

  it('prints only JSON with --json', async () => {
    const { io, context } = scene({ byScope: { bulk: aHold('brake') } });
    await releaseBudget(context, { yes: true, json: true });
    expect(JSON.parse(io.stdout.text)).toMatchObject({
      actionId: 'id-1',
      changed: true,
      released: [{ scope: 'bulk', why: 'brake' }],
      brakeOff: { interactive: null, bulk: { until: null } },
      outageOffUntil: null,
      holds: [],
    });
  });
});
