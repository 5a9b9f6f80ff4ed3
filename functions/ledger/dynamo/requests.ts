import type { EpochMs } from '../../common/clock.ts';
import type { Fence, Ledger } from '../ledger.ts';
import { type Change, countersOf, described, inState, NO_CALLS, plus, staleIn } from './changes.ts';
import { all, type Clause, hasFailureId, hasNonce, is, isDue, isNotYet, stillAs } from './conditions.ts';
import { type LedgerOptions, type RequestTable, requestTable } from './table.ts';

/** The requests of the ledger, each one item. See {@link Ledger} for what the methods promise. */
export function requestLedger(options: LedgerOptions): Omit<Ledger, 'isCancelled'> {
  const table = requestTable(options);
  const { now } = options;
  return {
    find: table.get,
    claim: claim(table, now),
    wait: wait(table, now),
    succeed: succeed(table, now),
    failing: failing(table, now),
    failed: failed(table, now),
    cancel: cancel(table, now),
  };
}

const claim =
  (table: RequestTable, now: () => EpochMs): Ledger['claim'] =>
  async (request, seen, lease) => {
    const counters = plus(countersOf(seen), { calls: 1 });
    const change: Change = {
      set: {
        ...(seen ? { lane: request.lane } : described(request)),
        ...counters.set,
        ...inState('calling', now()),
        leaseNonce: lease.nonce,
        leaseEnd: lease.end,
      },
      setIfMissing: { firstCallAt: now() },
      add: counters.add ?? {},
      // What the call before was answered is no answer to this one.
      remove: [...new Set(['notBefore', 'reason', 'detail', 'finishedAt', 'gone', 'lastStatus', ...staleIn(seen)])],
    };
    const condition = seen?.state === 'waiting' ? all(is('waiting'), isDue(now())) : stillAs(seen, now());
    const result = await table.updateOnce(
      request.key,
      change,
      condition,
      (item) => item.state === 'calling' && item.leaseNonce === lease.nonce,
    );
    return 'own' in result ? { kind: 'claimed', item: result.own } : { kind: 'lost', item: result.other };
  };

const wait =
  (table: RequestTable, now: () => EpochMs): Ledger['wait'] =>
  async (key, nonce, { notBefore, lastStatus, serverErrorPermit, spent, uncalled }) => {
    const change: Change = {
      set: {
        ...inState('waiting', now()),
        notBefore,
        ...(lastStatus === undefined ? {} : { lastStatus }),
        ...(serverErrorPermit === undefined ? {} : { serverErrorPermit }),
      },
      add: { ...spent, ...(uncalled ? { calls: -1 } : {}) },
      // The nonce stays, so that this write can be told from another's.
      remove: ['leaseEnd'],
    };
    const result = await table.updateOnce(
      key,
      change,
      all(is('calling'), hasNonce(nonce)),
      (item) => item.state === 'waiting' && item.leaseNonce === nonce,
    );
    return 'own' in result ? result.own : undefined;
  };

const succeed =
  (table: RequestTable, now: () => EpochMs): Ledger['succeed'] =>
  async (request, status) => {
    const change: Change = {
      set: { ...inState('succeeded', now()), lastStatus: status, finishedAt: now() },
      setIfMissing: { ...described(request), ...NO_CALLS, calls: 1, firstCallAt: now() },
      remove: ['leaseEnd', 'notBefore', 'reason', 'detail', 'gone'],
    };
    // Where the condition does not hold, the first 200 has written all of this: the SDK's repeat of this write, or a second call's.
    await table.update(request.key, change, isNotYet('succeeded'));
  };

const failing =
  (table: RequestTable, now: () => EpochMs): Ledger['failing'] =>
  async (request, fence, failure) => {
    const { condition, counters, first } = fenced(fence, now());
    const counted = plus(counters, failure.spent);
    const { reason, failureId, detail, status } = failure;
    const change: Change = {
      set: {
        ...(first ? described(request) : {}),
        ...counted.set,
        ...inState('failing', now(), reason),
        reason,
        failureId,
        detail,
        finishedAt: now(),
        ...(status === undefined ? {} : { lastStatus: status }),
      },
      add: counted.add ?? {},
      remove: [
        'leaseEnd',
        'notBefore',
        'gone',
        ...(status === undefined && 'seen' in fence ? staleIn(fence.seen) : []),
      ],
    };
    const result = await table.updateOnce(
      request.key,
      change,
      condition,
      // Moved on since by a late 200 or by whoever sent the letter, it wants no letter from here.
      (item) => item.state === 'failing' && item.failureId === failureId,
    );
    return 'own' in result ? result.own : undefined;
  };

const failed =
  (table: RequestTable, now: () => EpochMs): Ledger['failed'] =>
  async (key, { failureId, reason }) => {
    // If the condition does not hold somebody has moved it on: a late 200, or a redrive of the letter just sent.
    await table.update(key, { set: inState('failed', now(), reason) }, all(is('failing'), hasFailureId(failureId)));
  };

const cancel =
  (table: RequestTable, now: () => EpochMs): Ledger['cancel'] =>
  async (request, fence) => {
    const { condition, counters, first } = fenced(fence, now());
    const stale = 'seen' in fence ? staleIn(fence.seen) : [];
    const change: Change = {
      set: { ...(first ? described(request) : {}), ...counters.set, ...inState('cancelled', now()), finishedAt: now() },
      add: counters.add ?? {},
      remove: [
        'leaseEnd',
        'notBefore',
        'reason',
        'detail',
        'gone',
        ...(stale.length > 0 ? ['failureId', ...stale] : []),
      ],
    };
    const result = await table.updateOnce(request.key, change, condition, (item) => item.state === 'cancelled');
    return 'own' in result ? result.own : undefined;
  };

const fenced = (
  fence: Fence,
  now: EpochMs,
): { condition: Clause; counters: Pick<Change, 'set' | 'add'>; first: boolean } =>
  'nonce' in fence
    ? { condition: all(is('calling'), hasNonce(fence.nonce)), counters: { set: {} }, first: false }
    : { condition: stillAs(fence.seen, now), counters: countersOf(fence.seen), first: fence.seen === undefined };
