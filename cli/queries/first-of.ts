/** The first of what is read, and whether there is more. */
export async function firstOf<T>(all: AsyncIterable<T>, limit: number): Promise<{ items: T[]; hasMore: boolean }> {
  const items: T[] = [];
  for await (const item of all) {
    if (items.length >= limit) return { items, hasMore: true };
    items.push(item);
  }
  return { items, hasMore: false };
}
