import type { CallBudget } from '../../call-budget/call-budget.ts';
import type { TransportCause } from '../../common/causes.ts';
import type { Clock, EpochMs } from '../../common/clock.ts';
import type { Telemetry } from '../../common/telemetry.ts';
import type { FailureReason } from '../../contract/dead-letter.ts';
import type { Lane } from '../../contract/reset-request.ts';
import type { Ledger } from '../../ledger/ledger.ts';

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
  | {
      kind: 'answered';
      status: number;
      retryAfterMs?: number;
      /** The answer's words, cleaned; empty for a 2xx. */
      detail: string;
      /** Its content type is `text/html`. */
      isHtml?: boolean;
      /** The host to which a redirect leads, cleaned as the words are. */
      redirectHost?: string;
    }
  /** The request did not leave this machine whole: no connection, no name, no TLS. */
  | { kind: 'not-sent'; why: TransportCause }
  /** The request left and no status came back. */
  | { kind: 'no-answer'; why: TransportCause };

export interface ResetApi {
  reset(email: string, token: string): Promise<ApiAnswer>;
}

/** Why a secret gives no token. */
export type SecretFault = 'empty' | 'malformed' | 'unreadable';

export type TokenAnswer =
  /** `expiresAt`: as the secret says, if it does. */
  { kind: 'token'; token: string; version: string; expiresAt?: EpochMs } | { kind: 'none'; why: SecretFault };

/** What the secret offers in place of a rejected token: a newer one, the same again, or nothing that could be used. */
export type Replacement = { kind: 'newer' } | { kind: 'same' } | { kind: 'unusable'; why: SecretFault };

export interface ApiTokens {
  /** The token to call with; from the cache if it is fresh, or if the secret cannot be read. */
  current(): Promise<TokenAnswer>;
  /** The token as it was last read, however long ago; where there is none, as {@link current}. */
  atHand(): Promise<TokenAnswer>;
  /** After a 401, by a read that is fresh enough. Where it is `newer`, {@link current} gives another version than the one rejected. */
  afterRejection(version: string): Promise<Replacement>;
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
  /** @throws if the letter was perhaps not sent; then it is sent again. */
  send(letter: Letter): Promise<void>;
}

export interface Visibility {
  /** Hides a message for whole seconds from now. @throws if that failed. */
  hide(message: Message, seconds: number): Promise<void>;
}

/** All that the core needs from outside. */
export interface Ports {
  /** After which the API port gives a call up; leases follow from it. */
  callTimeoutMs: number;
  /** A test user of the tenant, with whose address outages are probed. */
  probeAddress?: string;
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
