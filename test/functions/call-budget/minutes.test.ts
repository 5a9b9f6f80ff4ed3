import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Minutes, minutesUntil, noMinutes, withCalls } from '../../../functions/call-budget/minutes.ts';
import { NOON } from '../../support/virtual-clock.ts';

const MINUTE_MS = 60_000;
const callsOf = (minutes: Minutes, now: number) => minutesUntil(minutes, now).map(({ calls }) => calls);

describe('the minutes of the last hour', () => {
  it('count calls and refusals, the newest first', () => {
    let minutes = withCalls(noMinutes(NOON), NOON, 2, 0);
    minutes = withCalls(minutes, NOON + 59_999, 1, 1);
    minutes = withCalls(minutes, NOON + 2 * MINUTE_MS, 5, 0);
    expect(minutes.counts).toBe('5 0 3/1');
    expect(minutesUntil(minutes, NOON + 3 * MINUTE_MS)).toEqual([
      { at: NOON + 3 * MINUTE_MS, calls: 0, refusals: 0 },
      { at: NOON + 2 * MINUTE_MS, calls: 5, refusals: 0 },
      { at: NOON + MINUTE_MS, calls: 0, refusals: 0 },
      { at: NOON, calls: 3, refusals: 1 },
    ]);
  });

  it('are sixty at most, also after a rest of a year', () => {
    let minutes = noMinutes(NOON);
    for (let minute = 0; minute < 100; minute += 1) minutes = withCalls(minutes, NOON + minute * MINUTE_MS, minute, 0);
    expect(callsOf(minutes, NOON + 99 * MINUTE_MS)).toEqual(Array.from({ length: 60 }, (_, age) => 99 - age));
    expect(callsOf(minutes, NOON + 31_536_000_000)).toEqual(Array<number>(60).fill(0));
  });

  it('take a call by a clock that is behind into the minute before, and leave out one that is an hour behind', () => {
    const minutes = withCalls(withCalls(noMinutes(NOON), NOON, 1, 0), NOON - 1, 7, 0);
    expect(callsOf(minutes, NOON)).toEqual([1]);
    const longer = withCalls(withCalls(noMinutes(NOON - MINUTE_MS), NOON, 1, 0), NOON - 1, 7, 0);
    expect(callsOf(longer, NOON)).toEqual([1, 7]);
    expect(callsOf(withCalls(longer, NOON - 61 * MINUTE_MS, 7, 0), NOON)).toEqual([1, 7]);
  });

  it('count each call of the hour once, whatever the clocks', () => {
    const call = fc.record({ afterMs: fc.nat(300_000), behindMs: fc.nat(2_000), refused: fc.nat(1) });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 50 }), (all) => {
        let now = NOON;
        let minutes = noMinutes(now - MINUTE_MS);
        const made: number[] = [];
        for (const { afterMs, behindMs, refused } of all) {
          now += afterMs;
          made.push(now - behindMs);
          minutes = withCalls(minutes, now - behindMs, 1, refused);
        }
        const since = (Math.floor(Math.max(...made, NOON) / MINUTE_MS) - 59) * MINUTE_MS;
        const kept = made.filter((at) => at >= since).length;
        const counted = minutesUntil(minutes, now).reduce((sum, { calls }) => sum + calls, 0);
        expect(counted).toBeLessThanOrEqual(kept);
        expect(minutes.counts.length).toBeLessThan(300);
        if (now - NOON < 3_000_000) expect(counted).toBe(made.length);
      }),
    );
  });
});
