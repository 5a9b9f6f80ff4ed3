/** The ledger table's keys, for whoever creates, writes or reads it. */
export const LEDGER = {
  partitionKey: 'pk',
  /** Items by campaign, then by `state#reason`. All counts come from here, so that there is no counter to drift. */
  campaignIndex: 'byCampaign',
  campaignKey: 'campaign',
  stateReasonKey: 'stateReason',
  /** Seconds since the epoch. */
  timeToLive: 'expiresAt',
} as const;
