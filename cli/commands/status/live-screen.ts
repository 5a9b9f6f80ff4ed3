import { createLogUpdate } from 'log-update';
import type { Io } from '../../terminal/io.ts';
import { counted, painter } from '../../terminal/text.ts';
import { wrap } from '../../terminal/wrap.ts';
import { type ScreenLine, textOf } from './screen.ts';

const CLEAR_SCREEN = '\u001b[H\u001b[J';

/** Lines that are drawn again and again in the same place, also after the terminal was resized. What does not fit is cut from below. */
export class LiveScreen {
  readonly #stdout: Io['stdout'];
  readonly #paint: ReturnType<typeof painter>;
  readonly #draw: ReturnType<typeof createLogUpdate>;
  #lines: readonly ScreenLine[] = [];
  #footer = '';

  constructor({ stdout, env }: Pick<Io, 'stdout' | 'env'>) {
    this.#stdout = stdout;
    this.#paint = painter(stdout, env);
    this.#draw = createLogUpdate(stdout);
    stdout.on('resize', this.#resized);
  }

  /** @param footer is always seen. */
  show(lines: readonly ScreenLine[], footer: string): void {
    this.#lines = lines;
    this.#footer = footer;
    this.#redraw();
  }

  end(): void {
    this.#stdout.off('resize', this.#resized);
    this.#draw.done();
  }

  #redraw(): void {
    const { columns = 80, rows = 24 } = this.#stdout;
    const all = this.#lines.flatMap((line) => textOf(line, columns, this.#paint));
    // The cursor stands on a line of its own, below the last.
    const room = rows - 1;
    const whole = [...all, '', ...wrap(this.#footer, columns, 0)];
    if (whole.length <= room) {
      this.#draw(whole.join('\n'));
      return;
    }
    const footer = wrap(`${counted(all.length, 'line')}, cut. ${this.#footer}`, columns, 0);
    this.#draw([...all.slice(0, Math.max(1, room - footer.length)), ...footer].join('\n'));
  }

  /** The terminal has broken what was drawn anew, or moved a part of it out of reach: only an empty screen is known. */
  readonly #resized = (): void => {
    if (this.#lines.length === 0) return;
    this.#draw.done();
    this.#stdout.write(CLEAR_SCREEN);
    this.#redraw();
  };
}
