import { createHash } from 'node:crypto';
import type { EpochMs } from '../common/clock.ts';
import type { RequestItem } from './items.ts';

/** What the ledger says of a request to somebody who has just received its message. */
export type Standing =
  /** May be called once it is its turn. `unknowns` and `failedCalls` count a lease found ended. */
  | { kind: 'callable'; unknowns: number; failedCalls: number }
  /** Ended: this message is a late copy. */
  | { kind: 'ended' }
  /** The decision to dead-letter it stands; the letter may or may not have been sent. */
  | { kind: 'resume-letter'; item: RequestItem }
  | { kind: 'busy'; until: EpochMs }
  | { kind: 'not-due'; until: EpochMs }
  /** The id belongs to somebody else's reset. */
  | { kind: 'other-address' };

export function standingOf(
  item: RequestItem | undefined,
  message: { address?: number; failureId?: string },
  now: EpochMs,
): Standing {
  if (item === undefined) return { kind: 'callable', unknowns: 0, failedCalls: 0 };
  if (item.address !== undefined && message.address !== undefined && item.address !== message.address) {
    return { kind: 'other-address' };
  }
  const { unknowns, failedCalls } = item;
  switch (item.state) {
    case 'succeeded':
    case 'cancelled':
      return { kind: 'ended' };
    case 'failed':
    case 'discarded':
      return isRedriveOf(item, message.failureId)
        ? { kind: 'callable', unknowns: 0, failedCalls: 0 }
        : { kind: 'ended' };
    case 'failing':
      return { kind: 'resume-letter', item };
    case 'waiting': {
      const until = item.notBefore ?? 0;
      return until > now ? { kind: 'not-due', until } : { kind: 'callable', unknowns, failedCalls };
    }
    case 'calling': {
      const until = item.leaseEnd ?? 0;
      // A lease that ended without a result means a call that was perhaps made.
      return until > now
        ? { kind: 'busy', until }
        : { kind: 'callable', unknowns: unknowns + 1, failedCalls: failedCalls + 1 };
    }
  }
}

/** Only the letter of the last failure starts a request anew, so that a late copy of the first message does not. */
export const isRedriveOf = (item: RequestItem, failureId: string | undefined): boolean =>
  failureId !== undefined && item.failureId === failureId;

/** 16 bits: enough to notice an id that is used for another address, too few to find an address. */
export const addressBits = (key: string, email: string): number =>
  createHash('sha256').update(`${key}\n${email.toLowerCase()}`).digest().readUInt16BE(0);
