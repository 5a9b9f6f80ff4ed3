import type { Lane } from '../../../functions/contract/reset-request.ts';
import type { Simulation } from '../simulation.ts';

export interface Percentiles {
  count: number;
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  mostMs: number;
}

/** From being sent to the reset, of all requests of a lane that were reset. */
export function waitsOf(world: Simulation, lane: Lane): Float64Array {
  const { requests } = world;
  const waits: number[] = [];
  for (let request = 0; request < requests.count; request += 1) {
    const resetAt = requests.resetAt.get(request);
    if (resetAt > 0 && requests.laneOf(request) === lane) waits.push(resetAt - requests.sentAt.get(request));
  }
  return Float64Array.from(waits).sort();
}

export const percentile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;

export function percentilesOf(world: Simulation): Record<Lane, Percentiles> {
  const of = (lane: Lane): Percentiles => {
    const waits = waitsOf(world, lane);
    return {
      count: waits.length,
      p50Ms: percentile(waits, 0.5),
      p95Ms: percentile(waits, 0.95),
      p99Ms: percentile(waits, 0.99),
      mostMs: percentile(waits, 1),
    };
  };
  return { interactive: of('interactive'), bulk: of('bulk') };
}

/** What the quota let in within a time, over what it allowed in it; and the share of calls that it refused. */
export interface Use {
  fromMs: number;
  toMs: number;
  admitted: number;
  allowed: number;
  calls: number;
  refused: number;
}

export const usedShare = ({ admitted, allowed }: Use): number => admitted / allowed;
export const refusedShare = ({ refused, calls }: Use): number => (calls === 0 ? 0 : refused / calls);
export const refusedAMinute = ({ refused, fromMs, toMs }: Use): number => (refused * 60_000) / (toMs - fromMs);

/** @param factor of the quota in that time. */
export function useBetween(world: Simulation, fromMs: number, toMs: number, factor = 1): Use {
  const { measures, options } = world;
  // Whole slices alone, or the count and the time would not be of the same.
  const slice = measures.sliceMs;
  const from = Math.ceil(fromMs / slice) * slice;
  const to = Math.max(from + slice, Math.floor(toMs / slice) * slice);
  const refused = measures.total('refused', from, to);
  const calls = measures.total('calls', from, to);
  const allowed = (options.api.perMinute * factor * (to - from)) / 60_000;
  return { fromMs: from, toMs: to, admitted: calls - refused, allowed, calls, refused };
}

/** When so large a share of all resets had been made. */
export function timeOfReset(world: Simulation, share: number): number {
  const { requests, engine, timeMs } = world;
  const start = engine.now - timeMs;
  const times: number[] = [];
  for (let request = 0; request < requests.count; request += 1) {
    const resetAt = requests.resetAt.get(request);
    if (resetAt > 0) times.push(resetAt - start);
  }
  return percentile(Float64Array.from(times).sort(), share);
}

/** The steady state: after the first minute, and before the queue runs low. */
export const steadyUse = (world: Simulation, fromMs = 60_000): Use =>
  useBetween(world, fromMs, timeOfReset(world, 0.9));

/**
 * The first time after `fromMs` from which on the rate of admitted calls over `windowMs` is that share of the quota, counted from `fromMs` to the
 * window's beginning; Infinity for never.
 */
export function timeToRate(
  world: Simulation,
  fromMs: number,
  untilMs: number,
  { share = 0.95, windowMs = 60_000, factor = 1 } = {},
): number {
  for (let at = fromMs; at + windowMs <= untilMs; at += 1_000) {
    if (usedShare(useBetween(world, at, at + windowMs, factor)) >= share) return at - fromMs;
  }
  return Number.POSITIVE_INFINITY;
}

/** Lambda time for each reset made, seconds. */
export const lambdaSecondsAReset = (world: Simulation): number =>
  world.lambda.used.billedMs / 1000 / world.measures.total('resets');
