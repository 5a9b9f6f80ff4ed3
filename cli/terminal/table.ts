import type { Output } from './io.ts';
import { cut, type Painter } from './text.ts';

type Row = Record<string, string>;

/** This many rows are read before the widths of the columns are settled; any number can follow. */
const SAMPLED_ROWS = 100;
const GAP = '  ';
/** Below this the last column, the free text, is better off on a line of its own. */
const MIN_LAST_WIDTH = 24;

/**
 * Lays out rows of the same columns, as a table if the terminal is wide enough, else in two lines per row. Only the last column, which
 * is free text, is ever cut, and only on a terminal. Its consumer gets a few lines at a time.
 */
export function layoutFor(stream: Output, paint: Painter) {
  const width = stream.isTTY ? (stream.columns ?? 80) : Number.POSITIVE_INFINITY;
  return async function* layout(rows: AsyncIterable<Row>): AsyncGenerator<string[]> {
    let sample: Row[] | undefined = [];
    let lay: ((row: Row) => string[]) | undefined;
    const begin = (first: readonly Row[]): string[] => {
      const { header, lay: found } = settle(first, width, paint);
      lay = found;
      return [...header, ...first.flatMap(found)];
    };
    for await (const row of rows) {
      if (lay !== undefined) {
        yield lay(row);
        continue;
      }
      sample?.push(row);
      if (sample && sample.length === SAMPLED_ROWS) {
        yield begin(sample);
        sample = undefined;
      }
    }
    if (sample && sample.length > 0) yield begin(sample);
  };
}

function settle(sample: readonly Row[], width: number, paint: Painter) {
  const columns = Object.keys(sample[0] ?? {});
  const last = columns.at(-1) ?? '';
  const fitted = columns.slice(0, -1);
  const widths = fitted.map((name) => Math.max(name.length, ...sample.map((row) => row[name]?.length ?? 0)));
  const taken = widths.reduce((sum, one) => sum + one + GAP.length, 0);
  const padded = (cells: readonly string[]): string =>
    cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(GAP);

  if (width - taken >= MIN_LAST_WIDTH) {
    return {
      header: [paint('bold', `${padded(fitted)}${GAP}${last}`)],
      lay: (row: Row): string[] => [
        `${padded(fitted.map((name) => row[name] ?? ''))}${GAP}${cut(row[last] ?? '', width - taken)}`.trimEnd(),
      ],
    };
  }
  return {
    header: [],
    lay: (row: Row): string[] => {
      const [head, rest] = [fitted.slice(0, 3), fitted.slice(3)];
      const named = rest.flatMap((name) => (row[name] ? [`${name} ${row[name]}`] : []));
      return [
        head.map((name) => paint('bold', row[name] ?? '')).join(GAP),
        cut(`    ${[...named, row[last]].filter(Boolean).join(' · ')}`, width),
      ];
    },
  };
}
