import { errorClass } from '../common/causes.ts';
import type { EpochMs } from '../common/clock.ts';
import type { FailureReason } from '../contract/dead-letter.ts';
import type { Lane } from '../contract/reset-request.ts';
import type { RequestItem } from './items.ts';

/** Thrown by a ledger that cannot be reached, is throttled, or refuses. The state of the item is then not known. */
export class LedgerUnreachable extends Error {
  override name = 'LedgerUnreachable';
  /** The cause's class or code, such as `ThrottlingException` or `ECONNREFUSED`: a word that may be logged. */
  readonly why: string;

  constructor(cause: unknown) {
    super('The ledger could not be reached.', { cause });
    this.why = errorClass(cause);
  }
}

/** The ledger could not be read; the cause is the SDK's error. */
export class LedgerUnreadable extends Error {
  override readonly name = 'LedgerUnreadable';
  readonly tableName: string;

  constructor(tableName: string, cause: unknown) {
    super(`the ledger table ${tableName} could not be read`, { cause });
    this.tableName = tableName;
  }
}

/** What is known of a request from its message, for the item that a first write makes. */
export interface NewRequest {
  key: string;
  lane: Lane;
  campaignId?: string;
  addressTag?: number;
  sender?: string;
  requestedBy?: string;
  requestReason?: string;
  notAfter?: EpochMs;
  firstSentAt: EpochMs;
}

export interface Failure {
  reason: FailureReason;
  failureId: string;
  status?: number;
  detail: string;
  spent: Spent;
}

/** The counters of a request's item that a call adds to; none for a 401, or no call at all. */
export type Spent = Partial<Record<'failedCalls' | 'throttled' | 'heldCalls' | 'unknowns', 1>>;

/** Who may end a request: the holder of its lease, or somebody who saw it lie idle and finds it so still. */
export type Fence = { nonce: string } | { seen: RequestItem | undefined };

export type ClaimResult = { kind: 'claimed'; item: RequestItem } | { kind: 'lost'; item: RequestItem | undefined };

export interface WaitUpdate {
  notBefore: EpochMs;
  lastStatus?: number;
  spent: Spent;
  /** The permit of the call for whose 5xx the request is put back. */
  serverErrorPermit?: number;
  /** The claim was given back before its call. */
  uncalled?: boolean;
}

/** All writes are conditional. `undefined` if the fence has fallen: somebody else holds the request. Every method may throw {@link LedgerUnreachable}. */
export interface Ledger {
  /** Consistently: a message is acknowledged on what it shows. */
  find(key: string): Promise<RequestItem | undefined>;
  /** Takes the lease for one call, if the item is still as it was seen. A lease found ended counts as one unknown more. */
  claim(
    request: NewRequest,
    seen: RequestItem | undefined,
    lease: { nonce: string; end: EpochMs },
  ): Promise<ClaimResult>;
  wait(key: string, nonce: string, update: WaitUpdate): Promise<RequestItem | undefined>;
  /** Not fenced, and beats every other state: a 200 is the truth. A second one changes nothing, or its reset would be counted twice. */
  succeed(request: NewRequest, status: number): Promise<void>;
  /** Decides that the request is to be dead-lettered. The letter comes next. */
  failing(request: NewRequest, fence: Fence, failure: Failure): Promise<RequestItem | undefined>;
  /** The letter is sent. */
  failed(key: string, failure: { failureId: string; reason: FailureReason }): Promise<void>;
  cancel(request: NewRequest, fence: Fence): Promise<RequestItem | undefined>;
  /** Whether the campaign is cancelled; registers a campaign that is seen for the first time, as well as it can. */
  isCancelled(campaignId: string): Promise<boolean>;
}
