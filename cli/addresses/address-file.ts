import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { CommandFailed } from '../terminal/io.ts';
import { plain } from '../terminal/text.ts';
import { addressProblem } from '../validation.ts';
import { mailMayReach } from './by-hand.ts';
import { type CsvRecord, csvRecords } from './csv-records.ts';
import { columnIn, type FileFormat, formatOf } from './header.ts';
import { otherThanText, startOf } from './regular-file.ts';

/** One row of a file, with the line that it begins in, counted from 1, and its trimmed cells. No problem quotes the row. */
export type Row = { line: number; cells: readonly string[] } & (
  | { kind: 'address'; email: string }
  /** None of those that the conditions take. */
  | { kind: 'other' }
  /** `byHand` is an address that mail may reach and that only the API's pattern refuses. */
  | { kind: 'invalid'; problem: string; byHand?: string }
);

/** Takes the rows whose cell in a column is this value, after trimming. */
export interface Condition {
  column: string;
  value: string;
}

export interface AddressFileOptions {
  /** The column of the addresses; default: `email`. */
  emailColumn?: string;
  /** No option of the command names the column of this file. */
  isFixed?: boolean;
  /** All must hold. */
  where?: readonly Condition[];
}

/** What is known of a file once it is opened. */
interface Opened {
  format: FileFormat;
  /** The place of the column with the addresses. */
  emailAt: number;
  emailColumn: string;
  where: readonly { at: number; value: string }[];
  fingerprint: string;
}

const EMAIL_COLUMN = 'email';
/** What reports put before a cell that a spreadsheet would take for a formula. */
const ESCAPED_FORMULA = /^'[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;

/** A list of addresses, one per line, or a CSV file with a column of them. */
export class AddressFile {
  readonly path: string;
  /** Undefined where the file is a list of addresses. */
  readonly header: readonly string[] | undefined;
  readonly #opened: Opened;

  private constructor(path: string, opened: Opened) {
    this.path = path;
    this.header = opened.format.header;
    this.#opened = opened;
  }

  /** Finds header, delimiter and columns. @throws CommandFailed */
  static async open(path: string, options: AddressFileOptions = {}): Promise<AddressFile> {
    const { emailColumn = EMAIL_COLUMN, isFixed = false, where = [] } = options;
    const { start, fingerprint } = await startOf(path);
    const other = otherThanText(start);
    if (other !== undefined) throw new CommandFailed(`${path} ${other}.`);
    if (start.toString('latin1').replace('\u00ef\u00bb\u00bf', '').trim() === '') {
      throw new CommandFailed(
        `${path} is empty: it has no address. Give a CSV file or a list with one address per line.`,
      );
    }
    const format = await formatOf(path, start, { emailColumn, isFixed });
    const { header } = format;
    if (header === undefined) {
      const option = options.emailColumn !== undefined ? '--email-column' : where.length > 0 ? '--where' : undefined;
      if (option !== undefined) {
        throw new CommandFailed(
          `${path} is a list without a header, and ${option} needs one; add it, or leave out ${option}.`,
        );
      }
    }
    const places = (name: string): number => (header === undefined ? 0 : columnIn(path, header, name));
    return new AddressFile(path, {
      format: { ...format, header: header?.map(unescaped) },
      emailAt: places(emailColumn),
      emailColumn,
      where: where.map(({ column, value }) => ({ at: places(column), value: value.trim() })),
      fingerprint,
    });
  }

  /** Reads the file as a stream, from its beginning each time. @throws CommandFailed */
  async *rows(): AsyncGenerator<Row> {
    let isHeader = this.header !== undefined;
    for await (const record of csvRecords(this.path, this.#opened.format)) {
      // A row of nothing but delimiters is how spreadsheets write an empty one.
      if (!isHeader && record.cells.some(Boolean)) yield this.#rowOf(record);
      isHeader = false;
    }
  }

  /** Whether the file is another than it was when it was opened, or gone. */
  async changed(): Promise<boolean> {
    const { fingerprint } = await startOf(this.path).catch(() => ({ fingerprint: undefined }));
    return fingerprint !== this.#opened.fingerprint;
  }

  /** Of its bytes, in hex. */
  async sha256(): Promise<string> {
    const hash = createHash('sha256');
    await pipeline(createReadStream(this.path), hash).catch((error: NodeJS.ErrnoException) => {
      throw new CommandFailed(`${this.path} cannot be read any further (${error.code}).`, undefined, error);
    });
    return hash.digest('hex');
  }

  #rowOf({ line, lastLine, cells: written }: CsvRecord): Row {
    const { emailAt, emailColumn, where } = this.#opened;
    const cells = written.map(unescaped);
    const invalid = (problem: string) => ({ kind: 'invalid', line, cells, problem }) as const;
    // The rows between two quotes that belong to two cells would be lost without a word.
    if (lastLine > line && cells.some((cell) => /[\r\n]/.test(cell) && cell.includes('@'))) {
      return invalid(`goes on to line ${lastLine} within quotes, with addresses in them; is a quote left open?`);
    }
    if (where.some(({ at, value }) => (cells[at] ?? '') !== value)) return { kind: 'other', line, cells };
    if (this.header === undefined && cells.filter(Boolean).length > 1) {
      return invalid('has more than one address; a list has one per line');
    }
    const cell = cells[emailAt] ?? '';
    // The quotes of a list are not the parser's.
    const email = this.header === undefined ? cell.replace(/^"([^"]*)"$/, '$1') : cell;
    if (email === '') return invalid(`has nothing in the column ${plain(emailColumn)}`);
    const problem = addressProblem(email);
    if (problem === undefined) return { kind: 'address', line, cells, email };
    return mailMayReach(email) ? { ...invalid(problem), byHand: email } : invalid(problem);
  }
}

const unescaped = (cell: string): string => (ESCAPED_FORMULA.test(cell) ? cell.slice(1) : cell).trim();
