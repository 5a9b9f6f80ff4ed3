import type { FailureReason } from '../contract/dead-letter.ts';
import type { Lane } from '../contract/reset-request.ts';
import type { RequestItem } from '../ledger/items.ts';
import type { Telemetry } from './telemetry.ts';

/** Milliseconds since the epoch. */
export type EpochMs = number;

export interface Clock {
  now(): EpochMs;
  /** Resolves after the delay, or at once when the signal aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** A message as it was received. */
export interface Message {
  id: string;
  receiptHandle: string;
  body: string;
  lane: Lane;
  sentAt: EpochMs;
  receiveCount: number;
  sender?: string;
  /** What a dead letter carries through a redrive. */
  carried: { requestId?: string; failureId?: string };
}

/** What came of one call. Its time-out is the adapter's; it never throws and never repeats a call. */
export type ApiAnswer =
  | { kind: 'answered'; status: number; retryAfterMs?: number; detail: string }
  /** The request did not leave this machine whole: no connection, no name, no TLS. */
  | { kind: 'not-sent'; why: string }
  /** The request left and no status came back. */
  | { kind: 'no-answer'; why: string };

export interface ResetApi {
  reset(email: string, token: string): Promise<ApiAnswer>;
}

export type TokenAnswer =
  | { kind: 'token'; token: string; version: string }
  | { kind: 'none'; why: 'empty' | 'malformed' | 'unreadable' };

export interface ApiTokens {
  /** The token to call with; from the cache where it is fresh, or where the secret cannot be read. */
  current(): Promise<TokenAnswer>;
  /** After a 401: whether {@link current} now gives another version than the one used, by a read that is fresh enough. */
  hasOtherThan(usedVersion: string): Promise<boolean>;
}

/** Thrown by a ledger that cannot be reached, is throttled, or refuses. The state of the item is then not known. */
export class LedgerUnreachable extends Error {
  override name = 'LedgerUnreachable';
  /** The cause's class or code, such as `ThrottlingException` or `ECONNREFUSED`: a word that may be logged. */
  readonly why: string;

  constructor(cause: unknown) {
    super('The ledger could not be reached.', { cause });
    this.why = whyOf(cause);
  }
}

/** The class says nothing where it is plain `Error`, as for a refused connection; its code does. */
function whyOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown';
  return cause.name === 'Error' && 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}

/** What is known of a request from its message, for the item that a first write makes. */
export interface NewRequest {
  key: string;
  lane: Lane;
  campaignId?: string;
  address?: number;
  sender?: string;
  requestedBy?: string;
  firstSentAt: EpochMs;
}

export interface Failure {
  reason: FailureReason;
  failureId: string;
  status?: number;
  detail: string;
  spent: Spent;
}

/** What a call cost the request: `nothing` for a 401 or no call at all. */
export type Spent = 'nothing' | 'failed-call' | 'unknown-call';

/** Who may end a request: the holder of its lease, or somebody who saw it lie idle and finds it so still. */
export type Fence = { nonce: string } | { seen: RequestItem | undefined };

export type ClaimResult = { kind: 'claimed'; item: RequestItem } | { kind: 'lost'; item: RequestItem | undefined };

export interface WaitUpdate {
  notBefore: EpochMs;
  lastStatus?: number;
  spent: Spent;
  /** The claim was given back before its call. */
  uncalled?: boolean;
}

/** All writes are conditional. `undefined` where the fence has fallen: somebody else holds the request. Every method may throw {@link LedgerUnreachable}. */
export interface Ledger {
  find(key: string): Promise<RequestItem | undefined>;
  /** Takes the lease for one call, if the item is still as it was seen. A lease found ended counts as one unknown more. */
  claim(
    request: NewRequest,
    seen: RequestItem | undefined,
    lease: { nonce: string; end: EpochMs },
  ): Promise<ClaimResult>;
  wait(key: string, nonce: string, update: WaitUpdate): Promise<RequestItem | undefined>;
  /** Not fenced, and beats every other state: a 200 is the truth. */
  succeed(request: NewRequest, status: number): Promise<void>;
  /** Decides that the request is to be dead-lettered. The letter comes next. */
  failing(request: NewRequest, fence: Fence, failure: Failure): Promise<RequestItem | undefined>;
  /** The letter is sent. */
  failed(key: string, letter: Pick<Letter, 'failureId' | 'reason'>): Promise<void>;
  cancel(request: NewRequest, fence: Fence): Promise<RequestItem | undefined>;
  /** Whether the campaign is cancelled; registers a campaign that is seen for the first time. */
  isCancelled(campaignId: string): Promise<boolean>;
}

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

export interface Letter {
  body: string;
  reason: FailureReason;
  failureId: string;
  status?: number;
  detail: string;
  requestId: string;
  campaignId?: string;
  lane: Lane;
  calls: number;
  firstSentAt: EpochMs;
  failedAt: EpochMs;
}

export interface DeadLetters {
  /** @throws where the letter was not surely sent; then it is sent again. */
  send(letter: Letter): Promise<void>;
}

export interface Visibility {
  /** Hides a message for whole seconds from now. @throws where that failed. */
  hide(message: Message, seconds: number): Promise<void>;
}

/** All that the core needs from outside. */
export interface Ports {
  clock: Clock;
  /** A number from 0 to below 1. */
  random(): number;
  /** A fresh id: lease nonces and failure ids. */
  newId(): string;
  api: ResetApi;
  tokens: ApiTokens;
  ledger: Ledger;
  budget: CallBudget;
  deadLetters: DeadLetters;
  visibility: Visibility;
  telemetry: Telemetry;
}
