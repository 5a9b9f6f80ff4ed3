import { NO_CAMPAIGN } from '../../functions/contract/reset-request.ts';
import { type RequestItem, requestIdOf } from '../../functions/ledger/items.ts';

const isoOf = (epochMs: number | undefined): string | null =>
  epochMs === undefined ? null : new Date(epochMs).toISOString();

/** A lease that ended without a result: the call may have gone through, and nobody has taken the request up since. */
export const isUnconfirmed = (item: RequestItem, now: number): boolean =>
  item.state === 'calling' && (item.leaseEnd ?? 0) < now;

/** A request as `--json` prints it. Every member is always there; times are RFC 3339 in UTC. */
export const requestJson = (item: RequestItem, now: number) => ({
  requestId: requestIdOf(item.pk),
  state: item.state,
  unconfirmed: isUnconfirmed(item, now),
  lane: item.lane,
  campaignId: item.campaign === NO_CAMPAIGN ? null : item.campaign,
  calls: item.calls,
  failedCalls: item.failedCalls,
  unknowns: item.unknowns,
  lastStatus: item.lastStatus ?? null,
  reason: item.reason ?? null,
  detail: item.detail ?? null,
  failureId: item.failureId ?? null,
  sender: item.sender ?? null,
  requestedBy: item.requestedBy ?? null,
  requestReason: item.requestReason ?? null,
  notAfter: isoOf(item.notAfter),
  redrives: item.redrives ?? 0,
  firstSentAt: isoOf(item.firstSentAt),
  firstCallAt: isoOf(item.firstCallAt),
  finishedAt: isoOf(item.finishedAt),
  letterGoneAt: isoOf(item.gone),
  nextTryAt: isoOf(item.notBefore),
  leaseEndsAt: isoOf(item.leaseEnd),
  keptUntil: isoOf(item.expiresAt * 1000),
});
