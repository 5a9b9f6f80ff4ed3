import { describe, expect, it } from 'vitest';
import { type PauseOptions, pauseLane } from '../../../../cli/commands/lane/pause.ts';
import { SCOPES } from '../../../../cli/commands/lane/scope.ts';
import { CALLER, contextOf, failureIn, testIo } from '../../../support/cli/command-line.ts';
import { aBudgetState, aHold, anOperator, HOUR_MS } from '../../../support/cli/operator.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const EIGHT_HOURS = { typed: '8h', ms: 8 * HOUR_MS };
const PAUSE = { since: NOON - HOUR_MS, who: 'arn:aws:iam::1:user/kim', why: 'wrong file' };

describe('lane pause', () => {
  it.each(SCOPES)(
    '%s: nobody calls in that scope until it is resumed, and it is known who paused it',
    async (scope) => {
      const { context, store, action } = anOperator();
      expect(await pauseLane(context, scope, {})).toBe(0);
      expect(store.item?.holds.byOperator).toEqual({ [scope]: { since: NOON, who: CALLER } });
      expect(action()).toMatchObject({ command: `lane pause ${scope}`, who: CALLER, state: 'done', done: 1 });
    },
  );

  it('with an end and a reason keeps both, also in the action', async () => {
    const { context, store, action } = anOperator();
    await pauseLane(context, 'bulk', { until: EIGHT_HOURS, reason: 'wrong file' });
    expect(store.item?.holds.byOperator.bulk).toEqual({
      since: NOON,
      who: CALLER,
      until: NOON + 8 * HOUR_MS,
      why: 'wrong file',
    });
    expect(action()).toMatchObject({
      command: 'lane pause bulk --until 8h',
      details: { reason: 'wrong file', until: '2026-11-23T20:00:00.000Z' },
    });
  });

  it('keeps the beginning of a long reason where it is written with every permit, and all of it in the action', async () => {
    const { context, store, action } = anOperator();
    const reason = '😀'.repeat(512);
    await pauseLane(context, 'bulk', { reason });
    expect(store.item?.holds.byOperator.bulk?.why).toBe(`${'😀'.repeat(127)}…`);
    expect(action()?.details).toEqual({ reason });
  });

  it('says what it means and where, asks, and tells how to resume', async () => {
    const { io, context } = anOperator();
    await pauseLane(context, 'bulk', { until: EIGHT_HOURS });
    expect(io.stderr.text).toContain(
      'About to pause lane bulk of stack Test, account 123456789012, region eu-central-1, until 2026-11-23T20:00:00Z (in 8 h).',
    );
    expect(io.stderr.text).toMatch(
      /No call of lane bulk begins later than 10 s .* lane interactive is left as it is\./,
    );
    expect(io.stderr.text).toContain('Go ahead?');
    expect(io.stdout.text).toBe(
      'Paused: lane bulk, until 2026-11-23T20:00:00Z (in 8 h). Resume with: npx resets lane resume bulk\n',
    );
  });

  it('that is answered with no changes nothing', async () => {
    const { context, store, written } = anOperator({ answer: 'n\n' });
    expect(await failureIn(pauseLane(context, 'bulk', {}))).toEqual({ message: 'Nothing was changed.', exitCode: 1 });
    expect({ writes: store.writes, actions: written.size }).toEqual({ writes: 0, actions: 0 });
  });

  it('over a pause of the same word says whose it replaces, and replaces it whole', async () => {
    const { io, context, store } = anOperator({ state: aBudgetState({ byOperator: { bulk: PAUSE, all: PAUSE } }) });
    await pauseLane(context, 'bulk', { json: true });
    expect(io.stderr.text).toContain('This replaces: paused by arn:aws:iam::1:user/kim ("wrong file") on lane bulk');
    expect(io.stderr.text).toContain('Held already, beside it: paused by arn:aws:iam::1:user/kim');
    expect(store.item?.holds.byOperator).toEqual({ bulk: { since: NOON, who: CALLER }, all: PAUSE });
    expect(JSON.parse(io.stdout.text).replaced).toMatchObject({ who: PAUSE.who, reason: 'wrong file' });
  });

  describe('during whose question another operator pauses the same', () => {
    const meanwhile = () => {
      const operator = anOperator({}, { caller: async () => pausedByKim() });
      const pausedByKim = (): string => {
        operator.store.item = aBudgetState({ byOperator: { bulk: PAUSE } }, { revision: 8 });
        return CALLER;
      };
      return operator;
    };

    it('leaves that pause as it is, and says whose it is', async () => {
      const { context, store } = meanwhile();
      expect(await failureIn(pauseLane(context, 'bulk', { until: EIGHT_HOURS }))).toEqual({
        message: expect.stringMatching(/^Nothing was changed\. Meanwhile it was paused by arn:aws:iam::1:user\/kim; /),
        exitCode: 1,
      });
      expect(store.item?.holds.byOperator.bulk).toEqual(PAUSE);
    });

    it('replaces it with --yes, and tells so', async () => {
      const { io, context, store } = meanwhile();
      expect(await pauseLane(context, 'bulk', { yes: true, json: true })).toBe(0);
      expect(store.item?.holds.byOperator.bulk?.who).toBe(CALLER);
      expect(JSON.parse(io.stdout.text).replaced).toMatchObject({ who: PAUSE.who, reason: 'wrong file' });
    });
  });

  it('tells of the holds that stand beside it, and of none that only holds the other lane', async () => {
    const state = aBudgetState({ byScope: { bulk: aHold('brake'), interactive: aHold('brake') } });
    const { io, context } = anOperator({ state });
    await pauseLane(context, 'bulk', {});
    expect(io.stderr.text.match(/Held already/g)).toHaveLength(1);
    expect(io.stderr.text).toContain('Held already, beside it: brake on lane bulk');
  });

  it('prints only JSON on stdout with --json, each member there', async () => {
    const { io, context } = anOperator();
    await pauseLane(context, 'all', { yes: true, json: true });
    expect(JSON.parse(io.stdout.text)).toEqual({
      actionId: 'id-1',
      changed: true,
      lane: 'all',
      replaced: null,
      holds: [
        {
          scope: 'all',
          why: 'operator',
          since: '2026-11-23T12:00:00.000Z',
          until: null,
          probe: null,
          who: CALLER,
          reason: null,
        },
      ],
    });
  });

  it.each<[claim: string, options: PauseOptions, message: RegExp]>([
    ['an address in the reason', { reason: 'asked by jane.roe@example.com' }, /^--reason seems to hold an address/],
    ['an address in the reason, as a link has it', { reason: 'mailto:jane%40example.com' }, /seems to hold an address/],
    ['an empty reason', { reason: ' ' }, /^--reason is empty/],
    ['a reason of 513 characters', { reason: 'x'.repeat(513) }, /^--reason is longer than 512 characters/],
  ])('is refused for %s before anything is connected', async (_claim, options, message) => {
    const never = (): never => {
      throw new Error('This test expects no connection.');
    };
    const failure = await failureIn(
      pauseLane({ ...contextOf(testIo()), connect: never }, 'bulk', { yes: true, ...options }),
    );
    expect(failure).toEqual({ message: expect.stringMatching(message), exitCode: 2 });
  });

  it('takes a reason with a lone @, as in "@ 5 pm"', async () => {
    const { context, store } = anOperator();
    await pauseLane(context, 'bulk', { reason: 'release @ 5 pm' });
    expect(store.item?.holds.byOperator.bulk?.why).toBe('release @ 5 pm');
  });

  it("reckons its end by AWS's clock, not by this machine's", async () => {
    const { context, written } = anOperator({}, { now: () => NOON + 2 * HOUR_MS });
    const until = { typed: '2026-11-23T13:00:00Z', at: NOON + HOUR_MS };
    expect(await failureIn(pauseLane(context, 'bulk', { until }))).toEqual({
      message: expect.stringMatching(/^--until has passed: AWS's clock says 2026-11-23T14:00/),
      exitCode: 2,
    });
    expect(written.size).toBe(0);
  });

  it('whose end has come while the question was open changes nothing', async () => {
    let now = NOON;
    const caller = async () => {
      now += HOUR_MS;
      return CALLER;
    };
    const { context, store } = anOperator({}, { now: () => now, caller });
    const failure = await failureIn(pauseLane(context, 'bulk', { until: { typed: '30m', ms: HOUR_MS / 2 } }));
    expect(failure.message).toMatch(/^Nothing was changed\. The pause would be over by now/);
    expect(store.writes).toBe(0);
  });

  it('without a terminal and without --yes is wrong usage', async () => {
    const { io, context, store } = anOperator();
    io.stdin.isTTY = false;
    expect((await failureIn(pauseLane(context, 'bulk', {}))).exitCode).toBe(2);
    expect(store.reads).toBe(0);
  });
});
