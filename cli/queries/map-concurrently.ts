/** Questions to the ledger that are under way together. */
const AT_ONCE = 16;

/** Maps in the given order, some at once; the first failure ends it. */
export async function mapSome<In, Out>(items: readonly In[], map: (item: In) => Promise<Out>): Promise<Out[]> {
  const results = new Array<Out>(items.length);
  const queue = items.entries();
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  return results;
}

export async function sumOf<In>(items: readonly In[], map: (item: In) => Promise<number>): Promise<number> {
  return (await mapSome(items, map)).reduce((sum, count) => sum + count, 0);
}
