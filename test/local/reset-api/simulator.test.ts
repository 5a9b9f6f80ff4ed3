import { afterEach, expect, test } from 'vitest';
import { type ApiSimulator, type SimulatorOptions, startApiSimulator } from '../../../local/reset-api/simulator.ts';

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
}

function call(api: ApiSimulator, { email = 'jo@example.com', ...options }: Call = {}): Promise<Response> {
  return fetch(`${api.baseUrl}${options.path ?? OPERATION}`, {
    method: options.method ?? 'POST',
    redirect: 'manual',
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
  const response = await call(api, { email: 'flaky429x1-afterdate90+jo@example.com' });
  const inMs = Date.parse(response.headers.get('retry-after') ?? '') - Date.now();
  expect(inMs).toBeGreaterThan(80_000);
  expect(inMs).toBeLessThanOrEqual(90_000);
});

test('an outage, an expired token and a new token take effect at once', async () => {
  const api = await start();
  api.change({ outageStatus: 503 });
  expect((await call(api)).status).toBe(503);
  api.change({ outageStatus: undefined, expired: true });
  expect((await call(api)).status).toBe(401);
  api.change({ expired: false, tokens: ['new'] });
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
  const signal = AbortSignal.timeout(50);
  const request = fetch(`${api.baseUrl}${OPERATION}`, {
    method: 'POST',
    signal,
    headers: { authorization: `APIToken ${TOKEN}`, 'content-type': 'application/json' },
    body: '{"email":"hang+jo@example.com"}',
  });
  await expect(request).rejects.toThrow(/timeout/);
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

test('statistics and settings are served beside the operation', async () => {
  const api = await start({ basePath: '/some/path' });
  const at = (path: string) => new URL(path, api.baseUrl);
  await fetch(at('/simulator/settings'), { method: 'POST', body: '{"outageStatus":503}' });
  expect((await call(api)).status).toBe(503);
  const statistics = await (await fetch(at('/simulator/stats'))).json();
  expect(statistics).toMatchObject({ calls: 1, byStatus: { '503': 1 }, peakPerMinute: 1 });
});
