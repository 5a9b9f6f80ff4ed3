import { NO_CAMPAIGN } from '../../functions/contract/reset-request.ts';
import { type RequestItem, requestIdOf } from '../../functions/ledger/items.ts';
import { rfc3339 } from './rfc3339.ts';

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
  notAfter: rfc3339(item.notAfter),
  redrives: item.redrives ?? 0,
  firstSentAt: rfc3339(item.firstSentAt),
  firstCallAt: rfc3339(item.firstCallAt),
  finishedAt: rfc3339(item.finishedAt),
  letterGoneAt: rfc3339(item.gone),
  nextTryAt: rfc3339(item.notBefore),
  leaseEndsAt: rfc3339(item.leaseEnd),
  keptUntil: rfc3339(item.expiresAt * 1000),
});
