import type { EventCode } from '../../../functions/common/telemetry.ts';
import { percentile } from '../report/figures.ts';
import type { Simulation } from '../simulation.ts';
import type { Options, Overrides } from '../world/options.ts';
import { TROUBLED } from '../world/requests.ts';
import { optionsWith } from './healthy.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** One claim about how the whole behaves, with the world that shows it. */
export interface Case {
  name: string;
  aim: string;
  overrides: Overrides;
  judge(world: Simulation): { figure: string; isMet: boolean };
}

export const optionsOf = ({ overrides }: Case, seed: number): Options => ({ ...optionsWith(overrides), seed });

export const quota = (perMinute: number, burst: number) => ({ perMinute, burst });

/** What the deployment is told where nobody knows the quota: five times as much. */
export const guess = (perMinute: number, burst: number) => ({
  quota: 'ceiling' as const,
  ...quota(perMinute * 5, burst),
});

/** What was logged of holds. */
export const alarmsOf = (world: Simulation): string =>
  [...world.measures.events.keys()].filter((code) => /HELD|BRAKE/.test(code)).join(', ') || 'none';

export const eventsOf = (world: Simulation, code: EventCode): number => world.measures.events.get(code) ?? 0;

/** Dead letters ever sent, by reason. */
export function lettersOf({ deadLetters }: Simulation): string {
  const reasons = [...deadLetters.byReason].map(([reason, count]) => `${count} ${reason}`);
  return reasons.length === 0 ? 'no letters' : reasons.join(', ');
}

/** Requests that were never reset. */
export function openOf({ requests }: Simulation): number {
  let open = 0;
  for (let request = 0; request < requests.count; request += 1) if (requests.resets.get(request) === 0) open += 1;
  return open;
}

/** When the last reset was made, from the start; -Infinity where there was none. */
export function lastResetOf({ requests, engine, timeMs }: Simulation): number {
  let last = Number.NEGATIVE_INFINITY;
  for (let request = 0; request < requests.count; request += 1) {
    const resetAt = requests.resetAt.get(request);
    if (resetAt > 0) last = Math.max(last, resetAt);
  }
  return last - (engine.now - timeMs);
}

/** When the last call for a request with this trait began, from the start; -Infinity where there was none. */
export function lastCallOf({ requests, engine, timeMs }: Simulation, trait: number): number {
  let last = Number.NEGATIVE_INFINITY;
  for (let request = 0; request < requests.count; request += 1) {
    const calledAt = requests.calledAt.get(request);
    if (calledAt > 0 && requests.has(request, trait)) last = Math.max(last, calledAt);
  }
  return last - (engine.now - timeMs);
}

/** Calls made for the request that was called most often. */
export function mostCalls({ requests }: Simulation): number {
  let most = 0;
  for (let request = 0; request < requests.count; request += 1) most = Math.max(most, requests.calls.get(request));
  return most;
}

/** Receives of the message that was received most often. */
export function mostReceives({ messages }: Simulation): number {
  let most = 0;
  for (let message = 0; message < messages.count; message += 1) most = Math.max(most, messages.receives.get(message));
  return most;
}

/** How healthy single requests sent in a time were served. */
export interface Service {
  served: number;
  unserved: number;
  /** 95% of all were served within this; Infinity where fewer were served at all. */
  p95Ms: number;
  longestMs: number;
}

export function serviceOf({ requests, engine, timeMs }: Simulation, fromMs: number, toMs: number): Service {
  const start = engine.now - timeMs;
  const waits: number[] = [];
  let unserved = 0;
  for (let request = 0; request < requests.count; request += 1) {
    const sentMs = requests.sentAt.get(request) - start;
    const isCounted = requests.laneOf(request) === 'interactive' && !requests.has(request, TROUBLED);
    if (!isCounted || sentMs < fromMs || sentMs > toMs) continue;
    const resetAt = requests.resetAt.get(request);
    if (resetAt > 0) waits.push(resetAt - start - sentMs);
    else unserved += 1;
  }
  const all = Float64Array.from([...waits, ...Array<number>(unserved).fill(Number.POSITIVE_INFINITY)]).sort();
  return { served: waits.length, unserved, p95Ms: percentile(all, 0.95), longestMs: percentile(all, 1) };
}
