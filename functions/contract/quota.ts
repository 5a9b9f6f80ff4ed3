/** What the calls a minute that are deployed or set say of the API's quota: that they are it, or that it is not above them. */
export const QUOTA_KINDS = ['known', 'ceiling'] as const;
export type QuotaKind = (typeof QUOTA_KINDS)[number];

/** Calls arrive at the API so much early or late. */
const JITTER_MS = 500;

/** So many calls of the burst are kept for those that arrive early or late, or an even pace would be refused now and then. */
export const jitterCalls = (perMinute: number): number => Math.ceil((perMinute * JITTER_MS) / 60_000);
