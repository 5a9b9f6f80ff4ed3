import { MAX_DETAIL_LENGTH } from '../../contract/dead-letter.ts';

const ADDRESS = '[address]';
const TOKEN = '[token]';
/** How a dot and the sign between the parts of an address are written for people. */
const DOTS = ['.', 'dot', '(dot)', '[dot]', '{dot}', '<dot>'];
const AT = /^(?:at|[^\p{L}\p{N}])*$/u;
const MAX_AT_LENGTH = 8;
const BLANKS = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]+/gu;
const NO_BLANK = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const COLOURS = new RegExp(`${String.fromCharCode(27)}(?:\\[[\\d;]*[a-z])?`, 'gi');
const LETTER = /[\p{L}\p{N}]/u;
/** A local part this short is a word like any other. */
const SHORTEST_LOCAL_PART = 3;
/** More is not searched; the word that the cut goes through is dropped, so that no half of an address slips by. */
const MAX_SEARCHED_LENGTH = 4096;

/**
 * The API's words about a failure, fit for the ledger and a dead letter: one line of at most 256 characters, without
 * markup, control characters, any address or the token, however they were encoded.
 */
export function cleanDetail(body: string, known: { email: string; token: string }): string {
  let text = withoutColours(firstWords(messageIn(body))).replace(/<[^<>]*>/g, ' ');
  text = replaceAll(text, known.token, TOKEN);
  for (const code of codesOf(known.token)) text = replaceAll(text, code, TOKEN);
  text = decode(maskAddress(text, known.email));
  text = replaceAll(text, known.token, TOKEN).replace(/\b(APIToken|Bearer|Basic)\s+[^\s"']+/gi, `$1 ${TOKEN}`);
  text = maskAddress(text, known.email);
  // The look-behind starts each search at the beginning of a word: from the middle of a long one it would take the square of its length.
  text = text.replace(/(?<![^\s"'<>(),;:])[^\s"'<>(),;:]*\s?@\s?[^\s"'<>(),;:]*/g, ADDRESS);
  return oneLine(text, MAX_DETAIL_LENGTH);
}

/**
 * Free text of a producer for the ledger: one line of at most `length` characters, the person whose password is reset not named.
 * Unlike the API's words it may name somebody else, who asked for instance, and so it keeps other addresses. It is decoded only where
 * that shows the person's address: `CORP\nadia` is a staff id and no line break.
 *
 * Out of reach: letters of other alphabets that look alike, accents and fillers between letters (dots, tags), escapes of what is not
 * ASCII or more than three times over, and base64 or hex of more than the address as the request writes it.
 */
export function cleanAuditText(text: string, email: string, length = 256): string {
  const plain = firstWords(withoutColours(text.normalize('NFKC')));
  let said = maskAddress(plain, email);
  // An invisible character may stand inside an escape or between two words.
  for (const read of [decode, (words: string) => decode(asBlanks(words))]) {
    const reading = read(said);
    if (reading === said) continue;
    const masked = maskAddress(reading, email);
    if (masked !== reading) said = masked;
  }
  return oneLine(plainLetters(said), length);
}

/** The gateway answers with a JSON string, or with an object that has a `message`; what stands before it answers with anything. */
function messageIn(body: string): string {
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json === 'string') return json;
    if (typeof json === 'object' && json !== null && 'message' in json && typeof json.message === 'string') {
      return json.message;
    }
  } catch {
    // Not JSON, or cut off: the words are taken as they are.
  }
  return body;
}

const firstWords = (text: string): string =>
  text.length <= MAX_SEARCHED_LENGTH ? text : text.slice(0, MAX_SEARCHED_LENGTH).replace(/(?<!\S)\S*$/, '');

/** Undoes what could hide an `@`: compatibility letters, invisible characters, and percent, entity and backslash escapes, also twice over. */
function decode(text: string): string {
  let decoded = plainLetters(text);
  if (!/[%&\\]/.test(decoded)) return decoded;
  for (let pass = 0; pass < 3; pass += 1) {
    decoded = decoded
      .replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      .replace(/&#x0*([0-7]?[0-9a-f]);?/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      .replace(/&#0*(\d{1,3});?/g, (_, code: string) => String.fromCharCode(Number(code)))
      .replace(/&commat;/gi, '@')
      .replace(/&amp;/gi, '&')
      .replace(/\\u00([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      .replace(/\\x([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      .replace(/\\[bfnrt]/g, ' ');
    decoded = plainLetters(decoded);
  }
  return decoded;
}

/** What a terminal would show of it. One compatibility letter can stand for eighteen, so the length is bounded again. */
const plainLetters = (text: string): string =>
  firstWords(withoutColours(text.normalize('NFKC').replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')));

/** Without a terminal's colours: their last letter would join the word behind them, and a lone escape would take the bracket of `[address]`. */
const withoutColours = (text: string): string => text.replace(COLOURS, ' ');

/** Without their padding, which may be missing. */
const codesOf = (text: string): string[] =>
  (['base64', 'base64url', 'hex'] as const).map((encoding) => Buffer.from(text).toString(encoding).replace(/=+$/, ''));

const asBlanks = (text: string): string => text.replace(BLANKS, ' ');

/** Without blanks and in lower case. İ is the only letter that would become two. */
const lettersOf = (text: string): string => text.replace(BLANKS, '').replaceAll('İ', 'I').toLowerCase();

/** Where in a text each of its letters stands. */
const placesOf = (text: string): number[] =>
  [...text.matchAll(NO_BLANK)].flatMap(({ 0: { length }, index }) => (length === 1 ? [index] : [index, index + 1]));

/**
 * Masks the address, its base64 and hex and, as a word of its own, its local part, also with blanks between their letters.
 * A pattern that allows for all that would take milliseconds to make, and each address needs its own.
 */
function maskAddress(text: string, email: string): string {
  const letters = lettersOf(text);
  const spans = codesOf(email).flatMap((code) => spansOf(letters, code.toLowerCase()));
  // An address may itself look like an escape: `100%25@example.com`.
  const addresses = new Set([email, decode(email)].map(lettersOf));
  const mentions = [...addresses].flatMap((address) => mentionsOf(letters, address));
  if (spans.length + mentions.length === 0) return text;

  const places = placesOf(text);
  const startOf = (letter: number): number => places[letter] ?? text.length;
  const endOf = (letter: number): number => startOf(letter - 1) + 1;
  for (const { from, to, end, isName } of mentions) {
    const startsWord = !LETTER.test(text.charAt(startOf(from) - 1));
    const endsWord = !LETTER.test(text.charAt(endOf(to)));
    if (end !== undefined && (startsWord || letters.charAt(to) === '@')) spans.push([from, end]);
    else if (isName && startsWord && endsWord) spans.push([from, to]);
  }
  let masked = '';
  let done = 0;
  for (const [from, to] of spans.sort(([a], [b]) => a - b)) {
    if (startOf(from) >= done) masked += text.slice(done, startOf(from)) + ADDRESS;
    done = Math.max(done, endOf(to));
  }
  return masked + text.slice(done);
}

/** From and to which of a text's letters. */
type Span = [from: number, to: number];

/** A local part, and where the domain ends that stands beside it. */
interface Mention {
  from: number;
  to: number;
  end: number | undefined;
  /** Long enough to be masked alone. */
  isName: boolean;
}

function mentionsOf(letters: string, address: string): Mention[] {
  const at = address.lastIndexOf('@');
  const domains = dotted(address.slice(at + 1));
  const isName = at >= SHORTEST_LOCAL_PART;
  // A local part that was masked before its domain could be read has left its mask.
  return [...dotted(address.slice(0, at)), ADDRESS]
    .flatMap((localPart) => spansOf(letters, localPart))
    .map(([from, to]) => ({ from, to, end: endOfDomain(letters, to, domains), isName }));
}

function endOfDomain(letters: string, from: number, domains: string[]): number | undefined {
  for (const domain of domains) {
    const at = letters.slice(from, from + MAX_AT_LENGTH + domain.length).indexOf(domain);
    if (at !== -1 && AT.test(letters.slice(from, from + at))) return from + at + domain.length;
  }
  return undefined;
}

const dotted = (text: string): string[] => (text.includes('.') ? DOTS.map((dot) => text.replaceAll('.', dot)) : [text]);

function spansOf(letters: string, part: string): Span[] {
  const spans: Span[] = [];
  for (let at = letters.indexOf(part); at !== -1 && part !== ''; at = letters.indexOf(part, at + 1)) {
    spans.push([at, at + part.length]);
  }
  return spans;
}

function oneLine(text: string, length: number): string {
  const line = text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  return [...line].slice(0, length).join('').trim();
}

const escaped = (text: string): string => RegExp.escape(text);

const replaceAll = (text: string, part: string, by: string): string =>
  part === '' ? text : text.replace(new RegExp(escaped(part), 'giu'), by);
