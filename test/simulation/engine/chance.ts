/** A stream of chance; the same seed and name give the same one. Each part of the world has its own, so that a question more in one part changes no other. */
export interface Chance {
  /** From 0 to below 1. */
  next(): number;
  /** True once in `1 / odds` on average. Odds of 0 ask nothing of the stream. */
  hits(odds: number): boolean;
  between(least: number, most: number): number;
  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number;
  pick<T>(choices: readonly [T, ...T[]]): T;
  /** Log-normal, as the times of services over a network are: mostly about the median, sometimes many times it. Whole milliseconds. */
  latency(medianMs: number, p99Ms: number): number;
}

/** The 99th percentile of the normal distribution. */
const Z_99 = 2.326;

/** sfc32, a small generator that passes the usual statistical batteries (PractRand); see Chris Doty-Humphrey, "SFC". */
export function chance(seed: number, name: string): Chance {
  let a = seed | 0;
  let b = hash(name);
  let c = 0x9e3779b9;
  let counter = 1;
  const next32 = (): number => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + result) | 0;
    return result >>> 0;
  };
  for (let round = 0; round < 15; round += 1) next32();

  const next = (): number => next32() / 2 ** 32;
  const self: Chance = {
    next,
    hits: (odds) => odds > 0 && next() < odds,
    between: (least, most) => least + next() * (most - least),
    whole: (least, most) => least + Math.floor(next() * (most - least + 1)),
    pick: (choices) => choices[Math.floor(next() * choices.length)] ?? choices[0],
    latency(medianMs, p99Ms) {
      if (medianMs <= 0) return 0;
      const spread = Math.log(p99Ms / medianMs) / Z_99;
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      return Math.round(medianMs * Math.exp(spread * normal));
    },
  };
  return self;
}

/** FNV-1a. */
export function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
