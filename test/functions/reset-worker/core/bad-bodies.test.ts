import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { processMessage } from '../../../../functions/reset-worker/core/process-message.ts';
import { aBody, aMessage, anItem, EMAIL, KEY } from '../../../support/builders.ts';
import { untouched } from '../../../support/untouched.ts';
import { NOON } from '../../../support/virtual-clock.ts';
import { aWorker } from '../../../support/worker.ts';

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const NOT_AN_ADDRESS = 'email is not an address that the API accepts';

/** Bodies that are no request, and what is said of them. */
const BAD: [string, string, string][] = [
  ['nothing', '', 'the body is not JSON'],
  ['not JSON', 'reset jane', 'the body is not JSON'],
  ['cut off', aBody().slice(0, -1), 'the body is not JSON'],
  ['binary', '\u0000\u0001\ufffd\ufffe\u001f', 'the body is not JSON'],
  ['a lone surrogate', '\ud800', 'the body is not JSON'],
  ['a list', `[${aBody()}]`, 'the body is not a JSON object'],
  ['a string', JSON.stringify(EMAIL), 'the body is not a JSON object'],
  ['a number', '5', 'the body is not a JSON object'],
  ['null', 'null', 'the body is not a JSON object'],
  ['1 MiB', JSON.stringify({ email: 'x'.repeat(1024 * 1024 - 12) }), 'the body has 1048576 bytes, more than 65536'],
  ['64 kB and a byte', aBody().padEnd(65_537), 'the body has 65537 bytes, more than 65536'],
  ['deeply nested', nested(10_000), 'email is missing'],
  ['deeply nested lists', '['.repeat(30_000) + ']'.repeat(30_000), 'the body is not a JSON object'],
  ['an address by way of __proto__', `{"__proto__":{"email":"${EMAIL}"}}`, 'email is missing'],
  ['an address by way of a constructor', `{"constructor":{"prototype":{"email":"${EMAIL}"}}}`, 'email is missing'],
  ['no address', '{}', 'email is missing'],
  ['no string for an address', '{"email":["a@example.com"]}', 'email is not a string'],
  ['a line break in the address', aBody({ email: `${EMAIL}\n` }), NOT_AN_ADDRESS],
  ['a header in the address', aBody({ email: 'a@example.com\r\nx: y' }), NOT_AN_ADDRESS],
  ['a look-alike letter in the address', aBody({ email: 'jаne@example.com' }), NOT_AN_ADDRESS],
  ['a look-alike @ in the address', aBody({ email: 'jane＠example.com' }), NOT_AN_ADDRESS],
  ['two addresses', aBody({ email: 'a@example.com,b@example.com' }), NOT_AN_ADDRESS],
  ['a name like o’brien', aBody({ email: "o'brien@example.com" }), NOT_AN_ADDRESS],
  [
    'an address that is too long',
    aBody({ email: `${'a'.repeat(1013)}@example.com` }),
    'email is longer than 1024 characters',
  ],
  [
    'a notAfter that is no time',
    aBody({ notAfter: 'tomorrow' }),
    'notAfter is not an RFC 3339 time such as 2026-11-23T18:00:00Z',
  ],
  [
    'a notAfter on a day that does not exist',
    aBody({ notAfter: '2026-02-30T00:00:00Z' }),
    'notAfter is not an RFC 3339 time such as 2026-11-23T18:00:00Z',
  ],
  [
    'a request id with a blank',
    aBody({ requestId: 'a b' }),
    'requestId has a character other than A-Z a-z 0-9 . _ : -',
  ],
];

