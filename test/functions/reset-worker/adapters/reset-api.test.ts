import { spawn } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import dns from 'node:dns';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { EpochMs } from '../../../../functions/common/clock.ts';
import { httpResetApi } from '../../../../functions/reset-worker/adapters/reset-api.ts';
import type { ApiAnswer } from '../../../../functions/reset-worker/core/ports.ts';
import {
  type Behaviour,
  chunk,
  chunkedHead,
  type HostileServer,
  http,
  startHostileServer,
} from '../../../support/hostile-server.ts';
import { selfSigned } from '../../../support/self-signed.ts';

const EMAIL = 'erika.mustermann@example.com';
const TOKEN = 'abc123+/=token';
const OPERATION = '/api/web/custom/password/admin_reset';
const NOW: EpochMs = Date.parse('2026-11-23T12:00:00Z');

const servers: HostileServer[] = [];
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) await server.stop();
});

async function aServer(...given: Parameters<typeof startHostileServer>): Promise<HostileServer> {
  const server = await startHostileServer(...given);
  servers.push(server);
  return server;
}

interface ApiGiven {
  timeoutMs?: number;
  connectTimeoutMs?: number;
  now?: () => EpochMs;
}
const apiAt = (baseUrl: string, { timeoutMs = 5000, connectTimeoutMs = 5000, now = () => NOW }: ApiGiven = {}) =>
  httpResetApi({ baseUrl: new URL(baseUrl), timeoutMs, connectTimeoutMs, now });

/** One call against a server that behaves so. */
async function answerOf(behaviour: Behaviour, given: ApiGiven = {}): Promise<ApiAnswer> {
  const server = await aServer(behaviour);
  return apiAt(server.origin, given).reset(EMAIL, TOKEN);
}

/** The adapter's own timers stand still; the network goes on. */
const stopTimers = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
const turnOfTheLoop = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Lets the adapter's time pass until the call has its answer. @returns the milliseconds that it took by that clock. */
async function passTimeUntil<T>(work: Promise<T>): Promise<{ value: T; passedMs: number }> {
  let value: { it: T } | undefined;
  void work.then((it) => {
    value = { it };
  });
  let passedMs = 0;
  for (; !value && passedMs < 60_000; passedMs += 50) {
    // The network is given far more time than it needs for what the server has sent.
    for (let turns = 0; turns < 10; turns += 1) await turnOfTheLoop();
    if (!value) await vi.advanceTimersByTimeAsync(50);
  }
  if (!value) throw new Error('The call was never settled.');
  return { value: value.it, passedMs };
}

describe('the request', () => {
  test.each([
    ['', OPERATION],
    ['/', OPERATION],
    ['/tenant', `/tenant${OPERATION}`],
    ['/tenant/', `/tenant${OPERATION}`],
    ['/tenant//', `/tenant${OPERATION}`],
    [
      '/api/v1/api/production/us-east-1/namespaces/default',
      `/api/v1/api/production/us-east-1/namespaces/default${OPERATION}`,
    ],
    ['/with%20space', `/with%20space${OPERATION}`],
  ])('to a base URL with the path "%s" goes to %s', async (base, path) => {
    const server = await aServer((socket) => socket.write(http(200, '{}')));
    await apiAt(`${server.origin}${base}`).reset(EMAIL, TOKEN);
    expect(server.requests).toMatchObject([{ method: 'POST', path }]);
  });

  test('is one POST with the token, the address as JSON, and no header more than needed', async () => {
    const server = await aServer((socket) => socket.write(http(200, '{}')));
    const email = 'o.%brien+a\'"\\@example.com';
    await apiAt(server.origin).reset(email, TOKEN);
    expect(server.requests).toHaveLength(1);
    const body = JSON.stringify({ email });
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: OPERATION, body });
    expect(server.requests[0]?.headers).toEqual({
      authorization: `APIToken ${TOKEN}`,
      'content-type': 'application/json',
      'content-length': String(body.length),
      accept: 'application/json',
      host: new URL(server.origin).host,
      connection: 'keep-alive',
    });
  });
});

