import type { Io, Output } from './io.ts';
import { canMoveCursor } from './text.ts';
import { wrap } from './wrap.ts';

/** A page that is drawn again and again until it ends. */
export interface Screen {
  draw(text: string): void;
  /** Gives the terminal back as it was, and leaves what was drawn last on it, as if it had been printed. */
  end(): void;
}

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_ROW = '\u001b[2K';
const CLEAR_REST = '\u001b[J';
const NO_COLOUR = '\u001b[0m';
/** The terminal shows what is between at once. Those that do not know it leave it out. */
const [BEGIN, SHOW] = ['\u001b[?2026h', '\u001b[?2026l'];

/**
 * The terminal's second screen, as pagers use it: what is drawn begins in its first row and is broken and cut to its size, so that nothing
 * of an earlier size stays behind, and the first lines are always seen. (log-update counts back over the rows that it wrote: a terminal that
 * got narrower in between has more, which stay; and of a text higher than the terminal it shows the end.) Where the cursor can't be moved,
 * one text is printed after the other.
 */
export function screenOn({ stdout, env }: Pick<Io, 'stdout' | 'env'>): Screen {
  if (!canMoveCursor(stdout, env)) return { draw: (text) => void stdout.write(`${text}\n\n`), end() {} };
  let drawn: string | undefined;
  const show = (): void => {
    if (drawn !== undefined) stdout.write(`${BEGIN}${HOME}${frame(drawn, stdout)}${SHOW}`);
  };
  const enter = (): void => {
    stdout.write(ENTER);
    show();
  };
  const leave = (): void => void stdout.write(LEAVE);
  // Whoever stops the job, to type a command meanwhile, gets the terminal as it was.
  const suspend = (): void => {
    leave();
    process.kill(process.pid, 'SIGSTOP');
  };
  return {
    draw(text) {
      const isFirst = drawn === undefined;
      drawn = text;
      if (!isFirst) return show();
      stdout.on('resize', show);
      process.on('exit', leave);
      process.on('SIGTSTP', suspend);
      process.on('SIGCONT', enter);
      enter();
    },
    end() {
      if (drawn === undefined) return;
      stdout.removeListener('resize', show);
      process.off('exit', leave);
      process.off('SIGTSTP', suspend);
      process.off('SIGCONT', enter);
      leave();
      stdout.write(`${drawn}\n`);
      drawn = undefined;
    },
  };
}

function frame(text: string, { columns, rows }: Output): string {
  // A terminal that does not know its size says 0.
  const height = rows || 24;
  const all = text.split('\n').flatMap((line) => wrap(line, columns || 80));
  const seen =
    all.length <= height || height === 1
      ? all.slice(0, height)
      : [...all.slice(0, height - 1), `${NO_COLOUR}… ${all.length - height + 1} rows more`];
  const below = seen.length < height ? `\r\n${CLEAR_REST}` : '';
  return `${seen.map((row) => `${CLEAR_ROW}${row}`).join('\r\n')}${NO_COLOUR}${below}`;
}
