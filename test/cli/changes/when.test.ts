import { describe, expect, it } from 'vitest';
import { duration, momentAhead, when } from '../../../cli/changes/when.ts';
import { CommandFailed } from '../../../cli/terminal/io.ts';
import { NOON } from '../../support/virtual-clock.ts';

const HOUR_MS = 3_600_000;

describe('a moment', () => {
  it.each([
    ['90s', 90_000],
    ['90m', 1.5 * HOUR_MS],
    ['8h', 8 * HOUR_MS],
    ['2d', 48 * HOUR_MS],
    ['2026-11-23T13:00:00Z', HOUR_MS],
    ['2026-11-23T15:00:00+02:00', HOUR_MS],
  ])('that is typed as %s lies so far ahead', (typed, aheadMs) => {
    expect(momentAhead('--until', when(typed), NOON)).toBe(NOON + aheadMs);
  });

  it.each(['', '8', '0h', '-1h', '1.5h', '08h', '8 h', '8H', '1h30m', '9999999d', 'tomorrow', '2026-11-23', '18:00'])(
    'is not read from %j',
    (typed) => {
      expect(() => when(typed)).toThrow(/RFC 3339 time such as .*duration such as/);
    },
  );

  it.each([
    ['2026-11-23T11:59:59Z', /^--until has passed: AWS's clock says 2026-11-23T12:00:00.000Z/],
    ['2026-11-23T12:00:00Z', /has passed/],
    ['366d', /more than a year ahead/],
    ['2062-11-23T12:00:00Z', /more than a year ahead/],
  ])('typed as %s is wrong usage', (typed, message) => {
    expect(() => momentAhead('--until', when(typed), NOON)).toThrow(message);
    expect(() => momentAhead('--until', when(typed), NOON)).toThrow(CommandFailed);
  });

  it('is no duration', () => {
    expect(() => duration('2026-11-23T13:00:00Z')).toThrow('Give a duration such as 90m, 8h or 2d.');
  });
});
