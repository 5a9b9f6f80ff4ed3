import type { TransportCause } from '../common/causes.ts';
import type { EpochMs } from '../common/clock.ts';
import type { Lane } from '../contract/reset-request.ts';

/** What one call came to, as far as anybody can know. Statuses are the API's. */
export type Verdict =
  | { kind: 'succeeded'; status: number }
  /** Not done: calls come too often. */
  | { kind: 'throttled'; status: number; retryAfterMs?: number }
  /** Not done: the API was not available, or there was no connection. `why` stands in place of a status. */
  | { kind: 'unavailable'; status?: number; why?: TransportCause; retryAfterMs?: number }
  /** Perhaps done: no answer, or one that says no more than that it took too long. */
  | { kind: 'unknown'; status?: number; why?: TransportCause; retryAfterMs?: number }
  /** Not done: the token was not accepted. */
  | { kind: 'unauthorized'; status: number }
  /** For good, and not done; or, with a status of 2xx, an HTML page of something that is not this API. */
  | { kind: 'rejected'; status: number; detail: string }
  /** For good, but perhaps done. */
  | { kind: 'server-error'; status: number; detail: string };

/** What a granted turn is reported to have shown. */
export type Shown =
  | Verdict
  /** The secret gave no token to call with. */
  | { kind: 'no-token' }
  /** No call was made, or one that says nothing of the API. */
  | { kind: 'nothing' };

export type HoldCause = 'outage' | 'credential' | 'brake' | 'operator';

/** Of each cause, whether it holds. */
export type HeldBy = Readonly<Record<HoldCause, boolean>>;

/** What a request has been through: it decides who probes an outage first, and whose fault a second 5xx is. */
export interface CallHistory {
  /** Calls whose outcome nobody knows. */
  unknowns: number;
  /** Calls that an outage took. */
  heldCalls: number;
  /** The permit of the call for whose 5xx it was last put back. */
  serverErrorPermit?: number;
}

/** A turn that was granted. It belongs to one call and is followed by one report. */
export interface Ticket {
  lane: Lane;
  key: string;
  /** Permits are numbered in the order in which they are taken, across all copies of the function. */
  permit: number;
  /** When the call may be made, which is now. */
  grantedAt: EpochMs;
  /** The call probes what is held: with the request itself, or with the probe address in its place. */
  probe?: 'request' | 'address';
  history: CallHistory;
}

export type Turn =
  | { kind: 'granted'; ticket: Ticket }
  /** No permit before the time given; `retryAt` is when one is likely. `standsBack`: the next probe is left to other requests until then. */
  | { kind: 'none'; retryAt: EpochMs; why: 'pace' | HoldCause; standsBack: boolean };

/**
 * Whose fault it is that a call failed. What is ours is not booked on the request: it waits until the time given. `no-life`: nobody's
 * call of the last minute has succeeded, so it is perhaps an outage; `budget-unreachable`: nobody can tell.
 */
export type Ruling =
  | { fault: 'own' }
  | { fault: 'ours'; why: Exclude<HoldCause, 'operator'> | 'no-life' | 'budget-unreachable'; until: EpochMs };

export interface CallBudget {
  /**
   * Waits, at most until `latest`, for the permit to make one call for a request.
   * @throws {LedgerUnreachable} if the budget can't be reached: then no call is made.
   */
  turn(lane: Lane, key: string, latest: EpochMs, history: CallHistory): Promise<Turn>;
  /**
   * Every granted turn is followed by one report. The ruling is made from a state at least as new as what the report wrote. Never throws:
   * if the state can be neither read nor written, a failed call is ours until a minute from now.
   */
  report(ticket: Ticket, shown: Shown): Promise<Ruling>;
  /** What holds a lane, as this copy last saw it; undefined if it has not looked since the time given. Reads nothing. */
  heldBy(lane: Lane, since: EpochMs): HeldBy | undefined;
}
