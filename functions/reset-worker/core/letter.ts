import { createHash } from 'node:crypto';
import type { EpochMs } from '../../common/clock.ts';
import { MAX_DETAIL_LENGTH } from '../../contract/dead-letter.ts';
import { NO_CAMPAIGN } from '../../contract/reset-request.ts';
import type { RequestItem } from '../../ledger/items.ts';
import type { Letter, Message } from './ports.ts';

/** Body and attributes share SQS's 1 MiB; a body over this is of no use to a redrive and is cut. */
const MAX_LETTER_BODY_BYTES = 256 * 1024;
const CUT_BODY_BYTES = 4 * 1024;

/** The dead letter of a request that the ledger shows as `failing`. Made again from the ledger, it is the same letter. */
export function letterOf(item: RequestItem, key: string, message: Message, now: EpochMs): Letter {
  return {
    body: cutBody(message.body),
    reason: item.reason ?? 'invalid-request',
    failureId: item.failureId ?? key,
    detail: item.detail ?? '',
    requestId: key,
    lane: item.lane,
    calls: item.calls,
    firstSentAt: item.firstSentAt,
    failedAt: item.finishedAt ?? now,
    ...(item.lastStatus === undefined ? {} : { status: item.lastStatus }),
    ...(item.campaign === NO_CAMPAIGN ? {} : { campaignId: item.campaign }),
  };
}

/** Our own words about a body, cut to a detail's length; they name length and hash of a body that its letter will not hold whole. */
export function detailWithCut(detail: string, body: string): string {
  const bytes = Buffer.from(body);
  if (bytes.length <= MAX_LETTER_BODY_BYTES) return detail.slice(0, MAX_DETAIL_LENGTH);
  const hash = createHash('sha256').update(bytes).digest('hex');
  return `first ${CUT_BODY_BYTES} of ${bytes.length} bytes, SHA-256 ${hash}: ${detail}`.slice(0, MAX_DETAIL_LENGTH);
}

function cutBody(body: string): string {
  const bytes = Buffer.from(body);
  if (bytes.length <= MAX_LETTER_BODY_BYTES) return body;
  // A character cut in two becomes U+FFFD, which the queue accepts.
  return bytes.subarray(0, CUT_BODY_BYTES).toString('utf8');
}
