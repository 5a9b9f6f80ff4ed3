import { setTimeout as delay } from 'node:timers/promises';
import { type IPty, spawn } from '@lydell/node-pty';
import headless, { type IBufferCell, type IBufferLine } from '@xterm/headless';
import type { CastEvent, Look, Run, Size } from './formats.ts';

/** Only what fails takes so long. */
const LIMIT_MS = 180_000;
/** Whoever looks at a recording does not want to wait longer than that for something to move, in seconds. */
const LONGEST_STILL = 2;
/** How long a person takes for a key, and looks at what was typed before Enter, in seconds. */
const KEY = 0.08;
const BEFORE_ENTER = 0.5;
/** A key that is not echoed by then is not shown at all. */
const ECHO_MS = 500;
/** Nothing more comes of what was written at once. A bar that moves is drawn every 100 ms. */
const QUIET_MS = 40;

export const PROMPT = '$';

/**
 * A person at a shell, and all that the terminal shows. What is typed has times of its own, so that a recording does not depend on how
 * fast the machine echoes; what programs write has the time they took.
 */
export class Recorder {
  readonly events: CastEvent[] = [];
  private readonly size: Size;
  private readonly shell: IPty;
  private readonly screen: InstanceType<typeof headless.Terminal>;
  /** Seconds in the recording. */
  private at = 0;
  private isTyping = false;
  private shownAt = performance.now();
  /** The row in which Enter was pressed last: what stands above it is no answer to it. */
  private answersFrom = 0;
  private readonly looks = new Set<() => void>();

  /** @param env PATH must lead to what is typed. */
  constructor(size: Size, folder: string, env: Record<string, string>) {
    this.size = size;
    this.screen = new headless.Terminal({
      cols: size.columns,
      rows: size.rows,
      scrollback: 10_000,
      allowProposedApi: true,
    });
    // Without its line editor the shell shows what is typed as it is typed, and nothing else.
    this.shell = spawn('bash', ['--norc', '--noprofile', '--noediting', '-i'], {
      name: 'xterm-256color',
      cols: size.columns,
      rows: size.rows,
      cwd: folder,
      env: { ...env, PS1: `\\[\\e[32m\\]${PROMPT}\\[\\e[0m\\] ` },
    });
    this.shell.onData((text) => this.show(text));
  }

  private show(text: string): void {
    const now = performance.now();
    if (!this.isTyping) this.at += Math.min((now - this.shownAt) / 1000, LONGEST_STILL);
    this.shownAt = now;
    this.events.push({ at: this.at, kind: 'output', text });
    this.screen.write(text, () => {
      for (const look of this.looks) look();
    });
  }

  /** Waits for the shell; the recording begins when it is there. */
  async starts(): Promise<void> {
    await this.ends();
    this.events.length = 0;
    this.at = 0;
  }

  /** Begins with an empty screen, and tells players what begins. */
  begins(title: string): void {
    this.events.push({ at: this.at, kind: 'marker', text: title });
    this.shownAt = performance.now();
    this.show(`\u001b[H\u001b[2J\u001b[32m${PROMPT}\u001b[0m `);
  }

  /** Types at a person's speed, from a full second on: then most times are the same in the next recording. */
  async types(keys: string): Promise<void> {
    this.isTyping = true;
    this.at = Math.ceil(this.at);
    for (const key of keys) {
      this.at += KEY;
      const echoed = this.nextOutput();
      this.shell.write(key);
      await Promise.race([echoed, delay(ECHO_MS)]);
    }
    this.at += BEFORE_ENTER;
    this.isTyping = false;
  }

  /** Presses a key, such as Enter, whose answer takes the time that it takes. */
  presses(key: string): void {
    const { baseY, cursorY } = this.screen.buffer.active;
    this.answersFrom = baseY + cursorY;
    this.shownAt = performance.now();
    this.shell.write(key);
  }

  /** Gives the reader time. */
  reads(seconds: number): void {
    this.at += seconds;
  }

  /** Something is shown below where a key was pressed last, or on the screen that a program has for itself. */
  shows(what: RegExp): Promise<void> {
    const isShown = (): boolean => {
      const { type } = this.screen.buffer.active;
      return what.test(this.text(type === 'normal' ? this.answersFrom : 0));
    };
    return this.until(`${what} is shown`, () => {
      if (!isShown() && this.isAtPrompt())
        throw new Error(`The command ended before ${what} was shown. The screen:\n${this.text()}`);
      return isShown();
    });
  }

