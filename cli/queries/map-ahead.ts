/** Maps what is read, so many at once, and gives the results in its order. The first failure ends it. */
export async function* mapAhead<In, Out>(
  items: AsyncIterable<In>,
  most: number,
  map: (item: In) => Promise<Out>,
): AsyncGenerator<Out> {
  const ahead: Promise<Out>[] = [];
  for await (const item of items) {
    const result = map(item);
    // It is heard of when its turn comes.
    result.catch(() => {});
    ahead.push(result);
    const first = ahead.length < most ? undefined : ahead.shift();
    if (first !== undefined) yield await first;
  }
  for (const result of ahead) yield await result;
}
