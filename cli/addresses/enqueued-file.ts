import { createReadStream } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import type { CsvError, Options } from 'csv-parse';
import { CommandFailed, wrongUsage } from '../terminal/io.ts';
import { number, plain } from '../terminal/text.ts';
import { addressProblem } from '../validation.ts';

/** One line of a file. Only addresses are sent; no problem quotes the line. */
export type Row =
  | { kind: 'address'; line: number; email: string }
  | { kind: 'invalid'; line: number; problem: string }
  /** The same address as in an earlier line, whatever its capitals. */
  | { kind: 'duplicate'; line: number; firstLine: number };

/** What tells whether a file has changed between two readings. */
export type Fingerprint = string;

/** A longer row is a quote that was opened and never closed, or no list of people. */
const MAX_RECORD_BYTES = 64 * 1024;
const SNIFFED_BYTES = 64 * 1024;
const EMAIL_COLUMN = 'email';
const DELIMITERS = [',', ';', '\t'];
/** What people call the column. Other cells of a first line are not quoted: without a header they are a person's. */
const LIKELY_NAMES = /^(e[ _-]?)?mails?([ _-]?(address(es)?|adresse))?$|^user ?(name|principal ?name)$|^upn$/i;

export async function fingerprintOf(path: string): Promise<Fingerprint> {
  const handle = await opened(path);
  try {
    const { ino, size, mtimeMs } = await handle.stat();
    return [ino, size, mtimeMs].join(' ');
  } finally {
    await handle.close();
  }
}

/**
 * Reads a list of addresses, one per line, or a CSV file with a column `email`, as a stream. Lines are counted from 1.
 * The addresses seen are kept, for duplicates: about 150 MB for a million.
 */
export async function* readAddressFile(path: string): AsyncGenerator<Row> {
  const { delimiter, hasHeader } = await sniff(path);
  const seen = new Map<string, number>();
  let column = 0;
  let isHeader = hasHeader;
  for await (const { line, cells } of records(path, delimiter)) {
    if (isHeader) {
      column = emailColumn(path, cells);
      isHeader = false;
      continue;
    }
    const email = cells[column];
    if (!email) {
      // A line of nothing but delimiters is how spreadsheets write an empty row.
      if (cells.some(Boolean)) yield { kind: 'invalid', line, problem: `has nothing in the column ${EMAIL_COLUMN}` };
      continue;
    }
    if (!hasHeader && cells.length > 1) {
      yield { kind: 'invalid', line, problem: 'has more than one address; a list has one per line' };
      continue;
    }
    const problem = addressProblem(email);
    if (problem !== undefined) {
      yield { kind: 'invalid', line, problem };
      continue;
    }
    const address = email.toLowerCase();
    const firstLine = seen.get(address);
    if (firstLine !== undefined) {
      yield { kind: 'duplicate', line, firstLine };
      continue;
    }
    seen.set(address, line);
    yield { kind: 'address', line, email };
  }
}

