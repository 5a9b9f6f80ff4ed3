import type { EventCode } from '../../../functions/common/telemetry.ts';

/** What happened in each slice of time. */
export const SERIES = [
  'calls',
  'resets',
  'refused',
  'unavailable',
  'unauthorized',
  'failed',
  'unknown',
  'receives',
  'held',
] as const;
export type SeriesName = (typeof SERIES)[number];

const MOST_SLICES = 4_096;
const FIRST_SLICE_MS = 1_000;

export interface Hold {
  why: string;
  fromMs: number;
  toMs: number;
}

/** Counts over time in slices that double in length when they become too many, so that a week needs no more room than a minute. */
export class Measures {
  sliceMs = FIRST_SLICE_MS;
  readonly series: Record<SeriesName, Float64Array>;
  readonly events = new Map<EventCode, number>();
  readonly holds: Hold[] = [];
  readonly #start: number;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
    this.#start = now();
    this.series = Object.fromEntries(SERIES.map((name) => [name, new Float64Array(MOST_SLICES)])) as typeof this.series;
  }

  get timeMs(): number {
    return this.#now() - this.#start;
  }

  count(name: SeriesName, more = 1): void {
    let slice = Math.floor(this.timeMs / this.sliceMs);
    while (slice >= MOST_SLICES) {
      this.#coarsen();
      slice = Math.floor(this.timeMs / this.sliceMs);
    }
    const series = this.series[name];
    series[slice] = (series[slice] ?? 0) + more;
  }

  event(code: EventCode): void {
    this.events.set(code, (this.events.get(code) ?? 0) + 1);
  }

  /** Somebody was told that calls are held until then. What overlaps is one hold. */
  held(why: string, until: number): void {
    this.count('held');
    const fromMs = this.timeMs;
    const toMs = until - this.#start;
    const last = this.holds.findLast((hold) => hold.why === why);
    // A hold whose end is probed and found standing goes on.
    if (last && fromMs <= last.toMs + 30_000) last.toMs = Math.max(last.toMs, toMs);
    else this.holds.push({ why, fromMs, toMs });
  }

  total(name: SeriesName, fromMs = 0, toMs = Number.POSITIVE_INFINITY): number {
    const series = this.series[name];
    let sum = 0;
    const last = Math.min(series.length, Math.ceil(toMs / this.sliceMs));
    for (let slice = Math.floor(fromMs / this.sliceMs); slice < last; slice += 1) sum += series[slice] ?? 0;
    return sum;
  }

  #coarsen(): void {
    this.sliceMs *= 2;
    for (const series of Object.values(this.series)) {
      for (let slice = 0; slice < MOST_SLICES / 2; slice += 1) {
        series[slice] = (series[2 * slice] ?? 0) + (series[2 * slice + 1] ?? 0);
      }
      series.fill(0, MOST_SLICES / 2);
    }
  }
}
