import { describe, expect, it } from 'vitest';
import type { BudgetItem } from '../../../functions/call-budget/dynamo-store.ts';
import { freshBudget } from '../../../functions/call-budget/state.ts';
import { BudgetDamaged, checkBudgetItem } from '../../../functions/call-budget/stored-state.ts';
import { NOON } from '../../support/virtual-clock.ts';

const anItem = (damage: object = {}): BudgetItem => ({
  pk: 'budget',
  revision: 7,
  writer: 'w',
  state: { ...freshBudget(NOON), revision: 7 },
  ...damage,
});

const withState = (damage: object): object => ({ state: { ...freshBudget(NOON), revision: 7, ...damage } });

describe('An item of the call budget that was changed by hand', () => {
  it('is told from one that the worker has written', () => {
    expect(() => checkBudgetItem(anItem())).not.toThrow();
    expect(() => checkBudgetItem(anItem({ note: 'looked at by sam' }))).not.toThrow();
  });

  it.each<[damage: string, item: object, member: string]>([
    ['without its state, which is not the same as no item', { state: undefined }, 'state'],
    ['without its revision', { revision: undefined }, 'revision'],
    ['with a revision that is a text', { revision: '7' }, 'revision'],
    ['with a revision that is not its state’s, which nobody can write over', { revision: 8 }, 'revision'],
    ['with a time that is no date any more', withState({ quietUntil: 8.7e15 }), 'state.quietUntil'],
    [
      'with a last minute that is no date any more',
      withState({ minutes: { newest: 1.5e11, counts: '0' } }),
      'state.minutes.newest',
    ],
  ])('%s is refused, and the member at fault is named', (_damage, item, member) => {
    expect(() => checkBudgetItem(anItem(item))).toThrow(new BudgetDamaged(`${member} is not what the worker writes`));
  });
});
