import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Ledger, LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
import { AWS_CLIENT_OPTIONS } from '../../../../functions/reset-worker/adapters/aws-client-options.ts';
import type { FaultRule } from '../../../../local/aws/faults.ts';
import { anItem, aRequest, freshKey } from '../../../support/ledger/ledger-items.ts';
import { documentClient, type LedgerTable, NOW, startLedgerTable } from '../../../support/ledger/ledger-table.ts';

type Requests = Omit<Ledger, 'isCancelled'>;

let table: LedgerTable;
beforeAll(async () => {
  table = await startLedgerTable();
});
afterEach(() => table.standIns.faults.clear());
afterAll(() => table.stop());

const LEASE = { nonce: 'nonce-new', end: NOW + 30_000 };
const FAILURE = { reason: 'rejected', failureId: 'failure-new', detail: '', spent: {} } as const;

/** What became of a promise that has to end badly. */
const unreachable = async (work: Promise<unknown>): Promise<LedgerUnreachable> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LedgerUnreachable);
  return error as LedgerUnreachable;
};

const METHODS: [name: string, call: (on: Requests) => Promise<unknown>][] = [
  ['find', (on) => on.find(freshKey())],
  ['claim', (on) => on.claim(aRequest(), undefined, LEASE)],
  ['wait', (on) => on.wait(freshKey(), 'nonce', { notBefore: NOW, spent: {} })],
  ['succeed', (on) => on.succeed(aRequest(), 200)],
  ['failing', (on) => on.failing(aRequest(), { seen: undefined }, FAILURE)],
  ['failed', (on) => on.failed(freshKey(), { failureId: 'failure-1', reason: 'rejected' })],
  ['cancel', (on) => on.cancel(aRequest(), { seen: undefined })],
];

test.each(METHODS)('%s says that the ledger is unreachable when it is throttled', async (_, call) => {
  table.standIns.faults.add({ operation: 'dynamodb:*', kind: 'throttle' });
  expect(await unreachable(call(table.ledgerAt(NOW)))).toMatchObject({ why: 'ProvisionedThroughputExceededException' });
});

test('claim that lost says that the ledger is unreachable when it cannot learn who won', async () => {
  const request = aRequest();
  await table.put(anItem('calling', { key: request.key }));
  table.standIns.faults.add({ operation: 'dynamodb:BatchGetItem', kind: 'throttle' });
  await unreachable(table.ledgerAt(NOW).claim(request, undefined, LEASE));
});

const dynamoError = (code: string): Pick<FaultRule, 'answer'> => ({
  answer: { status: 400, body: { __type: `com.amazonaws.dynamodb.v20120810#${code}`, message: 'no' } },
});

describe('why it could not be reached is a word for the log', () => {
  test.each<[string, Partial<FaultRule>, string]>([
    ['throttled', { kind: 'throttle' }, 'ProvisionedThroughputExceededException'],
    ['request rate', dynamoError('RequestLimitExceeded'), 'RequestLimitExceeded'],
    ['not allowed', dynamoError('AccessDeniedException'), 'AccessDeniedException'],
    ['token expired', dynamoError('ExpiredTokenException'), 'ExpiredTokenException'],
    ['no such table', dynamoError('ResourceNotFoundException'), 'ResourceNotFoundException'],
    ['refused as malformed', dynamoError('ValidationException'), 'ValidationException'],
    ['broken within', { kind: 'fail' }, 'InternalServerError'],
    ['never answered', { kind: 'hang' }, 'TimeoutError'],
    ['cut off', { kind: 'cut' }, 'TimeoutError'],
  ])('%s', async (_, fault, why) => {
    table.standIns.faults.add({ operation: 'dynamodb:UpdateItem', kind: 'fail', ...fault });
    const client = documentClient(table.standIns.origin, {
      requestHandler: { ...AWS_CLIENT_OPTIONS.requestHandler, requestTimeout: 100 },
    });
    const error = await unreachable(table.ledgerAt(NOW, client).claim(aRequest(), undefined, LEASE));
    expect(error.why).toBe(why);
    expect(error.cause).toMatchObject({ name: why });
    client.destroy();
  });

  test('nobody listens', async () => {
    const client = documentClient('http://127.0.0.1:1', AWS_CLIENT_OPTIONS);
    const error = await unreachable(table.ledgerAt(NOW, client).find(freshKey()));
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
    client.destroy();
  });
});

describe('the options of the worker’s AWS clients', () => {
  test('end a request that is never answered; without them it would wait without an end', async () => {
    expect(AWS_CLIENT_OPTIONS.requestHandler).toEqual({
      connectionTimeout: 1000,
      requestTimeout: 3000,
      throwOnRequestTimeout: true,
      socketTimeout: 3000,
    });
    table.standIns.faults.add({ operation: 'dynamodb:UpdateItem', kind: 'hang' });
    const client = documentClient(table.standIns.origin, {
      // Only the request's time-out is left to end it.
      requestHandler: { ...AWS_CLIENT_OPTIONS.requestHandler, requestTimeout: 150, socketTimeout: 0 },
    });
    const startedAt = performance.now();
    await unreachable(table.ledgerAt(NOW, client).succeed(aRequest(), 200));
    expect(performance.now() - startedAt).toBeLessThan(2000);
    client.destroy();
  });

  test('send a request twice at most', async () => {
    table.standIns.faults.add({ operation: 'dynamodb:UpdateItem', kind: 'fail', times: Number.POSITIVE_INFINITY });
    const client = documentClient(table.standIns.origin, AWS_CLIENT_OPTIONS);
    const before = table.standIns.operations()['dynamodb:UpdateItem'] ?? 0;
    await unreachable(table.ledgerAt(NOW, client).succeed(aRequest(), 200));
    expect(table.standIns.operations()['dynamodb:UpdateItem']).toBe(before + 2);
    client.destroy();
  });

  test('let the SDK meet its own write, which counts once', async () => {
    table.standIns.faults.add({ operation: 'dynamodb:UpdateItem', kind: 'done-but-cut' });
    const client = documentClient(table.standIns.origin, AWS_CLIENT_OPTIONS);
    const request = aRequest();
    const claim = await table.ledgerAt(NOW, client).claim(request, undefined, LEASE);
    expect(claim).toMatchObject({ kind: 'claimed', item: { leaseNonce: LEASE.nonce, calls: 1 } });
    table.standIns.faults.add({ operation: 'dynamodb:UpdateItem', kind: 'done-but-cut' });
    const waiting = await table
      .ledgerAt(NOW, client)
      .wait(request.key, LEASE.nonce, { notBefore: NOW, spent: { failedCalls: 1, unknowns: 1 } });
    expect(waiting).toMatchObject({ state: 'waiting', calls: 1, failedCalls: 1, unknowns: 1 });
    client.destroy();
  });
});
