/** What the simulator was asked and did. Addresses stay in its memory. */
export interface CallStatistics {
  /** Requests to the operation, whatever became of them. */
  calls: number;
  /** By the status answered; `none` where no status went out. */
  byStatus: Record<string, number>;
  /** Passwords set anew. */
  resets: number;
  /** Addresses whose password was reset at least once. */
  addresses: number;
  /** Resets of an address after its first. */
  secondResets: number;
  /** Of those, how many followed a reset whose answer did not say so (5xx, no answer). */
  explainedSecondResets: number;
  /** Calls that took a permit of the quota. */
  quotaUsed: number;
  /** 429 because of the quota, not by an address's own doing. */
  overQuota: number;
  /** Most calls within any 60 seconds, and within any one. */
  peakPerMinute: number;
  peakPerSecond: number;
  /** Requests that carried a token to a place where a redirect pointed. */
  redirectsFollowed: number;
  /** Requests to anything else than the operation. */
  wrongPath: number;
}

export interface AddressHistory {
  calls: number;
  resets: number;
  /** Resets that the caller could not know of. */
  silentResets: number;
}

const WINDOW_SECONDS = 60;

export function createCallStatistics() {
  const byAddress = new Map<string, AddressHistory>();
  const byStatus: Record<string, number> = {};
  const counts = { calls: 0, quotaUsed: 0, overQuota: 0, redirectsFollowed: 0, wrongPath: 0 };
  const seconds: { second: number; calls: number }[] = [];
  let inWindow = 0;
  let peakPerMinute = 0;
  let peakPerSecond = 0;

  return {
    count: (name: 'quotaUsed' | 'overQuota' | 'redirectsFollowed' | 'wrongPath') => {
      counts[name] += 1;
    },
    call: (nowMs: number) => {
      counts.calls += 1;
      const second = Math.floor(nowMs / 1000);
      let last = seconds.at(-1);
      if (last?.second !== second) {
        last = { second, calls: 0 };
        seconds.push(last);
      }
      last.calls += 1;
      inWindow += 1;
      while ((seconds[0]?.second ?? second) <= second - WINDOW_SECONDS) inWindow -= seconds.shift()?.calls ?? 0;
      peakPerMinute = Math.max(peakPerMinute, inWindow);
      peakPerSecond = Math.max(peakPerSecond, last.calls);
    },
    status: (status: number | 'none') => {
      byStatus[status] = (byStatus[status] ?? 0) + 1;
    },
    address: (email: string): AddressHistory => {
      const key = email.toLowerCase();
      let history = byAddress.get(key);
      if (history === undefined) {
        history = { calls: 0, resets: 0, silentResets: 0 };
        byAddress.set(key, history);
      }
      return history;
    },
    /** A copy of what is known of an address, for tests. */
    historyOf: (email: string): AddressHistory => ({
      ...(byAddress.get(email.toLowerCase()) ?? { calls: 0, resets: 0, silentResets: 0 }),
    }),
    read: (): CallStatistics => {
      const reset = [...byAddress.values()].filter((history) => history.resets > 0);
      const sum = (of: (history: AddressHistory) => number) => reset.reduce((total, history) => total + of(history), 0);
      return {
        ...counts,
        byStatus: { ...byStatus },
        resets: sum(({ resets }) => resets),
        addresses: reset.length,
        secondResets: sum(({ resets }) => resets - 1),
        explainedSecondResets: sum(({ resets, silentResets }) => Math.min(resets - 1, silentResets)),
        peakPerMinute,
        peakPerSecond,
      };
    },
  };
}
