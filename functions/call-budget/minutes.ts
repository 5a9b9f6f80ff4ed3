import type { EpochMs } from '../common/clock.ts';

const MINUTE_MS = 60_000;
const KEPT = 60;

/** Calls and refusals of the last hour, by minutes of the clock. */
export interface Minutes {
  /** The newest minute, counted from the epoch. */
  newest: number;
  /**
   * `calls` or `calls/refusals` of each minute, the newest first, between spaces: the item is written with every permit, and as lists of
   * numbers they would take four times the room.
   */
  counts: string;
}

export interface MinuteOfCalls {
  /** Its first millisecond. */
  at: EpochMs;
  calls: number;
  refusals: number;
}

type Pair = [calls: number, refusals: number];

export const noMinutes = (now: EpochMs): Minutes => ({ newest: Math.floor(now / MINUTE_MS), counts: '0' });

/** Adds to the minute of a time; the clocks of two copies differ, so that it may be another than the newest. */
export function withCalls(minutes: Minutes, now: EpochMs, calls: number, refusals: number): Minutes {
  const minute = Math.floor(now / MINUTE_MS);
  const newest = Math.max(minute, minutes.newest);
  const idle = Array.from({ length: Math.min(KEPT, newest - minutes.newest) }, (): Pair => [0, 0]);
  const pairs = [...idle, ...pairsOf(minutes)].slice(0, KEPT);
  const pair = pairs[newest - minute];
  if (pair) pairs[newest - minute] = [pair[0] + calls, pair[1] + refusals];
  return { newest, counts: pairs.map(([made, refused]) => (refused === 0 ? made : `${made}/${refused}`)).join(' ') };
}

/** The minutes up to a time, the newest first; at most an hour of them. */
export function minutesUntil(minutes: Minutes, now: EpochMs): MinuteOfCalls[] {
  const { newest, counts } = withCalls(minutes, now, 0, 0);
  return pairsOf({ newest, counts }).map(([calls, refusals], age) => ({
    at: (newest - age) * MINUTE_MS,
    calls,
    refusals,
  }));
}

const pairsOf = ({ counts }: Minutes): Pair[] =>
  counts.split(' ').map((pair) => {
    const [calls, refusals = 0] = pair.split('/').map(Number);
    return [calls ?? 0, refusals];
  });
