import { describe, expect, it } from 'vitest';
import { type Change, carryOut, type RunningAction } from '../../../cli/changes/carry-out.ts';
import type { Connection } from '../../../cli/deployment/connect.ts';
import { CommandFailed } from '../../../cli/terminal/io.ts';
import { LedgerUnreachable } from '../../../functions/ledger/ledger.ts';
import { CALLER, contextOf, failureIn, memoryActions, onTerminal, testIo } from '../../support/cli/command-line.ts';

const unreachable = async (): Promise<never> => {
  throw new LedgerUnreachable(Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }));
};

/** An operator who answers the question with yes, and what becomes of the change. */
function setUp(
  change: Partial<Change> = {},
  { answer = 'y\n', ...parts }: Partial<Connection> & { answer?: string } = {},
) {
  const io = onTerminal(testIo(), answer);
  const { actions, written } = memoryActions();
  const context = contextOf(io, { actions, ...parts });
  const carry = async <T>(work: (action: RunningAction) => Promise<T>) =>
    carryOut(
      context,
      await context.connect(),
      {
        command: 'lane pause bulk',
        about: ['About to pause.'],
        yes: undefined,
        undone: 'Nothing was changed.',
        ...change,
      },
      work,
    );
  return { io, actions, written, carry, action: () => written.get('id-1') };
}

const makeOne = async ({ done }: RunningAction): Promise<string> => {
  done(1);
  return 'made';
};
const notDone = async (): Promise<never> => {
  throw new Error('It was begun.');
};

describe('a change of state', () => {
  it('is shown, asked for, written down as running, made, and written down as done', async () => {
    const { io, carry, action } = setUp({ details: { reason: 'r' } });
    const during: unknown[] = [];
    const carried = await carry(async (running) => {
      during.push(io.stderr.text, action());
      return makeOne(running);
    });
    expect(during).toEqual([
      expect.stringMatching(/About to pause\.\n.*Go ahead\?/),
      { command: 'lane pause bulk', who: CALLER, details: { reason: 'r' }, planned: 1, done: 0, state: 'running' },
    ]);
    expect(carried).toEqual({ result: 'made', actionId: 'id-1', end: 'done' });
    expect(action()).toMatchObject({ state: 'done', done: 1 });
  });

  it.each([
    ['no', 'n\n', 1],
    ['Ctrl-C', '\u0003', 130],
  ])('that is answered with %s is neither made nor written down', async (_claim, answer, exitCode) => {
    const { carry, written } = setUp({}, { answer });
    expect(await failureIn(carry(notDone))).toEqual({ message: 'Nothing was changed.', exitCode });
    expect(written.size).toBe(0);
  });

  it('that is no longer what was shown is neither made nor written down', async () => {
    const recheck = async () => {
      throw new CommandFailed('The file has changed.');
    };
    const { carry, written } = setUp({ recheck });
    expect((await failureIn(carry(notDone))).message).toBe('The file has changed.');
    expect(written.size).toBe(0);
  });

  it('of somebody whom AWS does not name is not even asked for', async () => {
    const caller = async () => {
      throw new CommandFailed('Access to your identity is denied.');
    };
    const { io, carry, written } = setUp({}, { caller });
    expect((await failureIn(carry(notDone))).message).toBe('Access to your identity is denied.');
    expect(io.stderr.text).toBe('');
    expect(written.size).toBe(0);
  });

  it('that cannot be written down is not made, and the one line names the table', async () => {
    const { actions } = memoryActions();
    const { carry } = setUp({}, { actions: { ...actions, begin: unreachable } });
    expect(await failureIn(carry(notDone))).toEqual({
      message:
        'Nothing was changed. AWS throttles calls for ledger table Ledger (ThrottlingException); try again in a minute.',
      exitCode: 1,
    });
  });

  it('that fails is interrupted, with what was made by then, and its failure is passed on', async () => {
    const { carry, action } = setUp({ planned: 3 });
    const failing = carry(async ({ done }) => {
      done(2);
      throw new CommandFailed('SQS is gone.');
    });
    expect((await failureIn(failing)).message).toBe('SQS is gone.');
    expect(action()).toMatchObject({ state: 'interrupted', done: 2 });
  });

  it('that fails after all was made is interrupted all the same', async () => {
    const { carry, action } = setUp();
    const failing = carry(async ({ done }) => {
      done(1);
      throw new CommandFailed('It could not be told.');
    });
    await failureIn(failing);
    expect(action()).toMatchObject({ state: 'interrupted', done: 1 });
  });

  it('that another operator aborts is stopped with the next beat, and is aborted', async () => {
    const { io, carry, actions, action } = setUp({ planned: 3 });
    const { end } = await carry(async ({ id, stopped, done }) => {
      done(1);
      await io.beat();
      expect(action()).toMatchObject({ state: 'running', done: 1 });
      expect(stopped.aborted).toBe(false);
      await actions.askToStop(id, 'somebody else');
      await io.beat();
      expect(stopped.aborted).toBe(true);
    });
    expect(end).toBe('aborted');
    expect(action()).toMatchObject({ state: 'aborted', done: 1, abortBy: 'somebody else' });
  });

  it('that the operator interrupts is stopped at once, and is interrupted', async () => {
    const { io, carry, action } = setUp({ planned: 3 });
    const { end } = await carry(async ({ stopped }) => {
      io.interrupt();
      expect(stopped.aborted).toBe(true);
    });
    expect(end).toBe('interrupted');
    expect(action()).toMatchObject({ state: 'interrupted', done: 0 });
  });

  it('that was made before the abort was heard of is done', async () => {
    const { io, carry, actions } = setUp();
    const { end } = await carry(async (running) => {
      await actions.askToStop(running.id, 'somebody else');
      await io.beat();
      return makeOne(running);
    });
    expect(end).toBe('done');
  });

  it('is made although a beat is lost; the next one hears of the abort', async () => {
    const { actions } = memoryActions();
    let beats = 0;
    const beat: typeof actions.beat = (...args) => {
      beats += 1;
      return beats === 1 ? unreachable() : actions.beat(...args);
    };
    const { io, carry } = setUp({ planned: 2 }, { actions: { ...actions, beat } });
    await carry(async ({ id, stopped }) => {
      await actions.askToStop(id, 'somebody else');
      await io.beat();
      expect(stopped.aborted).toBe(false);
      await io.beat();
      expect(stopped.aborted).toBe(true);
    });
  });

  it('is heard of every 5 s, and no more once it has ended', async () => {
    const { actions } = memoryActions();
    let beats = 0;
    const { io, carry } = setUp(
      {},
      {
        actions: {
          ...actions,
          beat: async () => {
            beats += 1;
            return false;
          },
        },
      },
    );
    const every: number[] = [];
    const { every: real } = io.clock;
    io.clock.every = (ms, work) => {
      every.push(ms);
      return real(ms, work);
    };
    await carry(async (running) => {
      await io.beat();
      return makeOne(running);
    });
    await io.beat();
    expect({ every, beats }).toEqual({ every: [5000], beats: 1 });
  });

  it('whose end cannot be written down is made all the same, and says so in one line', async () => {
    const { actions } = memoryActions();
    const { io, carry } = setUp({ yes: true }, { actions: { ...actions, end: unreachable } });
    expect(await carry(makeOne)).toMatchObject({ result: 'made', end: 'done' });
    expect(io.stderr.lines).toEqual([
      'About to pause.',
      'Action id-1.',
      expect.stringMatching(/^resets: How action id-1 ended could not be written down; .*throttles/),
    ]);
  });
});
