// biome-ignore lint/suspicious/noControlCharactersInRegex: Control characters are what a terminal is given.
const PARTS = /\u001b\[(\??)([\d;]*)([A-Za-z])|\r|\n|\u001b|[^\r\n\u001b]/gu;

interface Buffer {
  rows: string[][];
  row: number;
  column: number;
}

/**
 * What a person sees on a terminal: it obeys the control sequences that the command line and Node's readline write, and throws at any other.
 * Every character takes one column. Rows that scroll off are kept above.
 */
export class EmulatedScreen {
  columns: number;
  height: number;
  cursorIsVisible = true;
  /** The colours and weights in force, as their codes. */
  styles = new Set<string>();
  #main: Buffer = { rows: [[]], row: 0, column: 0 };
  #second: Buffer | undefined;

  constructor(columns: number, height: number) {
    this.columns = columns;
    this.height = height;
  }

  /** The second screen is shown, as pagers use it. */
  get isSecond(): boolean {
    return this.#second !== undefined;
  }

  /** The rows that can be seen, without the blank ones at the end; of the first screen also what has scrolled off. */
  get text(): string {
    const { rows } = this.#shown;
    return rows
      .map((row) =>
        Array.from(row, (mark) => mark ?? ' ')
          .join('')
          .trimEnd(),
      )
      .join('\n')
      .trimEnd();
  }

  /** What does not fit any more is cut off, as terminals do with their second screen. */
  resize(columns: number, height: number): void {
    this.columns = columns;
    this.height = height;
    const { rows } = this.#shown;
    for (const row of rows) row.length = Math.min(row.length, columns);
    if (this.#second) this.#second.rows.length = Math.min(rows.length, height);
  }

  write(text: string): void {
    for (const [part, isPrivate, numbers = '', letter] of text.matchAll(PARTS)) {
      if (letter !== undefined) this.#obey(part, isPrivate === '?', numbers, letter);
      else if (part === '\r') this.#shown.column = 0;
      else if (part === '\n') this.#lineFeed();
      else if (part === '\u001b') throw new Error(`Not a control sequence: ${JSON.stringify(text)}`);
      else this.#put(part);
    }
  }

  get #shown(): Buffer {
    return this.#second ?? this.#main;
  }

  /** Where the first row of the window is. */
  get #top(): number {
    return Math.max(0, this.#shown.rows.length - this.height);
  }

  #put(mark: string): void {
    const shown = this.#shown;
    if (shown.column >= this.columns) {
      shown.column = 0;
      this.#lineFeed();
    }
    this.#row()[shown.column] = mark;
    shown.column += 1;
  }

  #lineFeed(): void {
    const shown = this.#shown;
    shown.row += 1;
    if (this.#second && shown.row >= this.height) {
      shown.rows.shift();
      shown.row = this.height - 1;
    }
    this.#row();
  }

  #row(): string[] {
    const { rows, row } = this.#shown;
    while (rows.length <= row) rows.push([]);
    return rows[row] ?? [];
  }

  #obey(part: string, isPrivate: boolean, numbers: string, letter: string): void {
    const shown = this.#shown;
    const first = Number(numbers.split(';')[0]);
    if (isPrivate) {
      this.#switch(part, first, letter === 'h');
      return;
    }
    switch (letter) {
      case 'm':
        for (const code of numbers.split(';')) this.#style(code);
        return;
      case 'G':
        shown.column = Math.max(1, first) - 1;
        return;
      case 'A':
        shown.row = Math.max(this.#top, shown.row - Math.max(1, first));
        return;
      case 'H':
        shown.row = this.#top + Math.max(1, first) - 1;
        shown.column = Math.max(1, Number(numbers.split(';')[1] ?? 1)) - 1;
        return;
      case 'J':
        if (first !== 0) break;
        this.#row().length = Math.min(this.#row().length, shown.column);
        shown.rows.length = shown.row + 1;
        return;
      case 'K':
        if (first === 2) this.#row().length = 0;
        else if (first === 0) this.#row().length = Math.min(this.#row().length, shown.column);
        else break;
        return;
    }
    throw new Error(`The emulated screen does not know ${JSON.stringify(part)}.`);
  }

  #switch(part: string, mode: number, on: boolean): void {
    if (mode === 25) this.cursorIsVisible = on;
    else if (mode === 1049) this.#second = on ? { rows: [[]], row: 0, column: 0 } : undefined;
    else if (mode !== 2026) throw new Error(`The emulated screen does not know ${JSON.stringify(part)}.`);
  }

  #style(code: string): void {
    // Each weight and colour has a code that ends it.
    const ended: Record<string, RegExp> = { '0': /./, '': /./, '22': /^[12]$/, '39': /^3[0-7]$|^9[0-7]$/ };
    const { [code]: what } = ended;
    if (what === undefined) this.styles.add(code);
    else for (const style of this.styles) if (what.test(style)) this.styles.delete(style);
  }
}
