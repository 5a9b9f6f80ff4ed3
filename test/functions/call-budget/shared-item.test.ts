import { describe, expect, it } from 'vitest';
import { SharedItem } from '../../../functions/call-budget/shared-item.ts';
import { type BudgetState, freshBudget } from '../../../functions/call-budget/state.ts';
import { memoryBudgetStore } from '../../support/ledger/memory-budget-store.ts';
import { NOON, virtualClock } from '../../support/virtual-clock.ts';

interface Answer {
  granted: number;
  next?: BudgetState;
}

function anItem(random = () => 1) {
  const clock = virtualClock();
  const store = memoryBudgetStore(clock);
  store.item = { ...freshBudget(NOON), revision: 7, granted: 3 };
  const item = new SharedItem(store, clock, random);
  const grant = (state: BudgetState) => ({ next: { ...state, granted: state.granted + 1 } });
  return { clock, store, item, look: () => clock.run(item.change(({ granted }): Answer => ({ granted }))), grant };
}

describe('the shared item', () => {
  it('is read once and taken for the present for 30 ms', async () => {
    const { clock, store, item, look } = anItem();
    expect(item.seenWithin(5000)).toBeUndefined();
    expect(await look()).toEqual({ granted: 3 });
    expect(item.seenWithin(0)).toEqual(store.item);
    clock.jump(30);
    await look();
    expect(store.reads).toBe(1);
    clock.jump(1);
    expect(item.seenWithin(31)).toEqual(store.item);
    expect(item.seenWithin(30)).toBeUndefined();
    await look();
    expect(store.reads).toBe(2);
  });

  it('is read anew when it was forgotten', async () => {
    const { store, item, look } = anItem();
    await look();
    item.forget();
    await look();
    expect(store.reads).toBe(2);
  });

  it('was seen at its last read or write, for whoever asks what was seen since a time', async () => {
    const { clock, item, look, grant } = anItem();
    expect(item.seenSince(0)).toBeUndefined();
    await look();
    clock.jump(40);
    expect(item.seenSince(NOON)).toMatchObject({ granted: 3 });
    expect(item.seenSince(NOON + 1)).toBeUndefined();
    await clock.run(item.change(grant));
    expect(item.seenSince(NOON + 40)).toMatchObject({ granted: 4, revision: 8 });
  });

  it('is still what was seen last when it was forgotten, or when a write failed', async () => {
    const { clock, store, item, look, grant } = anItem();
    await look();
    item.forget();
    expect(item.seenWithin(0)).toBeUndefined();
    expect(item.seenSince(NOON)).toMatchObject({ granted: 3 });
    store.afterNextWrite = () => {
      store.broken = true;
    };
    await expect(clock.run(item.change(grant))).rejects.toMatchObject({ name: 'LedgerUnreachable' });
    expect(item.seenSince(NOON)).toMatchObject({ granted: 3, revision: 7 });
  });

  it('that is not there is a fresh one as of now', async () => {
    const { clock, store, item } = anItem();
    store.item = undefined;
    clock.jump(5);
    const shown: BudgetState[] = [];
    const look = (state: BudgetState): { next?: BudgetState } => {
      shown.push(state);
      return {};
    };
    expect(await clock.run(item.change(look))).toEqual({});
    expect(shown).toEqual([freshBudget(NOON + 5)]);
  });

  it('is written as the next revision and known without a read from then on', async () => {
    const { clock, store, item, look, grant } = anItem();
    expect(await clock.run(item.change(grant))).toMatchObject({ next: { granted: 4, revision: 7 } });
    expect(store.item).toMatchObject({ granted: 4, revision: 8 });
    clock.jump(20);
    await clock.run(item.change(grant));
    clock.jump(20);
    expect(await look()).toEqual({ granted: 5 });
    expect(store).toMatchObject({ reads: 1, writes: 2, conflicts: 0 });
  });

  it('is not written where nothing is to be changed', async () => {
    const { store, look } = anItem();
    await look();
    expect(store.writes).toBe(0);
  });

  it('that another copy wrote first is a conflict, and known without a read then', async () => {
    const { clock, store, item, look, grant } = anItem();
    await look();
    store.item = { ...freshBudget(NOON), revision: 8, granted: 99 };
    expect(await clock.run(item.change(grant))).toBeUndefined();
    expect(await look()).toEqual({ granted: 99 });
    expect(store.reads).toBe(1);
  });

  it('is read anew after a write that failed: nobody knows whether it was made', async () => {
    const { clock, store, item, look, grant } = anItem();
    store.afterNextWrite = () => {
      store.broken = true;
    };
    await expect(clock.run(item.change(grant))).rejects.toMatchObject({ name: 'LedgerUnreachable' });
    store.broken = false;
    expect(await look()).toEqual({ granted: 4 });
    expect(store.reads).toBe(2);
  });

  it('is changed by one at a time, in the order in which they asked, also after one that failed', async () => {
    const { clock, store, item, grant } = anItem();
    store.latencyMs = () => 20;
    const failing = item.change(() => {
      throw new TypeError('a defect');
    });
    const seen: number[] = [];
    const changes = [1, 2, 3].map(() =>
      item.change((state) => {
        seen.push(state.granted);
        return grant(state);
      }),
    );
    await expect(clock.run(failing)).rejects.toThrow('a defect');
    await clock.run(Promise.all(changes));
    expect(seen).toEqual([3, 4, 5]);
    expect(store).toMatchObject({ reads: 1, writes: 3, conflicts: 0 });
  });

  it.each([
    [0, 1, 20],
    [1, 1, 40],
    [2, 0.5, 40],
    [5, 1, 640],
    [6, 1, 1000],
    [9, 1, 1000],
    [9, 0.25, 250],
  ])('is left alone after %i conflicts, by a chance of %f, for %i ms', async (conflicts, chance, ms) => {
    const { clock, item } = anItem(() => chance);
    await clock.run(item.pauseAfterConflict(conflicts));
    expect(clock.now()).toBe(NOON + ms);
  });
});
