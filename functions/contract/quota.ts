/** What the calls a minute that are deployed or set say of the API's quota: that they are it, or that it is not above them. */
export const QUOTA_KINDS = ['known', 'ceiling'] as const;
export type QuotaKind = (typeof QUOTA_KINDS)[number];

/** Calls arrive at the API so much early or late. */
const JITTER_MS = 500;

/** So many calls of the burst are kept for those that arrive early or late, or an even pace would be refused now and then. */
export const jitterCalls = (perMinute: number): number => Math.ceil((perMinute * JITTER_MS) / 60_000);

/** The least and the most that may be deployed or set. */
export const CEILING_BOUNDS = { perMinute: [1, 6_000], burst: [1, 1_000] } as const;

/**
 * What is wrong with a burst that is small for its calls a minute, with the arithmetic; undefined if nothing is. A burst of the reserve
 * and one is what an API with a window wants; any other must hold what early and late calls take, too.
 */
export function smallBurst(ceiling: { perMinute: number; burst: number; reserve: number }): string | undefined {
  const { perMinute, burst, reserve } = ceiling;
  const kept = jitterCalls(perMinute);
  const least = reserve + 1;
  if (burst === least || burst - kept >= least) return undefined;
  return (
    `a burst of ${burst} is small for ${perMinute} calls a minute: calls that arrive half a second early or late take ${kept} of it ` +
    `(${perMinute} / 60 x 0.5), which leaves ${Math.max(0, burst - kept)}; the reserve of ${reserve} and one call for bulk need ${least}. ` +
    `The reserve is kept; the API will refuse a call now and then. ${kept + least} or more would do, or ${least} for an API that counts calls in a window.`
  );
}
