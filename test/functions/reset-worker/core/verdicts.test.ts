import { describe, expect, it } from 'vitest';
import { isHtmlPage, verdictOf } from '../../../../functions/reset-worker/core/answers.ts';
import type { ApiAnswer } from '../../../../functions/reset-worker/core/ports.ts';

const answered = (status: number, more: Partial<Extract<ApiAnswer, { kind: 'answered' }>> = {}): ApiAnswer => ({
  kind: 'answered',
  status,
  detail: 'words',
  ...more,
});

const REDIRECTED = 'answered with a redirect, which is not followed: the base URL is probably wrong';

describe('the verdict on an answer', () => {
  const kindOf = (status: number): string => {
    if (status >= 200 && status <= 299) return 'succeeded';
    const special: Record<number, string> = {
      401: 'unauthorized',
      429: 'throttled',
      503: 'unavailable',
      504: 'unknown',
    };
    return special[status] ?? (status >= 500 ? 'server-error' : 'rejected');
  };

  it('is as the design’s table says, for every status from 100 to 599', () => {
    for (let status = 100; status < 600; status += 1) {
      const kind = kindOf(status);
      const isFinal = kind === 'rejected' || kind === 'server-error';
      const detail = Math.floor(status / 100) === 3 ? REDIRECTED : 'words';
      expect(verdictOf(answered(status))).toStrictEqual({ kind, status, ...(isFinal ? { detail } : {}) });
    }
  });

  it.each<[ApiAnswer, object]>([
    [
      { kind: 'not-sent', why: 'ECONNREFUSED' },
      { kind: 'unavailable', why: 'ECONNREFUSED' },
    ],
    [
      { kind: 'no-answer', why: 'timeout' },
      { kind: 'unknown', why: 'timeout' },
    ],
  ])('%o is %o', (answer, verdict) => {
    expect(verdictOf(answer)).toStrictEqual(verdict);
  });

  it.each([
    [429, { kind: 'throttled', status: 429, retryAfterMs: 0 }],
    [503, { kind: 'unavailable', status: 503, retryAfterMs: 0 }],
    [504, { kind: 'unknown', status: 504, retryAfterMs: 0 }],
    [401, { kind: 'unauthorized', status: 401 }],
    [404, { kind: 'rejected', status: 404, detail: 'words' }],
    [500, { kind: 'server-error', status: 500, detail: 'words' }],
    [200, { kind: 'succeeded', status: 200 }],
  ])('%i keeps Retry-After where it is a reason to wait', (status, verdict) => {
    expect(verdictOf(answered(status, { retryAfterMs: 0 }))).toStrictEqual(verdict);
  });
});

describe('a redirect', () => {
  it.each([300, 301, 302, 307, 308, 399])(
    '(%i) says so in place of the page, with the host if that is known',
    (status) => {
      expect(verdictOf(answered(status, { isHtml: true }))).toStrictEqual({
        kind: 'rejected',
        status,
        detail: REDIRECTED,
      });
      expect(verdictOf(answered(status, { redirectHost: 'login.example.com' }))).toStrictEqual({
        kind: 'rejected',
        status,
        detail: 'answered with a redirect to login.example.com, which is not followed: the base URL is probably wrong',
      });
    },
  );

  it('is nothing else: another status that names a place keeps its words', () => {
    for (const status of [201, 299, 400, 404, 500]) {
      const verdict = verdictOf(answered(status, { redirectHost: 'login.example.com' }));
      expect(JSON.stringify(verdict)).not.toContain('redirect');
    }
  });
});

describe('a 2xx that is an HTML page', () => {
  const detail = 'answered with an HTML page: the base URL leads to something that is not this API';

  it.each([200, 204, 299])('(%i) is a rejection that says so in place of the page', (status) => {
    const verdict = verdictOf(answered(status, { isHtml: true, detail: '', retryAfterMs: 5 }));
    expect(verdict).toStrictEqual({ kind: 'rejected', status, detail });
    expect(isHtmlPage(verdict)).toBe(true);
  });

  it.each([
    [199, 'rejected'],
    [404, 'rejected'],
    [500, 'server-error'],
    [503, 'unavailable'],
    [401, 'unauthorized'],
  ])('is another thing than an error page with status %i', (status, kind) => {
    const verdict = verdictOf(answered(status, { isHtml: true }));
    expect(verdict.kind).toBe(kind);
    expect(isHtmlPage(verdict)).toBe(false);
    if ('detail' in verdict) expect(verdict.detail).toBe('words');
  });

  it('is another thing than a success', () => {
    expect(isHtmlPage(verdictOf(answered(200, { isHtml: false })))).toBe(false);
    expect(isHtmlPage(verdictOf(answered(200)))).toBe(false);
  });
});

/** What Envoy says before the reason; the second form is that of a request that it has retried by itself. */
const PREAMBLES = [
  'upstream connect error or disconnect/reset before headers. reset reason: ',
  'upstream connect error or disconnect/reset before headers. retried and the latest reset reason: ',
  'reset reason:',
];
const ENDINGS = [
  '',
  ', transport failure reason: delayed connect error: Connection refused',
  '. transport failure reason: TLS error',
  '; details follow',
  '\nmore',
  ' ',
];

describe('a 503 of a proxy that names its reset reason', () => {
  it.each<[reason: string, kind: string]>([
    ['connection failure', 'unavailable'],
    ['remote connection failure', 'unavailable'],
    ['connection timeout', 'unavailable'],
    ['overflow', 'unavailable'],
    ['local reset', 'unknown'],
    ['local refused stream reset', 'unknown'],
    ['remote reset', 'unknown'],
    ['remote refused stream reset', 'unknown'],
    ['local connection failure', 'unknown'],
    ['connection termination', 'unknown'],
    ['protocol error', 'unknown'],
    ['http3 upstream reset', 'unknown'],
    ['a reason of the future', 'unknown'],
    ['overflow of something', 'unknown'],
  ])('%s is %s, however the words go on', (reason, kind) => {
    for (const preamble of PREAMBLES) {
      for (const ending of ENDINGS) {
        for (const detail of [preamble + reason + ending, (preamble + reason + ending).toUpperCase()]) {
          expect({ detail, ...verdictOf(answered(503, { detail })) }).toEqual({ detail, kind, status: 503 });
        }
      }
    }
  });

  it.each(['no healthy upstream', 'try again later', '', 'connection termination', 'reset reason', 'reset reason:'])(
    'it does not name in “%s”: nothing was done',
    (detail) => {
      expect(verdictOf(answered(503, { detail })).kind).toBe('unavailable');
    },
  );

  it('keeps its Retry-After', () => {
    const detail = 'reset reason: connection termination';
    expect(verdictOf(answered(503, { detail, retryAfterMs: 9 }))).toEqual({
      kind: 'unknown',
      status: 503,
      retryAfterMs: 9,
    });
  });

  it('is looked at with 503 alone', () => {
    const detail = 'reset reason: connection failure';
    expect(verdictOf(answered(502, { detail })).kind).toBe('server-error');
    expect(verdictOf(answered(504, { detail })).kind).toBe('unknown');
    expect(verdictOf(answered(429, { detail: 'reset reason: connection termination' })).kind).toBe('throttled');
  });
});
