import { stringify } from 'csv-stringify/sync';
import { NewFile } from '../terminal/new-file.ts';
import { causeOf } from './cause.ts';
import type { SiftedRow } from './sieve.ts';

type Cells = (string | number)[];

const HEADER: Cells = ['line', 'outcome', 'cause', 'address'];
const ROWS_AT_ONCE = 1_000;

/** The file of `--left-out`: each row that is not taken, with its cause. Addresses are only those to reset by hand. */
export class LeftOutFile {
  readonly path: string;
  readonly #file: NewFile;
  #rows: Cells[] = [HEADER];

  private constructor(path: string, file: NewFile) {
    this.path = path;
    this.#file = file;
  }

  /** Makes the file, for its owner alone. @throws CommandFailed where there is one already, or it can't be made */
  static async create(path: string): Promise<LeftOutFile> {
    return new LeftOutFile(path, await NewFile.create('--left-out', path));
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
    await this.#file.close();
  }

  /** Takes the file away again, where it did not come to a whole survey. */
  discard(): Promise<void> {
    return this.#file.discard();
  }

  async #flush(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    if (rows.length > 0) await this.#file.write(stringify(rows, { escape_formulas: true }));
  }
}