  /** The command has ended, and the shell waits for the next. */
  ends(): Promise<void> {
    return this.until('the shell asks for the next command', () => this.isAtPrompt());
  }

  private isAtPrompt(): boolean {
    const { cursorX, cursorY, viewportY } = this.screen.buffer.active;
    return cursorX === PROMPT.length + 1 && this.line(viewportY + cursorY) === PROMPT;
  }

  /** The last command and all of its answer, also what has scrolled off; of a program that has the screen for itself, the screen. */
  async still(): Promise<Run[][]> {
    while (performance.now() - this.shownAt < QUIET_MS) await delay(QUIET_MS / 4);
    const { active } = this.screen.buffer;
    const written = Array.from({ length: active.length }, (_, row) => row);
    const first = active.type === 'normal' ? written.findLast((row) => this.line(row).startsWith(`${PROMPT} `)) : 0;
    const last = written.findLast((row) => !['', PROMPT].includes(this.line(row))) ?? 0;
    return written.slice(first, last + 1).map((row) => runsOf(active.getLine(row), this.size.columns));
  }

  /** Ends the shell and what runs in it. */
  close(): void {
    this.shell.kill('SIGKILL');
  }

  private text(from = 0): string {
    return this.lineNumbers()
      .filter((row) => row >= from)
      .map((row) => this.line(row))
      .join('\n');
  }

  private lineNumbers(): number[] {
    const { viewportY } = this.screen.buffer.active;
    return Array.from({ length: this.size.rows }, (_, row) => viewportY + row);
  }

  private line(row: number): string {
    return this.screen.buffer.active.getLine(row)?.translateToString(true).trimEnd() ?? '';
  }

  private nextOutput(): Promise<void> {
    return new Promise((resolve) => {
      const { dispose } = this.shell.onData(() => {
        dispose();
        resolve();
      });
    });
  }

  private until(what: string, isSo: () => boolean): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(timer);
        this.looks.delete(look);
        end();
      };
      const look = (): void => {
        try {
          if (isSo()) settle(resolve);
        } catch (error) {
          settle(() => reject(error));
        }
      };
      const late = (): Error => new Error(`${LIMIT_MS / 1000} s passed before ${what}. The screen:\n${this.text()}`);
      const timer = setTimeout(() => settle(() => reject(late())), LIMIT_MS);
      this.looks.add(look);
      look();
    });
  }
}

/** The characters of a row, in runs that look the same; those that end it and show nothing are left out. */
function runsOf(line: IBufferLine | undefined, columns: number): Run[] {
  const runs: Run[] = [];
  for (let column = 0; column < columns; column += 1) {
    const cell = line?.getCell(column);
    // The second half of a wide character.
    if (cell === undefined || cell.getWidth() === 0) continue;
    const look = lookOf(cell);
    const text = cell.getChars() || ' ';
    const last = runs.at(-1);
    if (last !== undefined && isSame(last.look, look)) {
      last.text += text;
      last.width += cell.getWidth();
    } else runs.push({ column, width: cell.getWidth(), text, look });
  }
  const last = runs.at(-1);
  if (last === undefined || last.look.background !== undefined) return runs;
  const text = last.text.trimEnd();
  // Spaces take one column each.
  const width = last.width - (last.text.length - text.length);
  return text === '' ? runs.slice(0, -1) : [...runs.slice(0, -1), { ...last, text, width }];
}

function lookOf(cell: IBufferCell): Look {
  if (cell.isInverse() || cell.isFgRGB() || cell.isBgRGB()) throw new Error('The picture shows no such colours.');
  return {
    ...(cell.isFgPalette() ? { colour: cell.getFgColor() } : {}),
    ...(cell.isBgPalette() ? { background: cell.getBgColor() } : {}),
    ...(cell.isBold() ? { bold: true } : {}),
    ...(cell.isDim() ? { dim: true } : {}),
    ...(cell.isItalic() ? { italic: true } : {}),
    ...(cell.isUnderline() ? { underline: true } : {}),
  };
}

const isSame = (one: Look, other: Look): boolean => JSON.stringify(one) === JSON.stringify(other);
