import type { EpochMs } from '../../common/clock.ts';
import { LEDGER } from '../../contract/ledger-table.ts';
import type { RequestItem, State } from '../items.ts';

export type Values = Record<string, unknown>;
/** A named condition with the values that it stands on. */
export interface Clause {
  expression: string;
  values: Values;
}
export const is = (state: State): Clause => ({
  expression: `#state = :is_${state}`,
  values: { [`is_${state}`]: state },
});
/** Also where there is no item. Not to be joined with others: it is an OR. */
export const isNotYet = (state: State): Clause => ({
  expression: `attribute_not_exists(${LEDGER.partitionKey}) OR #state <> :not_${state}`,
  values: { [`not_${state}`]: state },
});
/** An operator may mark a letter as redriven while its copy waits for a turn; to the worker the two are one. */
const isDeadLetterStill: Clause = {
  expression: '#state IN (:is_failed, :is_redriven)',
  values: { is_failed: 'failed', is_redriven: 'redriven' },
};
export const isNew: Clause = { expression: `attribute_not_exists(${LEDGER.partitionKey})`, values: {} };
export const isDue = (now: EpochMs): Clause => ({ expression: '#notBefore <= :now', values: { now } });
export const hasNonce = (nonce: string): Clause => ({
  expression: '#leaseNonce = :heldNonce',
  values: { heldNonce: nonce },
});
export const leaseEnded = (now: EpochMs): Clause => ({ expression: '#leaseEnd <= :now', values: { now } });
export const hasFailureId = (failureId: string): Clause => ({
  expression: '#failureId = :heldFailureId',
  values: { heldFailureId: failureId },
});
export const all = (...clauses: Clause[]): Clause => ({
  expression: clauses.map(({ expression }) => expression).join(' AND '),
  values: Object.assign({}, ...clauses.map(({ values }) => values)),
});

/** The condition that an idle request is still as it was seen. A `waiting` one need not be due to be ended, only to be called. */
export function stillAs(seen: RequestItem | undefined, now: EpochMs): Clause {
  if (!seen) return isNew;
  switch (seen.state) {
    case 'waiting':
      return is('waiting');
    case 'calling':
      return all(is('calling'), hasNonce(seen.leaseNonce ?? ''), leaseEnded(now));
    case 'failed':
    case 'redriven':
      return all(isDeadLetterStill, hasFailureId(seen.failureId ?? ''));
    case 'failing':
    case 'succeeded':
    case 'cancelled':
    case 'discarded':
      throw new Error(`A request that is ${seen.state} is never taken up.`);
  }
}
