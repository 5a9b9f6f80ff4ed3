// biome-ignore lint/suspicious/noControlCharactersInRegex: Colours are what is looked for.
const COLOUR = /^\u001b\[[\d;]*m$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: Colours are what is looked for.
const MARKS = /\u001b\[[\d;]*m|\P{M}?\p{M}+|\P{M}/gu;
const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

function columnsOf(mark: string): number {
  if (COLOUR.test(mark)) return 0;
  return WIDE.test(mark) ? 2 : 1;
}

/** The rows that a line takes, broken between words where it can be. Colours take no room and go on in the next row. */
export function wrap(line: string, columns: number): string[] {
  const rows: string[] = [];
  let row = '';
  let width = 0;
  let word = { begin: 0, column: 0 };
  for (const mark of line.match(MARKS) ?? []) {
    const isSpace = mark === ' ';
    const markWidth = columnsOf(mark);
    if (width > 0 && width + markWidth > columns) {
      const whole = isSpace || word.begin === 0;
      rows.push((whole ? row : row.slice(0, word.begin)).trimEnd());
      row = whole ? '' : row.slice(word.begin);
      width = whole ? 0 : width - word.column;
      word = { begin: 0, column: 0 };
      // The break stands for it.
      if (isSpace) continue;
    }
    row += mark;
    width += markWidth;
    // An indentation is no place to break.
    if (isSpace && row.trim() !== '') word = { begin: row.length, column: width };
  }
  return [...rows, row];
}
