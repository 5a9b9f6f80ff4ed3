import type { EpochMs } from '../../common/clock.ts';
import { LEDGER } from '../../contract/ledger-table.ts';
import { campaignOf, type RequestItem, type State, stateReasonTime } from '../items.ts';
import type { NewRequest, Spent } from '../ledger.ts';
import { isDeadLettered } from '../standing.ts';
import type { Values } from './conditions.ts';

/** What one write does to an item. */
export interface Change {
  set: Values;
  /** Attributes that a late write must not overwrite. */
  setIfMissing?: Values;
  add?: Record<string, number>;
  remove?: readonly string[];
}

/** The counters of a request that begins. */
export const NO_CALLS = { calls: 0, failedCalls: 0, throttled: 0, heldCalls: 0, unknowns: 0 } as const;

/** What taking a request up again does to its counters. */
export function countersOf(seen: RequestItem | undefined): Pick<Change, 'set' | 'add'> {
  if (!seen) return { set: { ...NO_CALLS } };
  // Set and not added: nobody else takes up the same failure, and the attribute may be missing.
  if (isDeadLettered(seen)) return { set: { ...NO_CALLS, redrives: (seen.redrives ?? 0) + 1 } };
  // The lease ended without a result: a call that was perhaps made.
  if (seen.state === 'calling') return { set: {}, add: { failedCalls: 1, unknowns: 1 } };
  return { set: {} };
}

/** A redrive begins again: what is left of the calls before would read as an answer to one of its own. */
export const staleIn = (seen: RequestItem | undefined): string[] =>
  isDeadLettered(seen) ? ['lastStatus', 'serverErrorPermit'] : [];

/** Adds to counters that the same write sets, or leaves the addition to the table. */
export function plus(counters: Pick<Change, 'set' | 'add'>, cost: Spent | { calls: 1 }): Pick<Change, 'set' | 'add'> {
  const set = { ...counters.set };
  const add = { ...counters.add };
  for (const [name, count] of Object.entries(cost)) {
    if (typeof set[name] === 'number') set[name] = set[name] + count;
    else add[name] = (add[name] ?? 0) + count;
  }
  return { set, add };
}

export function described(request: NewRequest): Values {
  const { key: _, campaignId, ...rest } = request;
  return { ...rest, [LEDGER.campaignKey]: campaignOf(campaignId) };
}

export const inState = (state: State, now: EpochMs, reason?: RequestItem['reason']): Values => ({
  state,
  [LEDGER.stateReasonTimeKey]: stateReasonTime(state, now, reason),
});
