import { describe, expect, it } from 'vitest';
import { DEFAULT_MAX_FAILURES, maxFailures } from '../../../cli/campaigns/max-failures.ts';

describe('--max-failures', () => {
  it.each([
    ['5', 50, 5],
    ['0', 50, 0],
    ['20%', 50, 10],
    ['50%', 5, 2],
    ['50%', 1, 0],
    ['0%', 50, 0],
    ['100%', 50, 50],
    ['29%', 100, 29],
  ])('%s of a canary of %i lets %i fail', (typed, size, most) => {
    expect(maxFailures(typed).of(size)).toBe(most);
  });

  it('is half of the canary unless told otherwise', () => {
    expect(DEFAULT_MAX_FAILURES.of(50)).toBe(25);
  });

  it.each(['', '%', '-1', '1.5', '101%', 'five', '5 %', '12345678'])('“%s” is refused, with what to give', (typed) => {
    expect(() => maxFailures(typed)).toThrow(
      'Give how many may fail, such as 5, or a share of the canary, such as 20%.',
    );
  });
});
