import type { Clock, EpochMs } from '../../../functions/common/clock.ts';
import {
  campaignOf,
  type RequestItem,
  requestIdOf,
  requestKey,
  type State,
  stateReasonTime,
} from '../../../functions/ledger/items.ts';
import {
  type Fence,
  type Ledger,
  LedgerUnreachable,
  type NewRequest,
  type Spent,
} from '../../../functions/ledger/ledger.ts';

type Method = keyof Ledger;
/** One fault of one method. `after`: the write was made and its answer lost. */
export interface Fault {
  when?: 'before' | 'after';
  delayMs?: number;
  /** Thrown instead of {@link LedgerUnreachable}. */
  error?: Error;
  /** How often; without it, for good. */
  times?: number;
}

export interface MemoryLedger extends Ledger {
  items: Map<string, RequestItem>;
  /** Every change of state, as `new>calling`, in order. */
  transitions: string[];
  cancelledCampaigns: Set<string>;
  /** All keys and campaigns that were asked for. */
  asked: string[];
  put(...items: RequestItem[]): void;
  item(key: string): RequestItem;
  breaks(method: Method | 'every', fault?: Fault): void;
  heals(): void;
}

type Condition = (item: RequestItem | undefined) => boolean;
type Change = (item: Partial<RequestItem>) => Partial<RequestItem>;

const NO_CALLS = { calls: 0, failedCalls: 0, throttled: 0, heldCalls: 0, unknowns: 0 };
const RETENTION_SECONDS = 90 * 24 * 60 * 60;

/** The ledger in memory, with the conditions of `functions/ledger/requests.ts`; a test compares the two. */
export function memoryLedger(clock: Clock): MemoryLedger {
  const items = new Map<string, RequestItem>();
  const transitions: string[] = [];
  const asked: string[] = [];
  const faults: { method: Method | 'every'; fault: Fault; left: number }[] = [];

  const faulty = async <T>(method: Method, work: () => T): Promise<T> => {
    // Never in the same tick: a caller that forgets to wait must not get away with it.
    await Promise.resolve();
    const broken = faults.find((one) => (one.method === method || one.method === 'every') && one.left > 0);
    if (!broken) return work();
    broken.left -= 1;
    const { when, delayMs, error } = broken.fault;
    if (delayMs !== undefined) await clock.sleep(delayMs);
    if (when === undefined && delayMs !== undefined) return work();
    if (when === 'after') work();
    throw error ?? new LedgerUnreachable(Object.assign(new Error(), { name: 'ThrottlingException' }));
  };

  /** A conditional write: the item as written, or undefined where the condition does not hold. */
  const update = (key: string, condition: Condition, change: Change): RequestItem | undefined => {
    const before = items.get(key);
    if (!condition(before)) return undefined;
    const changed = change({ pk: requestKey(key), ...before });
    const written = withoutUndefined({
      ...changed,
      stateReasonTime: stateReasonTime(changed.state ?? '', clock.now(), changed.reason),
      expiresAt: Math.ceil(clock.now() / 1000) + RETENTION_SECONDS,
    });
    items.set(key, written);
    transitions.push(`${before?.state ?? 'new'}>${changed.state}`);
    return structuredClone(written);
  };

  const updateOnce = (key: string, condition: Condition, change: Change, isOwn: (item: RequestItem) => boolean) => {
    const written = update(key, condition, change);
    if (written) return { own: written };
    const other = structuredClone(items.get(key));
    return other && isOwn(other) ? { own: other } : { other };
  };

  const fenceOf = (fence: Fence) =>
    'nonce' in fence
      ? { holds: heldBy(fence.nonce), counted: (item: Partial<RequestItem>) => item, isFirst: false }
      : { holds: stillAs(fence.seen, clock.now()), counted: takenUp(fence.seen), isFirst: fence.seen === undefined };

  return {
    items,
    transitions,
    asked,
    cancelledCampaigns: new Set(),
    put(...added) {
      for (const item of added) items.set(requestIdOf(item.pk), structuredClone(item));
    },
    item(key) {
      const item = items.get(key);
      if (!item) throw new Error(`The ledger has no request ${key}; it has ${[...items.keys()].join(', ') || 'none'}.`);
      return item;
    },
    breaks(method, fault = {}) {
      faults.push({ method, fault, left: fault.times ?? Number.POSITIVE_INFINITY });
    },
    heals() {
      faults.length = 0;
    },

    find(key) {
      asked.push(key);
      return faulty('find', () => structuredClone(items.get(key)));
    },

    claim: (request, seen, lease) =>
      faulty('claim', () => {
        const now = clock.now();
        const isDue: Condition = (item) => item?.state === 'waiting' && (item.notBefore ?? 0) <= now;
        const result = updateOnce(
          request.key,
          seen?.state === 'waiting' ? isDue : stillAs(seen, now),
          (item) => {
            const {
              notBefore: _,
              reason: __,
              detail: ___,
              finishedAt: ____,
              lastStatus: _____,
              gone: ______,
              ...kept
            } = item;
            const counted = takenUp(seen)({
              ...withoutOldStatus(seen, kept),
              ...(seen ? { lane: request.lane } : described(request)),
            });
            return {
              ...counted,
              state: 'calling',
              calls: (counted.calls ?? 0) + 1,
              leaseNonce: lease.nonce,
              leaseEnd: lease.end,
              firstCallAt: item.firstCallAt ?? now,
            };
          },
          (item) => item.state === 'calling' && item.leaseNonce === lease.nonce,
        );
        return 'own' in result ? { kind: 'claimed', item: result.own } : { kind: 'lost', item: result.other };
      }),

    wait: (key, nonce, { notBefore, lastStatus, serverErrorPermit, spent, uncalled }) =>
      faulty('wait', () => {
        const result = updateOnce(
          key,
          heldBy(nonce),
          ({ leaseEnd: _, ...item }) => ({
            ...paid(item, spent),
            calls: (item.calls ?? 0) - (uncalled ? 1 : 0),
            state: 'waiting',
            notBefore,
            ...(lastStatus === undefined ? {} : { lastStatus }),
            ...(serverErrorPermit === undefined ? {} : { serverErrorPermit }),
          }),
          (item) => item.state === 'waiting' && item.leaseNonce === nonce,
        );
        return result.own;
      }),

    succeed: (request, status) =>
      faulty('succeed', () => {
        update(
          request.key,
          (item) => item?.state !== 'succeeded',
          ({ leaseEnd: _, notBefore: __, reason: ___, detail: ____, gone: _____, ...item }) => ({
            ...NO_CALLS,
            calls: 1,
            firstCallAt: clock.now(),
            ...described(request),
            ...item,
            state: 'succeeded',
            lastStatus: status,
            finishedAt: clock.now(),
          }),
        );
      }),

    failing: (request, fence, { reason, failureId, detail, status, spent }) =>
      faulty('failing', () => {
        const { holds, counted, isFirst } = fenceOf(fence);
        const seen = 'seen' in fence ? fence.seen : undefined;
        const result = updateOnce(
          request.key,
          holds,
          ({ leaseEnd: _, notBefore: __, gone: ___, ...item }) => ({
            ...paid(counted({ ...withoutOldStatus(seen, item), ...(isFirst ? described(request) : {}) }), spent),
            state: 'failing',
            reason,
            failureId,
            detail,
            finishedAt: clock.now(),
            ...(status === undefined ? {} : { lastStatus: status }),
          }),
          (item) => item.state === 'failing' && item.failureId === failureId,
        );
        return result.own;
      }),

    failed: (key, { failureId, reason }) =>
      faulty('failed', () => {
        update(key, isAnd('failing', { failureId }), (item) => ({ ...item, state: 'failed', reason }));
      }),

    cancel: (request, fence) =>
      faulty('cancel', () => {
        const { holds, counted, isFirst } = fenceOf(fence);
        const seen = 'seen' in fence ? fence.seen : undefined;
        const result = updateOnce(
          request.key,
          holds,
          ({ leaseEnd: _, notBefore: __, reason: ___, detail: ____, gone: _____, ...item }) => ({
            ...counted({ ...withoutOldFailure(seen, item), ...(isFirst ? described(request) : {}) }),
            state: 'cancelled',
            finishedAt: clock.now(),
          }),
          (item) => item.state === 'cancelled',
        );
        return result.own;
      }),

    isCancelled(campaignId) {
      asked.push(campaignId);
      return faulty('isCancelled', () => this.cancelledCampaigns.has(campaignId));
    },
  };
}

