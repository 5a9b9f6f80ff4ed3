import { fstatSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseArgs } from 'node:util';
import { endServer, listen, readBody } from '../aws/http.ts';
import { type AddressHistory, type CallStatistics, createCallStatistics } from './call-statistics.ts';
import { actAt, personalityOf, type RetryAfter } from './personalities.ts';
import { createTokenBucket, type Quota } from './token-bucket.ts';

/** What can be changed while the simulator runs. */
interface SimulatorSettings {
  /** Tokens that are accepted. */
  tokens: string[];
  /** All tokens have expired: 401 for every call. */
  expired: boolean;
  /** Answered to every call that is allowed at all: 503 for an outage, 403 for a token's owner without the permission. */
  outageStatus?: number | undefined;
  quota?: Quota | undefined;
  /** What a 429 of the quota says of the time to wait. */
  retryAfter: 'none' | 'seconds' | 'date' | 'nonsense';
  latencyMs: number;
  /** Added at random, at most. */
  latencyJitterMs: number;
  /** How long a `slow` body takes. */
  slowBodyMs: number;
}

export interface ApiSimulator {
  /** For `apiBaseUrl`. */
  baseUrl: string;
  settings(): Readonly<SimulatorSettings>;
  /** Changes settings from now on. A quota given anew starts full. */
  change(settings: Partial<SimulatorSettings>): void;
  statistics(): CallStatistics;
  historyOf(email: string): AddressHistory;
  stop(): Promise<void>;
}

export interface SimulatorOptions extends Partial<SimulatorSettings> {
  port?: number;
  /** Path of the base URL. The reference's own example has one. */
  basePath?: string;
}

const OPERATION = '/api/web/custom/password/admin_reset';
const ELSEWHERE = '/elsewhere';
/** From the API's own reference, not from the contract: a slip there shows here. */
const EMAIL = /^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$/;
const HUGE_BYTES = 4 * 1024 * 1024;

/** The codes of gRPC, which the gateway's error bodies repeat. */
const GRPC_CODES: Record<number, number> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  409: 10,
  429: 8,
  500: 13,
  503: 14,
  504: 4,
};
const WORDS: Record<number, string> = {
  400: 'the request is not valid',
  401: 'the operation is not authorized',
  403: 'no permission to access the resource',
  404: 'the user was not found',
  409: 'the operation conflicts with the current value',
  429: 'too many requests',
  500: 'an error was met while processing',
  503: 'the service is temporarily unavailable',
  504: 'the server timed out while processing the request',
};

/** Plays the reset API: its checks, its quota, and the personality of each address. */
export async function startApiSimulator(options: SimulatorOptions = {}): Promise<ApiSimulator> {
  const { port = 0, basePath = '', ...given } = options;
  const settings: SimulatorSettings = {
    tokens: [],
    expired: false,
    retryAfter: 'seconds',
    latencyMs: 0,
    latencyJitterMs: 0,
    slowBodyMs: 2000,
    ...given,
  };
  const statistics = createCallStatistics();
  let bucket = settings.quota === undefined ? undefined : createTokenBucket(settings.quota, Date.now());
  const change = (changes: Partial<SimulatorSettings>) => {
    Object.assign(settings, changes);
    if ('quota' in changes)
      bucket = changes.quota === undefined ? undefined : createTokenBucket(changes.quota, Date.now());
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() => request.socket.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (path.startsWith('/simulator/')) return administer(path, request, response);
    const body = await readBody(request);
    if (path !== `${basePath}${OPERATION}`) {
      statistics.count(path.startsWith(ELSEWHERE) && request.headers.authorization ? 'redirectsFollowed' : 'wrongPath');
      page(response, 404);
      return;
    }
    statistics.call(Date.now());
    const refusal = refusalOf(request, body);
    const delayMs = settings.latencyMs + Math.random() * settings.latencyJitterMs;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (refusal === undefined) play(emailIn(body) ?? '', request, response);
    else reply(response, refusal.status, refusal.retryAfter);
  }

  /** What is wrong with a call before anyone looks at the user. */
  function refusalOf(request: IncomingMessage, body: string): { status: number; retryAfter?: RetryAfter } | undefined {
    if (request.method !== 'POST') return { status: 405 };
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return { status: 415 };
    const [, token] = /^APIToken (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    if (settings.expired || token === undefined || !settings.tokens.includes(token)) return { status: 401 };
    const waitMs = bucket?.take(Date.now()) ?? 0;
    if (waitMs > 0) {
      statistics.count('overQuota');
      const seconds = Math.ceil(waitMs / 1000);
      if (settings.retryAfter === 'none') return { status: 429 };
      return {
        status: 429,
        retryAfter: settings.retryAfter === 'nonsense' ? { form: 'nonsense' } : { form: settings.retryAfter, seconds },
      };
    }
    statistics.count('quotaUsed');
    if (settings.outageStatus !== undefined) return { status: settings.outageStatus };
    return emailIn(body) === undefined ? { status: 400 } : undefined;
  }

  function play(email: string, request: IncomingMessage, response: ServerResponse): void {
    const history = statistics.address(email);
    const { act, status, resets, retryAfter } = actAt(personalityOf(email), history.calls);
    history.calls += 1;
    if (resets) {
      history.resets += 1;
      if (act === 'hang' || act === 'cut' || status === 504) history.silentResets += 1;
    }
    switch (act) {
      case 'answer':
        reply(response, status, retryAfter);
        return;
      case 'hang':
        statistics.status('none');
        return;
      case 'cut':
        statistics.status('none');
        request.socket.destroy();
        return;
      case 'cut-body':
        statistics.status(status);
        response
          .writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': 100 })
          .write('{"mess', () => {
            request.socket.destroy();
          });
        return;
      case 'redirect':
        statistics.status(status);
        response.writeHead(status, { Location: ELSEWHERE }).end();
        return;
      case 'html':
        page(response, status);
        statistics.status(status);
        return;
      case 'huge':
        reply(response, status, retryAfter, `${WORDS[status] ?? 'refused'} ${'x'.repeat(HUGE_BYTES)}`);
        return;
      case 'slow':
        statistics.status(status);
        void drip(
          response,
          status,
          status < 300 ? '{}' : errorBody(status, WORDS[status] ?? 'refused'),
          settings.slowBodyMs,
        );
        return;
      case 'echo':
        reply(response, status, retryAfter, echoOf(email, request.headers.authorization ?? ''));
        return;
    }
  }

  function reply(response: ServerResponse, status: number, retryAfter?: RetryAfter, message?: string): void {
    statistics.status(status);
    const body = status < 300 ? '{}' : errorBody(status, message ?? WORDS[status] ?? 'refused');
    const headers: Record<string, string | number> = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    };
    if (retryAfter !== undefined) headers['Retry-After'] = headerOf(retryAfter);
    response.writeHead(status, headers).end(body);
  }

  async function administer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const json = (status: number, body: unknown) =>
      void response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    if (path === '/simulator/stats' && request.method === 'GET') return json(200, statistics.read());
    if (path === '/simulator/settings' && request.method === 'POST') {
      change(JSON.parse(await readBody(request)) as Partial<SimulatorSettings>);
      return json(200, { changed: true });
    }
    json(404, { message: 'GET /simulator/stats or POST /simulator/settings' });
  }

  const origin = await listen(server, port);
  return {
    baseUrl: `${origin}${basePath}`,
    settings: () => settings,
    change,
    statistics: statistics.read,
    historyOf: statistics.historyOf,
    stop: () => endServer(server),
  };
}

