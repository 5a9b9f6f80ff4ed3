import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type ApiSimulator, type SimulatorOptions, startApiSimulator } from '../../../local/reset-api/simulator.ts';
import { portThatNobodyIsGiven } from '../../support/ports.ts';

/** Only a test that fails waits so long. */
const PATIENCE = { timeout: 10_000 };
const TOKEN = 'secret-token';
const OPERATION = '/api/web/custom/password/admin_reset';
let simulator: ApiSimulator | undefined;

afterEach(async () => {
  await simulator?.stop();
  simulator = undefined;
});

async function start(options: SimulatorOptions = {}): Promise<ApiSimulator> {
  simulator = await startApiSimulator({ tokens: [TOKEN], slowBodyMs: 20, ...options });
  return simulator;
}

interface Call {
  email?: string;
  body?: string;
  method?: string;
  path?: string;
  token?: string;
  contentType?: string;
  signal?: AbortSignal;
}

function call(
  api: Pick<ApiSimulator, 'baseUrl'>,
  { email = 'jo@example.com', ...options }: Call = {},
): Promise<Response> {
  return fetch(`${api.baseUrl}${options.path ?? OPERATION}`, {
    method: options.method ?? 'POST',
    redirect: 'manual',
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    headers: {
      authorization: `APIToken ${options.token ?? TOKEN}`,
      'content-type': options.contentType ?? 'application/json',
    },
    ...(options.method === 'GET' ? {} : { body: options.body ?? JSON.stringify({ email }) }),
  });
}

test('a reset is answered with an empty object and counted', async () => {
  const api = await start({ basePath: '/some/path' });
  const response = await call(api);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({});
  expect(api.historyOf('JO@example.com')).toEqual({ calls: 1, resets: 1, silentResets: 0 });
});

test.each<[string, Call, number]>([
  ['a path that is not the operation', { path: '/elsewhere' }, 404],
  ['another method', { method: 'GET' }, 405],
  ['another content type', { contentType: 'text/plain' }, 415],
  ['a wrong token', { token: 'other' }, 401],
  ['a body that is not JSON', { body: 'email=jo' }, 400],
  ['an address against the rule', { email: "o'brien@example.com" }, 400],
  ['an unknown user', { email: 'notfound+jo@example.com' }, 404],
])('%s is refused and resets nothing', async (_, request, status) => {
  const api = await start();
  expect((await call(api, request)).status).toBe(status);
  expect(api.statistics().resets).toBe(0);
});

test('errors have the form of the gRPC gateway', async () => {
  const api = await start();
  const response = await call(api, { email: 'forbidden+jo@example.com' });
  expect(await response.json()).toEqual({ code: 7, message: 'no permission to access the resource', details: [] });
});

test.each([
  ['none', null],
  ['seconds', '60'],
  ['nonsense', 'in a little while'],
] as const)('a call over the quota is answered 429 with Retry-After in the form %s', async (retryAfter, header) => {
  const api = await start({ quota: { perMinute: 1, burst: 1 }, retryAfter });
  expect((await call(api)).status).toBe(200);
  const refused = await call(api);
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe(header);
  expect(api.statistics()).toMatchObject({ quotaUsed: 1, overQuota: 1 });
});

test('Retry-After as a date lies in the future', async () => {
  const api = await start();
  const askedAt = Date.now();
  const response = await call(api, { email: 'flaky429x1-afterdate90+jo@example.com' });
  const date = Date.parse(response.headers.get('retry-after') ?? '');
  // A date has whole seconds.
  expect(date).toBeGreaterThan(askedAt + 89_000 - 1);
  expect(date).toBeLessThanOrEqual(Date.now() + 90_000);
});

test('an expired token and a new token take effect at once', async () => {
  const api = await start();
  await api.change({ expired: true });
  expect((await call(api)).status).toBe(401);
  await api.change({ expired: false, tokens: ['new'] });
  expect((await call(api)).status).toBe(401);
  expect((await call(api, { token: 'new' })).status).toBe(200);
});

test.each([
  ['cut+jo@example.com', 0],
  ['cut-reset+jo@example.com', 1],
])('%s gets no answer', async (email, resets) => {
  const api = await start();
  await expect(call(api, { email })).rejects.toThrow();
  expect(api.historyOf(email)).toEqual({ calls: 1, resets, silentResets: resets });
  expect(api.statistics().byStatus).toEqual({ none: 1 });
});

