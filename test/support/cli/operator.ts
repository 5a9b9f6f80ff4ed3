import type { Connection } from '../../../cli/deployment/connect.ts';
import type { QueueCounts, Queues } from '../../../cli/deployment/queues.ts';
import { type Hold, type Holds, NO_HOLDS } from '../../../functions/call-budget/holds.ts';
import { type BudgetState, freshBudget } from '../../../functions/call-budget/state.ts';
import { memoryBudgetStore } from '../ledger/memory-budget-store.ts';
import { untouched } from '../untouched.ts';
import { NOON } from '../virtual-clock.ts';
import { contextOf, memoryActions, onTerminal, testIo } from './command-line.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** A call budget that has been in use for an hour. */
export const aBudgetState = (holds: Partial<Holds> = {}, more: Partial<BudgetState> = {}): BudgetState => ({
  ...freshBudget(NOON - HOUR_MS),
  revision: 7,
  granted: 41,
  ...more,
  holds: { ...NO_HOLDS, ...holds },
});

/** A hold of the worker's whose next probe is three minutes off. */
export const aHold = (why: Hold['why'], more: Partial<Hold> = {}): Hold => ({
  why,
  since: NOON - 2 * MINUTE_MS,
  permit: 3,
  until: NOON + 3 * MINUTE_MS,
  lengthMs: 5 * MINUTE_MS,
  ...more,
});

const counts = (waiting: number): QueueCounts => ({ waiting, inFlight: 0, delayed: 0 });

interface Scene {
  state?: BudgetState;
  /** Messages in each lane. */
  queued?: number;
  /** What the operator types at the question. */
  answer?: string;
}

/** An operator at a terminal, a call budget in memory and lanes with messages. */
export function anOperator(
  { state = aBudgetState(), queued = 5, answer = 'y\n' }: Scene = {},
  parts: Partial<Connection> = {},
) {
  const io = onTerminal(testIo(), answer);
  // No colour and no cursor in what is compared.
  io.env = { NO_COLOR: '1' };
  const store = memoryBudgetStore(io.clock);
  store.item = state;
  const { actions, written } = memoryActions();
  const queues: Queues = { ...untouched<Queues>('queues'), counts: async () => counts(queued) };
  const context = contextOf(io, { budget: store, actions, queues, ...parts });
  return { io, context, store, written, action: () => [...written.values()][0] };
}
