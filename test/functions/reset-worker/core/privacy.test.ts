import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Ruling } from '../../../../functions/call-budget/call-budget.ts';
import { EVENTS, METRICS } from '../../../../functions/common/telemetry.ts';
import { aBody, aRecord, EMAIL } from '../../../support/builders.ts';
import type { Scripted } from '../../../support/fakes.ts';
import { NOON } from '../../../support/virtual-clock.ts';
import { aWorker } from '../../../support/worker.ts';

/** A word that stands nowhere by chance. */
const SECRET = 'Xq7zW';
const TOKEN = `${SECRET}-token`;

const secretText = fc.string({ maxLength: 12 }).map((text) => `${SECRET}${text}`);
const address = fc.stringMatching(/^[a-z0-9._%+-]{0,8}$/).map((rest) => `${SECRET}${rest}@${SECRET}.example.com`);
const body = fc.oneof(
  fc
    .record(
      {
        email: fc.oneof(address, secretText),
        requestId: fc.oneof(
          fc.constant('order-1'),
          secretText.map((text) => ` ${text}`),
        ),
        campaignId: fc.oneof(
          fc.constant('c1'),
          secretText.map((text) => ` ${text}`),
        ),
        requestedBy: fc.constantFrom('for', 'by phone:', ''),
        reason: fc.constantFrom('wish of', ''),
        notAfter: fc.oneof(secretText, fc.constant('2020-01-01T00:00:00Z'), fc.constant('2030-01-01T00:00:00Z')),
        [`${SECRET}-member`]: secretText,
      },
      { requiredKeys: [] },
    )
    .map((members) =>
      // Producers put the person's address into the audit's words.
      JSON.stringify({
        ...members,
        ...(members.requestedBy ? { requestedBy: `${members.requestedBy} ${members.email}` } : {}),
        ...(members.reason ? { reason: `${members.reason} ${members.email}` } : {}),
      }),
    ),
  secretText,
  secretText.map((text) => JSON.stringify([text])),
);
const detail = fc.constantFrom('', 'no such user');
const answer = fc.oneof(
  fc.constantFrom<Scripted>(200, 401, 429, 503, 504, 'no-answer', 'not-sent'),
  fc.tuple(fc.constantFrom(403, 404, 500), detail).map(([status, words]): Scripted => ({ status, detail: words })),
);
const methods = ['find', 'claim', 'wait', 'succeed', 'failing', 'failed', 'isCancelled'] as const;

describe('what the worker says', () => {
  it('holds no address, no token and nothing of a body but its ids, whatever the body and whatever breaks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(body, { minLength: 1, maxLength: 4 }),
        fc.array(answer, { maxLength: 8 }),
        fc.option(fc.tuple(fc.constantFrom(...methods), fc.boolean())),
        fc.constantFrom<Ruling>(
          { fault: 'own' },
          { fault: 'ours', why: 'outage', until: NOON + 60_000 },
          { fault: 'ours', why: 'no-life', until: NOON },
        ),
        fc.boolean(),
        async (bodies, answers, fault, trouble, probesByAddress) => {
          const worker = aWorker(...answers, ...Array<Scripted>(30).fill(404));
          worker.tokens.answer = { kind: 'token', token: TOKEN, version: 'v1' };
          worker.budget.trouble = trouble;
          if (probesByAddress) {
            worker.ports.probeAddress = `${SECRET}probe@example.com`;
            worker.budget.turns.push({ probe: 'address' });
          }
          if (fault) {
            const [method, isDefect] = fault;
            const error = new Error(`${bodies.join()} ${TOKEN}\n    at ${bodies[0]}`);
            worker.ledger.breaks(method, { times: 2, ...(isDefect ? { error } : {}) });
          }
          await worker.deliverBatch(bodies.map((text, index) => aRecord({ id: `m${index}`, body: text })));

          expect(JSON.stringify(worker.telemetry.events)).not.toContain(SECRET);
          expect(JSON.stringify(worker.telemetry.measured)).not.toContain(SECRET);
          expect(worker.telemetry.events.length).toBeGreaterThanOrEqual(bodies.length);
          // The ledger is no place for an address either.
          const remembered = JSON.stringify([...worker.ledger.items.values()]);
          expect(remembered).not.toContain('@');
          expect(remembered).not.toContain(TOKEN);
          for (const letter of worker.deadLetters.sent) {
            expect(JSON.stringify({ ...letter, body: '' })).not.toContain(SECRET);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('the catalogue of events', () => {
  it('names a level, a sentence and at most one metric for each', () => {
    const metrics = Object.values(METRICS);
    for (const [code, entry] of Object.entries(EVENTS)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(['debug', 'info', 'warn', 'error']).toContain(entry.level);
      expect(entry.sentence).toMatch(/^[A-Z].*\.$/);
      if ('metric' in entry) expect(metrics).toContain(entry.metric);
    }
    expect(new Set(metrics).size).toBe(metrics.length);
  });
});

// With single sign-on a session is named by the address of whoever asks, who may ask for their own reset.
it.each([
  ['a request', aBody()],
  ['what is none', 'no JSON'],
])('the sender of %s is kept without the address', async (_, text) => {
  const worker = aWorker(200);
  await worker.deliver({ body: text, sender: `AROAEXAMPLE:${EMAIL}` });
  const [item] = worker.ledger.items.values();
  expect(item?.sender).toMatch(/^AROAEXAMPLE/);
  expect(JSON.stringify(item)).not.toContain(EMAIL);
});