test('a call that hangs is never answered', async () => {
  const api = await start();
  const hanging = new AbortController();
  const answered = call(api, { email: 'hang+jo@example.com', signal: hanging.signal });
  await vi.waitFor(() => expect(api.statistics().byStatus).toEqual({ none: 1 }), PATIENCE);
  expect((await call(api)).status).toBe(200);
  hanging.abort();
  await expect(answered).rejects.toThrow(/aborted/);
});

test('a redirect that is followed with the token is noticed', async () => {
  const api = await start();
  const response = await call(api, { email: 'redirect+jo@example.com' });
  expect(response.status).toBe(302);
  expect(api.statistics().redirectsFollowed).toBe(0);
  await call(api, { path: response.headers.get('location') ?? '' });
  expect(api.statistics().redirectsFollowed).toBe(1);
});

test('bodies can be huge, slow, HTML, cut off, and tell all they know', async () => {
  const api = await start();
  expect((await (await call(api, { email: 'huge+jo@example.com' })).text()).length).toBeGreaterThan(4_000_000);
  expect(await (await call(api, { email: 'slow404+jo@example.com' })).json()).toMatchObject({ code: 5 });
  expect(await (await call(api, { email: 'html404+jo@example.com' })).text()).toMatch(/^<!DOCTYPE html>/);
  const garbled = await call(api, { email: 'garbled+jo@example.com' });
  expect(garbled.status).toBe(200);
  await expect(garbled.text()).rejects.toThrow();
  const echo = await (await call(api, { email: 'echo+jo@example.com' })).text();
  for (const form of ['echo+jo@example.com', 'ECHO+JO@', 'echo%2Bjo%40', TOKEN]) expect(echo).toContain(form);
});

test('a second reset is explained only by a reset that was answered as unknown', async () => {
  const api = await start();
  for (let calls = 0; calls < 2; calls += 1) await call(api, { email: 'ghost504x1+jo@example.com' });
  expect(api.statistics()).toMatchObject({ resets: 2, secondResets: 1, explainedSecondResets: 1 });
  for (let calls = 0; calls < 2; calls += 1) await call(api, { email: 'twice@example.com' });
  expect(api.statistics()).toMatchObject({ resets: 4, addresses: 2, secondResets: 2, explainedSecondResets: 1 });
});

test.each([
  ['unreached+jo@example.com', 'remote connection failure', 0],
  ['lost+jo@example.com', 'connection termination', 0],
  ['lost-reset+jo@example.com', 'connection termination', 1],
])("%s is answered 503 in a proxy's words: %s", async (email, words, resets) => {
  const api = await start();
  const response = await call(api, { email });
  expect(response.status).toBe(503);
  expect(response.headers.get('content-type')).toBe('text/plain');
  expect(await response.text()).toMatch(
    new RegExp(`^upstream connect error or disconnect/reset before headers. reset reason: ${words}`),
  );
  expect(api.historyOf(email)).toEqual({ calls: 1, resets, silentResets: resets });
});

test('a sign-in page with status 200 is no reset, an empty body with status 200 is one', async () => {
  const api = await start();
  const page = await call(api, { email: 'html200+jo@example.com' });
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html');
  expect(api.statistics().resets).toBe(0);
  const empty = await call(api, { email: 'empty+jo@example.com' });
  expect([empty.status, await empty.text()]).toEqual([200, '']);
  expect(api.statistics().resets).toBe(1);
});

describe('an outage', () => {
  test.each([500, 502, 503, 504])('of status %i is met by everybody, resets nobody and ends', async (outage) => {
    const api = await start();
    await api.change({ outage });
    expect((await call(api)).status).toBe(outage);
    expect(api.statistics()).toMatchObject({ resets: 0, byStatus: { [outage]: 1 } });
    await api.change({ outage: null });
    expect((await call(api)).status).toBe(200);
  });

  test('can be that no call is answered', async () => {
    const api = await start({ outage: 'hang' });
    const hanging = new AbortController();
    const answered = call(api, { signal: hanging.signal });
    await vi.waitFor(() => expect(api.statistics().byStatus).toEqual({ none: 1 }), PATIENCE);
    // One that is answered meanwhile, by which the other could have been.
    await api.change({ outage: undefined });
    expect((await call(api)).status).toBe(200);
    hanging.abort();
    await expect(answered).rejects.toThrow(/aborted/);
    expect(api.statistics().resets).toBe(1);
  });

  test('can be that every connection breaks after the request was read', async () => {
    const api = await start({ outage: 'cut' });
    await expect(call(api)).rejects.toThrow();
    expect(api.statistics()).toMatchObject({ calls: 1, resets: 0, byStatus: { none: 1 } });
    await api.change({ outage: null });
    expect((await call(api)).status).toBe(200);
  });

  test('can be that connections are refused; the settings are served elsewhere meanwhile', async () => {
    const api = await start({ port: await portThatNobodyIsGiven() });
    expect((await call(api)).status).toBe(200);
    expect((await settle(api, '{"outage":"refuse"}', api.baseUrl)).status).toBe(200);
    await vi.waitFor(
      () => expect(call(api)).rejects.toMatchObject({ cause: expect.objectContaining({ code: 'ECONNREFUSED' }) }),
      PATIENCE,
    );
    expect(api.statistics().calls).toBe(1);
    expect((await settle(api, '{"outage":null}')).status).toBe(200);
    expect((await call(api)).status).toBe(200);
  });
});

