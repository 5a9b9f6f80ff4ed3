import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AFTER_CALL_MS, DEFAULT_CALL_TIMEOUT_MS, leaseMs } from '../../../../functions/ledger/lease.ts';
import { verdictOf } from '../../../../functions/reset-worker/core/answers.ts';
import type { ApiAnswer } from '../../../../functions/reset-worker/core/ports.ts';
import {
  clampRetryAfter,
  hideSeconds,
  nextTry,
  parseRetryAfter,
} from '../../../../functions/reset-worker/core/retry-policy.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const DAY_SECONDS = 24 * 60 * 60;
const HOUR_MS = 60 * 60_000;

describe('the times of a call', () => {
  it('are 20 s for the call, 10 s for what follows, and both for its lease', () => {
    expect({ DEFAULT_CALL_TIMEOUT_MS, AFTER_CALL_MS, LEASE_MS: leaseMs(20_000) }).toEqual({
      DEFAULT_CALL_TIMEOUT_MS: 20_000,
      AFTER_CALL_MS: 10_000,
      LEASE_MS: 30_000,
    });
  });
});

describe('the verdict on an answer', () => {
  const kindOf = (status: number): string => {
    if (status >= 200 && status <= 299) return 'done';
    const special: Record<number, string> = {
      401: 'unauthorized',
      429: 'throttled',
      503: 'unavailable',
      504: 'unknown',
    };
    return special[status] ?? (status >= 500 ? 'server-error' : 'rejected');
  };

  it('is as the design’s table says, for every status from 100 to 599', () => {
    for (let status = 100; status < 600; status += 1) {
      const verdict = verdictOf({ kind: 'answered', status, detail: 'words' });
      const kind = verdict.kind === 'refused' ? verdict.reason : verdict.kind;
      expect({ status, kind }).toEqual({ status, kind: kindOf(status) });
      expect(verdict.status).toBe(status);
      if (verdict.kind === 'refused') expect(verdict.detail).toBe('words');
    }
  });

  it.each<[ApiAnswer, object]>([
    [{ kind: 'not-sent', why: 'ECONNREFUSED' }, { kind: 'unavailable' }],
    [{ kind: 'no-answer', why: 'timeout' }, { kind: 'unknown' }],
  ])('%o is %o', (answer, verdict) => {
    expect(verdictOf(answer)).toEqual(verdict);
  });

  it.each([
    [429, { kind: 'throttled', status: 429, retryAfterMs: 0 }],
    [503, { kind: 'unavailable', status: 503, retryAfterMs: 0 }],
    [504, { kind: 'unknown', status: 504, retryAfterMs: 0 }],
    [401, { kind: 'unauthorized', status: 401 }],
    [404, { kind: 'refused', status: 404, reason: 'rejected', detail: '' }],
  ])('%i keeps Retry-After where it is a reason to wait', (status, verdict) => {
    expect(verdictOf({ kind: 'answered', status, detail: '', retryAfterMs: 0 })).toEqual(verdict);
  });

  it('has no Retry-After where the answer had none', () => {
    expect(verdictOf({ kind: 'answered', status: 429, detail: '' })).toStrictEqual({ kind: 'throttled', status: 429 });
  });
});

