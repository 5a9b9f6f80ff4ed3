import { describe, expect, it } from 'vitest';
import { clearBudget } from '../../../../cli/commands/budget/clear.ts';
import { setBudget } from '../../../../cli/commands/budget/set.ts';
import type { Ceiling } from '../../../../functions/call-budget/state.ts';
import { DEPLOYMENT, failureIn } from '../../../support/cli/command-line.ts';
import { aBudgetState, anOperator } from '../../../support/cli/operator.ts';

const SET: Ceiling = { quota: 'known', perMinute: 30, burst: 10 };
const ofSet = () => anOperator({ state: aBudgetState({}, { ceiling: SET }) });
const unknown = { deployment: { ...DEPLOYMENT, ceiling: undefined } };

describe('budget set', () => {
  it('sets the ceiling, with the deployed burst unless another is given, and is an action', async () => {
    const { context, store, action } = anOperator();
    expect(await setBudget(context, 30, {})).toBe(0);
    expect(store.item?.ceiling).toEqual(SET);
    expect(action()).toMatchObject({ command: 'budget set 30 --burst 10', state: 'done' });
    const other = anOperator();
    await setBudget(other.context, 30, { burst: 5 });
    expect(other.store.item?.ceiling).toEqual({ ...SET, burst: 5 });
  });

  it('says what it means and where, what is there now, and asks', async () => {
    const { io, context } = ofSet();
    await setBudget(context, 20, {});
    expect(io.stderr.text).toContain(
      'About to set the ceiling of stack Test, account 123456789012, region eu-central-1: 20 calls a minute, burst 10.',
    );
    expect(io.stderr.text).toContain('Now: 30 calls a minute, burst 10 (set; deployed 60 calls a minute, burst 10).');
    expect(io.stderr.text).not.toContain('Warning');
    expect(io.stdout.text).toBe(
      'Set: 20 calls a minute, burst 10. Back to the deployed one with: npx resets budget clear\n',
    );
  });

  it.each<[claim: string, perMinute: number, words: RegExp]>([
    ['is above the deployed one', 61, /Warning: this is more than is deployed/],
    [
      'needs a larger burst, with the arithmetic of the synthesis',
      1200,
      /Warning: a burst of 10 is small for 1200 calls .*take 10 of it \(1200 \/ 60 x 0\.5\).*reserve of 3/,
    ],
  ])('warns before the question of a ceiling that %s', async (_claim, perMinute, words) => {
    const { io, context } = anOperator();
    await setBudget(context, perMinute, {});
    expect(io.stderr.text.slice(0, io.stderr.text.indexOf('Go ahead?'))).toMatch(words);
  });

  it('refuses a burst that would leave nothing to lane bulk', async () => {
    const { context, store, written } = anOperator();
    expect(await failureIn(setBudget(context, 30, { burst: 3 }))).toEqual({
      message: expect.stringMatching(/^--burst must be above 3/),
      exitCode: 2,
    });
    expect({ reads: store.reads, actions: written.size }).toEqual({ reads: 0, actions: 0 });
  });

  it('of what is set already says so, asks nothing and is no action', async () => {
    const { io, context, store, written } = ofSet();
    expect(await setBudget(context, 30, {})).toBe(0);
    expect(io.stdout.text).toBe('Set already: 30 calls a minute, burst 10.\n');
    expect(io.stderr.text).toBe('');
    expect({ writes: store.writes, actions: written.size }).toEqual({ writes: 0, actions: 0 });
  });

  it('prints only JSON with --json', async () => {
    const { io, context } = anOperator();
    await setBudget(context, 30, { yes: true, json: true });
    expect(JSON.parse(io.stdout.text)).toMatchObject({
      actionId: 'id-1',
      changed: true,
      before: null,
      perMinute: 30,
      set: SET,
    });
  });
});

describe('budget clear', () => {
  it('goes back to the deployed ceiling, and is an action', async () => {
    const { io, context, store, action } = ofSet();
    expect(await clearBudget(context, {})).toBe(0);
    expect(store.item).not.toHaveProperty('ceiling');
    expect(action()).toMatchObject({ command: 'budget clear', state: 'done' });
    expect(io.stderr.text).toMatch(
      /About to clear the ceiling of stack Test, account .*: 30 calls a minute, burst 10\./,
    );
    expect(io.stdout.text).toBe('Cleared; the deployed ceiling is in force: 60 calls a minute, burst 10.\n');
  });

  it('where none is set says so, asks nothing and is no action', async () => {
    const { io, context, written } = anOperator();
    expect(await clearBudget(context, {})).toBe(0);
    expect(io.stdout.text).toBe('No ceiling is set; the deployed one is in force: 60 calls a minute, burst 10.\n');
    expect(written.size).toBe(0);
  });

  it('prints only JSON with --json', async () => {
    const { io, context } = ofSet();
    await clearBudget(context, { yes: true, json: true });
    expect(JSON.parse(io.stdout.text)).toMatchObject({
      actionId: 'id-1',
      changed: true,
      before: SET,
      set: null,
      perMinute: 60,
    });
  });
});

describe('where the outputs do not tell the deployed ceiling', () => {
  it.each([
    ['budget set', (context: Parameters<typeof clearBudget>[0]) => setBudget(context, 30, {})],
    ['budget clear', (context: Parameters<typeof clearBudget>[0]) => clearBudget(context, {})],
  ])('%s changes nothing, and says which outputs it needs', async (_command, run) => {
    const { context, store } = anOperator({}, unknown);
    expect(await failureIn(run(context))).toEqual({
      message: expect.stringMatching(
        /stack Test does not tell Quota, CallsPerMinute, CallBurst and InteractiveReserve/,
      ),
      exitCode: 1,
    });
    expect(store.reads).toBe(0);
  });
});
