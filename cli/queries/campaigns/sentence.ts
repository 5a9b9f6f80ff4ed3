import { reachedAt } from '../../../functions/ledger/items.ts';
import { lasting, number, time } from '../../terminal/text.ts';
import { tenths } from '../budget-figures.ts';
import { known } from '../reading.ts';
import type { Totals } from '../situation/running-totals.ts';
import { holdWords } from '../standing-holds.ts';
import { type CampaignCounts, failedIn, haveAllEnded, openIn } from './campaign-counts.ts';
import { RECENT_MINUTES } from './campaign-row.ts';
import { isStoppedByCanary, standingOf } from './campaign-standing.ts';
import { type CampaignView, campaignTimeLeftMs, countsOf } from './campaign-view.ts';

/** One sentence to paste: "Campaign breach-7: 31,402 of 40,000 reset (78.5%), 120 failed, 8,478 waiting; about 58 a minute, done in …". */
export function campaignSentence(view: CampaignView, totals: Totals<CampaignCounts>): string {
  const { item } = view;
  const counts = countsOf(totals);
  return counts === undefined
    ? `Campaign ${item.campaignId}: ${uncounted(view, totals)}.`
    : `Campaign ${item.campaignId}: ${countWords(counts, item)}; ${standingWords(view, counts)}.`;
}

function uncounted(view: CampaignView, totals: Totals<CampaignCounts>): string {
  const rows = view.item.sent === undefined ? '' : `${number(view.item.sent.rows)} rows, `;
  const why =
    totals.kind === 'counting'
      ? `being counted (${number(totals.counted)} so far)`
      : totals.kind === 'failed'
        ? 'which could not be counted'
        : 'not counted';
  const [hold] = known(view.holds) ?? [];
  return `${rows}${why}${hold === undefined ? '' : `; held: ${holdWords(hold, view.at)}`}`;
}

/** "31,402 of 40,000 reset (78.5%), 120 failed, 8,478 waiting": they add up to the rows. */
export function countWords(counts: CampaignCounts, item: Pick<CampaignView['item'], 'state'>): string {
  const { rows, succeeded } = counts;
  const reset =
    rows === undefined
      ? `${number(succeeded)} reset`
      : `${number(succeeded)} of ${number(rows)} reset (${percent(succeeded, rows)})`;
  const others: [number, string][] = [
    [failedIn(counts), 'failed'],
    [counts.cancelled, 'cancelled'],
    [counts.discarded, 'discarded'],
    [counts.unconfirmed, 'unconfirmed'],
    [counts.calling, 'being called'],
    [counts.waiting, waitingWord(item)],
    [counts.notSent, 'not sent'],
  ];
  return [reset, ...others.flatMap(([count, word]) => (count === 0 ? [] : [`${number(count)} ${word}`]))].join(', ');
}

/** What those in the queue are called. */
export const waitingWord = ({ state }: Pick<CampaignView['item'], 'state'>) =>
  state === 'cancelled' ? 'cancelling' : 'waiting';

/** Not rounded up: all is 100%, and nothing less is. */
export const percent = (part: number, whole: number): string =>
  `${whole === 0 ? 100 : Math.floor((1000 * part) / whole) / 10}%`;

function standingWords(view: CampaignView, counts: CampaignCounts): string {
  const { item, holds, at } = view;
  if (counts.keptSince !== undefined) return `all ended, as counted ${minute(counts.keptSince)}`;
  if (item.state === 'cancelled') return `cancelled ${minute(reachedAt(item))}`;
  if (haveAllEnded(counts, item)) return 'all ended';
  if (counts.rows === undefined && openIn(counts) === 0) return 'none waits';
  if (!holds.ok) return 'whether it is held is not known';
  const [hold] = holds.value;
  if (hold !== undefined) return `held: ${holdWords(hold, at)}`;
  if (standingOf(item, view.sending, at, false) !== 'not all sent') return paceWords(view, counts);
  return `${paceWords(view, counts)}, ${isStoppedByCanary(view.sending) ? 'stopped by its canary' : 'not all sent'}`;
}

function paceWords(view: CampaignView, counts: CampaignCounts): string {
  const { recent, at } = view;
  if (!recent.ok) return 'how fast it goes is not known';
  const { perMinute } = recent.value;
  if (perMinute === undefined) return `nothing was reset in the last ${RECENT_MINUTES} minutes`;
  const leftMs = campaignTimeLeftMs(view, counts);
  const left = leftMs === undefined ? '' : `, done in about ${lasting(leftMs)} (${minute(at + leftMs)})`;
  return `about ${(tenths(perMinute) ?? 0).toLocaleString('en')} a minute${left}`;
}

/** "2026-11-24 15:40 UTC". */
const minute = (epochMs: number): string => `${time(epochMs).slice(0, 16).replace('T', ' ')} UTC`;
