import type { FailureReason } from '../../../functions/contract/dead-letter.ts';
import { type CampaignItem, reachedAt } from '../../../functions/ledger/items.ts';
import type { Connection } from '../../deployment/connect.ts';
import { actionState } from '../actions.ts';
import { tenths } from '../budget-figures.ts';
import { known } from '../reading.ts';
import { rfc3339 } from '../rfc3339.ts';
import type { Totals } from '../situation/running-totals.ts';
import { holdJson } from '../standing-holds.ts';
import { type CampaignCounts, failedIn } from './campaign-counts.ts';
import { type CampaignRow, RECENT_MINUTES } from './campaign-row.ts';
import { type CampaignStanding, standingOf } from './campaign-standing.ts';
import {
  type CampaignView,
  campaignTimeLeftMs,
  countsOf,
  hasEnded,
  keptUntil,
  sentShare,
  unreadOf,
} from './campaign-view.ts';
import { campaignSentence } from './sentence.ts';

/** What `campaign status --json` prints. Every member is always there: null where it was not read, or is not known. */
export function campaignViewJson(
  { deployment, account, region }: Pick<Connection, 'deployment' | 'account' | 'region'>,
  view: CampaignView,
  totals: Totals<CampaignCounts>,
) {
  const { at, item, recent, holds, newest } = view;
  const counts = countsOf(totals);
  const leftMs = counts === undefined ? undefined : campaignTimeLeftMs(view, counts);
  const resets = known(recent);
  return {
    at: rfc3339(at),
    deployment: deployment.name,
    account,
    region,
    ...itemJson(item, standingOf(item, view.sending, at, hasEnded(item, counts))),
    sentence: campaignSentence(view, totals),
    counts: counts === undefined ? null : countsJson(counts, item),
    recent:
      resets === undefined
        ? null
        : { minutes: RECENT_MINUTES, resets: resets.resets, perMinute: tenths(resets.perMinute) },
    timeLeftSeconds: leftMs === undefined ? null : Math.round(leftMs / 1000),
    holds: holds.ok ? holds.value.map(holdJson) : null,
    sending: sendingJson(view),
    keptUntil: rfc3339(keptUntil(newest)),
    unread: unreadOf(view, totals),
  };
}

/** What is known of a campaign from its item. */
export const itemJson = (item: CampaignItem, state: CampaignStanding) => ({
  campaignId: item.campaignId,
  state,
  rows: item.sent?.rows ?? null,
  lane: item.sent?.lane ?? null,
  file: item.sent?.file ?? null,
  fileSha256: item.sent?.fileSha256 ?? null,
  whereColumns: item.sent?.whereColumns ?? null,
  excludeFiles: item.sent?.excludeFiles ?? null,
  notIn: item.sent?.notIn ?? null,
  reason: item.sent?.reason ?? null,
  requestedBy: item.sent?.requestedBy ?? null,
  notAfter: rfc3339(item.sent?.notAfter),
  startedAt: rfc3339(item.sent?.startedAt),
  startedBy: item.sent?.startedBy ?? null,
  sentAt: rfc3339(item.sentAt),
  firstSeenAt: rfc3339(item.firstSeenAt),
  lastSeenAt: item.state === 'active' ? rfc3339(reachedAt(item)) : null,
  cancelledAt: item.state === 'cancelled' ? rfc3339(reachedAt(item)) : null,
});

/** A campaign as `campaign list --json` prints it: `reset` is of the totals that were kept at its end. */
export const campaignRowJson = ({ item, state, recentResets }: CampaignRow) => ({
  ...itemJson(item, state),
  reset: item.totals?.succeeded ?? null,
  resetsInLast5Minutes: recentResets ?? null,
});

export interface CountsJson {
  reset: number;
  failed: number;
  failedByReason: Record<FailureReason, number>;
  cancelled: number;
  discarded: number;
  unconfirmed: number;
  calling: number;
  /** Of a campaign that is not cancelled. */
  waiting: number;
  /** Of one that is. */
  cancelling: number;
  /** Not among the rows. */
  others: number;
  keptSince: string | null;
}

/** All but `others` add up to the rows. */
export function countsJson(counts: CampaignCounts, { state }: Pick<CampaignItem, 'state'>): CountsJson {
  const { succeeded, failed, cancelled, discarded, unconfirmed, calling, waiting, others, keptSince } = counts;
  const isCancelled = state === 'cancelled';
  return {
    reset: succeeded,
    failed: failedIn(counts),
    failedByReason: failed,
    cancelled,
    discarded,
    unconfirmed,
    calling,
    waiting: isCancelled ? 0 : waiting,
    cancelling: isCancelled ? waiting : 0,
    others,
    keptSince: rfc3339(keptSince),
  };
}

function sendingJson({ item, sending, at }: CampaignView) {
  const action = known(sending);
  if (item.sentBy === undefined) return null;
  return {
    actionId: item.sentBy,
    who: action?.who ?? null,
    state: action === undefined ? null : actionState(action, at),
    aboutPercent: Math.round(100 * sentShare(item)),
  };
}
