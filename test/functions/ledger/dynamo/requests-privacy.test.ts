import { afterAll, beforeAll, expect, test } from 'vitest';
import { campaignLedger } from '../../../../functions/ledger/dynamo/campaigns.ts';
import type { State } from '../../../../functions/ledger/items.ts';
import type { ApiAnswer, Message, Ports } from '../../../../functions/reset-worker/core/ports.ts';
import { processMessage } from '../../../../functions/reset-worker/core/process-message.ts';
import { freshKey } from '../../../support/ledger/ledger-items.ts';
import { type LedgerTable, NOW, startLedgerTable, TABLE } from '../../../support/ledger/ledger-table.ts';

let table: LedgerTable;
beforeAll(async () => {
  table = await startLedgerTable();
});
afterAll(() => table.stop());

const EMAIL = 'Erika.Mustermann+vpn@example.com';
const TOKEN = 'token-of-the-tenant';
/** The address in the forms in which it might slip into an item. */
const TRACES = [
  'erika.mustermann',
  'mustermann+vpn',
  EMAIL.toLowerCase(),
  encodeURIComponent(EMAIL).toLowerCase(),
  Buffer.from(EMAIL).toString('base64').toLowerCase(),
  Buffer.from(EMAIL.toLowerCase()).toString('base64').toLowerCase(),
  Buffer.from(EMAIL).toString('hex'),
  TOKEN,
];

function portsOf(answer: ApiAnswer, cancelled: boolean): Ports {
  // Time stands still: nothing is late, and what is waited for without a signal is a mistake.
  const clock: Ports['clock'] = {
    now: () => NOW,
    sleep: (_, signal) => new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
  };
  return {
    clock,
    callTimeoutMs: 20_000,
    random: () => 1,
    newId: () => freshKey(),
    api: { reset: async () => answer },
    tokens: {
      current: async () => ({ kind: 'token', token: TOKEN, version: '1' }),
      atHand: async () => ({ kind: 'token', token: TOKEN, version: '1' }),
      afterRejection: async () => ({ kind: 'same' }),
    },
    ledger: {
      ...table.ledgerAt(NOW),
      ...(cancelled
        ? { isCancelled: async () => true }
        : campaignLedger({ client: table.client, tableName: TABLE, now: () => NOW })),
    },
    budget: {
      turn: async (lane, key, _, history) => ({
        kind: 'granted',
        ticket: { lane, key, permit: 1, grantedAt: NOW, history },
      }),
      report: async (_, { kind }) =>
        kind === 'unauthorized' ? { fault: 'ours', why: 'credential', until: NOW + 30_000 } : { fault: 'own' },
      heldBy: () => undefined,
    },
    deadLetters: { send: async () => {} },
    visibility: { hide: async () => {} },
    telemetry: { event: () => {}, measure: () => {} },
  };
}

const ANSWERED = { kind: 'answered', detail: '' } as const;
const body = (given: object = {}) =>
  JSON.stringify({ email: EMAIL, reason: `for ${EMAIL}`, requestedBy: `helpdesk for ${EMAIL}`, ...given });

test.each<[claim: string, state: State, answer: ApiAnswer, body: string, cancelled?: boolean]>([
  ['succeeded', 'succeeded', { ...ANSWERED, status: 200 }, body({ campaignId: 'breach' })],
  ['is rejected', 'failed', { ...ANSWERED, status: 404 }, body()],
  ['is called often', 'waiting', { ...ANSWERED, status: 429, retryAfterMs: 60_000 }, body()],
  ['has no answer', 'waiting', { kind: 'no-answer', why: 'timeout' }, body()],
  ['finds the token refused', 'waiting', { ...ANSWERED, status: 401 }, body()],
  ['is cancelled', 'cancelled', { ...ANSWERED, status: 200 }, body({ campaignId: 'breach' }), true],
  ['is expired', 'failed', { ...ANSWERED, status: 200 }, body({ notAfter: '2020-01-01T00:00:00Z' })],
  ['is no request', 'failed', { ...ANSWERED, status: 200 }, `{"email": "${EMAIL}", "requestId": 7}`],
  ['is not even JSON', 'failed', { ...ANSWERED, status: 200 }, `reset ${EMAIL} please`],
])('nothing in the table tells the address of a request that %s', async (_, state, answer, messageBody, cancelled) => {
  const message: Message = {
    id: freshKey(),
    receiptHandle: 'receipt',
    body: messageBody,
    lane: 'interactive',
    sentAt: NOW,
    receiveCount: 1,
    sender: 'AIDAEXAMPLE',
    carried: {},
  };
  const invocation = { latestStart: NOW, deadline: NOW + 100_000, atWork: 1 };
  await processMessage(portsOf(answer, cancelled ?? false), message, invocation);
  expect(await table.item(message.id)).toMatchObject({ state });
  const raw = JSON.stringify(await table.all()).toLowerCase();
  for (const trace of TRACES) expect(raw).not.toContain(trace);
});
