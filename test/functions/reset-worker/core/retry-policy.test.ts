import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AFTER_CALL_MS,
  CLOCK_SKEW_MS,
  DEFAULT_CALL_TIMEOUT_MS,
  leaseMs,
  unknownWaitMs,
} from '../../../../functions/ledger/lease.ts';
import {
  backoffMs,
  hideSeconds,
  MAX_FAILED_CALLS,
  MAX_UNKNOWNS,
  parseRateLimitReset,
  parseRetryAfter,
  putBackMs,
  SHORT_WAIT_MS,
} from '../../../../functions/reset-worker/core/retry-policy.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const DAY_SECONDS = 24 * 60 * 60;
const HOUR_MS = 60 * 60_000;

describe('the times of a call', () => {
  it('are 20 s for the call, 10 s for what follows, and both for its lease', () => {
    expect({ DEFAULT_CALL_TIMEOUT_MS, AFTER_CALL_MS, CLOCK_SKEW_MS, LEASE_MS: leaseMs(20_000) }).toEqual({
      DEFAULT_CALL_TIMEOUT_MS: 20_000,
      AFTER_CALL_MS: 10_000,
      CLOCK_SKEW_MS: 2000,
      LEASE_MS: 30_000,
    });
    expect(leaseMs(2000)).toBe(12_000);
  });
});

describe('backoff', () => {
  const almostOne = () => 1 - Number.EPSILON;

  it.each([
    [0, 1000],
    [1, 2000],
    [2, 4000],
    [3, 8000],
    [5, 32_000],
    [9, 512_000],
    [10, 900_000],
    [11, 900_000],
    [49, 900_000],
    [5000, 900_000],
  ])('after %i failed calls is at most %i ms', (failures, most) => {
    expect(backoffMs(failures, 0, almostOne)).toBe(most);
    expect(backoffMs(failures, 0, () => 0.5)).toBe(most / 2);
    expect(backoffMs(failures, 0, () => 0)).toBe(0);
  });

  it('is whole milliseconds, never shorter than Retry-After, never longer than both bounds', () => {
    fc.assert(
      fc.property(
        fc.nat(100),
        fc.integer({ min: -1e9, max: 1e12 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, retryAfterMs, random) => {
          const delayMs = backoffMs(failures, retryAfterMs, () => random);
          const asked = Math.max(0, Math.min(retryAfterMs, HOUR_MS));
          expect(Number.isInteger(delayMs)).toBe(true);
          expect(delayMs).toBeGreaterThanOrEqual(asked);
          expect(delayMs).toBeLessThanOrEqual(Math.max(Math.min(900_000, 1000 * 2 ** failures), asked));
        },
      ),
    );
  });

  it('of 50 calls is about five hours of trying', () => {
    let total = 0;
    for (let failures = 1; failures < MAX_FAILED_CALLS; failures += 1) total += backoffMs(failures, 0, () => 0.5);
    expect(total / HOUR_MS).toBeGreaterThan(4.9);
    expect(total / HOUR_MS).toBeLessThan(5.3);
  });
});

describe('the least wait after calls of unknown outcome', () => {
  const MINUTE_MS = 60_000;
  it.each([
    [0, 0, 15 * MINUTE_MS],
    [1, 0, 15 * MINUTE_MS],
    [2, 15 * MINUTE_MS, 60 * MINUTE_MS],
    [3, 15 * MINUTE_MS, 60 * MINUTE_MS],
  ])('%i is %i ms, and %i ms while nobody knows whether the API is there', (unknowns, waitMs, putBack) => {
    expect(unknownWaitMs(unknowns)).toBe(waitMs);
    expect(putBackMs(unknowns)).toBe(putBack);
  });

  it('leaves a person to decide after three such calls, and after 50 that failed', () => {
    expect({ MAX_UNKNOWNS, MAX_FAILED_CALLS, SHORT_WAIT_MS }).toEqual({
      MAX_UNKNOWNS: 3,
      MAX_FAILED_CALLS: 50,
      SHORT_WAIT_MS: 10_000,
    });
  });
});

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    [' 120 ', 120_000],
    ['0', 0],
    ['007', 7000],
    ['3600', HOUR_MS],
    ['3601', HOUR_MS],
    ['999999999999999999999', HOUR_MS],
    ['Mon, 23 Nov 2026 12:00:30 GMT', 30_000],
    ['Monday, 23-Nov-26 12:00:30 GMT', 30_000],
    ['Mon Nov 23 12:00:30 2026', 30_000],
    ['Tue Nov  3 12:00:30 2026', 0],
    ['Mon, 23 Nov 2026 11:59:59 GMT', 0],
    ['Mon, 23 Nov 2026 13:00:01 GMT', HOUR_MS],
    ['Wednesday, 25-Nov-26 12:00:00 GMT', HOUR_MS],
    ['', undefined],
    ['  ', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    ['120s', undefined],
    ['s120', undefined],
    ['120, 60', undefined],
    ['soon', undefined],
    ['2026-11-23T12:00:30Z', undefined],
    ['2026', 2026_000],
    ['23 Nov 2026 12:00:30 GMT', undefined],
    ['Mon, 23 Nov 2026 12:00:30', undefined],
    ['Mon, 23 Nov 2026 12:00:30 CET', undefined],
    ['xMon, 23 Nov 2026 12:00:30 GMT', undefined],
    ['Mon, 23 Nov 2026 12:00:30 GMT or so', undefined],
    ['xMonday, 23-Nov-26 12:00:30 GMT', undefined],
    ['Monday, 23-Nov-26 12:00:30 GMT or so', undefined],
    ['xMon Nov 23 12:00:30 2026', undefined],
    ['Mon Nov 23 12:00:30 2026 or so', undefined],
    ['Mon, 23 Nov 2026 12:00:30 GMT+0100', undefined],
    ['Monday, 23-Nov-26 12:00:30 GMT+0100', undefined],
    ['Mon Nov 23 12:00:30 2026 GMT', undefined],
    ['Mon, 99 Nov 2026 99:99:99 GMT', undefined],
    ['Mon, 23 Xyz 2026 12:00:30 GMT', undefined],
    [undefined, undefined],
  ])('%j is %s ms', (value, ms) => {
    expect(parseRetryAfter(value, NOON)).toBe(ms);
  });

  it('is none or a wait of at most an hour, whatever stands there', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0123456789 :,-GMTonNv') })), (value) => {
        const ms = parseRetryAfter(value, NOON) ?? 0;
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(HOUR_MS);
      }),
    );
  });

  it('is read the same whatever the machine’s time zone', () => {
    const zone = process.env.TZ;
    try {
      for (const TZ of ['Pacific/Auckland', 'America/Los_Angeles']) {
        process.env.TZ = TZ;
        expect(parseRetryAfter('Mon Nov 23 12:00:30 2026', NOON)).toBe(30_000);
      }
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });
});

