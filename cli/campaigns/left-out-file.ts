import { type FileHandle, open, rm } from 'node:fs/promises';
import { stringify } from 'csv-stringify/sync';
import { CommandFailed } from '../terminal/io.ts';
import { causeOf } from './cause.ts';
import type { SiftedRow } from './sieve.ts';

type Cells = (string | number)[];

const HEADER: Cells = ['line', 'outcome', 'cause', 'address'];
const ROWS_AT_ONCE = 1_000;

/** The file of `--left-out`: each row that is not taken, with its cause. Addresses are only those to reset by hand. */
export class LeftOutFile {
  readonly path: string;
  readonly #handle: FileHandle;
  #rows: Cells[] = [HEADER];

  private constructor(path: string, handle: FileHandle) {
    this.path = path;
    this.#handle = handle;
  }

  /** Makes the file, for its owner alone. @throws CommandFailed where there is one already, or it can't be made */
  static async create(path: string): Promise<LeftOutFile> {
    try {
      return new LeftOutFile(path, await open(path, 'wx', 0o600));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why =
        code === 'EEXIST'
          ? 'exists already, and no file is written over; give another name'
          : `cannot be made (${code}); check its folder and your permissions`;
      throw new CommandFailed(`--left-out: ${path} ${why}.`, undefined, error);
    }
  }

  /** Of the rows that are taken nothing is written. */
  async write(row: SiftedRow): Promise<void> {
    if (row.kind === 'taken') return;
    const byHand = row.kind === 'invalid' ? row.byHand : undefined;
    this.#rows.push([row.line, byHand === undefined ? row.kind : 'by hand', causeOf(row), byHand ?? '']);
    if (this.#rows.length >= ROWS_AT_ONCE) await this.#flush();
  }

  async close(): Promise<void> {
    await this.#flush();
    await this.#handle.close();
  }

  /** Takes the file away again, where it did not come to a whole survey. */
  async discard(): Promise<void> {
    await this.#handle.close();
    await rm(this.path);
  }

  async #flush(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    try {
      if (rows.length > 0) await this.#handle.write(stringify(rows, { escape_formulas: true }));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new CommandFailed(`--left-out: ${this.path} cannot be written (${code}).`, undefined, error);
    }
  }
}