function emailIn(body: string): string | undefined {
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json !== 'object' || json === null || !('email' in json)) return undefined;
    const { email } = json;
    return typeof email === 'string' && email.length <= 1024 && EMAIL.test(email) ? email : undefined;
  } catch {
    return undefined;
  }
}

const errorBody = (status: number, message: string): string =>
  JSON.stringify({ code: GRPC_CODES[status] ?? 2, message, details: [] });

function headerOf(retryAfter: RetryAfter): string {
  switch (retryAfter.form) {
    case 'seconds':
      return String(retryAfter.seconds);
    case 'date':
      return new Date(Date.now() + retryAfter.seconds * 1000).toUTCString();
    case 'nonsense':
      return 'in a little while';
  }
}

function page(response: ServerResponse, status: number): void {
  const html = `<!DOCTYPE html><html><head><title>${status}</title></head><body><h1>${status}</h1><p>gateway</p></body></html>`;
  response.writeHead(status, { 'Content-Type': 'text/html' }).end(html);
}

async function drip(response: ServerResponse, status: number, body: string, totalMs: number): Promise<void> {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  for (const character of body) {
    await new Promise((resolve) => setTimeout(resolve, totalMs / body.length));
    if (response.destroyed) return;
    response.write(character);
  }
  response.end();
}

/** A careless server's message: the address plain, upper-cased, percent-encoded, in base64 and as HTML, and the token. */
function echoOf(email: string, authorization: string): string {
  const base64 = Buffer.from(email).toString('base64');
  const entities = email.replace('@', '&#64;');
  return [
    `user ${email} was not found (${email.toUpperCase()}, ${encodeURIComponent(email)}, ${base64}, ${entities})`,
    `with ${authorization}`,
  ].join(' ');
}

/** The simulator in a process of its own, for measurements. Prints its address as one line of JSON. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      token: { type: 'string', multiple: true, default: ['local-token'] },
      'base-path': { type: 'string', default: '' },
      'calls-per-minute': { type: 'string' },
      burst: { type: 'string', default: '1' },
      'latency-ms': { type: 'string', default: '0' },
    },
  });
  const perMinute = Number(values['calls-per-minute'] ?? 0);
  const simulator = await startApiSimulator({
    port: Number(values.port),
    basePath: values['base-path'],
    tokens: values.token,
    latencyMs: Number(values['latency-ms']),
    quota: perMinute > 0 ? { perMinute, burst: Number(values.burst) } : undefined,
  });
  console.log(
    JSON.stringify({ baseUrl: simulator.baseUrl, stats: new URL('/simulator/stats', simulator.baseUrl).href }),
  );
  // A program that started it holds the other end of a pipe; it ends with that program.
  const stdin = fstatSync(0);
  if (stdin.isFIFO() || stdin.isSocket()) process.stdin.on('close', () => process.exit(0)).resume();
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
  });
}
