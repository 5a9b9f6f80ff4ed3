import { FAILURE_REASONS, type FailureReason } from '../../functions/contract/dead-letter.ts';
import type { LedgerReader, Selection } from '../../functions/ledger/dynamo/reader.ts';
import { STATES, type State } from '../../functions/ledger/items.ts';
import { mapConcurrently, sumOf } from './map-concurrently.ts';

/** All requests that the ledger knows, whatever their campaign. */
export interface LedgerCounts {
  states: Record<State, number>;
  deadLetters: Record<FailureReason, number>;
  /** Of `calling`: the lease ended without a result, so the reset may have gone through. */
  unconfirmed: number;
  /** The last answers to the requests that wait for a later try; `none` if a call had no answer. */
  waitingAfter: { lookedAt: number; statuses: Record<string, number> };
}

/** Waiting requests whose last answer is looked at: enough to see what they wait for. */
const LOOKED_AT = 1000;

export async function ledgerCounts(ledger: LedgerReader, now: number): Promise<LedgerCounts> {
  const campaigns = await Array.fromAsync(ledger.campaigns());
  const count = (narrowed: Omit<Selection, 'campaign'>): Promise<number> =>
    sumOf(campaigns, (campaign) => ledger.count({ campaign, ...narrowed }));

  // `failed` is counted by reason, and its sum is the state's.
  const others = STATES.filter((state) => state !== 'failed');
  const [byState, byReason, unconfirmed, waitingAfter] = await Promise.all([
    mapConcurrently(others, (state) => count({ state })),
    mapConcurrently(FAILURE_REASONS, (reason) => count({ state: 'failed', reason })),
    count({ state: 'calling', leaseEndedBefore: now }),
    lastAnswers(ledger, campaigns),
  ]);
  const deadLetters = Object.fromEntries(FAILURE_REASONS.map((reason, index) => [reason, byReason[index] ?? 0]));
  const states = Object.fromEntries(others.map((state, index) => [state, byState[index] ?? 0]));
  return {
    states: { ...states, failed: byReason.reduce((sum, one) => sum + one, 0) } as Record<State, number>,
    deadLetters: deadLetters as Record<FailureReason, number>,
    unconfirmed,
    waitingAfter,
  };
}

async function lastAnswers(ledger: LedgerReader, campaigns: readonly string[]): Promise<LedgerCounts['waitingAfter']> {
  const statuses: Record<string, number> = {};
  let lookedAt = 0;
  for (const campaign of campaigns) {
    for await (const { lastStatus } of ledger.list({ campaign, state: 'waiting' })) {
      if (lookedAt === LOOKED_AT) return { lookedAt, statuses };
      const status = String(lastStatus ?? 'none');
      statuses[status] = (statuses[status] ?? 0) + 1;
      lookedAt += 1;
    }
  }
  return { lookedAt, statuses };
}
