/** What a secret's value holds: the token, or why there is none. */
export type ParsedToken = { kind: 'token'; token: string } | { kind: 'none'; why: 'empty' | 'malformed' };

/**
 * The secret's value is the token itself, or JSON `{"token": "…"}`.
 * A token is printable ASCII without spaces, quotes and backslashes: anything else could not travel in a header, or was pasted with its quotes.
 */
export function parseToken(value: string | undefined): ParsedToken {
  const text = value?.trim() ?? '';
  if (text === '') return { kind: 'none', why: 'empty' };
  const token = text.startsWith('{') ? tokenMember(text) : text;
  if (token === undefined || !/^[\x21\x23-\x26\x28-\x5b\x5d-\x7e]+$/.test(token)) {
    return { kind: 'none', why: 'malformed' };
  }
  return { kind: 'token', token };
}

function tokenMember(text: string): string | undefined {
  try {
    const json: unknown = JSON.parse(text);
    const isObject = typeof json === 'object' && json !== null && 'token' in json;
    return isObject && typeof json.token === 'string' ? json.token.trim() : undefined;
  } catch {
    return undefined;
  }
}
