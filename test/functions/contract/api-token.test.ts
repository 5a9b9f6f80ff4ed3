import { validateHeaderValue } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseToken } from '../../../functions/contract/api-token.ts';

const NEW_YEAR = Date.UTC(2027, 0, 1);

describe('the value of a secret', () => {
  test.each<
    [claim: string, value: string | undefined, answer: { token: string; expiresAt?: number | 'malformed' } | string]
  >([
    ['is the token itself', 'abc+/=', { token: 'abc+/=' }],
    ['may end in a newline', 'abc\n', { token: 'abc' }],
    ['may stand between blank lines', '\r\n\t abc \r\n', { token: 'abc' }],
    ['may be JSON with a token', '{"token":"abc"}', { token: 'abc' }],
    [
      'may say when the token expires',
      '{"token":"abc","expiresAt":"2027-01-01T00:00:00Z"}',
      { token: 'abc', expiresAt: NEW_YEAR },
    ],
    [
      'may say so in another zone',
      '{"expiresAt":"2027-01-01T01:30:00.000+01:30","token":"abc"}',
      { token: 'abc', expiresAt: NEW_YEAR },
    ],
    ['may say that it does not know', '{"token":"abc","expiresAt":null}', { token: 'abc' }],
    ['has a date for a time', '{"token":"abc","expiresAt":"2027-01-01"}', { token: 'abc', expiresAt: 'malformed' }],
    [
      'has a time of no zone',
      '{"token":"abc","expiresAt":"2027-01-01T00:00:00"}',
      { token: 'abc', expiresAt: 'malformed' },
    ],
    [
      'has a day that there is not',
      '{"token":"abc","expiresAt":"2027-02-29T00:00:00Z"}',
      { token: 'abc', expiresAt: 'malformed' },
    ],
    ['has a number for a time', '{"token":"abc","expiresAt":1798761600}', { token: 'abc', expiresAt: 'malformed' }],
    ['has an empty time', '{"token":"abc","expiresAt":""}', { token: 'abc', expiresAt: 'malformed' }],
    ['is JSON with a time and no token', '{"expiresAt":"2027-01-01T00:00:00Z"}', 'malformed'],
    ['may be JSON over several lines', '{\n  "token": "abc\\n"\n}\n', { token: 'abc' }],
    ['is absent', undefined, 'empty'],
    ['is empty', '', 'empty'],
    ['is blank', ' \n', 'empty'],
    ['is JSON without a token', '{"apiToken":"abc"}', 'malformed'],
    ['is JSON with an empty token', '{"token":" "}', 'malformed'],
    ['is JSON with a number for a token', '{"token":7}', 'malformed'],
    ['is JSON with null for a token', '{"token":null}', 'malformed'],
    ['is an empty object', '{}', 'malformed'],
    ['is cut-off JSON', '{"token":"abc"', 'malformed'],
    ['is a JSON string', '"abc"', 'malformed'],
    ['has single quotes around it', "'abc'", 'malformed'],
    ['has a space inside', 'APIToken abc', 'malformed'],
    ['has a line break inside', 'abc\r\nX-Evil: 1', 'malformed'],
    ['has a line break inside its JSON', '{"token":"abc\\r\\nX-Evil: 1"}', 'malformed'],
    ['has a control character', 'ab\u0007c', 'malformed'],
    ['has a letter beyond ASCII', 'äbc', 'malformed'],
    ['has an invisible mark in front', '\u200babc', 'malformed'],
    ['has a backslash', 'ab\\c', 'malformed'],
  ])('%s', (_, value, answer) => {
    expect(parseToken(value)).toStrictEqual(
      typeof answer === 'string' ? { kind: 'none', why: answer } : { kind: 'token', ...answer },
    );
  });

  test('never gives a token that a header would refuse', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.string().map((token) => JSON.stringify({ token })),
      fc.json(),
    );
    fc.assert(
      fc.property(value, (text) => {
        const answer = parseToken(text);
        if (answer.kind === 'token') validateHeaderValue('authorization', `APIToken ${answer.token}`);
      }),
      { numRuns: 200 },
    );
  });
});
