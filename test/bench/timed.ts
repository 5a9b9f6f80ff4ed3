export interface Timed<T> {
  result: T;
  ms: number;
}

export async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const startedAt = performance.now();
  const result = await work();
  return { result, ms: performance.now() - startedAt };
}

export async function median<T>(work: () => Promise<T>, runs: number): Promise<Timed<T>> {
  const all: Timed<T>[] = [];
  for (let run = 0; run < runs; run += 1) all.push(await timed(work));
  all.sort((one, other) => one.ms - other.ms);
  const middle = all[Math.floor(runs / 2)];
  if (middle === undefined) throw new Error('Nothing was measured.');
  return middle;
}
