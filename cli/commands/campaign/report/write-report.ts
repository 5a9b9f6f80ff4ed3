import { stringify } from 'csv-stringify/sync';
import type { AddressFile } from '../../../addresses/address-file.ts';
import type { CampaignKnown, LeftOut, RequestOutcome } from '../../../campaigns/row-outcome.ts';
import { type Sieve, type SiftedRow, sift } from '../../../campaigns/sieve.ts';
import type { Connection, Context } from '../../../deployment/connect.ts';
import { mapAhead } from '../../../queries/map-ahead.ts';
import type { NewFile } from '../../../terminal/new-file.ts';
import { progressLineOn } from '../../../terminal/progress-line.ts';
import { number } from '../../../terminal/text.ts';
import { headerCells, type ReportRow, reportRow } from './report-row.ts';

/** As many requests as the ledger reads at once. */
const ROWS_AT_ONCE = 100;
const CHUNKS_AT_ONCE = 8;

export interface Written {
  rows: number;
  counts: Partial<Record<RequestOutcome | LeftOut, number>>;
  /** When the ledger forgets the first of the requests; undefined where it has none. */
  keptUntil: number | undefined;
}

/**
 * Writes a row for each row of the file, in its order, joined to what the ledger knows of it. Of any number of rows few are held at once.
 * @returns undefined once it was stopped.
 */
export async function writeReport(
  context: Pick<Context, 'stderr' | 'clock' | 'env'>,
  { ledger }: Pick<Connection, 'ledger'>,
  { file, sieve, campaign, to }: { file: AddressFile; sieve: Sieve; campaign: CampaignKnown; to: NewFile },
  stopped: AbortSignal,
): Promise<Written | undefined> {
  const columns = file.header?.length ?? 1;
  const written: Written = { rows: 0, counts: {}, keptUntil: undefined };
  const told = async (rows: readonly SiftedRow[]): Promise<ReportRow[]> => {
    const ids = rows.flatMap((row) => (row.kind === 'taken' ? [row.requestId] : []));
    const requests = await ledger.findEach(ids);
    for (const { expiresAt } of requests.values()) {
      written.keptUntil = Math.min(written.keptUntil ?? Number.POSITIVE_INFINITY, expiresAt * 1000);
    }
    return rows.map((row) => {
      const request = row.kind === 'taken' ? requests.get(row.requestId) : undefined;
      return reportRow(row, columns, request, campaign);
    });
  };
  const progress = progressLineOn(context);
  try {
    await to.write(csv([headerCells(file.header)]));
    for await (const rows of mapAhead(chunksOf(sift(file, sieve)), CHUNKS_AT_ONCE, told)) {
      if (stopped.aborted) return undefined;
      await to.write(csv(rows.map(({ cells }) => cells)));
      written.rows += rows.length;
      for (const { outcome } of rows) written.counts[outcome] = (written.counts[outcome] ?? 0) + 1;
      progress.show(`Writing: row ${number(written.rows)}`);
    }
  } finally {
    progress.end();
  }
  return written;
}

const csv = (rows: string[][]): string => stringify(rows, { escape_formulas: true });

async function* chunksOf<T>(items: AsyncIterable<T>): AsyncGenerator<T[]> {
  let chunk: T[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < ROWS_AT_ONCE) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
