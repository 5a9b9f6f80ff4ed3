import type { EpochMs } from '../common/clock.ts';
import type { FailureReason } from '../contract/dead-letter.ts';
import { type Lane, NO_CAMPAIGN } from '../contract/reset-request.ts';

/** The index partition that lists the campaigns themselves. `#` is outside the alphabet of campaign ids. */
export const CAMPAIGN_LIST = '#campaigns';

/** The index partition that lists the actions. */
export const ACTION_LIST = '#actions';

/**
 * Where a request stands. `calling` and `failing` are under way; `waiting` is in its queue, and so is `redriven`: an operator has sent the
 * copy of its letter, and the worker has not received it yet. `failed` is final until a redrive, the others for good.
 */
export const STATES = [
  'calling',
  'waiting',
  'succeeded',
  'failing',
  'failed',
  'redriven',
  'cancelled',
  'discarded',
] as const;
export type State = (typeof STATES)[number];

/** One request. Times are milliseconds since the epoch unless the name says otherwise. No address: 16 bits tell a mix-up, not a person. */
export interface RequestItem {
  pk: string;
  campaign: string;
  stateReasonTime: string;
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
  /** How often it was taken up again after a failure. */
  redrives?: number;
  /** Of `failed`: since when its letter is known to be no longer in the queue. A copy on its way still runs. */
  gone?: number;
  /** SQS `SenderId`: the principal that enqueued the message. */
  sender?: string;
  requestedBy?: string;
  /** Why it was asked for. */
  requestReason?: string;
  /** Later than this the reset is not made. */
  notAfter?: number;
  firstSentAt: number;
  firstCallAt?: number;
  finishedAt?: number;
  /** Seconds since the epoch. */
  expiresAt: number;
}

/**
 * A campaign: registered by the command that sends it, or by the worker when it sees the first request of one that another system sends;
 * read by the worker before each call. Its time is when it was seen last, or cancelled. Kept without an end.
 */
export interface CampaignItem {
  pk: string;
  campaign: typeof CAMPAIGN_LIST;
  stateReasonTime: string;
  campaignId: string;
  state: 'active' | 'cancelled';
  firstSeenAt: EpochMs;
  /** Absent in one whose requests came from other systems alone. */
  sent?: SentCampaign;
  /** The action of whoever sends it, or sent it last. */
  sentBy?: string;
  /** SQS has taken every row whose request id is below this one, and how many these are. Both only grow. */
  sentBelow?: string;
  sentRows?: number;
  /** When SQS had taken every row. */
  sentAt?: EpochMs;
  totals?: CampaignTotals;
}

/** What a campaign was started with. Written once; no address. */
export interface SentCampaign {
  lane: Lane;
  /** Rows that are sent, each a request: what the counts add up to. */
  rows: number;
  /** SHA-256 over the sorted request ids, in hex: another set of addresses has another one. */
  setDigest: string;
  startedAt: EpochMs;
  /** An ARN. */
  startedBy: string;
  /** The file's name without folders, unless it may name a person. */
  file: string;
  /** Of the file's bytes, in hex. */
  fileSha256: string;
  /** The columns by whose values rows were taken. */
  whereColumns: readonly string[];
  /** How many lists of addresses were left out. */
  excludeFiles: number;
  /** Who was reset in these campaigns before `startedAt` was left out. */
  notIn: readonly string[];
  requestedBy?: string;
  reason?: string;
  notAfter?: EpochMs;
  /** So many are sent and watched before the rest. */
  canary?: number;
}

/** How a campaign stood when all of its rows had ended; a redrive may change it since. */
export interface CampaignTotals {
  at: EpochMs;
  succeeded: number;
  /**
   * For a later count to go on from: those of them that succeeded before a time so long ago that no more could turn up, and the requests of
   * other systems under the campaign that did.
   */
  settled: { count: number; others: number; before: EpochMs };
  failed: Partial<Record<FailureReason, number>>;
  cancelled: number;
  discarded: number;
}

/** Where an action stands. One that ended before all that was planned is `aborted` if another operator asked for that, else `interrupted`. */
export type ActionState = 'running' | 'done' | 'interrupted' | 'aborted';

/** What else is written down of an action: request ids, names, numbers; never an address. */
export type ActionDetails = Record<string, string | number | readonly string[]>;

/** One change of state that an operator made, kept without an end. Times are AWS's. */
export interface ActionItem {
  pk: string;
  campaign: typeof ACTION_LIST;
  stateReasonTime: string;
  actionId: string;
  /** As it was typed, without what may hold an address: "lane pause bulk". */
  command: string;
  /** The ARN of the caller, as AWS knows it. */
  who: string;
  details: ActionDetails;
  /** How many single changes it is made of, and how many of them are made. */
  planned: number;
  done: number;
  state: ActionState;
  startedAt: EpochMs;
  /** When whoever carries it out last wrote here: a `running` one that has been silent for a minute is interrupted. */
  heardAt: EpochMs;
  finishedAt?: EpochMs;
  /** Somebody wants it stopped. */
  abortAt?: EpochMs;
  abortBy?: string;
}

export const actionKey = (actionId: string): string => `action#${actionId}`;
export const requestKey = (key: string): string => `request#${key}`;
export const campaignKey = (campaignId: string): string => `campaign#${campaignId}`;
/** The item of a campaign's id key, under which its request ids are made. In no index, and not for whoever may only read. */
export const idKeyKey = (campaignId: string): string => `campaign-key#${campaignId}`;
/** The one item of the call budget. */
export const BUDGET_KEY = 'budget';
export const requestIdOf = (pk: string): string => pk.slice('request#'.length);
export const campaignOf = (campaignId: string | undefined): string => campaignId ?? NO_CAMPAIGN;

/** Digits of the time in the index's sort key: enough until the year 2286. */
const TIME_DIGITS = 13;

/** States that the index divides by reason; in the others the reason is what it was before. */
export const hasReasons = (state: string): boolean => state === 'failing' || state === 'failed';

/** The index's sort key, with the time when the state was reached. */
export const stateReasonTime = (state: string, time: EpochMs, reason?: FailureReason): string =>
  `${state}#${(hasReasons(state) && reason) || ''}#${String(time).padStart(TIME_DIGITS, '0')}`;

/** A campaign as it is registered. */
export const newCampaign = (campaignId: string, at: EpochMs): CampaignItem => ({
  pk: campaignKey(campaignId),
  campaign: CAMPAIGN_LIST,
  stateReasonTime: stateReasonTime('active', at),
  campaignId,
  state: 'active',
  firstSeenAt: at,
});

/** When an item reached the state that it is in. */
export const reachedAt = (item: Pick<RequestItem, 'stateReasonTime'>): EpochMs =>
  Number(item.stateReasonTime.slice(-TIME_DIGITS));
