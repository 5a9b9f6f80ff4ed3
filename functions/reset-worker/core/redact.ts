import { MAX_DETAIL_LENGTH } from '../../contract/dead-letter.ts';

const ADDRESS = '[address]';
const TOKEN = '[token]';
/** A local part this short is a word like any other. */
const SHORTEST_LOCAL_PART = 3;
/** More is not searched; the word that the cut goes through is dropped, so that no half of an address slips by. */
const MAX_SEARCHED_LENGTH = 4096;

/**
 * The API's words about a failure, fit for the ledger and a dead letter: one line of at most 256 characters, without
 * markup, control characters, any address or the token, however they were encoded.
 */
export function cleanDetail(body: string, known: { email: string; token: string }): string {
  let text = firstWords(messageIn(body)).replace(/<[^<>]*>/g, ' ');
  text = maskAddress(replaceAll(text, known.token, TOKEN), known.email);
  for (const encoding of ['base64', 'base64url', 'hex'] as const) {
    text = replaceAll(text, encoded(known.email, encoding), ADDRESS);
    text = replaceAll(text, encoded(known.token, encoding), TOKEN);
  }
  text = replaceAll(decode(text), known.token, TOKEN).replace(/\b(APIToken|Bearer|Basic)\s+[^\s"']+/gi, `$1 ${TOKEN}`);
  // An address may itself look like an escape: `100%25@example.com`.
  text = maskAddress(maskAddress(text, known.email), decode(known.email));
  // The look-behind starts each search at the beginning of a word: from the middle of a long one it would take the square of its length.
  text = text.replace(/(?<![^\s"'<>(),;:])[^\s"'<>(),;:]*\s?@\s?[^\s"'<>(),;:]*/g, ADDRESS);
  return oneLine(text, MAX_DETAIL_LENGTH);
}

/** Free text of a producer for the ledger: one line of at most `length` characters, the person whose password is reset not named. */
export const cleanAuditText = (text: string, email: string, length = 256): string =>
  oneLine(maskAddress(text, email), length);

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
  firstWords(
    text
      .normalize('NFKC')
      .replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
      // Colours: their last letter would otherwise join the word behind them.
      .replace(/\p{Cc}\[[\d;]*[a-z]/giu, ' '),
  );

/** Without its padding, which may be missing. */
const encoded = (text: string, encoding: 'base64' | 'base64url' | 'hex'): string =>
  Buffer.from(text).toString(encoding).replace(/=+$/, '');

/** Masks the address and, as a word of its own, its local part. */
function maskAddress(text: string, email: string): string {
  const masked = replaceAll(text, email, ADDRESS);
  const localPart = email.slice(0, email.lastIndexOf('@'));
  if (localPart.length < SHORTEST_LOCAL_PART) return masked;
  // Hardly any text holds it, and the pattern with its classes of letters takes half a millisecond to make.
  if (!new RegExp(escaped(localPart), 'iu').test(masked)) return masked;
  return masked.replace(new RegExp(`(?<![\\p{L}\\p{N}])${escaped(localPart)}(?![\\p{L}\\p{N}])`, 'giu'), ADDRESS);
}

function oneLine(text: string, length: number): string {
  const line = text
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
    .slice(0, length);
  return line.toWellFormed().trim();
}

const escaped = (text: string): string => RegExp.escape(text);

const replaceAll = (text: string, part: string, by: string): string =>
  part === '' ? text : text.replace(new RegExp(escaped(part), 'giu'), by);