describe('statistics and settings', () => {
  test('are served beside the operation and at an address of their own', async () => {
    const api = await start({ basePath: '/some/path' });
    for (const [outage, base] of [
      [503, api.baseUrl],
      [502, api.administrationUrl],
    ] as const) {
      const changed = await settle(api, JSON.stringify({ outage }), base);
      expect([changed.status, await changed.json()]).toEqual([200, { changed: true }]);
      expect((await call(api, { path: OPERATION })).status).toBe(outage);
      const statistics = await (await fetch(new URL('/simulator/stats', base))).json();
      expect(statistics).toMatchObject({ byStatus: { [outage]: 1 } });
    }
    expect((await fetch(new URL('/simulator/other', api.baseUrl))).status).toBe(404);
  });

  test('a quota and an outage are taken away by null, and what is not named stays as it is', async () => {
    const api = await start({ quota: { perMinute: 1, burst: 1 }, outage: 503 });
    await settle(api, '{"latencyMs":1}');
    expect((await call(api)).status).toBe(503);
    await settle(api, '{"outage":null}');
    expect((await call(api)).status).toBe(429);
    await settle(api, '{"quota":null}');
    expect((await call(api)).status).toBe(200);
  });

  test.each([
    ['{"expired":true}', 401, '{"expired":false}'],
    ['{"outage":503}', 503, '{"outage":null}'],
    ['{"outage":504}', 504, '{"outage":null}'],
    ['{"outage":403}', 403, '{"outage":null}'],
  ])('bring about %s, met as %i, and end it with %s', async (begin, status, end) => {
    const api = await start();
    expect((await settle(api, begin)).status).toBe(200);
    expect((await call(api)).status).toBe(status);
    expect((await settle(api, end)).status).toBe(200);
    expect((await call(api)).status).toBe(200);
  });

  test.each([
    ['no JSON', 'outage=503', 'the body is not JSON'],
    ['no object', '[]', /expected object/],
    ['an unknown member', '{"outge":503,"latencyMs":5}', 'Unrecognized key: "outge"'],
    ['an unknown outage', '{"outage":"away"}', 'outage: a status, or hang, cut, refuse'],
    ['a value of another type', '{"quota":{"perMinute":"many","burst":1}}', /^quota: perMinute: .*expected number/],
  ])('%s is refused in one line and changes nothing', async (_, body, message) => {
    const api = await start();
    const before = { ...api.settings() };
    const response = await settle(api, body);
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(text.trimEnd()).not.toContain('\n');
    expect(JSON.parse(text)).toEqual({ message: expect.stringMatching(message) });
    expect(api.settings()).toEqual(before);
  });
});

function settle(api: ApiSimulator, body: string, base = api.administrationUrl): Promise<Response> {
  return fetch(new URL('/simulator/settings', base), { method: 'POST', body });
}

test('the command prints its addresses and ends with the program that started it', async () => {
  const program = fileURLToPath(new URL('../../../local/reset-api/main.ts', import.meta.url));
  const child = spawn(process.execPath, [program, '--token', TOKEN, '--base-path', '/some/path'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { baseUrl, stats, settings } = JSON.parse(line.toString('utf8')) as Record<string, string>;
  expect((await call({ baseUrl: baseUrl ?? '' })).status).toBe(200);
  expect((await fetch(settings ?? '', { method: 'POST', body: '{"expired":true}' })).status).toBe(200);
  expect((await call({ baseUrl: baseUrl ?? '' })).status).toBe(401);
  expect(await (await fetch(stats ?? '')).json()).toMatchObject({ byStatus: { 200: 1, 401: 1 } });
  child.stdin.end();
  expect(await ended).toEqual([0, null]);
});
