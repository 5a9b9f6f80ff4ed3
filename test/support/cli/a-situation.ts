import type { QueueCounts } from '../../../cli/deployment/queues.ts';
import type { Reading } from '../../../cli/queries/reading.ts';
import type { Situation } from '../../../cli/queries/situation/situation.ts';
import type { Hold, Holds, OperatorHold, Scope } from '../../../functions/call-budget/holds.ts';
import { type BudgetState, freshBudget } from '../../../functions/call-budget/state.ts';
import { NOON } from '../virtual-clock.ts';
import { DEPLOYMENT } from './command-line.ts';

const EMPTY: QueueCounts = { waiting: 0, inFlight: 0, delayed: 0 };

export const counts = (some: Partial<QueueCounts> = {}): QueueCounts => ({ ...EMPTY, ...some });
export const has = <T>(value: T): Reading<T> => ({ ok: true, value });
export const unreadable: Reading<never> = { ok: false, why: 'Denied.' };

/** At noon nothing is queued, held or known of; the secret has a value. */
export const aSituation = (given: Partial<Situation> = {}): Situation => ({
  at: NOON,
  lanes: { interactive: has(counts()), bulk: has(counts()) },
  deadLetterQueue: has(counts()),
  budget: has(undefined),
  ceiling: DEPLOYMENT.ceiling,
  recent: has({ resets: 0, perMinute: undefined }),
  actions: has([]),
  secret: { kind: 'has a value' },
  ...given,
});

/** The call budget at noon, in use and without holds unless told otherwise. */
export const aBudget = ({
  holds,
  ...given
}: Partial<Omit<BudgetState, 'holds'>> & { holds?: Partial<Holds> } = {}): BudgetState => {
  const fresh = freshBudget(NOON);
  return { ...fresh, revision: 7, ...given, holds: { ...fresh.holds, ...holds } };
};

/** Of five minutes ago; its next probe may go in 12 s unless told otherwise. */
export const aHold = (why: Hold['why'], given: Partial<Hold> = {}): Hold => ({
  why,
  since: NOON - 5 * 60_000,
  permit: 20,
  until: NOON + 12_000,
  lengthMs: 60_000,
  ...given,
});

export const heldBy = (scope: Scope, hold: Hold): BudgetState => aBudget({ holds: { byScope: { [scope]: hold } } });

export const PAUSE: OperatorHold = { since: NOON - 60_000, who: 'arn:aws:sts::123456789012:assumed-role/Operator/sam' };

export const pausedOn = (scope: Scope, hold: OperatorHold = PAUSE): BudgetState =>
  aBudget({ holds: { byOperator: { [scope]: hold } } });
