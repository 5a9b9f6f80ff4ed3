import { createHash } from 'node:crypto';
import type { EpochMs } from '../common/clock.ts';
import type { RequestItem } from './items.ts';
import { unknownWaitMs } from './lease.ts';

/** What a request has been through since it came or was redriven. A lease found ended counts as one call of unknown outcome. */
export interface PastCalls {
  failedCalls: number;
  heldCalls: number;
  unknowns: number;
  serverErrorPermit?: number;
}

const NO_PAST: PastCalls = { failedCalls: 0, heldCalls: 0, unknowns: 0 };

/** What the ledger says of a request to somebody who has just received its message. */
export type Standing =
  /** May be called once it is its turn. */
  | { kind: 'callable'; past: PastCalls }
  /** Ended: this message is a late copy. */
  | { kind: 'ended' }
  /** The decision to dead-letter it stands; the letter may or may not have been sent. */
  | { kind: 'resume-letter'; item: RequestItem }
  /** The same, and the message is the letter's copy: so the letter was sent, and only that is not written down. */
  | { kind: 'letter-sent'; item: RequestItem }
  | { kind: 'busy'; until: EpochMs }
  /** Its next try is later; it may be ended before. */
  | { kind: 'not-due'; until: EpochMs; past: PastCalls }
  /** The id belongs to somebody else's reset. */
  | { kind: 'other-address' };

/** @param leaseMs for how long somebody may be at work on a request without a word of it. */
export function standingOf(
  item: RequestItem | undefined,
  message: { addressTag?: number; failureId?: string },
  now: EpochMs,
  leaseMs: number,
): Standing {
  if (item === undefined) return { kind: 'callable', past: NO_PAST };
  if (item.addressTag !== undefined && message.addressTag !== undefined && item.addressTag !== message.addressTag) {
    return { kind: 'other-address' };
  }
  switch (item.state) {
    case 'succeeded':
    case 'cancelled':
    case 'discarded':
      return { kind: 'ended' };
    case 'failed':
    case 'redriven':
      return isRedriveOf(item, message.failureId) ? { kind: 'callable', past: NO_PAST } : { kind: 'ended' };
    case 'failing': {
      if (isRedriveOf(item, message.failureId)) return { kind: 'letter-sent', item };
      // Somebody is probably sending the letter, and a second one would be of no use.
      const until = (item.finishedAt ?? 0) + leaseMs;
      return until > now ? { kind: 'busy', until } : { kind: 'resume-letter', item };
    }
    case 'waiting': {
      const until = item.notBefore ?? 0;
      const past = pastOf(item, 0);
      return until > now ? { kind: 'not-due', until, past } : { kind: 'callable', past };
    }
    case 'calling': {
      const until = item.leaseEnd ?? 0;
      // A lease that ended without a result means a call that was perhaps made.
      if (until > now) return { kind: 'busy', until };
      const past = pastOf(item, 1);
      const due = until - leaseMs + unknownWaitMs(past.unknowns);
      return due > now ? { kind: 'not-due', until: due, past } : { kind: 'callable', past };
    }
  }
}

const pastOf = ({ failedCalls, heldCalls, unknowns, serverErrorPermit }: RequestItem, lost: 0 | 1): PastCalls => ({
  failedCalls: failedCalls + lost,
  heldCalls,
  unknowns: unknowns + lost,
  ...(serverErrorPermit === undefined ? {} : { serverErrorPermit }),
});

/** Whether a request has ended as a dead letter, which only a redrive takes up again. */
export const isDeadLettered = (item: RequestItem | undefined): boolean =>
  item?.state === 'failed' || item?.state === 'redriven';

/** Only the letter of the last failure starts a request again, so that a late copy of the first message does not. */
export const isRedriveOf = (item: RequestItem, failureId: string | undefined): boolean =>
  failureId !== undefined && item.failureId === failureId;

/** 16 bits: enough to notice an id that is used for another address, too few to find an address. */
export const addressTag = (key: string, email: string): number =>
  createHash('sha256').update(`${key}\n${email.toLowerCase()}`).digest().readUInt16BE(0);
