import type { RequestItem, State } from '../../functions/ledger/items.ts';

/** Failed requests of one cause. */
export interface FailureGroup {
  /** The reason of the failure; `cancelled` or `discarded` of those that ended so. */
  cause: string;
  status: number | undefined;
  /** The API's words or ours, cleaned. */
  detail: string | undefined;
  count: number;
}

/** What has become of the requests of a canary. */
export interface CanaryTally {
  size: number;
  reset: number;
  failed: number;
  /** Those of the failed that count towards the brake. */
  rejected: number;
  open: number;
  /** Of the failed, the largest first. */
  groups: readonly FailureGroup[];
}

const FAILED: readonly State[] = ['failed', 'cancelled', 'discarded'];
/** Answers to a call that say nothing of the user: no accepted token, and too many calls. */
const NO_REJECTIONS = [401, 429];

/** @param items those of its requests that the ledger knows; the others are open. */
export function tallyOf(size: number, items: readonly RequestItem[]): CanaryTally {
  const reset = items.filter(({ state }) => state === 'succeeded').length;
  const failed = items.filter(({ state }) => FAILED.includes(state));
  return {
    size,
    reset,
    failed: failed.length,
    rejected: failed.filter(isRejection).length,
    open: size - reset - failed.length,
    groups: groupsOf(failed),
  };
}

/** Whether the API has rejected the request, for good or while the brake was on. */
export function isRejection({ state, reason, lastStatus }: RequestItem): boolean {
  if (state === 'failed') return reason === 'rejected';
  return (
    (state === 'waiting' || state === 'failing') &&
    lastStatus !== undefined &&
    lastStatus < 500 &&
    !NO_REJECTIONS.includes(lastStatus)
  );
}

function groupsOf(failed: readonly RequestItem[]): FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const { state, reason, lastStatus: status, detail } of failed) {
    const cause = state === 'failed' ? (reason ?? state) : state;
    const key = JSON.stringify([cause, status, detail]);
    const { count } = groups.get(key) ?? { count: 0 };
    groups.set(key, { cause, status, detail, count: count + 1 });
  }
  return [...groups.values()].sort((one, other) => other.count - one.count);
}
