import type { EpochMs } from '../../common/clock.ts';
import type { FailureReason } from '../../contract/dead-letter.ts';

/** Why a message waits in its queue. */
export type DeferralCause =
  /** Its call failed for now; the backoff is longer than this invocation. */
  | 'backoff'
  /** The API token is not accepted; no attempt is spent. */
  | 'credential'
  /** The API, or the way to it, is probably down; no attempt is spent. */
  | 'outage'
  /** So many of its lane were rejected in a row that the fault is probably ours. */
  | 'brake'
  /** Another copy of the message is being called for, or its letter is being sent. */
  | 'busy'
  /** Its next try is later. */
  | 'not-due'
  /** The ledger or the dead-letter queue failed us. */
  | 'ledger-unreachable'
  | 'letter-not-sent';

/** Every way in which the work on one message can end. */
export type Outcome =
  | { kind: 'succeeded' }
  | { kind: 'dead-lettered'; reason: FailureReason }
  | { kind: 'cancelled' }
  /** The request had ended before; this is a late copy. */
  | { kind: 'duplicate' }
  | Kept;

/** The message goes back to its queue, hidden until a time: no longer than to the request's `notAfter`. */
export type Kept = { until: EpochMs; notAfter?: EpochMs } & (
  | {
      kind: 'deferred';
      cause: DeferralCause;
      /** A call of this receive spent an attempt, of which there are few; all else can go on for days. */
      attempted: boolean;
    }
  /** Not begun: no turn before the time was up. */
  | { kind: 'given-back'; why: string }
);

/** Whether the queue may forget the message. */
export function isAcknowledged(outcome: Outcome): outcome is Exclude<Outcome, Kept> {
  switch (outcome.kind) {
    case 'succeeded':
    case 'dead-lettered':
    case 'cancelled':
    case 'duplicate':
      return true;
    case 'deferred':
    case 'given-back':
      return false;
  }
}
