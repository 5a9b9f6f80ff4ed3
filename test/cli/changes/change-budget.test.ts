import { describe, expect, it } from 'vitest';
import type { RunningAction } from '../../../cli/changes/carry-out.ts';
import { changeBudget } from '../../../cli/changes/change-budget.ts';
import { CommandFailed } from '../../../cli/terminal/io.ts';
import { pause } from '../../../functions/call-budget/operator.ts';
import { type BudgetState, freshBudget } from '../../../functions/call-budget/state.ts';
import { BudgetDamaged } from '../../../functions/call-budget/stored-state.ts';
import { LedgerUnreachable } from '../../../functions/ledger/ledger.ts';
import { contextOf, failureIn, testIo } from '../../support/cli/command-line.ts';
import { aBudgetState } from '../../support/cli/operator.ts';
import { memoryBudgetStore } from '../../support/ledger/memory-budget-store.ts';
import { NOON } from '../../support/virtual-clock.ts';

const PAUSE = { since: NOON, who: 'sam' };
const paused = (state: BudgetState): BudgetState => pause(state, 'bulk', PAUSE);
const failing = (name: string) => async (): Promise<never> => {
  throw new LedgerUnreachable(Object.assign(new Error('no'), { name }));
};

function setUp() {
  const io = testIo();
  const store = memoryBudgetStore(io.clock);
  store.item = aBudgetState();
  const stopped = new AbortController();
  let done = 0;
  const action: RunningAction = {
    id: 'a-1',
    who: 'sam',
    stopped: stopped.signal,
    done(count) {
      done = count;
    },
    note() {},
  };
  /** The worker takes permits all the time: so many writes of ours meet one of its own. */
  const busy = (conflicts: number) => {
    const { write } = store;
    let left = conflicts;
    store.write = (next) => {
      left -= 1;
      const { item } = store;
      if (left >= 0 && item) store.item = { ...item, revision: item.revision + 1, granted: item.granted + 1 };
      return write(next);
    };
  };
  const change = async (decide: Parameters<typeof changeBudget>[3] = paused) =>
    changeBudget(io, await contextOf(io, { budget: store }).connect(), action, decide);
  return { io, store, stopped, busy, change, done: () => done };
}

describe('a change of the call budget', () => {
  it('is written over what is there, and counts as done', async () => {
    const { store, change, done } = setUp();
    const after = await change();
    expect(after).toEqual(aBudgetState({ byOperator: { bulk: PAUSE } }));
    expect(store.item).toEqual({ ...after, revision: 8 });
    expect(done()).toBe(1);
  });

  it('is written where there is no item yet', async () => {
    const { store, change } = setUp();
    store.item = undefined;
    await change();
    expect(store.item).toEqual({ ...paused(freshBudget(NOON)), revision: 1 });
  });

  it('that changes nothing is not written, and counts as done', async () => {
    const { store, change, done } = setUp();
    await change((state) => state);
    expect({ writes: store.writes, done: done() }).toEqual({ writes: 0, done: 1 });
  });

  it('is decided anew over each write of the worker that came first, and loses none of them', async () => {
    const { store, busy, change } = setUp();
    busy(6);
    await change();
    expect(store.item).toMatchObject({ revision: 14, granted: 47, holds: { byOperator: { bulk: PAUSE } } });
  });

  it('that meets a write of the worker for ten seconds is given up, and changes nothing', async () => {
    const { io, store, busy, change, done } = setUp();
    busy(Number.POSITIVE_INFINITY);
    const { message, exitCode } = await failureIn(change());
    expect(message).toMatch(/^Nothing was changed\. The call budget is written by others again and again/);
    expect({ exitCode, done: done() }).toEqual({ exitCode: 1, done: 0 });
    expect(store.item?.holds.byOperator).toEqual({});
    expect(io.clock.now()).toBeGreaterThanOrEqual(NOON + 10_000);
    expect(io.clock.now()).toBeLessThanOrEqual(NOON + 11_000);
  });

  it.each<[claim: string, method: 'read' | 'write', error: string, message: RegExp]>([
    [
      'cannot be read',
      'read',
      'TimeoutError',
      /^Nothing was changed\. AWS did not answer in time for ledger table Ledger/,
    ],
    [
      'may not be written',
      'write',
      'AccessDeniedException',
      /^Nothing was changed\. Access to ledger table Ledger is denied/,
    ],
    [
      'is deleted meanwhile',
      'write',
      'ResourceNotFoundException',
      /^Nothing was changed\. There is no ledger table Ledger/,
    ],
    [
      'may have been written',
      'write',
      'TimeoutError',
      /^Whether it was changed is not known: give the command again, .*in time/,
    ],
  ])('fails in one true line where the item %s', async (_claim, method, error, message) => {
    const { store, change, done } = setUp();
    store[method] = failing(error);
    const failure = await failureIn(change());
    expect(failure.message).toMatch(message);
    expect(done()).toBe(0);
  });

  it('over an item that was damaged by hand is not made, and says so', async () => {
    const { store, change } = setUp();
    store.read = async () => {
      throw new BudgetDamaged('state.arrival is not what the worker writes');
    };
    await expect(change()).rejects.toThrow(BudgetDamaged);
    expect(store.writes).toBe(0);
  });

  it('that is interrupted between two writes is not made', async () => {
    const { store, busy, stopped, change } = setUp();
    busy(Number.POSITIVE_INFINITY);
    const work = change((state) => {
      stopped.abort();
      return paused(state);
    });
    expect(await failureIn(work)).toEqual({ message: 'Nothing was changed.', exitCode: 130 });
    expect(store.writes).toBe(1);
  });

  it('that is refused by what is there by then is not made', async () => {
    const { store, change } = setUp();
    const refusing = () => {
      throw new CommandFailed('Another hold has begun.');
    };
    expect((await failureIn(change(refusing))).message).toBe('Another hold has begun.');
    expect(store.writes).toBe(0);
  });
});
