import { describe, expect, it } from 'vitest';
import { actionJson, actionState } from '../../../cli/queries/actions.ts';
import type { ActionItem } from '../../../functions/ledger/items.ts';
import { anAction } from '../../support/builders.ts';
import { NOON } from '../../support/virtual-clock.ts';

const SECOND = 1000;

describe('an action', () => {
  it.each<[claim: string, action: Partial<ActionItem>, state: string]>([
    ['that runs and was heard of a minute ago runs', { state: 'running', heardAt: NOON - 60 * SECOND }, 'running'],
    [
      'that runs and has been silent for longer is interrupted',
      { state: 'running', heardAt: NOON - 61 * SECOND },
      'interrupted',
    ],
    ['that has ended stays as it ended, however long ago', { state: 'done', heardAt: 0 }, 'done'],
    ['that was aborted stays aborted', { state: 'aborted', heardAt: 0 }, 'aborted'],
  ])('an action %s', (_claim, action, state) => {
    expect(actionState(anAction('a-1', action), NOON)).toBe(state);
  });

  it('an action in JSON has every member, absent ones as null', () => {
    const { finishedAt: _, ...running } = anAction('a-1', { state: 'running', heardAt: NOON, done: 0 });
    expect(actionJson(running, NOON)).toEqual({
      actionId: 'a-1',
      command: 'lane pause bulk',
      who: 'arn:aws:sts::123456789012:assumed-role/Operator/sam',
      details: {},
      planned: 1,
      done: 0,
      state: 'running',
      startedAt: '2026-11-23T12:00:00.000Z',
      finishedAt: null,
      abortBy: null,
    });
  });
});
