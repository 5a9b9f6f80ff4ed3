import type { FailureReason } from '../contract/dead-letter.ts';
import { type Lane, NO_CAMPAIGN } from '../contract/reset-request.ts';

/** The index partition that lists the campaigns themselves. `#` is outside the alphabet of campaign ids. */
export const CAMPAIGN_LIST = '#campaigns';

/** Where a request stands. `calling` and `failing` are under way, `waiting` is in its queue, the others are final until a redrive. */
export const STATES = ['calling', 'waiting', 'succeeded', 'failing', 'failed', 'cancelled', 'discarded'] as const;
export type State = (typeof STATES)[number];

/** One request. Times are milliseconds since the epoch unless the name says otherwise. No address: 16 bits tell a mix-up, not a person. */
export interface RequestItem {
  pk: string;
  campaign: string;
  stateReason: string;
  state: State;
  lane: Lane;
  /** First 16 bits of SHA-256(key, lower-cased address). Absent if the body could not be read. */
  addressTag?: number;
  /** Calls begun since the request came or was redriven. */
  calls: number;
  /** Attempts: calls that failed without a fault of ours. Backoff grows with them, and at fifty the request is given up. */
  failedCalls: number;
  /** Calls answered 429. Backoff grows with them, too. */
  throttled: number;
  /** Calls that an outage took: they spend no attempt. */
  heldCalls: number;
  /** Calls whose outcome nobody knows. */
  unknowns: number;
  /** The permit of the call for whose 5xx it was last put back. */
  serverErrorPermit?: number;
  notBefore?: number;
  leaseNonce?: string;
  leaseEnd?: number;
  lastStatus?: number;
  reason?: FailureReason;
  /** The API's words or ours, cleaned of addresses and tokens. */
  detail?: string;
  failureId?: string;
  /** SQS `SenderId`: the principal that enqueued the message. */
  sender?: string;
  requestedBy?: string;
  firstSentAt: number;
  firstCallAt?: number;
  finishedAt?: number;
  /** Seconds since the epoch. */
  expiresAt: number;
}

/** A campaign, as far as the worker knows it: registered when its first request is seen, read before each call. */
export interface CampaignItem {
  pk: string;
  campaign: typeof CAMPAIGN_LIST;
  stateReason: string;
  campaignId: string;
  state: 'active' | 'cancelled';
  firstSeenAt: number;
}

export const requestKey = (key: string): string => `request#${key}`;
export const campaignKey = (campaignId: string): string => `campaign#${campaignId}`;
/** The one item of the call budget. */
export const BUDGET_KEY = 'budget';
export const requestIdOf = (pk: string): string => pk.slice('request#'.length);
export const campaignOf = (campaignId: string | undefined): string => campaignId ?? NO_CAMPAIGN;

/** The index's sort key; `reason` is empty in states that have none, so `failed#` begins every dead letter's. */
export const stateReason = (state: string, reason?: FailureReason): string => `${state}#${reason ?? ''}`;
