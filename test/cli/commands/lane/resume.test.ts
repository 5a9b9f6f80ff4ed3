import { describe, expect, it } from 'vitest';
import { resumeLane } from '../../../../cli/commands/lane/resume.ts';
import type { Holds, OperatorHold } from '../../../../functions/call-budget/holds.ts';
import { failureIn } from '../../../support/cli/command-line.ts';
import { aBudgetState, aHold, anOperator, HOUR_MS } from '../../../support/cli/operator.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const PAUSE: OperatorHold = { since: NOON - HOUR_MS, who: 'arn:aws:iam::1:user/kim', why: 'wrong file' };
const scene = (holds: Partial<Holds>, queued?: number) =>
  anOperator({ state: aBudgetState(holds), ...(queued === undefined ? {} : { queued }) });

describe('lane resume', () => {
  it('ends the pause that the same word made, and no other', async () => {
    const { context, store, action } = scene({ byOperator: { bulk: PAUSE, interactive: PAUSE } });
    expect(await resumeLane(context, 'bulk', {})).toBe(0);
    expect(store.item?.holds.byOperator).toEqual({ interactive: PAUSE });
    expect(action()).toMatchObject({ command: 'lane resume bulk', state: 'done' });
  });

  it('asks, and says where, who paused it and why', async () => {
    const { io, context } = scene({ byOperator: { bulk: PAUSE } });
    await resumeLane(context, 'bulk', {});
    expect(io.stderr.text).toContain(
      'About to resume lane bulk of stack Test, account 123456789012, region eu-central-1: paused by arn:aws:iam::1:user/kim ("wrong file") on lane bulk, since 2026-11-23T11:00:00Z (60 min ago).',
    );
    expect(io.stdout.text).toBe('Resumed: lane bulk.\n');
  });

  it.each<[claim: string, holds: Partial<Holds>, line: string]>([
    [
      'all lanes are paused',
      { byOperator: { bulk: PAUSE, all: PAUSE } },
      '(docs/runbook.md, Operator). Next: ask arn:aws:iam::1:user/kim why, then npx resets lane resume all\n',
    ],
    [
      'its brake is on',
      { byOperator: { bulk: PAUSE }, byScope: { bulk: aHold('brake') } },
      'the file that is sent, then npx resets budget release\n',
    ],
    [
      'no token is accepted',
      { byOperator: { bulk: PAUSE }, byScope: { all: aHold('credential') } },
      '(docs/runbook.md, Credential). Next: put a valid token into secret arn:',
    ],
    [
      'there is an outage',
      { byOperator: { bulk: PAUSE }, byScope: { all: aHold('outage') } },
      '(docs/runbook.md, Outage). Next: if the API is down, nothing',
    ],
  ])('says before and after that %s all the same, and what ends that', async (_claim, holds, line) => {
    const { io, context } = scene(holds);
    await resumeLane(context, 'bulk', {});
    expect(io.stderr.text).toMatch(/Still held: /);
    expect(io.stdout.text).toContain('Still held: ');
    expect(io.stdout.text).toContain(line);
  });

  it('says nothing of a hold of the other lane', async () => {
    const { io, context } = scene({ byOperator: { bulk: PAUSE }, byScope: { interactive: aHold('brake') } });
    await resumeLane(context, 'bulk', {});
    expect(io.stdout.text).toBe('Resumed: lane bulk.\n');
  });

  it.each<[claim: string, holds: Partial<Holds>]>([
    ['is not paused', {}],
    ['was paused until a time that has passed', { byOperator: { bulk: { ...PAUSE, until: NOON } } }],
    ['is paused with all others alone', { byOperator: { all: PAUSE } }],
  ])('of a lane that %s says so, asks nothing and is no action', async (_claim, holds) => {
    const { io, context, store, written } = scene(holds);
    expect(await resumeLane(context, 'bulk', {})).toBe(0);
    expect(io.stdout.lines[0]).toBe('Lane bulk is not paused.');
    expect(io.stdout.text.includes('lane resume all')).toBe('all' in (holds.byOperator ?? {}));
    expect(io.stderr.text).toBe('');
    expect({ writes: store.writes, actions: written.size }).toEqual({ writes: 0, actions: 0 });
  });

  it.each([
    [{ byOperator: { all: PAUSE } }, { actionId: 'id-1', changed: true, lane: 'all', holds: [] }],
    [{}, { actionId: null, changed: false, lane: 'all', ended: null, holds: [] }],
  ])('prints only JSON with --json (%j)', async (holds, printed) => {
    const { io, context } = scene(holds);
    await resumeLane(context, 'all', { yes: true, json: true });
    expect(JSON.parse(io.stdout.text)).toMatchObject(printed);
  });

  it('does not end a pause that somebody made anew while the question was open', async () => {
    const { context, store, action } = scene({ byOperator: { bulk: PAUSE } });
    const { read } = store;
    store.read = async () => {
      const shown = await read();
      store.item = aBudgetState({ byOperator: { bulk: { ...PAUSE, since: NOON } } });
      return shown;
    };
    const failure = await failureIn(resumeLane(context, 'bulk', {}));
    expect(failure).toEqual({
      message: expect.stringMatching(/^Nothing was changed\. Meanwhile it was paused anew/),
      exitCode: 1,
    });
    expect(store.writes).toBe(0);
    expect(action()).toMatchObject({ state: 'interrupted', done: 0 });
  });
});