describe('the time for which a message is hidden', () => {
  it.each([
    [0, 1, false, 2],
    [0, 1, true, 0],
    [-5000, 1, true, 0],
    [1, 1, true, 1],
    [1000, 1, true, 1],
    [1001, 1, true, 2],
    [1001, 500, true, 2],
    [90_000, 1, false, 90],
    [0, 9, false, 4],
    [0, 18, false, 16],
    [0, 40, false, 475],
    [0, 41, false, 540],
    [0, 196, false, 540],
    [0, 197, false, 1200],
    [0, 1000, false, 1200],
    [1_300_000, 1000, false, 1300],
    [11 * HOUR_MS, 1, true, 39_600],
    [11 * HOUR_MS + 1, 1, true, 39_600],
    [1e15, 1000, false, 39_600],
  ])('for a wait of %i ms at receive %i (attempted: %s) is %i s', (waitMs, receiveCount, attempted, seconds) => {
    expect(hideSeconds(waitMs, receiveCount, attempted)).toBe(seconds);
  });

  it.each([
    [60_000, 1, true, 60_000, 60],
    [60_000, 1, true, 59_999, 60],
    [60_000, 1, true, 59_000, 60],
    [60_000, 1, true, 58_999, 59],
    [60_000, 1, true, 500, 1],
    [60_000, 1, true, 0, 1],
    [0, 1000, false, 30_000, 31],
    [1e15, 1, true, 1e15, 39_600],
    [60_000, 1, true, -1, 60],
    [0, 1000, false, -1, 1200],
    [0, 1, true, 60_000, 0],
    [60_000, 1, true, undefined, 60],
  ])(
    'for a wait of %i ms at receive %i (attempted: %s) with %s ms left until its notAfter is %i s',
    (waitMs, receiveCount, attempted, lifeMs, seconds) => {
      expect(hideSeconds(waitMs, receiveCount, attempted, lifeMs)).toBe(seconds);
    },
  );

  it('is whole seconds from 0 to 11 h, covers the wait, and is 20 min at least above 196 receives without an attempt', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: -1e15, max: 1e15 })),
        fc.integer({ min: 1, max: 100_000 }),
        fc.boolean(),
        (waitMs, receiveCount, attempted) => {
          const seconds = hideSeconds(waitMs, receiveCount, attempted);
          expect(Number.isInteger(seconds)).toBe(true);
          expect(seconds).toBeGreaterThanOrEqual(0);
          expect(seconds).toBeLessThanOrEqual(39_600);
          expect(seconds * 1000).toBeGreaterThanOrEqual(Math.min(waitMs, 39_600_000));
          if (!attempted && receiveCount > 196) expect(seconds).toBeGreaterThanOrEqual(1200);
        },
      ),
    );
  });

  it('lets 1,000 receives outlast the 12 days after which any receive dead-letters the message as expired', () => {
    let hidden = 0;
    for (let receive = 1; receive <= 1000; receive += 1) hidden += hideSeconds(0, receive, false);
    expect(hidden / DAY_SECONDS).toBeGreaterThan(12.1);
  });

  it('is less than ten minutes for a day, so that a lone request goes on so soon after what held it', () => {
    let hidden = 0;
    for (let receive = 1; hidden < DAY_SECONDS; receive += 1) {
      const seconds = hideSeconds(0, receive, false);
      expect(seconds).toBeLessThan(590);
      hidden += seconds;
    }
  });
});

describe('RateLimit-Reset', () => {
  const seconds = NOON / 1000;

  it.each<[string | undefined, number | undefined]>([
    ['0', undefined],
    ['1', 1_000],
    [' 59 ', 59_000],
    ['60', 60_000],
    ['61', 60_000],
    ['86400', 60_000],
    ['999999999', 60_000],
    // From here on it is seconds since the epoch.
    ['1000000000', undefined],
    [`${seconds - 1}`, undefined],
    [`${seconds}`, undefined],
    [`${seconds + 9}`, 9_000],
    [`${seconds + 3600}`, 60_000],
    [`${NOON}`, 60_000],
    ['9'.repeat(400), 60_000],
    ['', undefined],
    [undefined, undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['Mon, 23 Nov 2026 12:00:30 GMT', undefined],
  ])('of %s is %s ms', (value, ms) => {
    expect(parseRateLimitReset(value, NOON)).toBe(ms);
  });
});
