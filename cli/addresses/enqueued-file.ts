import { AddressFile, type Row as FileRow } from './address-file.ts';
import { startOf } from './regular-file.ts';

/** One line of a file. */
export type Row =
  | Exclude<FileRow, { kind: 'other' }>
  /** The same address as in an earlier line, whatever its capitals. */
  | { kind: 'duplicate'; line: number; firstLine: number };

/** What tells whether a file has changed between two readings. */
export type Fingerprint = string;

export const fingerprintOf = async (path: string): Promise<Fingerprint> => (await startOf(path)).fingerprint;

/** Reads the rows of a file, each address once. */
export async function* readAddressFile(path: string): AsyncGenerator<Row> {
  const file = await AddressFile.open(path);
  const seen = new Map<string, number>();
  for await (const row of file.rows()) {
    if (row.kind === 'other') continue;
    const address = row.kind === 'address' ? row.email.toLowerCase() : undefined;
    const firstLine = address === undefined ? undefined : seen.get(address);
    if (firstLine !== undefined) yield { kind: 'duplicate', line: row.line, firstLine };
    else yield row;
    if (address !== undefined && firstLine === undefined) seen.set(address, row.line);
  }
}
