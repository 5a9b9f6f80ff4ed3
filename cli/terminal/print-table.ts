import { type Io, print } from './io.ts';
import { layoutFor } from './table.ts';
import { painter } from './text.ts';

/** Prints rows of the same columns; none, nothing. */
export async function printTable(
  { stdout, env }: Pick<Io, 'stdout' | 'env'>,
  rows: readonly Record<string, string>[],
): Promise<void> {
  const layout = layoutFor(stdout, painter(stdout, env));
  for await (const lines of layout(streamOf(rows))) for (const line of lines) await print(stdout, line);
}

async function* streamOf<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows;
}
