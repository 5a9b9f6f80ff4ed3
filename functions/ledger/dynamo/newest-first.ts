import { type RequestItem, reachedAt } from '../items.ts';

/** Sources whose first pages are read together. */
const READ_TOGETHER = 16;

/** Merges sources that are each in order, newest first. Of each it is one item ahead. */
export async function* newestFirst<T extends Pick<RequestItem, 'stateReasonTime'>>(
  sources: readonly AsyncGenerator<T>[],
): AsyncGenerator<T> {
  const heads: { source: AsyncGenerator<T>; item: T }[] = [];
  for (let from = 0; from < sources.length; from += READ_TOGETHER) {
    const some = sources.slice(from, from + READ_TOGETHER);
    const first = await Promise.all(some.map(async (source) => ({ source, head: await source.next() })));
    for (const { source, head } of first) if (!head.done) heads.push({ source, item: head.value });
  }
  for (;;) {
    const newest = heads.reduce<(typeof heads)[number] | undefined>(
      (best, head) => (best === undefined || reachedAt(head.item) > reachedAt(best.item) ? head : best),
      undefined,
    );
    if (newest === undefined) return;
    yield newest.item;
    const next = await newest.source.next();
    if (next.done) heads.splice(heads.indexOf(newest), 1);
    else newest.item = next.value;
  }
}
