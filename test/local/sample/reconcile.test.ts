import { expect, test } from 'vitest';
import type { FailureReason } from '../../../functions/contract/dead-letter.ts';
import { type RequestItem, requestKey } from '../../../functions/ledger/items.ts';
import type { InspectedMessage } from '../../../local/aws/stand-ins.ts';
import { createCallStatistics } from '../../../local/reset-api/call-statistics.ts';
import { type Evidence, reconcile } from '../../../local/sample/reconcile.ts';

const item = (id: string, members: Partial<RequestItem> = {}): RequestItem => ({
  pk: requestKey(id),
  campaign: 'none',
  stateReasonTime: '',
  state: 'succeeded',
  lane: 'bulk',
  calls: 1,
  failedCalls: 0,
  unknowns: 0,
  throttled: 0,
  heldCalls: 0,
  firstSentAt: 0,
  expiresAt: 0,
  ...members,
});
const failed = (id: string, reason: FailureReason) => item(id, { state: 'failed', reason, failureId: `failure-${id}` });
const letter = (id: string, reason: FailureReason): InspectedMessage => ({
  messageId: `message-${id}`,
  body: '{}',
  approximateReceiveCount: 0,
  messageAttributes: {
    RequestId: { DataType: 'String', StringValue: id },
    FailureId: { DataType: 'String', StringValue: `failure-${id}` },
    FailureReason: { DataType: 'String', StringValue: reason },
  },
});
const callsOf = (members: Partial<Evidence['calls']>) => ({ ...createCallStatistics().read(), ...members });

/** One reset, one rejected. */
const evidence = (members: Partial<Evidence> = {}): Evidence => ({
  sent: new Set(['good', 'bad']),
  items: [item('good'), failed('bad', 'rejected')],
  letters: [letter('bad', 'rejected')],
  left: 0,
  calls: callsOf({ resets: 1 }),
  ...members,
});

test('totals that reconcile have no differences', () => {
  expect(reconcile(evidence())).toMatchObject({ sent: 2, reset: 1, byReason: { rejected: 1 }, differences: [] });
});

test('a reset that was answered with an error is explained by the reason of its dead letter', () => {
  const unknown = {
    items: [item('good'), failed('bad', 'outcome-unknown')],
    letters: [letter('bad', 'outcome-unknown')],
  };
  const calls = callsOf({ resets: 3, secondResets: 1, explainedSecondResets: 1 });
  expect(reconcile(evidence({ ...unknown, calls })).differences).toEqual([]);
});

test.each<[string, Partial<Evidence>, RegExp]>([
  ['a request that is lost', { sent: new Set(['good', 'bad', 'lost']) }, /1 sent but not in the ledger: lost/],
  ['a request that nobody sent', { sent: new Set(['bad']) }, /1 in the ledger but never sent: good/],
  [
    'a request that has not finished',
    { items: [item('good', { state: 'waiting' }), failed('bad', 'rejected')] },
    /good \(waiting\)/,
  ],
  ['a message left in its lane', { left: 1 }, /1 messages are still in the lanes/],
  ['a failure without its letter', { letters: [] }, /bad is dead-lettered in the ledger but has no dead letter/],
  [
    'a letter with another reason',
    { letters: [letter('bad', 'expired')] },
    /the ledger says rejected, its dead letter expired/,
  ],
  [
    'a letter of a request that succeeded',
    { letters: [letter('bad', 'rejected'), letter('good', 'rejected')] },
    /1 dead letters of requests that have not failed.*good/,
  ],
  ['a reset that was never made', { calls: callsOf({ resets: 0 }) }, /counts 1 resets, the API reset 0 people/],
  [
    'a reset that the ledger does not explain',
    { calls: callsOf({ resets: 2 }) },
    /The API reset 2 people; the ledger explains 1/,
  ],
  [
    'a second reset without cause',
    { calls: callsOf({ resets: 2, secondResets: 1 }) },
    /1 second resets did not follow/,
  ],
])('%s is reported', (_, members, difference) => {
  expect(reconcile(evidence(members)).differences.join('\n')).toMatch(difference);
});
