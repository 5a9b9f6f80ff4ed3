import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { EpochMs, Fence, Ledger, NewRequest, Spent } from '../reset-worker/ports.ts';
import { LedgerUnreachable } from '../reset-worker/ports.ts';
import { campaignOf, LEDGER, type RequestItem, requestKey, type State, stateReason } from './items.ts';

type Values = Record<string, unknown>;
/** A named condition with the values that it stands on. */
interface Clause {
  expression: string;
  values: Values;
}
interface Change {
  set: Values;
  /** Attributes that a late write must not overwrite. */
  setIfMissing?: Values;
  add?: Record<string, number>;
  remove?: readonly string[];
}

const is = (state: State): Clause => ({ expression: `#state = :is_${state}`, values: { [`is_${state}`]: state } });
const isNew: Clause = { expression: `attribute_not_exists(${LEDGER.partitionKey})`, values: {} };
const isDue = (now: EpochMs): Clause => ({ expression: '#notBefore <= :now', values: { now } });
const hasNonce = (nonce: string): Clause => ({ expression: '#leaseNonce = :heldNonce', values: { heldNonce: nonce } });
const leaseEnded = (now: EpochMs): Clause => ({ expression: '#leaseEnd <= :now', values: { now } });
const hasFailureId = (failureId: string): Clause => ({
  expression: '#failureId = :heldFailureId',
  values: { heldFailureId: failureId },
});
const all = (...clauses: Clause[]): Clause => ({
  expression: clauses.map(({ expression }) => expression).join(' AND '),
  values: Object.assign({}, ...clauses.map(({ values }) => values)),
});

/** The condition that an idle request is still as it was seen. A `waiting` one need not be due to be ended, only to be called. */
function stillAs(seen: RequestItem | undefined, now: EpochMs): Clause {
  if (!seen) return isNew;
  switch (seen.state) {
    case 'waiting':
      return is('waiting');
    case 'calling':
      return all(is('calling'), hasNonce(seen.leaseNonce ?? ''), leaseEnded(now));
    case 'failed':
    case 'discarded':
      return all(is(seen.state), hasFailureId(seen.failureId ?? ''));
    case 'failing':
    case 'succeeded':
    case 'cancelled':
      throw new Error(`A request that is ${seen.state} is never taken up.`);
  }
}

/** What taking a request up again does to its counters. */
function countersOf(seen: RequestItem | undefined): Pick<Change, 'set' | 'add'> {
  const anew = { calls: 0, failedCalls: 0, unknowns: 0 };
  if (!seen || seen.state === 'failed' || seen.state === 'discarded') return { set: anew };
  // The lease ended without a result: a call that was perhaps made.
  if (seen.state === 'calling') return { set: {}, add: { failedCalls: 1, unknowns: 1 } };
  return { set: {} };
}

/** A redrive begins a new story: the status of the old one would read as an answer in it. */
const staleIn = (seen: RequestItem | undefined): string[] =>
  seen?.state === 'failed' || seen?.state === 'discarded' ? ['lastStatus'] : [];

function costOf(spent: Spent): Record<string, number> {
  switch (spent) {
    case 'nothing':
      return {};
    case 'failed-call':
      return { failedCalls: 1 };
    case 'unknown-call':
      return { failedCalls: 1, unknowns: 1 };
  }
}

/** Adds to counters that the same write sets, or leaves the addition to the table. */
function plus(counters: Pick<Change, 'set' | 'add'>, cost: Record<string, number>): Pick<Change, 'set' | 'add'> {
  const set = { ...counters.set };
  const add = { ...counters.add };
  for (const [name, count] of Object.entries(cost)) {
    if (typeof set[name] === 'number') set[name] = set[name] + count;
    else add[name] = (add[name] ?? 0) + count;
  }
  return { set, add };
}

function described(request: NewRequest): Values {
  const { key: _, campaignId, ...rest } = request;
  return { ...rest, [LEDGER.campaignKey]: campaignOf(campaignId) };
}

const inState = (state: State, reason?: RequestItem['reason']): Values => ({
  state,
  [LEDGER.stateReasonKey]: stateReason(state, reason),
});

export interface LedgerOptions {
  client: DynamoDBDocumentClient;
  tableName: string;
  retentionDays: number;
  now: () => EpochMs;
}

