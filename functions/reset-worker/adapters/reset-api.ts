import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { transportCause } from '../../common/causes.ts';
import type { EpochMs } from '../../common/clock.ts';
import type { ApiAnswer, ResetApi } from '../core/ports.ts';
import { cleanDetail } from '../core/redact.ts';
import { parseRateLimitReset, parseRetryAfter } from '../core/retry-policy.ts';

const OPERATION = '/api/web/custom/password/admin_reset';
/** Error bodies are for a person's eyes; a gateway may send megabytes. */
const MAX_BODY_BYTES = 16 * 1024;
/** A status is worth more than the rest of a slow body. */
const BODY_TIMEOUT_MS = 2_000;
/**
 * A kept connection is not used again after this long: while the sandbox was frozen the far end may have closed it, and a request that
 * dies on it could not be told from one that was served.
 */
const MAX_IDLE_MS = 4_000;

export interface ResetApiOptions {
  /** May carry a path of its own, which is kept. */
  baseUrl: URL;
  /** For the call, from the look-up of the name to the status; the start of an error's body has 2 s more. */
  timeoutMs: number;
  /** For the connection only; a call that fails by it was not made. */
  connectTimeoutMs: number;
  now: () => EpochMs;
}

/** The admin reset operation over HTTP. One call is one request: no repeats, and no redirect is followed, since the token would travel along. */
export function httpResetApi({ baseUrl, timeoutMs, connectTimeoutMs, now }: ResetApiOptions): ResetApi {
  const url = new URL(baseUrl);
  url.pathname = url.pathname.replace(/\/+$/, '') + OPERATION;
  const { Agent, request } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true });
  const idleSince = new WeakMap<Socket, EpochMs>();
  agent.on('free', (socket: Socket) => idleSince.set(socket, now()));

  return {
    reset(email, token) {
      closeIdle(agent, (socket) => now() - (idleSince.get(socket) ?? 0) > MAX_IDLE_MS);
      const body = JSON.stringify({ email });
      return new Promise<ApiAnswer>((resolve) => {
        let connected = false;
        let handedOver = false;
        let answered = false;
        const call = request(url, {
          method: 'POST',
          agent,
          headers: {
            authorization: `APIToken ${token}`,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            accept: 'application/json',
          },
        });
        const failed = (word: string, sent = connected) =>
          settle({ kind: sent ? 'no-answer' : 'not-sent', why: transportCause(word) });
        const giveUp = (why: string) => {
          failed(why);
          call.destroy();
        };
        const callTimer = setTimeout(() => giveUp('timeout'), timeoutMs);
        const connectTimer = setTimeout(() => connected || giveUp('connect-timeout'), connectTimeoutMs);
        const settle = (answer: ApiAnswer) => {
          clearTimeout(callTimer);
          clearTimeout(connectTimer);
          resolve(answer);
        };
        call.on('socket', (socket: Socket) => {
          // A new one that is not connecting by now has failed already.
          if (call.reusedSocket) connected = true;
          else {
            socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
              connected = true;
            });
          }
        });
        call.on('error', (error: NodeJS.ErrnoException) => {
          // After an answer the rest of the exchange is of no interest.
          if (answered) return;
          // A request that the kernel refused never reached the wire: the connection was dead before it.
          const refused = error.syscall === 'write' && !handedOver;
          failed(error.code ?? error.name, connected && !refused);
        });
        call.on('finish', () => {
          handedOver = true;
        });
        // A switch of protocols ends the exchange without any other event.
        call.on('close', () => answered || failed('closed'));
        call.on('response', (response) => {
          answered = true;
          clearTimeout(callTimer);
          const status = response.statusCode ?? 0;
          const retryAfterMs = retryAfterOf(status, response.headers, now());
          const isHtml = /^text\/html\b/i.test(response.headers['content-type']?.trim() ?? '');
          const known = { email, token };
          const redirectHost = hostOf(response.headers.location, url, known);
          const answer = (detail: string): ApiAnswer => ({
            kind: 'answered',
            status,
            detail,
            ...(redirectHost === undefined ? {} : { redirectHost }),
            ...(isHtml ? { isHtml } : {}),
            ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
          });
          if (status >= 200 && status < 300) {
            // Done is done, whatever becomes of the body.
            settle(answer(''));
            readStart(response, () => undefined);
          } else {
            readStart(response, (text) => settle(answer(cleanDetail(text, known))));
          }
        });
        call.end(body);
      });
    },
  };
}

function retryAfterOf(status: number, headers: http.IncomingHttpHeaders, now: EpochMs): number | undefined {
  const retryAfterMs = parseRetryAfter(headers['retry-after'], now);
  if (retryAfterMs !== undefined || status !== 429) return retryAfterMs;
  const one = (name: string): string | undefined => [headers[name] ?? []].flat()[0];
  return parseRateLimitReset(one('ratelimit-reset'), now) ?? parseRateLimitReset(one('x-ratelimit-reset'), now);
}

/** Hands over the first bytes of a body, once, when it ends, breaks off, is long enough or takes too long. */
function readStart(response: http.IncomingMessage, done: (text: string) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isDone = false;
  const finish = () => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timer);
    const text = Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8');
    if (response.complete) return done(text);
    response.destroy();
    // The word that the break goes through is dropped: half an address would not be known for one.
    done(text.replace(/(?<!\S)\S*$/, ''));
  };
  const timer = setTimeout(finish, BODY_TIMEOUT_MS);
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= MAX_BODY_BYTES) finish();
  });
  response.on('end', finish);
  response.on('close', finish);
  response.on('error', finish);
}

/** The host that a `Location` names, if it is a plain name: never a user, path or query, and nothing of the address or the token. */
function hostOf(location: string | undefined, base: URL, known: { email: string; token: string }): string | undefined {
  const host = location === undefined ? undefined : URL.parse(location, base.href)?.hostname;
  return host !== undefined && /^[a-z0-9.-]{1,100}$/.test(host) && cleanDetail(host, known) === host ? host : undefined;
}

function closeIdle(agent: http.Agent, isStale: (socket: Socket) => boolean): void {
  for (const sockets of Object.values(agent.freeSockets)) {
    for (const socket of sockets ?? []) if (isStale(socket)) socket.destroy();
  }
}
