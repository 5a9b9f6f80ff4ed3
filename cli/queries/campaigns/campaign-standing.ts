import type { ActionItem, CampaignItem } from '../../../functions/ledger/items.ts';
import { actionState } from '../actions.ts';
import { known, type Reading } from '../reading.ts';

/** `ended`: every row has, and perhaps a redrive began again what had failed. */
export type CampaignStanding = 'sending' | 'not all sent' | 'sent' | 'ended' | 'cancelled' | 'from other systems';

/** How a campaign stands. @param isEnded whether its counts say so; from its item alone, whether its totals were kept. */
export function standingOf(
  item: CampaignItem,
  sending: Reading<ActionItem | undefined>,
  now: number,
  isEnded = item.totals !== undefined,
): CampaignStanding {
  if (item.state === 'cancelled') return 'cancelled';
  if (item.sent === undefined) return 'from other systems';
  if (isEnded) return 'ended';
  if (item.sentAt !== undefined) return 'sent';
  const action = known(sending);
  // Whoever cannot be read may be at it.
  const isSent =
    action === undefined ? !sending.ok || item.sentBy === undefined : actionState(action, now) === 'running';
  return isSent ? 'sending' : 'not all sent';
}

/** Whether its canary was the last that was said of it: the same command sends no more. */
export const isStoppedByCanary = (sending: Reading<ActionItem | undefined>): boolean =>
  known(sending)?.details.canaryEnd === 'stopped';