const isAnd =
  (state: State, members: Partial<RequestItem>): Condition =>
  (item) =>
    item?.state === state &&
    Object.entries(members).every(([name, value]) => item[name as keyof RequestItem] === value);

const heldBy = (leaseNonce: string): Condition => isAnd('calling', { leaseNonce });

function stillAs(seen: RequestItem | undefined, now: EpochMs): Condition {
  if (!seen) return (item) => item === undefined;
  const { state, leaseNonce = '', failureId = '' } = seen;
  if (state === 'waiting') return isAnd('waiting', {});
  if (state === 'calling') {
    return (item) => heldBy(leaseNonce)(item) && (item?.leaseEnd ?? Number.POSITIVE_INFINITY) <= now;
  }
  if (isRedriven(seen)) return (item) => item !== undefined && isRedriven(item) && item.failureId === failureId;
  throw new Error(`A request that is ${state} is never taken up.`);
}

/** What taking a request up again does to its counters. */
function takenUp(seen: RequestItem | undefined): Change {
  if (!seen) return (item) => ({ ...item, ...NO_CALLS });
  if (isRedriven(seen)) return (item) => ({ ...item, ...NO_CALLS, redrives: (item.redrives ?? 0) + 1 });
  return seen.state === 'calling' ? (item) => paid(item, { failedCalls: 1, unknowns: 1 }) : (item) => item;
}

const isRedriven = (seen: RequestItem | undefined) => seen?.state === 'failed' || seen?.state === 'redriven';

/** A redrive begins anew. */
function withoutOldStatus(seen: RequestItem | undefined, item: Partial<RequestItem>): Partial<RequestItem> {
  if (!seen || !isRedriven(seen)) return item;
  const { lastStatus: _, serverErrorPermit: __, ...rest } = item;
  return rest;
}

function withoutOldFailure(seen: RequestItem | undefined, item: Partial<RequestItem>): Partial<RequestItem> {
  if (!seen || !isRedriven(seen)) return item;
  const { failureId: _, ...rest } = withoutOldStatus(seen, item);
  return rest;
}

function paid(item: Partial<RequestItem>, spent: Spent): Partial<RequestItem> {
  const paidFor = { ...item };
  for (const counter of ['failedCalls', 'throttled', 'heldCalls', 'unknowns'] as const) {
    paidFor[counter] = (item[counter] ?? 0) + (spent[counter] ?? 0);
  }
  return paidFor;
}

function described({ key: _, campaignId, ...rest }: NewRequest): Partial<RequestItem> {
  // DynamoDB's client refuses such a write, and for good.
  if (Object.values<unknown>(rest).includes(undefined))
    throw new TypeError('A member without a value cannot be written.');
  return { ...rest, campaign: campaignOf(campaignId) };
}

const withoutUndefined = (item: Partial<RequestItem>): RequestItem =>
  Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined)) as unknown as RequestItem;
