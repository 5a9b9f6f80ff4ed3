import type { EpochMs } from '../common/clock.ts';
import type { Lane } from '../contract/reset-request.ts';

/** A turn that was granted. It belongs to one call and is followed by one report. */
export interface Ticket {
  lane: Lane;
  key: string;
  /** The call is the probe at the end of a hold. */
  probe: boolean;
  /** When the call may be made, which is now. */
  grantedAt: EpochMs;
}

export type Turn =
  | { kind: 'granted'; ticket: Ticket }
  /** No permit before the time given; `retryAt` is when one is likely. */
  | {
      kind: 'none';
      retryAt: EpochMs;
      why: 'pace' | 'outage' | 'credential' | 'brake' | 'operator';
    };

/** What a call showed of the API, for the pace and the holds that all copies share. */
export type CallReport =
  | { kind: 'success' }
  | { kind: 'throttled'; retryAfterMs?: number }
  /** 503, or no connection. */
  | { kind: 'unavailable' }
  /** The call had no answer, or a 504. */
  | { kind: 'unanswered' }
  /** The token was not accepted and the secret holds no other, or it gives none: nobody calls for a while. */
  | { kind: 'unauthorized' }
  /** A permanent answer to this request, or to every one. */
  | { kind: 'rejected' }
  /** An answer of any other kind: the API is there. */
  | { kind: 'answered' }
  /** The turn was not used. */
  | { kind: 'unused' };

/** `heldUntil`: what the call showed is not its request's fault; it waits until then. */
export interface Ruling {
  heldUntil?: EpochMs;
}

export interface CallBudget {
  /**
   * Waits, at most until `latest`, for the permit to make one call for a request.
   * @throws {LedgerUnreachable} where the budget can't be reached: then no call is made.
   */
  turn(lane: Lane, key: string, latest: EpochMs): Promise<Turn>;
  /** Every granted turn is followed by one report. Never throws: a report that is lost costs pace, not a request. */
  report(ticket: Ticket, report: CallReport): Promise<Ruling>;
}
