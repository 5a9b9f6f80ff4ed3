import { type RequestItem, requestKey, type State, stateReasonTime } from '../../../functions/ledger/items.ts';
import type { NewRequest } from '../../../functions/ledger/ledger.ts';
import { NOW } from './ledger-table.ts';

let made = 0;
/** A key that no other test uses, so that tests share a table. */
export const freshKey = (): string => `request-${++made}`;

export const aRequest = (given: Partial<NewRequest> = {}): NewRequest => ({
  key: freshKey(),
  lane: 'interactive',
  addressTag: 4711,
  firstSentAt: NOW - 1000,
  ...given,
});

/** What is in the table of a request in a state: as the ledger would have left it there a minute ago. */
export function anItem(state: State, given: Partial<RequestItem> & { key?: string } = {}): RequestItem {
  const { key = freshKey(), ...rest } = given;
  const item: RequestItem = {
    pk: requestKey(key),
    campaign: 'none',
    stateReasonTime: '',
    state,
    lane: 'interactive',
    addressTag: 4711,
    calls: 2,
    failedCalls: 2,
    throttled: 4,
    heldCalls: 3,
    unknowns: 1,
    firstSentAt: NOW - 100_000,
    firstCallAt: NOW - 90_000,
    lastStatus: 503,
    leaseNonce: 'nonce-before',
    expiresAt: 1,
    ...IN_STATE[state],
    ...rest,
  };
  return { ...item, stateReasonTime: stateReasonTime(item.state, NOW - 60_000, item.reason) };
}

const FAILURE = { reason: 'rejected', failureId: 'failure-1', detail: 'no such user' } as const;
const ENDED = { finishedAt: NOW - 60_000 };

const IN_STATE: Record<State, Partial<RequestItem>> = {
  calling: { leaseEnd: NOW },
  waiting: { notBefore: NOW },
  succeeded: { ...ENDED, lastStatus: 200 },
  failing: { ...FAILURE, ...ENDED },
  failed: { ...FAILURE, ...ENDED },
  redriven: { ...FAILURE, ...ENDED },
  discarded: { ...FAILURE, ...ENDED },
  cancelled: ENDED,
};
