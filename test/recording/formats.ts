/** What a recording is written as: an asciicast of all that was shown, and an SVG picture of a screen. */

/** Something that was shown, or the name of what begins there. */
export interface CastEvent {
  /** Seconds since the beginning. */
  at: number;
  kind: 'output' | 'marker';
  text: string;
}

export interface Size {
  columns: number;
  rows: number;
}

/** Nobody sees more pictures in a second, and how a program's output was cut in pieces is chance. */
const PICTURES_PER_SECOND = 25;

/**
 * An asciicast, version 3 (https://docs.asciinema.org/manual/asciicast/v3/): a header and one event a line, each with the seconds since the
 * one before it, so that a command that took longer changes one line.
 */
export function castOf({ columns, rows }: Size, title: string, events: readonly CastEvent[]): string {
  const shown: CastEvent[] = [];
  for (const { at, kind, text } of events) {
    const last = shown.at(-1);
    const time = Math.ceil(at * PICTURES_PER_SECOND) / PICTURES_PER_SECOND;
    if (kind === 'output' && last?.kind === 'output' && last.at === time) last.text += text;
    else shown.push({ at: time, kind, text });
  }
  const header = { version: 3, term: { cols: columns, rows, type: 'xterm-256color' }, title };
  const lines = shown.map(({ at, kind, text }, index) => {
    const since = at - (shown[index - 1]?.at ?? 0);
    return [Number(since.toFixed(2)), kind === 'output' ? 'o' : 'm', text];
  });
  return [header, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** How characters look. Colours are the terminal's sixteen, by number; without one it is the page's. */
export interface Look {
  colour?: number;
  background?: number;
  bold?: true;
  dim?: true;
  italic?: true;
  underline?: true;
}

/** Characters next to each other in a row that look the same. */
export interface Run {
  /** Counted from 0. */
  column: number;
  /** How many columns they take. */
  width: number;
  text: string;
  look: Look;
}

const FONT_SIZE = 14;
/** Most monospaced fonts are six tenths as wide as high; those that are not are fitted. */
const COLUMN = 8.4;
const ROW = 19;
const MARGIN = 16;
/** Where the base line lies in a row. */
const BASE = 14;
const PAGE = '#0d1117';
const TEXT = '#e6edf3';
/** Each is readable on the page: at least 4.5 to 1, but black, which is for backgrounds. */
const COLOURS =
  '#484f58 #ff7b72 #3fb950 #d29922 #58a6ff #bc8cff #39c5cf #b1bac4 #8b949e #ffa198 #56d364 #e3b341 #79c0ff #d2a8ff #56d4dd #ffffff'.split(
    ' ',
  );
const FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";

/**
 * A picture of rows of text, which can be selected and copied. It brings its own background, so that it is readable on any page.
 * @param words title and description, for those who do not see it.
 */
export function svgOf(
  columns: number,
  rows: readonly (readonly Run[])[],
  words: { title: string; description: string },
): string {
  const width = Math.round(columns * COLUMN + 2 * MARGIN);
  const height = rows.length * ROW + 2 * MARGIN;
  const drawn = rows.flatMap((row, index) => rowOf(row, MARGIN + index * ROW));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">
<title id="title">${escaped(words.title)}</title>
<desc id="desc">${escaped(words.description)}</desc>
<style>text{font:${FONT_SIZE}px ${FONTS};fill:${TEXT};white-space:pre}</style>
<rect width="${width}" height="${height}" rx="8" fill="${PAGE}"/>
${drawn.map((line) => `${line}\n`).join('')}</svg>
`;
}

function rowOf(row: readonly Run[], y: number): string[] {
  const backgrounds = row
    .filter(({ look }) => look.background !== undefined)
    .map(
      ({ column, width, look }) =>
        `<rect x="${x(column)}" y="${y}" width="${length(width)}" height="${ROW}" fill="${colourOf(look.background)}"/>`,
    );
  const spans = row.map(
    ({ column, width, text, look }) =>
      `<tspan x="${x(column)}" textLength="${length(width)}" lengthAdjust="spacingAndGlyphs"${styleOf(look)}>${escaped(text)}</tspan>`,
  );
  const isBlank = row.every(({ text }) => text.trim() === '');
  return isBlank
    ? backgrounds
    : [...backgrounds, `<text y="${y + BASE}" xml:space="preserve">${spans.join('')}</text>`];
}

function styleOf({ colour, bold, dim, italic, underline }: Look): string {
  const styles = [
    colour === undefined ? '' : `fill="${colourOf(colour)}"`,
    bold ? 'font-weight="bold"' : '',
    dim ? 'fill-opacity=".7"' : '',
    italic ? 'font-style="italic"' : '',
    underline ? 'text-decoration="underline"' : '',
  ];
  return styles.map((style) => (style === '' ? '' : ` ${style}`)).join('');
}

function colourOf(number: number | undefined): string {
  const colour = COLOURS[number ?? -1];
  if (colour === undefined) throw new Error(`The picture knows the sixteen colours of a terminal, and not ${number}.`);
  return colour;
}

const x = (column: number): string => rounded(MARGIN + column * COLUMN);
const length = (columns: number): string => rounded(columns * COLUMN);
const rounded = (pixels: number): string => String(Math.round(pixels * 10) / 10);

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
