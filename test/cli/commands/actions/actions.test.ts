import { describe, expect, it } from 'vitest';
import { abortAction } from '../../../../cli/commands/actions/abort.ts';
import { listActions } from '../../../../cli/commands/actions/list.ts';
import { showAction } from '../../../../cli/commands/actions/show.ts';
import type { ActionItem } from '../../../../functions/ledger/items.ts';
import { LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
import { anAction } from '../../../support/builders.ts';
import { CALLER, contextOf, failureIn, memoryReader, testIo } from '../../../support/cli/command-line.ts';
import { anOperator } from '../../../support/cli/operator.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const SECOND = 1000;
const running = ({ finishedAt: _, ...item }: ActionItem): ActionItem => ({ ...item, state: 'running' });
const SENDING = running(
  anAction('a-2', {
    command: 'enqueue --lane bulk',
    planned: 10_000,
    done: 1230,
    at: NOON - 30 * SECOND,
    heardAt: NOON,
  }),
);
const SILENT = running(anAction('a-3', { planned: 10, done: 4, heardAt: NOON - 61 * SECOND }));

/** @param look what becomes of the items with each look at them. */
function scene(items: ActionItem[], { answer = 'y\n', look = () => {} }: { answer?: string; look?: () => void } = {}) {
  const asked: [string, string][] = [];
  const ledger = {
    ...memoryReader(),
    findAction: async (id: string) => {
      const found = items.find(({ actionId }) => actionId === id);
      const copy = found && { ...found };
      look();
      return copy;
    },
    async *actions() {
      yield* items;
    },
  };
  const operator = anOperator({ answer }, { ledger });
  const parts = {
    actions: {
      begin: async () => {
        throw new Error('An abort is no action of its own.');
      },
      beat: async () => false,
      end: async () => {},
      askToStop: async (id: string, who: string) => {
        asked.push([id, who]);
        return items.some(({ actionId, state }) => actionId === id && state === 'running');
      },
    },
  };
  const connect = operator.context.connect;
  const context = { ...operator.context, connect: async () => ({ ...(await connect()), ...parts }) };
  return { ...operator, context, asked };
}

describe('actions', () => {
  it('lists what was done, newest first, with who, how far, and what has fallen silent as interrupted', async () => {
    const { io, context } = scene([SENDING, SILENT, anAction('a-1')]);
    expect(await listActions(context, {})).toBe(0);
    expect(io.stdout.lines.map((line) => line.split(/ {2,}/))).toEqual([
      ['begun', 'action id', 'state', 'done', 'who', 'command'],
      ['2026-11-23T11:59:30Z', 'a-2', 'running', '1,230 of 10,000', 'Operator/sam', 'enqueue --lane bulk'],
      ['2026-11-23T12:00:00Z', 'a-3', 'interrupted', 'at least 4 of 10', 'Operator/sam', 'lane pause bulk'],
      ['2026-11-23T12:00:00Z', 'a-1', 'done', '1 of 1', 'Operator/sam', 'lane pause bulk'],
    ]);
    expect(io.stderr.text).toBe('3 actions.\n');
  });

  it.each([
    [2, 'The newest 2 actions; --limit all lists them all.\n', true],
    [Number.POSITIVE_INFINITY, '3 actions.\n', false],
  ])('--limit %d says whether there are more', async (limit, words, hasMore) => {
    const { io, context } = scene([SENDING, SILENT, anAction('a-1')]);
    await listActions(context, { limit });
    expect(io.stderr.text).toBe(words);
    const json = scene([SENDING, SILENT, anAction('a-1')]);
    await listActions(json.context, { limit, json: true });
    expect(JSON.parse(json.io.stdout.text)).toMatchObject({ actions: { length: Math.min(limit, 3) }, hasMore });
  });

  it('lists twenty unless told otherwise', async () => {
    const { io, context } = scene(Array.from({ length: 21 }, (_, index) => anAction(`a-${index}`)));
    await listActions(context, {});
    expect(io.stderr.text).toBe('The newest 20 actions; --limit all lists them all.\n');
  });

  it('of a ledger without actions says so', async () => {
    const { io, context } = scene([]);
    await listActions(context, {});
    expect(io.stdout.text + io.stderr.text).toBe('No action is known.\n');
  });
});

describe('actions show', () => {
  it('tells who, when, how far, the details, and how to stop it', async () => {
    const details = { lane: 'bulk', requestIds: ['r-1', 'r-2'], fromLine: 3 };
    const { io, context } = scene([{ ...SENDING, details }]);
    expect(await showAction(context, 'a-2', {})).toBe(0);
    expect(io.stdout.text).toMatch(/^a-2 {2}enqueue --lane bulk: running, 1,230 of 10,000 done\.\n/);
    expect(io.stdout.text).toMatch(/who +arn:aws:sts::123456789012:assumed-role\/Operator\/sam\n/);
    expect(io.stdout.text).toMatch(
      /begun +2026-11-23T11:59:30Z \(30 s ago\)\n.*requestIds +r-1, r-2\n +fromLine +3\n/s,
    );
    expect(io.stderr.text).toBe('Stop it with: npx resets actions abort a-2\n');
  });

  it('tells who aborted one', async () => {
    const { io, context } = scene([anAction('a-1', { state: 'aborted', abortAt: NOON, abortBy: 'kim' })]);
    await showAction(context, 'a-1', {});
    expect(io.stdout.text).toMatch(/abort asked for +2026-11-23T12:00:00Z.*\n +by +kim\n/);
    expect(io.stderr.text).toBe('');
  });

  it('prints foreign characters harmlessly', async () => {
    const { io, context } = scene([anAction('a-1', { command: 'lane\u001b[2J', details: { file: 'x\u001b]0;y' } })]);
    await showAction(context, 'a-1', {});
    expect(io.stdout.text).not.toContain('\u001b');
  });

  it('prints only JSON with --json', async () => {
    const { io, context } = scene([anAction('a-1')]);
    await showAction(context, 'a-1', { json: true });
    expect(JSON.parse(io.stdout.text)).toMatchObject({ actionId: 'a-1', state: 'done', abortBy: null });
  });
});

describe('an id of an action', () => {
  const never = (): never => {
    throw new Error('This test expects no connection.');
  };
  const unconnected = () => ({ ...contextOf(testIo()), connect: never });
  const commands = [
    ['show', showAction],
    ['abort', abortAction],
  ] as const;

  it.each(commands)('that %s does not know is refused in one line that points to the list', async (_name, run) => {
    const { context } = scene([]);
    expect(await failureIn(run(context, 'a-9', { yes: true } as object))).toEqual({
      message: 'The ledger knows no action a-9. Those it knows: npx resets actions',
      exitCode: 1,
    });
  });

  it.each(commands)('against the alphabet is wrong usage of %s', async (_name, run) => {
    for (const id of ['a b', '', 'a/b', 'x'.repeat(129)]) {
      const failure = await failureIn(run(unconnected(), id, { yes: true } as object));
      expect(failure).toEqual({ message: expect.stringMatching(/^The action id /), exitCode: 2 });
    }
  });
});

describe('actions abort', () => {
  /** Ends so with the third look at it. */
  const endingAs = (state: ActionItem['state'], options: { answer?: string } = {}) => {
    const items = [{ ...SENDING }];
    let looks = 0;
    const scened = scene(items, {
      ...options,
      look() {
        looks += 1;
        if (looks === 3) items[0] = { ...SENDING, state, done: 1500, abortBy: CALLER };
      },
    });
    return { ...scened, looks: () => looks };
  };

  it('asks the action to stop, waits until it has, and says how far it came', async () => {
    const { io, context, asked } = endingAs('aborted');
    expect(await abortAction(context, 'a-2', {})).toBe(0);
    expect(asked).toEqual([['a-2', CALLER]]);
    expect(io.stdout.text).toBe('Stopped: enqueue --lane bulk, 1,500 of 10,000 done.\n');
    expect(io.slept).toEqual([1000, 1000]);
  });

  it('says before the question whose it is, where, and how far it is', async () => {
    const { io, context, asked } = endingAs('aborted', { answer: 'n\n' });
    expect(await failureIn(abortAction(context, 'a-2', {}))).toEqual({ message: 'Nothing was stopped.', exitCode: 1 });
    expect(io.stderr.text).toContain(
      'About to abort action a-2 of stack Test, account 123456789012, region eu-central-1: enqueue --lane bulk.',
    );
    expect(io.stderr.text).toMatch(/Begun by arn:.*sam at 2026-11-23T11:59:30Z \(30 s ago\); 1,230 of 10,000 done\./);
    expect(asked).toEqual([]);
  });

  it.each<[claim: string, item: ActionItem, message: RegExp]>([
    ['that is done', anAction('a-2'), /^Action a-2 does not run: done, 1 of 1 done; it ended at 2026/],
    ['that was aborted', anAction('a-2', { state: 'aborted' }), /does not run: aborted/],
    ['that was interrupted', anAction('a-2', { state: 'interrupted' }), /does not run: interrupted/],
  ])('of an action %s is refused in one line', async (_claim, item, message) => {
    const { context, asked } = scene([item]);
    expect(await failureIn(abortAction(context, 'a-2', {}))).toEqual({
      message: expect.stringMatching(message),
      exitCode: 1,
    });
    expect(asked).toEqual([]);
  });

  it('of one that was done before it heard of it says so, and fails', async () => {
    const { context } = endingAs('done');
    expect(await failureIn(abortAction(context, 'a-2', {}))).toEqual({
      message: 'Action a-2 had ended before it could be stopped: done, 1,500 of 10,000 done.',
      exitCode: 1,
    });
  });

  it('of one that has fallen silent is asked for all the same: a laptop may be opened again', async () => {
    const { io, context, asked } = scene([SILENT]);
    const failure = await failureIn(abortAction(context, 'a-3', {}));
    expect(io.stderr.text).toContain(
      'Nothing was heard of it since 2026-11-23T11:58:59Z (61 s ago); should it go on, it stops within 10 s.',
    );
    expect(asked).toEqual([['a-3', CALLER]]);
    expect(failure).toEqual({ message: expect.stringMatching(/was asked to stop and has not said/), exitCode: 1 });
  });

  it('of one that does not answer waits 15 s, says so, and fails', async () => {
    const { io, context } = scene([SENDING]);
    const failure = await failureIn(abortAction(context, 'a-2', {}));
    expect(failure).toEqual({
      message: expect.stringMatching(/was asked to stop and has not said within 15 s/),
      exitCode: 1,
    });
    expect(io.clock.now()).toBe(NOON + 15_000);
  });

  it('looks again where a look fails: it is asked already', async () => {
    const items = [{ ...SENDING }];
    const { context } = scene(items);
    const connection = await context.connect();
    const { findAction } = connection.ledger;
    let looks = 0;
    const ledger = {
      ...connection.ledger,
      findAction: async (id: string) => {
        looks += 1;
        if (looks === 2) throw new LedgerUnreachable(new Error('no'));
        if (looks === 3) items[0] = { ...SENDING, state: 'aborted' };
        return findAction(id);
      },
    };
    expect(await abortAction({ ...context, connect: async () => ({ ...connection, ledger }) }, 'a-2', {})).toBe(0);
  });

  it.each([
    ['aborted', 0, { stopped: true, state: 'aborted', done: 1500, abortBy: CALLER }],
    ['done', 1, { stopped: false, state: 'done' }],
  ] as const)('prints only JSON with --json (%s)', async (state, exitCode, printed) => {
    const { io, context } = endingAs(state);
    const work = abortAction(context, 'a-2', { yes: true, json: true });
    expect(exitCode === 0 ? await work : (await failureIn(work)).exitCode).toBe(exitCode);
    expect(JSON.parse(io.stdout.text)).toMatchObject(printed);
  });
});
