/** The ledger table's keys, for whoever creates, writes or reads it. */
export const LEDGER = {
  partitionKey: 'pk',
  /**
   * Items by campaign, then by `state#reason#time`, the time being when the state was reached: epoch milliseconds in 13 digits, so that it
   * sorts as text. All counts come from here, so that there is no counter to drift.
   */
  campaignIndex: 'byCampaign',
  campaignKey: 'campaign',
  stateReasonTimeKey: 'stateReasonTime',
  /** Seconds since the epoch. */
  timeToLive: 'expiresAt',
} as const;