describe('a message that is no request', () => {
  it.each(BAD)('(%s) is dead-lettered under its own id, without a turn or a call', async (_, body, detail) => {
    const worker = aWorker();
    for (const port of ['api', 'tokens', 'budget'] as const) worker.ports[port] = untouched(port);
    expect(await worker.deliver({ body })).toEqual({ kind: 'dead-lettered', reason: 'invalid-request' });
    const [letter] = worker.deadLetters.sent;
    expect(letter).toMatchObject({ reason: 'invalid-request', requestId: 'message-1', failureId: 'id-1', calls: 0 });
    expect(letter).not.toHaveProperty('status');
    if (body.length < 256 * 1024) {
      expect(letter?.body).toBe(body);
      expect(letter?.detail).toBe(detail);
    } else {
      const hash = createHash('sha256').update(body).digest('hex');
      expect(letter?.body).toBe(body.slice(0, 4096));
      expect(letter?.detail).toBe(`first 4096 of ${body.length} bytes, SHA-256 ${hash}: ${detail}`);
    }
    expect(worker.ledger.transitions).toEqual(['new>failing', 'failing>failed']);
    expect(worker.ledger.item('message-1')).toMatchObject({
      campaign: 'none',
      stateReasonTime: `failed#invalid-request#${NOON}`,
      sender: 'AIDAPRODUCER',
    });
    expect(worker.ledger.item('message-1')).not.toHaveProperty('addressTag');
    expect(worker.ledger.asked).toEqual(['message-1']);
    expect(await worker.deliver({ body })).toEqual({ kind: 'duplicate' });
  });

  it('whose letter is being sent is left to its sender for as long as a lease is here', async () => {
    const worker = aWorker();
    worker.ports.callTimeoutMs = 2000;
    worker.ledger.put(anItem({ key: 'message-1', state: 'failing', finishedAt: NOON - 11_999 }));
    expect(await worker.deliver({ body: '{' })).toMatchObject({ kind: 'deferred', cause: 'busy', until: NOON + 1 });
    expect(worker.deadLetters.sent).toEqual([]);
    worker.clock.jump(1);
    expect(await worker.deliver({ body: '{' })).toMatchObject({ kind: 'dead-lettered' });
  });

  it('in every member keeps its detail to 256 characters', async () => {
    const worker = aWorker();
    await worker.deliver({
      body: JSON.stringify({
        email: 'x',
        requestId: '%',
        campaignId: '%',
        requestedBy: 'x'.repeat(257),
        reason: 'x'.repeat(513),
        notAfter: 'x',
      }),
    });
    expect(worker.deadLetters.sent[0]?.detail).toHaveLength(256);
    expect(worker.ledger.item('message-1').detail).toHaveLength(256);
  });

  it.each(['a b', '', 'x'.repeat(129), 'jane.roe@example.com'])(
    'by its attribute RequestId %j, where the body has no id, is none either',
    async (requestId) => {
      const worker = aWorker();
      expect(await worker.deliver({ body: aBody({ requestId: undefined }), carried: { requestId } })).toEqual({
        kind: 'dead-lettered',
        reason: 'invalid-request',
      });
      expect(worker.deadLetters.sent[0]).toMatchObject({
        requestId: 'message-1',
        detail: expect.stringMatching(/^the message attribute RequestId (has a character|is empty|is longer)/),
      });
    },
  );

  it('is not what an attribute makes of a request that has an id of its own', async () => {
    const worker = aWorker(200);
    expect(await worker.deliver({ carried: { requestId: 'a trace/id' } })).toEqual({ kind: 'succeeded' });
  });

  it('is refused without a sender too', async () => {
    const worker = aWorker();
    const { sender: _, ...message } = aMessage({ body: '{' });
    const invocation = { latestStart: NOON, deadline: NOON + 1000, atWork: 1 };
    expect(await worker.clock.run(processMessage(worker.ports, message, invocation))).toMatchObject({
      kind: 'dead-lettered',
    });
    expect(worker.ledger.item('message-1')).not.toHaveProperty('sender');
  });

  it('and is redriven goes by the id that its letter carries, not by a new one', async () => {
    const worker = aWorker();
    await worker.deliver({ body: '{' });
    const carried = { requestId: 'message-1', failureId: 'id-1' };
    expect(await worker.deliver({ id: 'redrive-1', body: '{', carried })).toMatchObject({ kind: 'dead-lettered' });
    expect([...worker.ledger.items.keys()]).toEqual(['message-1']);
    expect(worker.ledger.transitions.slice(2)).toEqual(['failed>failing', 'failing>failed']);
    expect(worker.deadLetters.sent.map(({ failureId }) => failureId)).toEqual(['id-1', 'id-2']);
  });

  it('and was cut keeps length and SHA-256 through every redrive: the second letter lost them once', async () => {
    const worker = aWorker();
    const whole = 'x'.repeat(300 * 1024);
    await worker.deliver({ body: whole });
    const hash = createHash('sha256').update(whole).digest('hex');
    for (let redrive = 1; redrive <= 2; redrive += 1) {
      const letter = worker.deadLetters.sent.at(-1);
      const { failureId = '', body = '' } = letter ?? {};
      await worker.deliver({ id: `redrive-${redrive}`, body, carried: { requestId: 'message-1', failureId } });
      const detail = `first 4096 of ${whole.length} bytes, SHA-256 ${hash}: the body is not JSON`;
      expect(worker.deadLetters.sent.at(-1)).toMatchObject({ body: whole.slice(0, 4096), detail });
      expect(worker.ledger.item('message-1').detail).toBe(detail);
    }
    expect(worker.deadLetters.sent).toHaveLength(3);
  });

  it.each([
    ['without a failure id', {}],
    ['with another failure’s id', { failureId: 'failure-9' }],
  ])('cannot end a request of another message by naming its id %s', async (_, carried) => {
    const worker = aWorker();
    const item = anItem({ state: 'failed' });
    worker.ledger.put(item);
    await worker.deliver({ body: '{', carried: { requestId: KEY, ...carried } });
    expect(worker.ledger.item(KEY)).toEqual(item);
    expect(worker.ledger.item('message-1').state).toBe('failed');
  });

  it('is one of a letter more than 64 kB, where a letter has two bytes', async () => {
    const worker = aWorker(200);
    const padding = 65_536 - Buffer.byteLength(aBody({ note: '' }));
    expect(padding % 2).toBe(0);
    expect(await worker.deliver({ body: aBody({ note: 'é'.repeat(padding / 2) }) })).toEqual({ kind: 'succeeded' });
    const longer = aBody({ requestId: 'order-2', note: 'é'.repeat(padding / 2 + 1) });
    expect(longer.length).toBeLessThan(65_536);
    expect(await worker.deliver({ id: 'message-2', body: longer })).toMatchObject({ kind: 'dead-lettered' });
  });
});

describe('a message that is odd, and a request', () => {
  it.each([
    ['a __proto__ beside the address', `{"__proto__":{"email":"evil@example.com"},"email":"${EMAIL}"}`],
    ['blanks around it', `\r\n\t ${aBody()} \n`],
    ['members of its producer’s own', aBody({ ticket: { id: 5, tags: [] }, email2: 'x' })],
    ['deep members of its producer’s own', `{"email":"${EMAIL}","x":${nested(5000)}}`],
    ['a member twice, the last of which counts', `{"email":"evil@example.com","email":"${EMAIL}"}`],
  ])('(%s) is served, for the address it names', async (_, body) => {
    const worker = aWorker(200);
    expect(await worker.deliver({ body })).toEqual({ kind: 'succeeded' });
    expect(worker.api.calls.map(({ email }) => email)).toEqual([EMAIL]);
    expect(({} as { email?: string }).email).toBeUndefined();
  });
});
