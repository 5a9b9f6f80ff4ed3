/** Reads of the ledger that are under way together. */
const CONCURRENCY = 16;

/** The results are in the order of the items; the first failure ends it. */
export async function mapConcurrently<In, Out>(items: readonly In[], map: (item: In) => Promise<Out>): Promise<Out[]> {
  const results = new Array<Out>(items.length);
  const queue = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, work));
  return results;
}

export async function sumOf<In>(items: readonly In[], map: (item: In) => Promise<number>): Promise<number> {
  return (await mapConcurrently(items, map)).reduce((sum, count) => sum + count, 0);
}
