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

/**
 * Our own words about a body, cut to a detail's length; they name length and hash of a body that its letter does not hold whole.
 * @param before the detail of the letter that was redriven: a body that was cut then has lost both.
 */
export function detailWithCut(detail: string, body: string, before = ''): string {
  const cut = cutNote(body) ?? CUT_NOTE.exec(before)?.[0] ?? '';
  return (cut + detail).slice(0, MAX_DETAIL_LENGTH).toWellFormed();
}

const CUT_NOTE = /^first \d+ of \d+ bytes, SHA-256 [0-9a-f]{64}: /;

function cutNote(body: string): string | undefined {
  const bytes = Buffer.from(body);
  if (bytes.length <= MAX_LETTER_BODY_BYTES) return undefined;
  const hash = createHash('sha256').update(bytes).digest('hex');
  return `first ${Buffer.byteLength(cutBody(body))} of ${bytes.length} bytes, SHA-256 ${hash}: `;
}

function cutBody(body: string): string {
  const bytes = Buffer.from(body);
  if (bytes.length <= MAX_LETTER_BODY_BYTES) return body;
  // Not in the middle of a character: what is left of it would be another one.
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, CUT_BODY_BYTES), { stream: true });
}