describe('an answer', () => {
  test.each([
    200, 201, 202, 204, 299, 300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 409, 418, 422, 429, 499, 500,
    501, 502, 503, 504, 505, 511, 599,
  ])('with status %i is handed on as it is, and was asked for once', async (status) => {
    const server = await aServer((socket) => socket.write(http(status)));
    expect(await apiAt(server.origin).reset(EMAIL, TOKEN)).toEqual({ kind: 'answered', status, detail: '' });
    expect(server.requests).toHaveLength(1);
  });

  test.each([301, 302, 303, 307, 308])(
    'that redirects with %i is not followed: the token does not travel',
    async (status) => {
      const target = await aServer((socket) => socket.write(http(200, '{}')));
      for (const location of [target.origin, OPERATION]) {
        const server = await aServer((socket) => socket.write(http(status, '', { Location: location })));
        expect(await apiAt(server.origin).reset(EMAIL, TOKEN)).toMatchObject({ kind: 'answered', status });
        expect(server.requests).toHaveLength(1);
      }
      expect(target.connections).toHaveLength(0);
    },
  );

  test.each<[location: string, host: string | undefined]>([
    ['https://login.example.com/?user=erika.mustermann@example.com#abc123', 'login.example.com'],
    ['//Login.Example.com:8443/x', 'login.example.com'],
    ['/elsewhere', '127.0.0.1'],
    ['https://erika.mustermann:abc123@login.example.com', 'login.example.com'],
    ['https://erika.mustermann.example.com', undefined],
    ['https://ERIKA.Mustermann.idp.example.net', undefined],
    [`https://${Buffer.from(EMAIL).toString('hex')}.example.com`, undefined],
    ['https://abc123+token.example.com', undefined],
    ['https://xn--fiq228c.example.com', 'xn--fiq228c.example.com'],
    ['https://[::1]/', undefined],
    [`https://${'a'.repeat(60)}.${'b'.repeat(60)}.com`, undefined],
    ['https://', undefined],
    ['mailto:erika.mustermann@example.com', undefined],
  ])('that redirects to %s names the host %s: no user, path or query, and nothing of the person', async (to, host) => {
    const answer = await answerOf((socket) => socket.write(http(302, '', { Location: to })));
    expect(answer).toStrictEqual({
      kind: 'answered',
      status: 302,
      detail: '',
      ...(host === undefined ? {} : { redirectHost: host }),
    });
  });

  test('may be preceded by interim ones', async () => {
    const interim =
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n';
    expect(await answerOf((socket) => socket.write(interim + http(429)))).toMatchObject({ status: 429 });
  });

  test('with an interim status alone is none', async () => {
    const answer = answerOf((socket) => socket.end('HTTP/1.1 100 Continue\r\n\r\n'));
    expect(await answer).toEqual({ kind: 'no-answer', why: 'ECONNRESET' });
  });

  test.each<[headers: Record<string, string>, status: number, retryAfterMs: number | undefined]>([
    [{ 'RateLimit-Reset': '7' }, 429, 7_000],
    [{ 'X-RateLimit-Reset': '8' }, 429, 8_000],
    [{ 'RateLimit-Reset': '7', 'X-RateLimit-Reset': '8' }, 429, 7_000],
    [{ 'RateLimit-Reset': 'soon', 'X-RateLimit-Reset': '8' }, 429, 8_000],
    [{ 'Retry-After': '90', 'RateLimit-Reset': '7' }, 429, 90_000],
    [{ 'Retry-After': 'soon', 'RateLimit-Reset': '7' }, 429, 7_000],
    [{ 'RateLimit-Reset': '7' }, 503, undefined],
    [{ 'RateLimit-Reset': '7' }, 504, undefined],
  ])('with %o and status %i asks for a wait of %s ms', async (headers, status, retryAfterMs) => {
    const answer = await answerOf((socket) => socket.write(http(status, '', headers)));
    expect(answer).toEqual({
      kind: 'answered',
      status,
      detail: '',
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  });

  test.each<[header: string, retryAfterMs: number | undefined]>([
    ['120', 120_000],
    ['0', 0],
    ['Mon, 23 Nov 2026 12:00:30 GMT', 30_000],
    ['Mon, 23 Nov 2026 11:00:00 GMT', 0],
    ['86400', 3_600_000],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2026-11-23T12:00:30Z', undefined],
  ])('with "Retry-After: %s" asks for a wait of %s ms', async (header, retryAfterMs) => {
    const answer = await answerOf((socket) => socket.write(http(429, '', { 'Retry-After': header })));
    expect(answer).toStrictEqual({
      kind: 'answered',
      status: 429,
      detail: '',
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  });
});

/** Sends without an end, for as long as the far side reads. @returns the bytes that the system took. */
function pour(socket: Socket): { bytes: () => number; done: Promise<void> } {
  const piece = chunk('x'.repeat(64 * 1024));
  let taken = 0;
  const more = () => {
    while (!socket.destroyed) {
      taken += piece.length;
      if (!socket.write(piece)) break;
    }
  };
  socket.on('drain', more);
  more();
  return { bytes: () => taken, done: new Promise((resolve) => socket.once('close', () => resolve())) };
}

describe('the body of a 200 does not matter', () => {
  test.each<[string, Behaviour]>([
    ['none', (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n')],
    ['empty', (socket) => socket.write(http(200, ''))],
    ['HTML that does not call itself so', (socket) => socket.write(http(200, '<html>hello</html>'))],
    ['broken off', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{')],
    ['never begun', (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')],
    ['never ended', (socket) => socket.write(chunkedHead(200) + chunk('{'))],
    ['nonsense in its chunks', (socket) => socket.write(`${chunkedHead(200)}no chunk\r\n`)],
    [
      'cut off hard',
      (socket) => socket.write(chunkedHead(200) + chunk('{'), () => setImmediate(() => socket.resetAndDestroy())),
    ],
    ['without an end', (socket) => void pour(socket.write(chunkedHead(200)) ? socket : socket)],
  ])('%s', async (_, behaviour) => {
    // No time passes: the answer waits for no body.
    stopTimers();
    expect(await answerOf(behaviour)).toEqual({ kind: 'answered', status: 200, detail: '' });
  });

  test('and is not read on for longer than 2 s', async () => {
    stopTimers();
    const server = await aServer((socket) => socket.write(chunkedHead(200) + chunk('{')));
    await apiAt(server.origin).reset(EMAIL, TOKEN);
    const closed = once(server.connections[0] as Socket, 'close');
    await vi.advanceTimersByTimeAsync(2000);
    await closed;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an answer that calls itself HTML', () => {
  test.each<[contentType: string | undefined, isHtml: boolean]>([
    ['text/html', true],
    ['text/html; charset=utf-8', true],
    ['text/html;charset=utf-8', true],
    ['TEXT/HTML', true],
    ['  text/html  ', true],
    ['application/xhtml+xml', false],
    ['application/json', false],
    ['application/json; note=text/html', false],
    ['text/plain', false],
    ['text/htmlx', false],
    ['', false],
    [undefined, false],
  ])('by "%s" is known for it: %s', async (contentType, isHtml) => {
    const headers = contentType === undefined ? {} : { 'Content-Type': contentType };
    for (const status of [200, 204, 404]) {
      const answer = await answerOf((socket) => socket.write(http(status, '', headers)));
      expect(answer).toStrictEqual({ kind: 'answered', status, detail: '', ...(isHtml ? { isHtml: true } : {}) });
    }
  });

  test('is known by its header alone, whatever becomes of its body', async () => {
    stopTimers();
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n';
    const answer = { kind: 'answered', status: 200, detail: '', isHtml: true };
    expect(await answerOf((socket) => socket.write(head))).toEqual(answer);
    expect(await answerOf((socket) => socket.end(`${head}<html>`))).toEqual(answer);
  });
});

describe('the body of an error', () => {
  test.each<[claim: string, behaviour: Behaviour, detail: string]>([
    ['that is a JSON string', (socket) => socket.write(http(403, '"no permission"')), 'no permission'],
    ['that is a gateway’s object', (socket) => socket.write(http(403, '{"code":7,"message":"no"}')), 'no'],
    ['that is HTML', (socket) => socket.write(http(403, '<html><h1>Forbidden</h1></html>')), 'Forbidden'],
    ['that is binary', (socket) => socket.write(http(403, 'no\u0000\u0007way')), 'no way'],
    ['that is absent', (socket) => socket.write(http(403)), ''],
    ['that is cut off', (socket) => socket.end('HTTP/1.1 403 No\r\nContent-Length: 1000\r\n\r\nno permi'), 'no'],
    [
      'that is cut off hard',
      (socket) =>
        socket.write(`${chunkedHead(403)}${chunk('no one')}`, () => setTimeout(() => socket.resetAndDestroy(), 20)),
      'no',
    ],
    [
      'that turns to nonsense',
      (socket) =>
        socket.write(chunkedHead(403) + chunk('no one'), () => setTimeout(() => socket.write('nonsense\r\n'), 20)),
      'no',
    ],
  ])('%s keeps its status', async (_, behaviour, detail) => {
    expect(await answerOf(behaviour)).toEqual({ kind: 'answered', status: 403, detail });
  });

  test.each([300, 304, 400, 503, 599])('is handed on with status %i, if it may have one', async (status) => {
    const answer = await answerOf((socket) => socket.write(http(status, '"words"')));
    expect(answer).toMatchObject({ status, detail: status === 304 ? '' : 'words' });
  });

  test('that names the address and the token gives neither on', async () => {
    const words = `user ${EMAIL} (ERIKA.MUSTERMANN) not found with APIToken ${TOKEN}, ${encodeURIComponent(EMAIL)}`;
    const answer = await answerOf((socket) => socket.write(http(404, JSON.stringify({ message: words }))));
    if (answer.kind !== 'answered') throw new Error(answer.kind);
    expect(answer.detail).toContain('not found');
    expect(answer.detail.toLowerCase()).not.toMatch(/erika|mustermann|abc123/);
  });

  test.each([5, 12, 20, 24, 25, 30])(
    'that breaks off after %i letters of the address gives none of them on',
    async (letters) => {
      const part = `no user ${EMAIL.slice(0, letters)}`;
      const answer = await answerOf((socket) => socket.end(`HTTP/1.1 404 No\r\nContent-Length: 1000\r\n\r\n${part}`));
      expect(answer).toEqual({ kind: 'answered', status: 404, detail: 'no user' });
    },
  );

  test('without an end is read for 16 kB and a little more, and no longer', async () => {
    let poured: ReturnType<typeof pour> | undefined;
    const server = await aServer((socket) => {
      socket.write(chunkedHead(500));
      poured = pour(socket);
    });
    const answer = await apiAt(server.origin).reset(EMAIL, TOKEN);
    expect(answer).toMatchObject({ kind: 'answered', status: 500 });
    await poured?.done;
    // What the two ends of a loopback connection hold between them; an unbounded reader takes gigabytes.
    expect(poured?.bytes()).toBeLessThan(16 * 1024 * 1024);
  });

  test.each([
    ['never begins', 'HTTP/1.1 503 No\r\nContent-Length: 9\r\n\r\n', ''],
    ['stops halfway', `${chunkedHead(503)}${chunk('try lat')}`, 'try'],
  ])('that %s is waited for no longer than 2 s', async (_, bytes, detail) => {
    stopTimers();
    const { value, passedMs } = await passTimeUntil(answerOf((socket) => socket.write(bytes), { timeoutMs: 20_000 }));
    expect(value).toEqual({ kind: 'answered', status: 503, detail });
    expect(passedMs).toBe(2000);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that is slow does not cost the status where the call’s time is up before the body’s', async () => {
    stopTimers();
    const slow: Behaviour = (socket) => socket.write(chunkedHead(503) + chunk('try later'));
    const { value } = await passTimeUntil(answerOf(slow, { timeoutMs: 1000 }));
    expect(value).toEqual({ kind: 'answered', status: 503, detail: 'try' });
  });
});

describe('a call is known not to be made when', () => {
  test('nobody listens', async () => {
    const server = await startHostileServer(() => {});
    await server.stop();
    expect(await apiAt(server.origin).reset(EMAIL, TOKEN)).toEqual({ kind: 'not-sent', why: 'ECONNREFUSED' });
  });

  test.each([
    ['ENOTFOUND', setImmediate],
    ['EAI_AGAIN', setImmediate],
    ['ENOTFOUND', (found: () => void) => found()],
  ])('the name is not found (%s), soon or at once', async (code, soon) => {
    lookUp((found) => soon(() => found(Object.assign(new Error('no'), { code }))));
    for (const protocol of ['http', 'https']) {
      const answer = apiAt(`${protocol}://api.example.com`).reset(EMAIL, TOKEN);
      expect(await answer).toEqual({ kind: 'not-sent', why: code });
    }
  });

  test('the name is not found in time', async () => {
    lookUp(() => {});
    const answer = apiAt('https://api.example.com', { connectTimeoutMs: 30 }).reset(EMAIL, TOKEN);
    expect(await answer).toEqual({ kind: 'not-sent', why: 'connect-timeout' });
  });

  test('the far side does not speak TLS', async () => {
    const server = await aServer(() => {}, {
      onConnection: (socket) => socket.on('data', () => socket.end(http(400, 'plain HTTP here'))),
    });
    const answer = await apiAt(server.origin.replace('http', 'https')).reset(EMAIL, TOKEN);
    expect(answer).toEqual({ kind: 'not-sent', why: 'EPROTO' });
  });

  test.each<[string, (socket: Socket) => void]>([
    ['closes', (socket) => socket.end()],
    ['resets', (socket) => socket.resetAndDestroy()],
  ])('the far side %s before TLS is agreed', async (_, onConnection) => {
    const server = await aServer(() => {}, { onConnection });
    const answer = await apiAt(server.origin.replace('http', 'https')).reset(EMAIL, TOKEN);
    expect(answer).toEqual({ kind: 'not-sent', why: 'ECONNRESET' });
  });

  test.each<[string, ApiGiven, string]>([
    ['connect', { connectTimeoutMs: 30 }, 'connect-timeout'],
    ['whole', { timeoutMs: 30 }, 'timeout'],
  ])('TLS is not agreed within the %s time', async (_, given, why) => {
    const server = await aServer(() => {});
    const answer = apiAt(server.origin.replace('http', 'https'), given).reset(EMAIL, TOKEN);
    expect(await answer).toEqual({ kind: 'not-sent', why });
  });

  test('the certificate is of nobody whom we trust: not a byte of the request is sent', async () => {
    const server = await aServer((socket) => socket.write(http(200, '{}')), { secure: selfSigned('127.0.0.1') });
    const answer = await apiAt(server.origin).reset(EMAIL, TOKEN);
    expect(answer).toEqual({ kind: 'not-sent', why: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(server.bytesReceived()).toBe(0);
  });
});

function lookUp(answer: (found: (error: NodeJS.ErrnoException) => void) => void): void {
  vi.spyOn(dns, 'lookup').mockImplementation(((_name: string, _options: unknown, found: never) => {
    answer(found);
  }) as unknown as typeof dns.lookup);
}

describe('over TLS', () => {
  const trusting = async (cert: string, work: () => Promise<void>) => {
    const before = tls.getCACertificates('default');
    tls.setDefaultCACertificates([...before, cert]);
    try {
      await work();
    } finally {
      tls.setDefaultCACertificates(before);
    }
  };

  test('with a certificate that is trusted the call is made, and the next on the same connection', async () => {
    const secure = selfSigned('127.0.0.1');
    const server = await aServer((socket) => socket.write(http(200, '{}')), { secure });
    await trusting(secure.cert, async () => {
      const api = apiAt(server.origin);
      for (let calls = 0; calls < 2; calls += 1) {
        expect(await api.reset(EMAIL, TOKEN)).toEqual({ kind: 'answered', status: 200, detail: '' });
        await turnOfTheLoop();
      }
      expect(server.connections).toHaveLength(1);
    });
  });

  test('a kept connection found dead by the write of the request is no unknown', async () => {
    const secure = selfSigned('127.0.0.1');
    const server = await aServer((socket) => socket.write(http(200, '{}')), { secure });
    await trusting(secure.cert, async () => {
      const api = apiAt(server.origin);
      await api.reset(EMAIL, TOKEN);
      for (let turns = 0; turns < 5; turns += 1) await turnOfTheLoop();
      server.connections[0]?.resetAndDestroy();
      expect(await api.reset(EMAIL, TOKEN)).toEqual({
        kind: 'not-sent',
        why: expect.stringMatching(/^(ECONNRESET|EPIPE)$/),
      });
    });
  });

  test('with a trusted certificate for another host nothing is sent', async () => {
    const secure = selfSigned('127.0.0.9');
    const server = await aServer((socket) => socket.write(http(200, '{}')), { secure });
    await trusting(secure.cert, async () => {
      expect(await apiAt(server.origin).reset(EMAIL, TOKEN)).toEqual({
        kind: 'not-sent',
        why: 'ERR_TLS_CERT_ALTNAME_INVALID',
      });
      expect(server.bytesReceived()).toBe(0);
    });
  });

  test('a connection that breaks after the request leaves the outcome unknown', async () => {
    const secure = selfSigned('127.0.0.1');
    const server = await aServer((socket) => socket.destroy(), { secure });
    await trusting(secure.cert, async () => {
      expect(await apiAt(server.origin).reset(EMAIL, TOKEN)).toEqual({ kind: 'no-answer', why: 'ECONNRESET' });
    });
  });
});

describe('the outcome is unknown when the request was sent and', () => {
  test.each<[claim: string, behaviour: Behaviour, why: RegExp, given?: ApiGiven]>([
    ['nothing comes back', () => {}, /^timeout$/, { timeoutMs: 400 }],
    [
      'nothing comes back, long after the connect time',
      () => {},
      /^timeout$/,
      { timeoutMs: 600, connectTimeoutMs: 200 },
    ],
    ['the connection is closed', (socket) => socket.end(), /^ECONNRESET$/],
    ['the connection is reset', (socket) => socket.resetAndDestroy(), /^ECONNRESET$/],
    ['half a status line comes', (socket) => socket.end('HTTP/1.1 20'), /^(ECONNRESET|HPE)$/],
    ['half a status line comes and no end', (socket) => socket.write('HTTP/1.1 20'), /^timeout$/, { timeoutMs: 400 }],
    ['half of the headers come', (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le'), /^(ECONNRESET|HPE)$/],
    ['what comes is no HTTP', (socket) => socket.write('SSH-2.0-OpenSSH\r\n\r\n'), /^HPE$/],
    ['what comes is another HTTP', (socket) => socket.write('HTTP/7.3 200 OK\r\n\r\n'), /^HPE$/],
    ['the headers have no end', (socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`), /^HPE$/],
    ['the status has four digits', (socket) => socket.write('HTTP/1.1 2000 OK\r\n\r\n'), /^HPE$/],
    [
      'protocols are switched',
      (socket) => socket.write('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
      // By the answer, not by the time-out.
      /^(?!timeout)/,
    ],
  ])('%s', async (_, behaviour, why, given) => {
    const server = await aServer(behaviour);
    const answer = await apiAt(server.origin, given).reset(EMAIL, TOKEN);
    expect(answer).toEqual({ kind: 'no-answer', why: expect.stringMatching(why) });
    expect(server.requests).toHaveLength(1);
  });
});

describe('kept connections', () => {
  /** Answers 200 and lets the client see the end of the answer. */
  const called = async (api: ReturnType<typeof apiAt>, calls = 1): Promise<ApiAnswer[]> => {
    const answers = await Promise.all(Array.from({ length: calls }, () => api.reset(EMAIL, TOKEN)));
    for (let turns = 0; turns < 5; turns += 1) await turnOfTheLoop();
    return answers;
  };
  const DONE: ApiAnswer = { kind: 'answered', status: 200, detail: '' };

  test.each([
    [0, 1],
    [4000, 1],
    [4001, 2],
    [3_600_000, 2],
  ])('a call %i ms after the last makes it %i connections', async (idleMs, connections) => {
    let now = NOW;
    const server = await aServer((socket) => socket.write(http(200, '{}')));
    const api = apiAt(server.origin, { now: () => now });
    await called(api);
    now += idleMs;
    expect(await called(api)).toEqual([DONE]);
    expect(server.connections).toHaveLength(connections);
  });

  test('a connection that died while the sandbox was frozen costs no unknown', async () => {
    let now = NOW;
    const server = await aServer((socket) => socket.write(http(200, '{}')));
    const api = apiAt(server.origin, { now: () => now });
    await called(api, 3);
    // The process was asleep: it has had no chance to see the connections end.
    for (const socket of server.connections) socket.resetAndDestroy();
    now += 60_000;
    expect(await called(api, 3)).toEqual([DONE, DONE, DONE]);
  });

  test('a connection that lay idle while another was in use costs no unknown when it has died', async () => {
    let now = NOW;
    const server = await aServer((socket) => socket.write(http(200, '{}')));
    const api = apiAt(server.origin, { now: () => now });
    await called(api, 3);
    for (let calls = 0; calls < 3; calls += 1) {
      now += 2000;
      await called(api);
    }
    expect(server.connections).toHaveLength(3);
    const inUse = server.requests.at(-1)?.socket;
    for (const socket of server.connections) if (socket !== inUse) socket.resetAndDestroy();
    expect(await called(api, 3)).toEqual([DONE, DONE, DONE]);
  });

  test('a connection found dead by the write of the request is no unknown', async () => {
    const server = await aServer((socket) => socket.write(http(200, '{}')));
    const api = apiAt(server.origin);
    await called(api);
    server.connections[0]?.resetAndDestroy();
    expect(await called(api)).toEqual([{ kind: 'not-sent', why: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) }]);
    expect(server.requests).toHaveLength(1);
  });

  test('a connection that takes the request and then turns out to be dead is an unknown', async () => {
    const server = await aServer((socket) => socket.write(http(200, '{}')));
    const api = apiAt(server.origin);
    await called(api);
    server.connections[0]?.destroy();
    expect(await called(api)).toMatchObject([{ kind: 'no-answer' }]);
  });

  test('a write that fails after the request was handed over is an unknown: TLS writes of its own accord', async () => {
    const clientSockets: Socket[] = [];
    const opened = (message: unknown) => void clientSockets.push((message as { socket: Socket }).socket);
    subscribe('net.client.socket', opened);
    const server = await aServer(() => {
      clientSockets[0]?.destroy(Object.assign(new Error('no'), { code: 'EPIPE', syscall: 'write' }));
    });
    const answer = await apiAt(server.origin).reset(EMAIL, TOKEN);
    unsubscribe('net.client.socket', opened);
    expect(answer).toEqual({ kind: 'no-answer', why: 'EPIPE' });
  });

  test('a connection whose end was seen is not used again', async () => {
    const server = await aServer((socket) => socket.end(http(200, '{}')));
    const api = apiAt(server.origin);
    for (let calls = 0; calls < 3; calls += 1) expect(await called(api)).toEqual([DONE]);
    expect(server.connections).toHaveLength(3);
  });

  test('an answer that comes after its call was given up is not taken for the next one’s', async () => {
    const server = await aServer((socket, _, nth) => {
      if (nth > 1) socket.write(http(404, '"the second’s"'));
      else setTimeout(() => socket.writable && socket.write(http(200, '{}')), 600);
    });
    const api = apiAt(server.origin, { timeoutMs: 300 });
    expect(await api.reset(EMAIL, TOKEN)).toEqual({ kind: 'no-answer', why: 'timeout' });
    expect(await apiAt(server.origin).reset(EMAIL, TOKEN)).toMatchObject({ status: 404 });
    expect(await api.reset(EMAIL, TOKEN)).toMatchObject({ status: 404 });
    expect(server.connections).toHaveLength(3);
  });

  test.each<[string, Behaviour]>([
    ['in one piece', (socket, _, nth) => socket.write(nth === 1 ? http(404) + http(200, '{}') : http(403))],
    [
      'a moment later',
      (socket, _, nth) => {
        socket.write(nth === 1 ? http(404) : http(403));
        if (nth === 1) setImmediate(() => socket.write(http(200, '{}')));
      },
    ],
  ])('an answer that nobody asked for, sent %s, is not taken for the next call’s', async (_, behaviour) => {
    const server = await aServer(behaviour);
    const api = apiAt(server.origin);
    expect(await called(api)).toMatchObject([{ status: 404 }]);
    expect(await called(api)).toMatchObject([{ kind: 'answered', status: 403 }]);
  });

  test('a body that was not read to its end is not taken for the next call’s answer', async () => {
    const server = await aServer((socket, _, nth) => {
      if (nth > 1) socket.write(http(403, '"second"'));
      else socket.write(chunkedHead(500) + chunk('x'.repeat(20 * 1024)));
    });
    const api = apiAt(server.origin);
    expect(await called(api)).toMatchObject([{ status: 500 }]);
    expect(await called(api)).toMatchObject([{ status: 403, detail: 'second' }]);
    expect(server.connections).toHaveLength(2);
  });
});

describe('calls at the same time', () => {
  test('get each its own answer', async () => {
    const server = await aServer((socket, { body }, nth) => {
      const { email } = JSON.parse(body);
      // Later calls are answered first.
      setTimeout(() => socket.write(http(email.startsWith('a') ? 404 : 200, '{}')), 40 - nth / 2);
    });
    const api = apiAt(server.origin);
    const emails = Array.from({ length: 60 }, (_, n) => `${n % 2 ? 'a' : 'b'}${n}@example.com`);
    const answers = await Promise.all(emails.map((email) => api.reset(email, TOKEN)));
    expect(answers.map((answer) => answer.kind === 'answered' && answer.status)).toEqual(
      emails.map((email) => (email.startsWith('a') ? 404 : 200)),
    );
    expect(server.requests.map(({ body }) => JSON.parse(body).email).sort()).toEqual([...emails].sort());
  });
});

describe('nothing is left behind', () => {
  test.each<[string, Behaviour]>([
    ['a 200', (socket) => socket.write(http(200, '{}'))],
    ['an error', (socket) => socket.write(http(404, '"no"'))],
    ['a broken connection', (socket) => socket.destroy()],
    ['nonsense', (socket) => socket.write('nonsense\r\n\r\n')],
  ])('no timer after %s', async (_, behaviour) => {
    stopTimers();
    await answerOf(behaviour);
    for (let turns = 0; turns < 10; turns += 1) await turnOfTheLoop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('no connection after a time-out', async () => {
    const server = await aServer(() => {});
    await apiAt(server.origin, { timeoutMs: 300 }).reset(EMAIL, TOKEN);
    const [socket] = server.connections;
    if (socket && !socket.destroyed) await once(socket, 'close');
  });

  test('nothing that keeps a process alive whose work has ended', async () => {
    const server = await aServer((socket) => socket.write(http(200, '{}')));
    const module = new URL('../../../../functions/reset-worker/adapters/reset-api.ts', import.meta.url);
    const script = `
      import { httpResetApi } from ${JSON.stringify(module.href)};
      const api = httpResetApi({ baseUrl: new URL(${JSON.stringify(server.origin)}), timeoutMs: 600_000, connectTimeoutMs: 600_000, now: Date.now });
      console.log((await api.reset('a@example.com', 'token')).status);`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script]);
    const [[code], output] = await Promise.all([once(child, 'exit'), child.stdout.setEncoding('utf8').toArray()]);
    expect({ code, output: output.join('') }).toEqual({ code: 0, output: '200\n' });
  });
});
