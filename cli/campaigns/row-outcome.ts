import type { CampaignItem, RequestItem } from '../../functions/ledger/items.ts';
import { isUnconfirmed } from '../queries/request-json.ts';
import type { SiftedRow } from './sieve.ts';

/** The queues keep no message for longer. */
const QUEUED_AT_MOST_MS = 14 * 24 * 60 * 60_000;

/** What became of a row that was sent, or is to be. */
export const REQUEST_OUTCOMES = [
  'reset',
  'failed',
  'cancelled',
  'discarded',
  'unconfirmed',
  'calling',
  'waiting',
  'cancelling',
  'not sent',
  'unknown',
] as const;
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];

/** Why a row was left out. */
export const LEFT_OUT = ['invalid', 'duplicate', 'excluded', 'not selected', 'reset before'] as const;
export type LeftOut = (typeof LEFT_OUT)[number];

/** What is known of the campaign whose rows are told. */
export interface CampaignKnown {
  item: CampaignItem;
  /** Whether the file gives the very addresses that were sent. */
  isSameSet: boolean;
  /** AWS's time. */
  now: number;
}

/** @param request undefined where the ledger has none of it. */
export function requestOutcome(
  requestId: string,
  request: RequestItem | undefined,
  { item, isSameSet, now }: CampaignKnown,
): RequestOutcome {
  const waiting = item.state === 'cancelled' ? 'cancelling' : 'waiting';
  switch (request?.state) {
    case 'succeeded':
      return 'reset';
    case 'failing':
    case 'failed':
      return 'failed';
    case 'cancelled':
    case 'discarded':
      return request.state;
    case 'calling':
      return isUnconfirmed(request, now) ? 'unconfirmed' : 'calling';
    case 'waiting':
    case 'redriven':
      return waiting;
    case undefined: {
      const { sentAt, sentBelow = '', totals } = item;
      // It was never of the campaign, or was forgotten.
      const isOver = totals !== undefined || (sentAt !== undefined && now - sentAt > QUEUED_AT_MOST_MS);
      if (!isSameSet || isOver) return 'unknown';
      return sentAt !== undefined || requestId < sentBelow ? waiting : 'not sent';
    }
  }
}

export function leftOutAs({ kind }: Exclude<SiftedRow, { kind: 'taken' }>): LeftOut {
  return kind === 'other' ? 'not selected' : kind;
}