/** The requests of the ledger, each one item. See {@link Ledger} for what the methods promise. */
export function requestLedger({ client, tableName, retentionDays, now }: LedgerOptions): Omit<Ledger, 'isCancelled'> {
  const get = async (pk: string, ConsistentRead: boolean): Promise<RequestItem | undefined> => {
    const found = await reached(client.send(new GetCommand({ TableName: tableName, Key: { pk }, ConsistentRead })));
    return found.Item as RequestItem | undefined;
  };

  /** @returns the item as written, or undefined where the condition does not hold. */
  const update = async (key: string, change: Change, condition?: Clause): Promise<RequestItem | undefined> => {
    const expiresAt = Math.ceil(now() / 1000) + retentionDays * 24 * 60 * 60;
    const set = { ...change.set, [LEDGER.timeToLive]: expiresAt };
    const names: Record<string, string> = {};
    const name = (attribute: string): string => {
      names[`#${attribute}`] = attribute;
      return `#${attribute}`;
    };
    const values: Values = {};
    const value = (label: string, content: unknown): string => {
      values[`:${label}`] = content;
      return `:${label}`;
    };
    const sets = Object.entries(set).map(([k, v]) => `${name(k)} = ${value(`set_${k}`, v)}`);
    for (const [k, v] of Object.entries(change.setIfMissing ?? {})) {
      sets.push(`${name(k)} = if_not_exists(${name(k)}, ${value(`first_${k}`, v)})`);
    }
    for (const [k, v] of Object.entries(change.add ?? {})) {
      sets.push(`${name(k)} = ${name(k)} + ${value(`add_${k}`, v)}`);
    }
    const removes = (change.remove ?? []).map(name);
    for (const attribute of condition?.expression.match(/#\w+/g) ?? []) name(attribute.slice(1));
    for (const [label, content] of Object.entries(condition?.values ?? {})) value(label, content);
    try {
      const written = await client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { [LEDGER.partitionKey]: requestKey(key) },
          UpdateExpression: `SET ${sets.join(', ')}${removes.length > 0 ? ` REMOVE ${removes.join(', ')}` : ''}`,
          ExpressionAttributeNames: names,
          ExpressionAttributeValues: values,
          ReturnValues: 'ALL_NEW',
          ...(condition ? { ConditionExpression: condition.expression } : {}),
        }),
      );
      return written.Attributes as RequestItem;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw new LedgerUnreachable(error);
    }
  };

  /** The write, or the trace of the same write: the SDK may have sent it twice and met its own first one. */
  const updateOnce = async (
    key: string,
    change: Change,
    condition: Clause,
    isOwn: (item: RequestItem) => boolean,
  ): Promise<{ own: RequestItem } | { other: RequestItem | undefined }> => {
    const written = await update(key, change, condition);
    if (written) return { own: written };
    const item = await get(requestKey(key), true);
    return item && isOwn(item) ? { own: item } : { other: item };
  };

  const fenced = (fence: Fence): { condition: Clause; counters: Pick<Change, 'set' | 'add'>; first: boolean } =>
    'nonce' in fence
      ? { condition: all(is('calling'), hasNonce(fence.nonce)), counters: { set: {} }, first: false }
      : { condition: stillAs(fence.seen, now()), counters: countersOf(fence.seen), first: fence.seen === undefined };

  return {
    find: (key) => get(requestKey(key), false),

    async claim(request, seen, lease) {
      const counters = plus(countersOf(seen), { calls: 1 });
      const change: Change = {
        set: {
          ...(seen ? { lane: request.lane } : described(request)),
          ...counters.set,
          ...inState('calling'),
          leaseNonce: lease.nonce,
          leaseEnd: lease.end,
        },
        setIfMissing: { firstCallAt: now() },
        add: counters.add ?? {},
        remove: ['notBefore', 'reason', 'detail', 'finishedAt', ...staleIn(seen)],
      };
      const condition = seen?.state === 'waiting' ? all(is('waiting'), isDue(now())) : stillAs(seen, now());
      const result = await updateOnce(
        request.key,
        change,
        condition,
        (item) => item.state === 'calling' && item.leaseNonce === lease.nonce,
      );
      return 'own' in result ? { kind: 'claimed', item: result.own } : { kind: 'lost', item: result.other };
    },

    async wait(key, nonce, { notBefore, lastStatus, spent, uncalled }) {
      const change: Change = {
        set: { ...inState('waiting'), notBefore, ...(lastStatus === undefined ? {} : { lastStatus }) },
        add: { ...costOf(spent), ...(uncalled ? { calls: -1 } : {}) },
        // The nonce stays, so that this write can be told from another's.
        remove: ['leaseEnd'],
      };
      const result = await updateOnce(
        key,
        change,
        all(is('calling'), hasNonce(nonce)),
        (item) => item.state === 'waiting' && item.leaseNonce === nonce,
      );
      return 'own' in result ? result.own : undefined;
    },

    async succeed(request, status) {
      const { campaign, ...rest } = described(request);
      await update(request.key, {
        set: { ...inState('succeeded'), lastStatus: status, finishedAt: now(), campaign },
        setIfMissing: { ...rest, calls: 1, failedCalls: 0, unknowns: 0, firstCallAt: now() },
        remove: ['leaseEnd', 'notBefore', 'reason', 'detail'],
      });
    },

    async failing(request, fence, failure) {
      const { condition, counters, first } = fenced(fence);
      const counted = plus(counters, costOf(failure.spent));
      const { reason, failureId, detail, status } = failure;
      const change: Change = {
        set: {
          ...(first ? described(request) : {}),
          ...counted.set,
          ...inState('failing', reason),
          reason,
          failureId,
          detail,
          finishedAt: now(),
          ...(status === undefined ? {} : { lastStatus: status }),
        },
        add: counted.add ?? {},
        remove: ['leaseEnd', 'notBefore', ...(status === undefined && 'seen' in fence ? staleIn(fence.seen) : [])],
      };
      const result = await updateOnce(
        request.key,
        change,
        condition,
        // Moved on since by a late 200 or by whoever sent the letter, it wants no letter from here.
        (item) => item.state === 'failing' && item.failureId === failureId,
      );
      return 'own' in result ? result.own : undefined;
    },

    async failed(key, { failureId, reason }) {
      // Where the condition does not hold somebody has moved it on: a late 200, or a redrive of the letter just sent.
      await update(key, { set: inState('failed', reason) }, all(is('failing'), hasFailureId(failureId)));
    },

    async cancel(request, fence) {
      const { condition, counters, first } = fenced(fence);
      const change: Change = {
        set: { ...(first ? described(request) : {}), ...counters.set, ...inState('cancelled'), finishedAt: now() },
        add: counters.add ?? {},
        remove: ['leaseEnd', 'notBefore', 'reason', 'detail'],
      };
      const result = await updateOnce(request.key, change, condition, (item) => item.state === 'cancelled');
      return 'own' in result ? result.own : undefined;
    },
  };
}

/** Any error but a failed condition leaves the item's state unknown. */
export async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new LedgerUnreachable(error);
  }
}
