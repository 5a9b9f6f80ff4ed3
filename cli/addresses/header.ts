import type { Options } from 'csv-parse';
import { CommandFailed } from '../terminal/io.ts';
import { maskedAddress, number, plain } from '../terminal/text.ts';
import { type CsvFormat, csvFault, csvOptions } from './csv-records.ts';

/** How a file is written. */
export interface FileFormat extends CsvFormat {
  /** Undefined where it is a list of addresses. */
  header: readonly string[] | undefined;
}

const DELIMITERS = [',', ';', '\t'];
const NAMED_COLUMNS = 10;
const LIST: FileFormat = { delimiters: DELIMITERS.join(''), hasQuotes: false, header: undefined };
/** What people call the column. */
const LIKELY_NAMES = /^(e[ _-]?)?mails?([ _-]?(address(es)?|adresse))?$|^user ?(name|principal ?name)$|^upn$/i;

const isSame = (column: string, name: string): boolean => column.toLowerCase() === name.trim().toLowerCase();

/** Looks at the first line that is not blank: a list of addresses, or a header, and what separates its columns. @throws CommandFailed */
export async function formatOf(
  path: string,
  start: Buffer,
  { emailColumn, isFixed }: { emailColumn: string; isFixed: boolean },
): Promise<FileFormat> {
  const tries = await Promise.all(
    DELIMITERS.map(async (delimiters) => {
      const format = { delimiters, hasQuotes: true };
      return { format, ...(await firstRecord(start, format)) };
    }),
  );
  const found = tries.find(({ cells }) => cells?.some((cell) => isSame(cell, emailColumn)));
  if (found !== undefined) return { ...found.format, header: found.cells };
  const asList = await firstRecord(start, LIST);
  const line = asList.cells ?? [];
  if (line.some(isData)) {
    if (line.filter(Boolean).length <= 1) return LIST;
    throw new CommandFailed(
      `${path} has several columns, and its first line is no header; add a header that names the column with the addresses ${emailColumn}, or give a list with one address per line.`,
    );
  }
  const fault = asList.fault ?? (tries.every(({ cells }) => cells === undefined) ? tries[0]?.fault : undefined);
  if (fault !== undefined) throw new CommandFailed(`${path}: ${fault}.`);
  const [columns = []] = tries.map(({ cells = [] }) => cells).sort((one, other) => other.length - one.length);
  const [column = '', ...others] = columns;
  // A single word is as likely the first line of a list, and a person's name, unless people call such columns so.
  if (others.length === 0 && !LIKELY_NAMES.test(column)) return LIST;
  const wayOut = `${isFixed ? '' : 'give --email-column NAME, or '}rename the one with the addresses`;
  throw new CommandFailed(`${path} has no column "${plain(emailColumn)}", but ${named(columns)}; ${wayOut}.`);
}

/** Cells of people, which no fault may quote. */
const isData = (cell: string): boolean => /[@\uff20]|^[\d\s.,:/+()-]+$/.test(cell);

/** The place of a column, whatever the capitals of its name. @throws CommandFailed where there is not exactly one */
export function columnIn(path: string, header: readonly string[], name: string): number {
  const [place, ...others] = header.flatMap((column, index) => (isSame(column, name) ? [index] : []));
  if (place !== undefined && others.length === 0) return place;
  throw new CommandFailed(
    place === undefined
      ? `${path} has no column "${plain(name)}", but ${named(header)}; choose one of these.`
      : `${path} has ${others.length + 1} columns named "${plain(name)}"; rename all but the one that is meant.`,
  );
}

function named(columns: readonly string[]): string {
  const more = columns.length - NAMED_COLUMNS;
  // A header may be the first row of people of another file.
  const shown = (column: string): string => (/[@\uff20]/.test(column) ? maskedAddress(column) : plain(column));
  const names = columns.slice(0, NAMED_COLUMNS).map((column) => `"${shown(column)}"`);
  return names.join(', ') + (more > 0 ? ` and ${number(more)} more` : '');
}

/** The first record, or what is wrong with it. */
async function firstRecord(start: Buffer, format: CsvFormat): Promise<{ cells?: string[]; fault?: string }> {
  const [{ CsvError }, { parse }] = await Promise.all([import('csv-parse'), import('csv-parse/sync')]);
  const options: Options = { ...csvOptions(format), to: 1 };
  try {
    const [cells = []] = parse(start, options) as unknown as string[][];
    return { cells };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return { fault: csvFault(error, start, format, 0) };
  }
}
