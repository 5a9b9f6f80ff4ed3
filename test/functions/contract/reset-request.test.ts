import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LETTER_ATTRIBUTES } from '../../../functions/contract/dead-letter.ts';
import { publishedSchema, SCHEMA_FILE } from '../../../functions/contract/published-schema.ts';
import { parseRequestId, parseResetRequest } from '../../../functions/contract/reset-request.ts';

const EMAIL = 'jane.roe@example.com';
const parse = (members: Record<string, unknown>) => parseResetRequest(JSON.stringify({ email: EMAIL, ...members }));
const problemOf = (members: Record<string, unknown>): string => {
  const parsed = parse(members);
  return parsed.ok ? 'accepted' : parsed.problem;
};

describe('the body of a message', () => {
  it('gives its members, and leaves out those of its producer’s own', () => {
    const request = {
      email: EMAIL,
      requestId: 'a',
      campaignId: 'c',
      requestedBy: 'help desk',
      reason: 'phishing',
      notAfter: '2026-11-23T18:00:00Z',
    };
    expect(parse({ ...request, ticket: 5, __proto__: null })).toEqual({ ok: true, request });
    expect(parse({})).toEqual({ ok: true, request: { email: EMAIL } });
  });

  const TIME = 'notAfter is not an RFC 3339 time such as 2026-11-23T18:00:00Z';
  it.each<[string, unknown, string]>([
    ['email', 'a@b.cd', 'accepted'],
    ['email', 'A.b_c%d+e-f9@x-1.y.ZZ', 'accepted'],
    ['email', `${'a'.repeat(1012)}@example.com`, 'accepted'],
    ['email', `${'a'.repeat(1013)}@example.com`, 'email is longer than 1024 characters'],
    ['email', undefined, 'email is missing'],
    ['email', null, 'email is not a string'],
    ['email', 5, 'email is not a string'],
    ['email', '', 'email is not an address that the API accepts'],
    ['email', 'a@b', 'email is not an address that the API accepts'],
    ['email', 'a@b.c', 'email is not an address that the API accepts'],
    ['email', '@b.cd', 'email is not an address that the API accepts'],
    ['email', ' a@b.cd', 'email is not an address that the API accepts'],
    ['email', 'a@b.cd\n', 'email is not an address that the API accepts'],
    ['email', 'a@b_c.de', 'email is not an address that the API accepts'],
    ['requestId', 'Az09._:-', 'accepted'],
    ['requestId', 'x'.repeat(128), 'accepted'],
    ['requestId', 'x'.repeat(129), 'requestId is longer than 128 characters'],
    ['requestId', '', 'requestId is empty'],
    ['requestId', 'a#b', 'requestId has a character other than A-Z a-z 0-9 . _ : -'],
    ['requestId', 'a\n', 'requestId has a character other than A-Z a-z 0-9 . _ : -'],
    ['requestId', 'é', 'requestId has a character other than A-Z a-z 0-9 . _ : -'],
    ['requestId', null, 'requestId is not a string'],
    ['requestId', 7, 'requestId is not a string'],
    ['campaignId', 'x'.repeat(64), 'accepted'],
    ['campaignId', 'none', 'accepted'],
    ['campaignId', 'x'.repeat(65), 'campaignId is longer than 64 characters'],
    ['campaignId', '', 'campaignId is empty'],
    ['campaignId', '#campaigns', 'campaignId has a character other than A-Z a-z 0-9 . _ : -'],
    ['requestedBy', '', 'accepted'],
    ['requestedBy', '😀'.repeat(256), 'accepted'],
    ['requestedBy', '😀'.repeat(257), 'requestedBy is longer than 256 characters'],
    ['requestedBy', {}, 'requestedBy is not a string'],
    ['reason', '😀'.repeat(512), 'accepted'],
    ['reason', 'x'.repeat(513), 'reason is longer than 512 characters'],
    ['reason', true, 'reason is not a string'],
    ['notAfter', '2026-11-23T18:00:00Z', 'accepted'],
    ['notAfter', '2026-11-23T18:00:00.123456789Z', 'accepted'],
    ['notAfter', '2026-11-23T18:00:00+05:30', 'accepted'],
    ['notAfter', '2028-02-29T23:59:59-12:00', 'accepted'],
    ['notAfter', '2026-02-29T00:00:00Z', TIME],
    ['notAfter', '2026-11-31T00:00:00Z', TIME],
    ['notAfter', '2026-11-23T24:00:00Z', TIME],
    ['notAfter', '2026-11-23T18:00:60Z', TIME],
    ['notAfter', '2026-11-23T18:00Z', TIME],
    ['notAfter', '2026-11-23T18:00:00', TIME],
    ['notAfter', '2026-11-23', TIME],
    ['notAfter', '2026-11-23 18:00:00Z', TIME],
    ['notAfter', '2026-11-23T18:00:00+0530', TIME],
    ['notAfter', '1795435200', TIME],
    ['notAfter', 1795435200, TIME],
    ['notAfter', '', TIME],
  ])('with %s %j: %s', (member, value, expected) => {
    expect(problemOf({ [member]: value })).toBe(expected);
  });

  it('at fault in several members names each', () => {
    expect(problemOf({ email: undefined, requestId: '', reason: 1 })).toBe(
      'email is missing; requestId is empty; reason is not a string',
    );
  });

  it.each([
    ['null', 'the body is not a JSON object'],
    ['[]', 'the body is not a JSON object'],
    ['"a@b.cd"', 'the body is not a JSON object'],
    ['true', 'the body is not a JSON object'],
    ['', 'the body is not JSON'],
    ['{}}', 'the body is not JSON'],
    [' '.repeat(65_537), 'the body has 65537 bytes, more than 65536'],
    [' '.repeat(65_536), 'the body is not JSON'],
    ['é'.repeat(32_769), 'the body has 65538 bytes, more than 65536'],
  ])('%.20j is none: %s', (body, problem) => {
    expect(parseResetRequest(body)).toEqual({ ok: false, problem });
  });

  it('never throws, and never quotes what it refuses', () => {
    const member = fc.oneof(fc.string({ minLength: 8 }), fc.integer(), fc.constant(null), fc.array(fc.string()));
    const names = fc.constantFrom('email', 'requestId', 'campaignId', 'requestedBy', 'reason', 'notAfter', 'x');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.dictionary(names, member).map((all) => JSON.stringify(all)),
        ),
        (body) => {
          const parsed = parseResetRequest(body);
          if (parsed.ok) return;
          expect(parsed.problem).toMatch(
            /^((the body (is not JSON|is not a JSON object))|((email|requestId|campaignId|requestedBy|reason|notAfter) [a-zA-Z0-9 ._:-]+(; )?)+)$/,
          );
        },
      ),
    );
  });

  it('with a time has one that is a time to the machine too', () => {
    const digits = (from: number, to: number) =>
      fc.integer({ min: from, max: to }).map((n) => String(n).padStart(2, '0'));
    const time = fc
      .tuple(
        fc.integer({ min: 0, max: 9999 }).map((year) => String(year).padStart(4, '0')),
        digits(0, 13),
        digits(0, 32),
        digits(0, 25),
        digits(0, 61),
        digits(0, 61),
        fc.constantFrom('', '.5', '.123456789'),
        fc.constantFrom('Z', '+00:00', '-23:59', '+24:00', '', 'z'),
      )
      .map(([y, mo, d, h, mi, s, fraction, zone]) => `${y}-${mo}-${d}T${h}:${mi}:${s}${fraction}${zone}`);
    fc.assert(
      fc.property(time, (notAfter) => {
        if (parse({ notAfter }).ok) expect(Date.parse(notAfter)).not.toBeNaN();
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a request id outside a body', () => {
  it.each([
    [undefined, { ok: true, requestId: undefined }],
    ['a', { ok: true, requestId: 'a' }],
    ['', { ok: false, problem: 'is empty' }],
    ['a b', { ok: false, problem: 'has a character other than A-Z a-z 0-9 . _ : -' }],
    [
      '%'.repeat(129),
      { ok: false, problem: 'is longer than 128 characters; has a character other than A-Z a-z 0-9 . _ : -' },
    ],
  ])('%j is %o', (value, parsed) => {
    expect(parseRequestId(value)).toEqual(parsed);
  });
});

describe('the published schema', () => {
  it('is what `npm run schema` would write today', () => {
    expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(publishedSchema());
  });

  interface Member {
    minLength?: number;
    maxLength?: number;
    pattern?: string;
  }
  const schema = JSON.parse(publishedSchema()) as { properties: Record<string, Member>; required: string[] };
  /** As JSON Schema has it: lengths in characters, patterns with `u`. */
  const allows = (request: Record<string, unknown>): boolean =>
    schema.required.every((name) => request[name] !== undefined) &&
    Object.entries(schema.properties).every(([name, { minLength = 0, maxLength = 1e9, pattern = '' }]) => {
      const value = request[name];
      if (value === undefined) return true;
      if (typeof value !== 'string') return false;
      const length = [...value].length;
      return length >= minLength && length <= maxLength && new RegExp(pattern, 'u').test(value);
    });

  it('and the parser agree', () => {
    const id = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.stringMatching(/^[A-Za-z0-9._:-]{1,5}$/),
      fc.constantFrom('x'.repeat(64), 'x'.repeat(65), 'x'.repeat(128), 'x'.repeat(129)),
    );
    const words = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 254, max: 258 }).map((n) => '😀'.repeat(n)),
      fc.integer({ min: 510, max: 514 }).map((n) => 'é'.repeat(n)),
    );
    const email = fc.oneof(
      fc.emailAddress(),
      fc.string(),
      fc.stringMatching(/^[a-zA-Z0-9._%+-]{1,4}@[a-zA-Z0-9.-]{1,4}\.[a-zA-Z]{1,3}$/),
      fc.integer({ min: 1010, max: 1015 }).map((n) => `${'a'.repeat(n)}@example.com`),
    );
    const time = fc.oneof(fc.constantFrom('2026-11-23T18:00:00Z', '2026-02-30T00:00:00Z', '2026-11-23'), fc.string());
    const request = fc.record(
      {
        email,
        requestId: id,
        campaignId: id,
        requestedBy: words,
        reason: words,
        notAfter: time,
        extra: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(request, fc.dictionary(fc.constantFrom('email', 'requestId', 'reason'), fc.jsonValue())),
        (members) => {
          // A lone surrogate does not survive JSON as text; nobody can send one.
          const sent = JSON.parse(JSON.stringify(members)) as Record<string, unknown>;
          expect({ sent, ok: parseResetRequest(JSON.stringify(sent)).ok }).toEqual({ sent, ok: allows(sent) });
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('a dead letter', () => {
  it('has ten attributes, SQS’s limit, by names of their own', () => {
    expect(new Set(Object.values(LETTER_ATTRIBUTES)).size).toBe(10);
  });
});
