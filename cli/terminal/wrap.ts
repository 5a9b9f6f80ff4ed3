/** Breaks a line between words, so that no part is wider than a terminal; what has no break is cut where it must be. Further parts are indented. */
export function wrap(line: string, columns: number, indent: number): string[] {
  if (widthOf(line) <= columns) return [line];
  const margin = ' '.repeat(Math.min(indent, Math.floor(columns / 2)));
  const parts: string[] = [];
  const [lead = ''] = /^ */.exec(line) ?? [];
  let part = lead.slice(0, margin.length);
  let isEmpty = true;
  const end = (): void => {
    parts.push(part);
    part = margin;
    isEmpty = true;
  };
  for (const word of line.split(' ').filter((one) => one !== '')) {
    if (!isEmpty && widthOf(part) + 1 + widthOf(word) > columns) end();
    if (!isEmpty) part += ' ';
    for (const mark of word) {
      if (!isEmpty && widthOf(part) + widthOf(mark) > columns) end();
      part += mark;
      isEmpty = false;
    }
  }
  return [...parts, part];
}

/** Chinese, Japanese, Korean and what follows take two columns, or are taken to: too early a break harms nobody. */
const FIRST_WIDE = 0x2e80;

const widthOf = (text: string): number =>
  [...text].reduce((sum, mark) => sum + ((mark.codePointAt(0) ?? 0) < FIRST_WIDE ? 1 : 2), 0);
