import * as z from 'zod/mini';

/** What a secret's value holds: the token and, in epoch milliseconds, when it expires if the value says so; or why there is none. */
export type ParsedToken =
  | { kind: 'token'; token: string; expiresAt?: number | 'malformed' }
  | { kind: 'none'; why: 'empty' | 'malformed' };

const timeSchema = z.iso.datetime({ offset: true });

/**
 * The secret's value is the token itself, or JSON `{"token": "…", "expiresAt": "…"}`, of which the second is an RFC 3339 time and optional: a
 * malformed one leaves the token as good as it is. A token is printable ASCII without spaces, quotes and backslashes: anything else could not travel in a header, or was pasted with its quotes.
 */
export function parseToken(value: string | undefined): ParsedToken {
  const text = value?.trim() ?? '';
  if (text === '') return { kind: 'none', why: 'empty' };
  const { token, ...expiry } = text.startsWith('{') ? membersOf(text) : { token: text };
  if (token === undefined || !/^[\x21\x23-\x26\x28-\x5b\x5d-\x7e]+$/.test(token)) {
    return { kind: 'none', why: 'malformed' };
  }
  return { kind: 'token', token, ...expiry };
}

function membersOf(text: string): { token?: string; expiresAt?: number | 'malformed' } {
  try {
    const { token, expiresAt }: Record<string, unknown> = JSON.parse(text);
    return {
      ...(typeof token === 'string' ? { token: token.trim() } : {}),
      ...(expiresAt === undefined || expiresAt === null ? {} : { expiresAt: timeOf(expiresAt) }),
    };
  } catch {
    return {};
  }
}

function timeOf(value: unknown): number | 'malformed' {
  const parsed = z.safeParse(timeSchema, value);
  return parsed.success ? Date.parse(parsed.data) : 'malformed';
}
