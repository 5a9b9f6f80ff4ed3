import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { LETTER_ATTRIBUTES } from '../../functions/contract/dead-letter.ts';
import type { Lane } from '../../functions/contract/reset-request.ts';
import {
  ACTION_LIST,
  type ActionItem,
  actionKey,
  CAMPAIGN_LIST,
  type CampaignItem,
  campaignKey,
  campaignOf,
  type RequestItem,
  requestKey,
  type SentCampaign,
  stateReasonTime,
} from '../../functions/ledger/items.ts';
import type { NewRequest } from '../../functions/ledger/ledger.ts';
import { addressTag } from '../../functions/ledger/standing.ts';
import type { Message } from '../../functions/reset-worker/core/ports.ts';
import { NOON } from './virtual-clock.ts';

export const EMAIL = 'jane.roe@example.com';
export const KEY = 'order-1';
export const QUEUE_ARNS: Record<Lane, string> = {
  interactive: 'arn:aws:sqs:eu-central-1:123456789012:interactive',
  bulk: 'arn:aws:sqs:eu-central-1:123456789012:bulk',
};

/** The body of a valid message; `undefined` leaves a member out. */
export const aBody = (members: Record<string, unknown> = {}): string =>
  JSON.stringify({ email: EMAIL, requestId: KEY, ...members });

export const aMessage = (overrides: Partial<Message> = {}): Message => ({
  id: 'message-1',
  receiptHandle: 'receipt-1',
  body: aBody(),
  lane: 'interactive',
  sentAt: NOON - 1000,
  receiveCount: 1,
  sender: 'AIDAPRODUCER',
  carried: {},
  ...overrides,
});

export interface RecordOptions {
  id?: string;
  body?: string;
  lane?: Lane;
  sentAt?: number;
  receiveCount?: number;
  requestId?: string;
  failureId?: string;
}

export function aRecord(options: RecordOptions = {}): SQSRecord {
  const { id = 'message-1', lane = 'interactive', sentAt = NOON - 1000, receiveCount = 1 } = options;
  const attribute = (name: string, value: string | undefined) =>
    value === undefined ? {} : { [name]: { dataType: 'String', stringValue: value } };
  return {
    messageId: id,
    receiptHandle: `receipt-of-${id}`,
    body: options.body ?? aBody(),
    attributes: {
      SentTimestamp: String(sentAt),
      ApproximateReceiveCount: String(receiveCount),
      ApproximateFirstReceiveTimestamp: String(sentAt),
      SenderId: 'AIDAPRODUCER',
    },
    messageAttributes: {
      ...attribute(LETTER_ATTRIBUTES.requestId, options.requestId),
      ...attribute(LETTER_ATTRIBUTES.failureId, options.failureId),
    },
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: QUEUE_ARNS[lane],
    awsRegion: 'eu-central-1',
  };
}

export const anEvent = (...records: SQSRecord[]): SQSEvent => ({ Records: records });

export const aRequest = (overrides: Partial<NewRequest> = {}): NewRequest => ({
  key: KEY,
  lane: 'interactive',
  addressTag: addressTag(KEY, EMAIL),
  firstSentAt: NOON - 1000,
  ...overrides,
});

/** A request's item; `waiting` and due unless told otherwise. @param at when it reached its state. */
export function anItem({
  key = KEY,
  campaignId,
  at = NOON,
  ...overrides
}: Partial<RequestItem> & { key?: string; campaignId?: string; at?: number } = {}): RequestItem {
  const state = overrides.state ?? 'waiting';
  const of: Partial<Record<RequestItem['state'], Partial<RequestItem>>> = {
    waiting: { notBefore: NOON, leaseNonce: 'nonce-0' },
    calling: { leaseNonce: 'nonce-0', leaseEnd: NOON + 30_000 },
    failing: { reason: 'rejected', failureId: 'failure-0', detail: 'no such user', lastStatus: 404, finishedAt: NOON },
    failed: { reason: 'rejected', failureId: 'failure-0', detail: 'no such user', lastStatus: 404, finishedAt: NOON },
    redriven: { reason: 'rejected', failureId: 'failure-0', detail: 'no such user', lastStatus: 404, finishedAt: NOON },
    discarded: { reason: 'rejected', failureId: 'failure-0', detail: 'no such user', lastStatus: 404 },
    succeeded: { lastStatus: 200, finishedAt: NOON },
  };
  return {
    pk: requestKey(key),
    campaign: campaignOf(campaignId),
    state,
    lane: 'interactive',
    addressTag: addressTag(key, EMAIL),
    calls: 1,
    failedCalls: 0,
    throttled: 0,
    heldCalls: 0,
    unknowns: 0,
    firstSentAt: NOON - 1000,
    firstCallAt: NOON - 500,
    expiresAt: NOON / 1000 + 90 * 24 * 60 * 60,
    ...of[state],
    ...overrides,
    stateReasonTime: stateReasonTime(state, at, overrides.reason ?? of[state]?.reason),
  };
}

export const aCampaign = (
  campaignId: string,
  { state = 'active', at = 0 }: { state?: CampaignItem['state']; at?: number } = {},
): CampaignItem => ({
  pk: campaignKey(campaignId),
  campaign: CAMPAIGN_LIST,
  stateReasonTime: stateReasonTime(state, at),
  campaignId,
  state,
  firstSeenAt: 0,
});

/** A campaign that was sent from a file, an hour before noon, and wholly. */
export const aSentCampaign = (
  campaignId: string,
  sent: Partial<SentCampaign> = {},
  item: Partial<CampaignItem> = {},
): CampaignItem => ({
  ...aCampaign(campaignId, { at: NOON }),
  firstSeenAt: NOON - 60 * 60_000,
  sentBy: 'action-1',
  sentAt: NOON - 59 * 60_000,
  sent: {
    lane: 'bulk',
    rows: 10,
    setDigest: '0'.repeat(64),
    startedAt: NOON - 60 * 60_000,
    startedBy: 'arn:aws:sts::123456789012:assumed-role/Operator/sam',
    file: 'breach.csv',
    fileSha256: '1'.repeat(64),
    whereColumns: [],
    excludeFiles: 1,
    notIn: [],
    ...sent,
  },
  ...item,
});

export const anAction = (
  actionId: string,
  { at = NOON, ...values }: Partial<ActionItem> & { at?: number } = {},
): ActionItem => ({
  pk: actionKey(actionId),
  campaign: ACTION_LIST,
  stateReasonTime: stateReasonTime('begun', at),
  actionId,
  command: 'lane pause bulk',
  who: 'arn:aws:sts::123456789012:assumed-role/Operator/sam',
  details: {},
  planned: 1,
  done: 1,
  state: 'done',
  startedAt: at,
  heardAt: at,
  finishedAt: at,
  ...values,
});
