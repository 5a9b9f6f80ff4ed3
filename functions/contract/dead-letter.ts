/** Why a request was given up. `server-error` and `outcome-unknown` may have reset the password all the same. */
export const FAILURE_REASONS = [
  'invalid-request',
  'expired',
  'rejected',
  'server-error',
  'outcome-unknown',
  'retries-exhausted',
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** The ten message attributes of a dead letter; ten is SQS's limit. All are strings but `HttpStatus` and `Calls`, which are numbers. */
export const LETTER_ATTRIBUTES = {
  failureReason: 'FailureReason',
  failureId: 'FailureId',
  httpStatus: 'HttpStatus',
  failureDetail: 'FailureDetail',
  requestId: 'RequestId',
  campaignId: 'CampaignId',
  lane: 'Lane',
  calls: 'Calls',
  firstSentAt: 'FirstSentAt',
  failedAt: 'FailedAt',
} as const;

/** Characters of `FailureDetail`. */
export const MAX_DETAIL_LENGTH = 256;
