import { createReadStream } from 'node:fs';
import type { CsvError, Options, Parser } from 'csv-parse';
import { CommandFailed } from '../terminal/io.ts';
import { number } from '../terminal/text.ts';
import { faultyQuoteIn } from './open-quote.ts';
import { openRegularFile } from './regular-file.ts';

/** How a file is divided into cells. */
export interface CsvFormat {
  /** Each of these characters separates. */
  delimiters: string;
  /** In a list of addresses quotes belong to them. */
  hasQuotes: boolean;
}

/** One record, with the first and last of its lines, counted from 1. */
export interface CsvRecord {
  line: number;
  lastLine: number;
  cells: string[];
}

/** A longer record is a quote that was opened and never closed, or no row of a list of people. */
export const MAX_RECORD_BYTES = 64 * 1024;

/** With larger blocks the rows of one outlive the collection of garbage, whose room then grows by up to 100 MB. */
const BLOCK_BYTES = 16 * 1024;

export const csvOptions = ({ delimiters, hasQuotes }: CsvFormat): Options => ({
  delimiter: [...delimiters],
  quote: hasQuotes ? '"' : false,
  // A byte order mark counts as white space too.
  trim: true,
  // Files put together from several systems mix their line ends.
  record_delimiter: ['\r\n', '\n', '\r'],
  skip_empty_lines: true,
  // A short row or a stray quote is one row's fault and is reported with it.
  relax_column_count: true,
  relax_quotes: true,
  max_record_size: MAX_RECORD_BYTES,
});

/** Reads a file as a stream. @throws CommandFailed, after the records before the fault */
export async function* csvRecords(path: string, format: CsvFormat): AsyncGenerator<CsvRecord> {
  // Only who reads a file waits for it to be loaded.
  const { CsvError, parse } = await import('csv-parse');
  const batch = new RecordBatch();
  const parser = parse({
    ...csvOptions(format),
    on_record: (cells: string[], info) => batch.add(cells, info),
  });
  // Whoever writes to it hears of the error.
  parser.on('error', () => {});
  try {
    // Batches, since an object and a turn of the event loop for each of a million rows take their time and room.
    for await (const chunk of createReadStream(path, { highWaterMark: BLOCK_BYTES })) {
      await written(parser, chunk);
      yield* batch.take();
    }
    await written(parser);
    yield* batch.take();
  } catch (error) {
    yield* batch.take();
    if (error instanceof CsvError) throw await faultOf(error, path, format, batch.end);
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CommandFailed(`${path} cannot be read any further (${code}).`, undefined, error);
  } finally {
    parser.destroy();
  }
}

/** The parser works while it is written to. Without a chunk, it is the end. */
const written = (parser: Parser, chunk?: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    if (chunk === undefined) parser.end(done);
    else parser.write(chunk, done);
  });

/** Where a record ends: after so many bytes, and in this line. */
interface Place {
  bytes: number;
  line: number;
}

class RecordBatch {
  /** Of the last record. */
  end: Place = { bytes: 0, line: 0 };
  #records: CsvRecord[] = [];
  #lines = 0;
  /** The parser counts a CRLF within quotes as two lines. */
  #countedTwice = 0;

  /** @returns null, so that the parser passes nothing on. */
  add(cells: string[], { lines, bytes }: { lines: number; bytes: number }): null {
    const mayHoldBreaks = lines - this.#lines > 1;
    const breaks = mayHoldBreaks ? (cells.join('\0').match(/\r\n|\r|\n/g) ?? []) : [];
    this.#countedTwice += breaks.filter((mark) => mark === '\r\n').length;
    this.#lines = lines;
    const lastLine = lines - this.#countedTwice;
    this.end = { bytes, line: lastLine };
    this.#records.push({ line: lastLine - breaks.length, lastLine, cells });
    return null;
  }

  take(): CsvRecord[] {
    const records = this.#records;
    this.#records = [];
    return records;
  }
}

/** The place that the parser tells is where it gave up, not where the quote was opened: what comes after the last good record tells that. */
async function faultOf(error: CsvError, path: string, format: CsvFormat, end: Place): Promise<CommandFailed> {
  const handle = await openRegularFile(path);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(2 * MAX_RECORD_BYTES), 0, undefined, end.bytes);
  await handle.close();
  const fault = csvFault(error, buffer.subarray(0, bytesRead), format, end.line);
  return new CommandFailed(`${path}: ${fault}.`, undefined, error);
}

/** What is wrong with the first record of bytes that begin after this line, and the way out. */
export function csvFault({ code }: CsvError, bytes: Buffer, { delimiters }: CsvFormat, lastLine: number): string {
  const text = bytes.toString('latin1');
  const lineAt = (position: number): string =>
    number(lastLine + 1 + (text.slice(0, position).match(/\r\n|\r|\n/g)?.length ?? 0));
  const quote = faultyQuoteIn(text, delimiters);
  if (quote === undefined || (code === 'CSV_MAX_RECORD_SIZE' && quote.closedAt !== undefined)) {
    const begin = text.search(/\S/);
    return `line ${lineAt(begin)} is longer than ${MAX_RECORD_BYTES / 1024} KiB, which no row of a list of people is; take it out`;
  }
  const { openedAt, closedAt } = quote;
  return closedAt === undefined
    ? `line ${lineAt(openedAt)} opens a quote that is never closed; close it, or take it out`
    : `line ${lineAt(openedAt)} opens a quote that is closed in line ${lineAt(closedAt)} with other text behind it; close it where its cell ends, or take it out`;
}
