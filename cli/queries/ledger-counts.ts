import { FAILURE_REASONS, type FailureReason } from '../../functions/contract/dead-letter.ts';
import type { LedgerReader, Selection, SucceededCount } from '../../functions/ledger/dynamo/reader.ts';
import { STATES, type State } from '../../functions/ledger/items.ts';
import { campaignIds } from './campaign-ids.ts';
import { mapConcurrently, sumOf } from './map-concurrently.ts';

/** States as people count them: what an operator has sent back to its lane waits there like any other. */
export const COUNTED_STATES = STATES.filter((state) => state !== 'redriven');
export type CountedState = Exclude<State, 'redriven'>;

/** All requests that the ledger knows, whatever their campaign. */
export interface LedgerCounts {
  states: Record<CountedState, number>;
  deadLetters: Record<FailureReason, number>;
  /** Of `calling`: the lease ended without a result, so the reset may have gone through. */
  unconfirmed: number;
  /** The last answers to the requests that wait for a later try; `none` if a call had no answer. */
  waitingAfter: { lookedAt: number; statuses: Record<string, number> };
  /** By campaign, for the next count to go on from. */
  succeeded: ReadonlyMap<string, SucceededCount>;
}

/** Waiting requests whose last answer is looked at: enough to see what they wait for. */
const LOOKED_AT = 1000;

/** @param last an earlier count, from which that of the successes goes on: it alone would grow without end. */
export async function ledgerCounts(ledger: LedgerReader, now: number, last?: LedgerCounts): Promise<LedgerCounts> {
  const campaigns = await campaignIds(ledger);
  const count = (narrowed: Omit<Selection, 'campaign'>): Promise<number> =>
    sumOf(campaigns, (campaign) => ledger.count({ campaign, ...narrowed }));
  const countState = async (state: CountedState): Promise<number> =>
    state === 'waiting' ? (await count({ state })) + (await count({ state: 'redriven' })) : count({ state });

  // `failed` is counted by reason, and its sum is the state's.
  const others = COUNTED_STATES.filter((state) => state !== 'failed' && state !== 'succeeded');
  const [succeeded, byState, byReason, unconfirmed, waitingAfter] = await Promise.all([
    mapConcurrently(campaigns, (campaign) => ledger.countSucceeded(campaign, last?.succeeded.get(campaign))),
    mapConcurrently(others, countState),
    mapConcurrently(FAILURE_REASONS, (reason) => count({ state: 'failed', reason })),
    count({ state: 'calling', leaseEndedBefore: now }),
    lastAnswers(ledger, campaigns),
  ]);
  const deadLetters = Object.fromEntries(FAILURE_REASONS.map((reason, index) => [reason, byReason[index] ?? 0]));
  const states = Object.fromEntries(others.map((state, index) => [state, byState[index] ?? 0]));
  return {
    states: {
      ...states,
      succeeded: succeeded.reduce((sum, one) => sum + one.count, 0),
      failed: byReason.reduce((sum, one) => sum + one, 0),
    } as LedgerCounts['states'],
    deadLetters: deadLetters as Record<FailureReason, number>,
    unconfirmed,
    waitingAfter,
    succeeded: new Map(
      campaigns.flatMap((campaign, index) => (succeeded[index] ? [[campaign, succeeded[index]]] : [])),
    ),
  };
}

async function lastAnswers(ledger: LedgerReader, campaigns: readonly string[]): Promise<LedgerCounts['waitingAfter']> {
  const statuses: Record<string, number> = {};
  let lookedAt = 0;
  for await (const { lastStatus } of ledger.list(
    ...campaigns.map((campaign) => ({ campaign, state: 'waiting' as const })),
  )) {
    const status = String(lastStatus ?? 'none');
    statuses[status] = (statuses[status] ?? 0) + 1;
    lookedAt += 1;
    if (lookedAt === LOOKED_AT) break;
  }
  return { lookedAt, statuses };
}
