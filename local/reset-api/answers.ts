import type { ServerResponse } from 'node:http';
import type { ProxyFailure, RetryAfter } from './personalities.ts';

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
/** Envoy's own sentences. */
const PROXY_WORDS: Record<ProxyFailure, string> = {
  'before passing on':
    'upstream connect error or disconnect/reset before headers. reset reason: remote connection failure, transport failure reason: delayed connect error: 111',
  'after passing on': 'upstream connect error or disconnect/reset before headers. reset reason: connection termination',
};
const HUGE_BYTES = 4 * 1024 * 1024;

export const wordsOf = (status: number): string => WORDS[status] ?? 'refused';
export const hugeWordsOf = (status: number): string => `${wordsOf(status)} ${'x'.repeat(HUGE_BYTES)}`;

/** An empty object, or an error in the form of the gRPC gateway. */
const jsonBody = (status: number, message: string): string =>
  status < 300 ? '{}' : JSON.stringify({ code: GRPC_CODES[status] ?? 2, message, details: [] });

export function sendJson(
  response: ServerResponse,
  status: number,
  { message = wordsOf(status), retryAfter }: { message?: string; retryAfter?: RetryAfter | undefined } = {},
): void {
  if (retryAfter !== undefined) response.setHeader('Retry-After', headerOf(retryAfter));
  send(response, status, 'application/json', jsonBody(status, message));
}

/** A page of a gateway, or of a sign-in. */
export function sendPage(response: ServerResponse, status: number): void {
  const html = `<!DOCTYPE html><html><head><title>${status}</title></head><body><h1>${status}</h1><p>gateway</p></body></html>`;
  send(response, status, 'text/html', html);
}

/** What a proxy of Envoy's kind says for an API that it lost. */
export function sendProxyWords(response: ServerResponse, status: number, failure: ProxyFailure): void {
  send(response, status, 'text/plain', PROXY_WORDS[failure]);
}

export function sendEmpty(response: ServerResponse, status: number): void {
  send(response, status, 'application/json', '');
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) }).end(body);
}

/** Promises more body than it sends before the connection breaks. */
export function breakOff(response: ServerResponse, status: number): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': 100 })
    .write('{"mess', () => response.socket?.destroy());
}

/** The whole answer, its body byte by byte. It takes the same time on a busy machine, with fewer pauses. */
export async function drip(response: ServerResponse, status: number, totalMs: number): Promise<void> {
  const body = jsonBody(status, wordsOf(status));
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  const startedAt = performance.now();
  for (const [index, character] of [...body].entries()) {
    const waitMs = startedAt + ((index + 1) * totalMs) / body.length - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (response.destroyed) return;
    response.write(character);
  }
  response.end();
}

/** A careless server's message: the address plain, upper-cased, percent-encoded, in base64 and as HTML, and the token. */
export function echoOf(email: string, authorization: string): string {
  const base64 = Buffer.from(email).toString('base64');
  const entities = email.replace('@', '&#64;');
  return [
    `user ${email} was not found (${email.toUpperCase()}, ${encodeURIComponent(email)}, ${base64}, ${entities})`,
    `with ${authorization}`,
  ].join(' ');
}

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