describe('backoff', () => {
  const always = { now: NOON, latestStart: NOON + HOUR_MS };
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
  ])('after %i failed calls is at most %i ms', (failedCalls, most) => {
    expect(nextTry({ failedCalls, unknowns: 0 }, always, almostOne)).toMatchObject({ delayMs: most });
    expect(nextTry({ failedCalls, unknowns: 0 }, always, () => 0.5)).toMatchObject({ delayMs: most / 2 });
    expect(nextTry({ failedCalls, unknowns: 0 }, always, () => 0)).toEqual({ kind: 'now', delayMs: 0 });
  });

  it.each([
    [{ failedCalls: 49, unknowns: 2 }, undefined],
    [{ failedCalls: 50, unknowns: 2 }, 'retries-exhausted'],
    [{ failedCalls: 51, unknowns: 0 }, 'retries-exhausted'],
    [{ failedCalls: 3, unknowns: 3 }, 'outcome-unknown'],
    [{ failedCalls: 50, unknowns: 3 }, 'outcome-unknown'],
    [{ failedCalls: 9, unknowns: 4 }, 'outcome-unknown'],
  ])('of %o ends with %s', (request, reason) => {
    const next = nextTry(request, always, () => 0);
    expect(next.kind === 'never' ? next.reason : undefined).toBe(reason);
  });

  it.each([
    ['a wait of 10 s', 10_000, HOUR_MS, 'now'],
    ['a wait of a millisecond more', 10_001, HOUR_MS, 'later'],
    ['a wait that ends with the last start', 5000, 5000, 'now'],
    ['a wait that ends a millisecond after it', 5000, 4999, 'later'],
  ])('takes %s', (_, retryAfterMs, leftMs, kind) => {
    const times = { now: NOON, latestStart: NOON + leftMs };
    expect(nextTry({ failedCalls: 1, unknowns: 0, retryAfterMs }, times, () => 0)).toEqual({
      kind,
      delayMs: retryAfterMs,
    });
  });

  it('is never shorter than Retry-After, never longer than both bounds, and sleeps only what fits', () => {
    fc.assert(
      fc.property(
        fc.record({
          failedCalls: fc.nat(49),
          unknowns: fc.nat(2),
          retryAfterMs: fc.integer({ min: -1e9, max: 1e12 }),
        }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: -HOUR_MS, max: HOUR_MS }),
        (request, random, leftMs) => {
          const times = { now: NOON, latestStart: NOON + leftMs };
          const next = nextTry(request, times, () => random);
          if (next.kind === 'never') throw new Error('It may be tried again.');
          expect(Number.isInteger(next.delayMs)).toBe(true);
          expect(next.delayMs).toBeGreaterThanOrEqual(Math.max(0, Math.min(request.retryAfterMs, HOUR_MS)));
          expect(next.delayMs).toBeLessThanOrEqual(
            Math.max(Math.min(900_000, 1000 * 2 ** request.failedCalls), clampRetryAfter(request.retryAfterMs)),
          );
          if (next.kind === 'now') {
            expect(next.delayMs).toBeLessThanOrEqual(10_000);
            expect(times.now + next.delayMs).toBeLessThanOrEqual(times.latestStart);
          }
        },
      ),
    );
  });

  it('of 50 calls is about five hours of trying', () => {
    let total = 0;
    for (let failedCalls = 1; failedCalls < 50; failedCalls += 1) {
      const next = nextTry({ failedCalls, unknowns: 0 }, always, () => 0.5);
      total += next.kind === 'never' ? 0 : next.delayMs;
    }
    expect(total / HOUR_MS).toBeGreaterThan(4.9);
    expect(total / HOUR_MS).toBeLessThan(5.3);
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
    [0, 46, false, 1195],
    [0, 47, false, 1200],
    [0, 1000, false, 1200],
    [1_300_000, 1000, false, 1300],
    [11 * HOUR_MS, 1, true, 39_600],
    [11 * HOUR_MS + 1, 1, true, 39_600],
    [1e15, 1000, false, 39_600],
  ])('for a wait of %i ms at receive %i (attempted: %s) is %i s', (waitMs, receiveCount, attempted, seconds) => {
    expect(hideSeconds(waitMs, receiveCount, attempted)).toBe(seconds);
  });

  it('is whole seconds from 0 to 11 h, covers the wait, and is 20 min at least above 50 receives without an attempt', () => {
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
          if (!attempted && receiveCount > 50) expect(seconds).toBeGreaterThanOrEqual(1200);
        },
      ),
    );
  });

  it('lets 1,000 receives outlast the queue’s 14 days', () => {
    let hidden = 0;
    for (let receive = 1; receive <= 1000; receive += 1) hidden += hideSeconds(0, receive, false);
    // 8,400 s while the wait grows, then 954 · 1,200 s: 13.3 days of being hidden alone. That is past the 12 days after which any
    // receive dead-letters the message as expired.
    expect(hidden / DAY_SECONDS).toBeGreaterThan(13.3);
    // Before it is given back for want of a turn it has waited in its invocation: 120 s less the 30 s that a call needs.
    const waitedForTurns = 1000 * (120 - leaseMs(20_000) / 1000);
    expect((hidden + waitedForTurns) / DAY_SECONDS).toBeGreaterThan(14);
  });
});
