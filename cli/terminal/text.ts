import { styleText } from 'node:util';
import { type Io, type Output, print } from './io.ts';

type Style = Parameters<typeof styleText>[0];

// Control characters move the cursor or retitle the window, and the direction marks make text look like other text.
// biome-ignore lint/suspicious/noControlCharactersInRegex: They are what is looked for.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

const escaped = (mark: string): string => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Text of foreign origin as one harmless line. Line breaks and tabs become spaces, other control characters are shown by their code. */
export function plain(text: string): string {
  return text.replaceAll(/[\r\n\t]+/g, ' ').replaceAll(UNPRINTABLE, escaped);
}

/** JSON text in which no character moves the cursor or reverses the text; it reads back as the same value. */
export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, null, indent).replaceAll(UNPRINTABLE, (mark) => (mark === '\n' ? mark : escaped(mark)));

export const printJson = (io: Pick<Io, 'stdout'>, value: unknown): Promise<void> =>
  print(io.stdout, jsonText(value, 2));

/** Cuts to a number of characters, the last of them an ellipsis if any is missing. */
export function cut(text: string, characters: number): string {
  const all = [...text];
  return all.length <= characters ? text : `${all.slice(0, Math.max(0, characters - 1)).join('')}…`;
}

/** "a…@example.org", also of a local part of one character: what a screen may show of an address. */
export function maskedAddress(email: string): string {
  const at = email.lastIndexOf('@');
  const [first = ''] = at < 0 ? '' : email;
  return plain(`${first === '@' ? '' : first}…${at < 0 ? '' : email.slice(at)}`);
}

/** Text that was written can be written over. */
export const canMoveCursor = (stream: Output, env: Io['env']): boolean => stream.isTTY === true && env.TERM !== 'dumb';

/** Colour only if a person is looking. */
export const hasColour = (stream: Output, env: Io['env']): boolean => canMoveCursor(stream, env) && !env.NO_COLOR;

export type Painter = (style: Style, text: string) => string;

export const painter = (stream: Output, env: Io['env']): Painter =>
  hasColour(stream, env) ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;

export const number = (count: number): string => count.toLocaleString('en');

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;

/** Seconds are enough for people, and UTC is the same for all who read it. */
export const time = (epochMs: number): string => new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');

/** "in 3 min", "2 h ago". */
export function relative(epochMs: number, now: number): string {
  const seconds = Math.round(Math.abs(epochMs - now) / 1000);
  const amount =
    seconds < 120
      ? `${seconds} s`
      : seconds < 2 * 3600
        ? `${Math.round(seconds / 60)} min`
        : seconds < 2 * 86_400
          ? `${Math.round(seconds / 3600)} h`
          : `${Math.round(seconds / 86_400)} d`;
  return epochMs > now ? `in ${amount}` : `${amount} ago`;
}

/** "2 h 26 min", "3 d 4 h": how long something takes, for planning a day by. */
export function lasting(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  const [hours, days] = [Math.floor(minutes / 60), Math.floor(minutes / (24 * 60))];
  if (days >= 2) return joined([days, 'd'], [hours % 24, 'h']);
  return hours === 0 ? `${minutes} min` : joined([hours, 'h'], [minutes % 60, 'min']);
}

const joined = (...parts: readonly (readonly [number, string])[]): string =>
  parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${count} ${unit}`])).join(' ');

/** Copies' clocks differ by about as much, and AWS's is known to the second only. */
const SKEW_MS = 3_000;

/** "3 min ago", of what has happened: its last moments may seem to lie ahead. */
export const ago = (epochMs: number, now: number): string =>
  relative(epochMs - now <= SKEW_MS ? Math.min(epochMs, now) : epochMs, now);

/** Rows of two columns: a name and what it is. */
export function listing(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
}

/** Quoted for a POSIX shell, if it has to be. */
export const shellWord = (text: string): string =>
  /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