async function opened(path: string): Promise<FileHandle> {
  if (path === '-') {
    throw wrongUsage('Standard input is not read by --file, since a file is read twice; save it as a file first.');
  }
  try {
    // Opening a pipe would wait for somebody to write to it.
    if ((await stat(path)).isFile()) return await open(path, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new CommandFailed(`The file ${path} ${why}; check its name and your permissions.`, undefined, error);
  }
  throw new CommandFailed(`${path} is not a regular file; it is read twice, so save it as one first.`);
}

/** Looks at the first line that is not blank: a list of addresses, or a header, and what separates its columns. */
async function sniff(path: string): Promise<{ delimiter: string; hasHeader: boolean }> {
  const handle = await opened(path);
  let start: string;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SNIFFED_BYTES), 0, SNIFFED_BYTES, 0);
    const bytes = buffer.subarray(0, bytesRead);
    if (bytes.includes(0) || (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
      throw new CommandFailed(`${path} is not UTF-8 text; save it as "CSV UTF-8" or as a plain list of addresses.`);
    }
    start = bytes.toString('utf8');
  } finally {
    await handle.close();
  }
  const first =
    start
      .split(/[\r\n]+/)
      .find((line) => line.trim() !== '')
      ?.trim() ?? '';
  const delimiter = DELIMITERS.find((mark) => first.includes(mark));
  const header = DELIMITERS.find((mark) => cellsOf(first, mark).includes(EMAIL_COLUMN));
  if (header !== undefined) return { delimiter: header, hasHeader: true };
  const likely = cellsOf(first, delimiter ?? ',').find((cell) => LIKELY_NAMES.test(cell));
  if (likely !== undefined) {
    throw new CommandFailed(
      `The first line of ${path} names a column "${plain(likely)}" and none "${EMAIL_COLUMN}"; rename the one with the addresses to ${EMAIL_COLUMN}.`,
    );
  }
  if (delimiter !== undefined) {
    throw new CommandFailed(
      `${path} has several columns, and its first line names none of them "${EMAIL_COLUMN}"; add a header, or give a list with one address per line.`,
    );
  }
  return { delimiter: ',', hasHeader: false };
}

const cellsOf = (line: string, delimiter: string): string[] => line.split(delimiter).map(unquoted);

const unquoted = (cell: string): string =>
  cell
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .trim()
    .toLowerCase();

function emailColumn(path: string, header: readonly string[]): number {
  const columns = header.flatMap((cell, index) => (cell.toLowerCase() === EMAIL_COLUMN ? [index] : []));
  const [column, ...others] = columns;
  if (column === undefined || others.length > 0) {
    throw new CommandFailed(`${path} must have exactly one column named "${EMAIL_COLUMN}"; it has ${columns.length}.`);
  }
  return column;
}

async function* records(path: string, delimiter: string): AsyncGenerator<{ line: number; cells: string[] }> {
  // Only who reads a file waits for it to be loaded.
  const { CsvError, parse } = await import('csv-parse');
  let lastLine = 0;
  const options: Options = {
    delimiter,
    info: true,
    // A byte order mark counts as white space too.
    trim: true,
    // Files put together from several systems mix their line ends.
    record_delimiter: ['\r\n', '\n', '\r'],
    skip_empty_lines: true,
    // A short row or a stray quote is one line's fault and is reported with it.
    relax_column_count: true,
    relax_quotes: true,
    max_record_size: MAX_RECORD_BYTES,
    // A fault throws away the rows before it that were not read yet.
    on_record(record, { lines }) {
      lastLine = lines;
      return record;
    },
  };
  const parser = pipeline(createReadStream(path), parse(options), () => {
    // The parser passes the error on to whoever reads from it.
  });
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      const linesWithin = record.join().match(/\r\n|\r|\n/g)?.length ?? 0;
      yield { line: info.lines - linesWithin, cells: record };
    }
  } catch (error) {
    if (error instanceof CsvError) {
      throw new CommandFailed(
        `${path} cannot be read: the row that begins after line ${number(lastLine)} ${faultOf(error, lastLine)}.`,
        undefined,
        error,
      );
    }
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CommandFailed(`${path} cannot be read any further (${code}).`, undefined, error);
  }
}

/** The place that the parser tells is where it gave up, not where the quote was opened. */
function faultOf({ code, lines }: CsvError, lastLine: number): string {
  if (code === 'CSV_QUOTE_NOT_CLOSED') return 'has a quote that is never closed';
  if (code !== 'CSV_MAX_RECORD_SIZE') {
    return `has a quote that is not closed, or is followed by other text in line ${number(Number(lines))}`;
  }
  const isOneLine = Number(lines) === lastLine + 1;
  return `is longer than ${MAX_RECORD_BYTES / 1024} KiB${isOneLine ? '' : ': it has a quote that is not closed'}`;
}
