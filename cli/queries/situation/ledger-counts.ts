import { FAILURE_REASONS, type FailureReason } from '../../../functions/contract/dead-letter.ts';
import type { CountWatch, LedgerReader, Selection, SucceededCount } from '../../../functions/ledger/dynamo/reader.ts';
import { STATES, type State } from '../../../functions/ledger/items.ts';
import { campaignIds } from '../campaigns/campaign-ids.ts';
import { mapConcurrently, sumOf } from '../map-concurrently.ts';

/** States as people count them: what an operator has sent back to its lane waits there like any other. */
export const COUNTED_STATES = STATES.filter((state) => state !== 'redriven');
export type CountedState = Exclude<State, 'redriven'>;

/** All requests that the ledger knows, whatever their campaign. */
export interface LedgerCounts {
  states: Record<CountedState, number>;
  deadLetters: Record<FailureReason, number>;
  /** Of `calling`: the lease ended without a result, so the reset may have gone through. */
  unconfirmed: number;
  /** By campaign, for the next count to go on from. */
  succeeded: ReadonlyMap<string, SucceededCount>;
}

/**
 * @param now is asked only after the ledger has answered once: AWS's clock is known by then.
 * @param last an earlier count, from which that of the successes goes on: it alone would grow without end.
 */
export async function ledgerCounts(
  ledger: Pick<LedgerReader, 'campaigns' | 'count' | 'countSucceeded'>,
  now: () => number,
  last?: LedgerCounts,
  watch?: CountWatch,
): Promise<LedgerCounts> {
  const campaigns = await campaignIds(ledger);
  const count = (narrowed: Omit<Selection, 'campaign'>): Promise<number> =>
    sumOf(campaigns, (campaign) => ledger.count({ campaign, ...narrowed }, watch));
  const countState = async (state: CountedState): Promise<number> =>
    state === 'waiting' ? (await count({ state })) + (await count({ state: 'redriven' })) : count({ state });

  // `failed` is counted by reason, and its sum is the state's.
  const others = COUNTED_STATES.filter((state) => state !== 'failed' && state !== 'succeeded');
  const [succeeded, byState, byReason, unconfirmed] = await Promise.all([
    mapConcurrently(campaigns, (campaign) => ledger.countSucceeded(campaign, last?.succeeded.get(campaign), watch)),
    mapConcurrently(others, countState),
    mapConcurrently(FAILURE_REASONS, (reason) => count({ state: 'failed', reason })),
    count({ state: 'calling', leaseEndedBefore: now() }),
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
    succeeded: new Map(
      campaigns.flatMap((campaign, index) => (succeeded[index] ? [[campaign, succeeded[index]]] : [])),
    ),
  };
}
