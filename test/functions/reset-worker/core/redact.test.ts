import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanAuditText, cleanDetail } from '../../../../functions/reset-worker/core/redact.ts';

const EMAIL = 'jane.roe@example.com';
const LOCAL_PART = 'jane.roe';
const TOKEN = 'dG9rZW4+c2VjcmV0/LTEyMw==';
const KNOWN = { email: EMAIL, token: TOKEN };
const clean = (body: string, known = KNOWN): string => cleanDetail(body, known);

const percent = (text: string): string =>
  [...text].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');
const unicodeEscape = (text: string): string =>
  [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
const fullwidth = (text: string): string =>
  [...text].map((c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)).join('');
const between = (text: string, joint: string): string => [...text].join(joint);

/** Ways in which an API, a gateway or a logger in between may write what it was sent. */
const ENCODINGS: Record<string, (text: string) => string> = {
  plain: (text) => text,
  'upper case': (text) => text.toUpperCase(),
  'an @ in percent': (text) => text.replace('@', '%40'),
  'an @ in percent, twice': (text) => text.replace('@', '%2540'),
  'an @ in percent, three times': (text) => text.replace('@', '%252540'),
  'all in percent': percent,
  'all in percent, upper case': (text) => percent(text).toUpperCase(),
  'URL encoding': encodeURIComponent,
  'a named entity': (text) => text.replace('@', '&commat;'),
  'a decimal entity': (text) => text.replace('@', '&#64;'),
  'a padded decimal entity': (text) => text.replace('@', '&#0064;'),
  'a hexadecimal entity': (text) => text.replace('@', '&#x40;'),
  'an entity without its end': (text) => text.replace('@', '&#x40'),
  'an entity twice over': (text) => text.replace('@', '&amp;#64;'),
  'a unicode escape': (text) => text.replace('@', '\\u0040'),
  'all in unicode escapes': unicodeEscape,
  'a byte escape': (text) => text.replace('@', '\\x40'),
  base64: (text) => Buffer.from(text).toString('base64'),
  'base64 without its padding': (text) => Buffer.from(text).toString('base64').replace(/=+$/, ''),
  base64url: (text) => Buffer.from(text).toString('base64url'),
  hex: (text) => Buffer.from(text).toString('hex'),
  'a fullwidth @': (text) => text.replace('@', '＠'),
  'a small @': (text) => text.replace('@', '﹫'),
  'all fullwidth': fullwidth,
  'zero-width spaces': (text) => between(text, '\u200b'),
  'soft hyphens': (text) => between(text, '\u00ad'),
  'word joiners and byte order marks': (text) => between(text, '\u2060\ufeff'),
  'variation selectors': (text) => between(text, '\ufe0f'),
  'combining grapheme joiners': (text) => between(text, '\u034f'),
  'zero-width spaces inside a percent escape': (text) => text.replace('@', '%\u200b40'),
  'a fullwidth percent escape': (text) => text.replace('@', '％４０'),
  'spaces around the @': (text) => text.replace('@', ' @ '),
  'a tag around the @': (text) => text.replace('@', '<b>@</b>'),
};
const SURROUNDINGS: Record<string, (text: string) => string> = {
  alone: (text) => text,
  'in a sentence': (text) => `user ${text} was not found`,
  'in quotes': (text) => `user "${text}" was not found`,
  'in a JSON string': (text) => JSON.stringify(`user ${text} was not found`),
  'in a message': (text) => JSON.stringify({ code: 5, message: `user\n${text}\nwas not found` }),
  'in a member of another name': (text) => JSON.stringify({ error: `user\n${text}\twas not found` }),
  'in a list': (text) => JSON.stringify(['user', text]),
  'in HTML': (text) => `<html><body><h1>Not found</h1><p title="${text}">${text}</p></body></html>`,
  'in a mailto link': (text) => `<a href="mailto:${text}">${text}</a>`,
  'in an address with a name': (text) => `Jane <${text}>`,
  'in a query': (text) => `GET /users?email=${text}&x=1`,
  'in JSON that was cut off': (text) => `{"message":"user\\n${text}\\nwas not`,
  'among control characters': (text) => `\u0000\u0007user\r\n\u001b[31m${text}\u001b[0m\u2028\u2029`,
  'beside lone surrogates': (text) => `\ud800${text}\udc00`,
};

function expectClean(detail: string): void {
  expect(detail.toLowerCase()).not.toContain(EMAIL);
  expect(detail.toLowerCase()).not.toContain(LOCAL_PART);
  expect(detail).not.toContain(TOKEN);
  expect(detail).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(detail.length).toBeLessThanOrEqual(256);
  expect(detail.isWellFormed()).toBe(true);
  expect(detail).toBe(detail.trim());
}

describe('the API’s words', () => {
  it.each(Object.keys(ENCODINGS))('never hold the address in %s, wherever it stands', (encoding) => {
    const written = ENCODINGS[encoding]?.(EMAIL) ?? '';
    for (const surround of Object.values(SURROUNDINGS)) {
      const detail = clean(surround(written));
      expectClean(detail);
      expect(detail).not.toContain(written);
    }
  });

  it.each(['plain', 'upper case', 'all in percent', 'all fullwidth', 'zero-width spaces', 'all in unicode escapes'])(
    'never hold the part before the @ as a word, in %s',
    (encoding) => {
      for (const surround of Object.values(SURROUNDINGS)) {
        expectClean(clean(surround(ENCODINGS[encoding]?.(LOCAL_PART) ?? '')));
      }
    },
  );

  it.each([
    'plain',
    'all in percent',
    'URL encoding',
    'base64',
    'base64 without its padding',
    'base64url',
    'hex',
    'all in unicode escapes',
    'zero-width spaces',
  ])('never hold the token in %s', (encoding) => {
    for (const surround of Object.values(SURROUNDINGS)) {
      const detail = clean(surround(ENCODINGS[encoding]?.(TOKEN) ?? ''));
      expectClean(detail);
      expect(detail).not.toContain(ENCODINGS[encoding]?.(TOKEN));
    }
  });

  it.each([
    ['not found', 'not found'],
    ['"not found"', 'not found'],
    ['{"code":5,"message":"not found","details":[]}', 'not found'],
    ['{"message":5}', '{"message":5}'],
    ['{"error":"not found"}', '{"error":"not found"}'],
    ['null', 'null'],
    ['5', '5'],
    ['', ''],
    [' \r\n\t ', ''],
    ['<html><head><title>502</title></head><body>Bad gateway</body></html>', '502 Bad gateway'],
    ['a < b and c > d', 'a d'],
    ['a <b', 'a <b'],
    ['two\r\nlines\tand a \u2028 third', 'two lines and a third'],
    [`user ${EMAIL} not found`, 'user [address] not found'],
    ['user JANE.ROE@EXAMPLE.COM not found', 'user [address] not found'],
    [`user "${EMAIL}", not found`, 'user "[address]", not found'],
    ['user jane.roe not found', 'user [address] not found'],
    ['user jane.roes not found', 'user jane.roes not found'],
    ['user xjane.roe not found', 'user xjane.roe not found'],
    ['user janexroe not found', 'user janexroe not found'],
    ['ask john@example.org, or mary@example.net; now', 'ask [address], or [address]; now'],
    ['ask john @ example.org now', 'ask [address] now'],
    ['@', '[address]'],
    [`token ${TOKEN} is bad`, 'token [token] is bad'],
    ['header APIToken abc.def is bad', 'header APIToken [token] is bad'],
    ['header "Bearer abc" or basic  abc=', 'header "Bearer [token]" or basic [token]'],
    ['100% of &lt;users&gt;', '100% of &lt;users&gt;'],
    ['&amp;&#38;', '&&'],
    ['ﬁne', 'fine'],
    ['a\ue000b', 'a b'],
    ['a\u200bb', 'ab'],
    ['\u001b[31mred\u001b[0m and\u001b[1;32mgreen', 'red and green'],
    ['&#x41;&#X041;&#x42 &#65;&#0065;&#66 \\x41\\x7e \\u0041', 'AAB AAB A~ A'],
    ['a&#x9;b', 'a b'],
    [`a <${' '.repeat(5000)}> b`, 'a <'],
    ['tenant\\nexample\\tcorp\\r\\f\\b!', 'tenant example corp !'],
  ])('%j become %j', (body, detail) => {
    expect(clean(body)).toBe(detail);
  });

  it('hold at most 256 characters, none of them half', () => {
    expect(clean('x'.repeat(256))).toBe('x'.repeat(256));
    expect(clean('x'.repeat(257))).toBe('x'.repeat(256));
    expect(clean(`${'x'.repeat(255)}😀`)).toBe(`${'x'.repeat(255)}\ufffd`);
    expect(clean(`${'x'.repeat(255)} y`)).toBe('x'.repeat(255));
  });

  it('that are too many to search lose the word at the cut, so that no half of an address slips by', () => {
    const filling = ' '.repeat(4096 - 'jane.roe@exam'.length);
    expect(clean(`${filling}${EMAIL}`)).toBe('');
    expect(clean(`${' '.repeat(4096 - EMAIL.length)}${EMAIL}`)).toBe('[address]');
    expect(clean(`a ${'x'.repeat(5000)}`)).toBe('a');
    expect(clean(`a ${'x'.repeat(4094)}`)).toHaveLength(256);
    expect(clean('x'.repeat(4097))).toBe('');
  });

  it('of a person with a short name are not mangled for it', () => {
    expect(clean('al is not alone: al@example.com', { email: 'al@example.com', token: TOKEN })).toBe(
      'al is not alone: [address]',
    );
    expect(clean('ann or anne', { email: 'ann@example.com', token: TOKEN })).toBe('[address] or anne');
  });

  it('are masked by an address as it is, whatever a pattern would make of it', () => {
    const email = 'a.c+x%41-y@example.com';
    expect(clean('abc+x and a.c+x%41-y here', { email, token: TOKEN })).toBe('abc+x and [address] here');
    expect(clean(`an ${email} there`, { email, token: TOKEN })).toBe('an [address] there');
  });

  it('never hold a token whose base64 has letters beyond A to Z and digits', () => {
    const token = 'tok~?>~en?';
    for (const encoding of ['base64', 'base64 without its padding', 'base64url', 'hex']) {
      const words = clean(`bad ${ENCODINGS[encoding]?.(token)} here`, { email: EMAIL, token });
      expect(words.replace(/=+/, '')).toBe('bad [token] here');
    }
  });

  it('stay as they are where the token is empty', () => {
    expect(clean('words', { email: EMAIL, token: '' })).toBe('words');
  });
});

describe('whatever the API says', () => {
  const junk = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: fc.constantFrom(...'<>&#;%@\\"\'{}[]:,u0034x25 \n\t\u200b\ud83d') }),
    fc.json({ maxDepth: 3 }),
  );
  const secret = fc
    .tuple(fc.constantFrom(EMAIL, LOCAL_PART), fc.constantFrom(...Object.values(ENCODINGS)))
    .map(([text, encode]) => encode(text));
  const body = fc
    .array(
      fc.oneof(
        junk,
        secret.map((text) => ` ${text} `),
        fc.constant(` ${TOKEN} `),
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join(''));

  it('holds neither address nor token, is one line of at most 256 characters, and is valid text', () => {
    fc.assert(
      fc.property(body, fc.constantFrom(...Object.values(SURROUNDINGS)), (text, surround) => {
        expectClean(clean(surround(text)));
      }),
      { numRuns: 2000 },
    );
  });

  it('is masked for any address that a request may hold', () => {
    const email = fc.stringMatching(/^[a-zA-Z0-9._%+-]{3,12}@[a-zA-Z0-9.-]{1,8}\.[a-zA-Z]{2,4}$/);
    const encodings = ['plain', 'upper case', 'a named entity', 'a unicode escape', 'base64', 'hex', 'a fullwidth @'];
    fc.assert(
      fc.property(email, fc.constantFrom(...encodings), (address, encoding) => {
        const detail = clean(`user ${ENCODINGS[encoding]?.(address)} was not found`, { email: address, token: TOKEN });
        expect(detail.replace(/=+/, '')).toBe('user [address] was not found');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the time that cleaning takes', () => {
  /** The fastest of a few runs, so that a pause of the machine does not count. */
  const fastest = (work: () => void): number => {
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 5; run += 1) {
      const start = process.hrtime.bigint();
      work();
      best = Math.min(best, Number(process.hrtime.bigint() - start));
    }
    return best;
  };

  it.each([
    ['one word', 'a'],
    ['one word that expands', '㌖'],
    ['words that expand', 'ﷺ'],
    ['ends without a beginning', '>'],
    ['beginnings without an end', '<'],
    ['escapes', '%25'],
    ['escaped escapes', '%2525252540'],
    ['entities', '&amp;'],
    ['half entities', '&#x'],
    ['noughts', '&#0000000000'],
    ['addresses', 'a@b '],
    ['signs', '@'],
    ['spaces', ' '],
    ['spaces and signs', ' @ '],
    ['spaces after a scheme', 'Bearer            '],
    ['dots', '.'],
    ['parts of the address', 'jane.roe'],
    ['brackets', '['],
    ['surrogates', '\ud83d'],
  ])('for 16 kB of %s is a small multiple of that for harmless words', (_, part) => {
    const harmless = 'the user was not found in this tenant, ask somebody. '.repeat(400).slice(0, 16_384);
    const hostile = part.repeat(16_384).slice(0, 16_384);
    clean(harmless);
    clean(hostile);
    // Harmless words take well below a millisecond. Time that grows with the square of the length would be thousands of times that.
    expect(fastest(() => clean(hostile)) / fastest(() => clean(harmless))).toBeLessThan(60);
    const last4096 = hostile.slice(0, 4096);
    clean(last4096);
    expect(fastest(() => clean(last4096)) / fastest(() => clean(harmless))).toBeLessThan(60);
  });

  it('for words that do not hold the address is less than the making of one pattern with classes of letters', () => {
    let fresh = 0;
    const patterns = () => {
      for (let n = 0; n < 20; n += 1) new RegExp(`(?<![\\p{L}\\p{N}])user${fresh++}`, 'giu').test('AIDAEXAMPLE');
    };
    const cleanings = () => {
      for (let n = 0; n < 20; n += 1) cleanAuditText('AIDAEXAMPLE', `user${fresh++}@example.com`);
    };
    expect(fastest(cleanings) / fastest(patterns)).toBeLessThan(0.5);
  });
});

describe('a producer’s words for the audit', () => {
  it.each([
    ['help desk', 'help desk'],
    [`for ${EMAIL}\nby phone`, 'for [address] by phone'],
    ['for JANE.ROE, by phone', 'for [address], by phone'],
    ['by staff.member@example.com', 'by staff.member@example.com'],
    ['x'.repeat(256), 'x'.repeat(256)],
    ['\u0000\u200b', ''],
  ])('%j become %j', (text, cleaned) => {
    expect(cleanAuditText(text, EMAIL)).toBe(cleaned);
  });
});
