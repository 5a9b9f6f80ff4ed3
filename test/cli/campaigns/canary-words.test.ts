import { describe, expect, it } from 'vitest';
import type { CanaryResult } from '../../../cli/campaigns/canary.ts';
import { tallyOf } from '../../../cli/campaigns/canary-tally.ts';
import { brakeAdvice, canaryJson, canaryLines } from '../../../cli/campaigns/canary-words.ts';
import { maxFailures } from '../../../cli/campaigns/max-failures.ts';
import { anItem } from '../../support/builders.ts';

const WAY_ON = 'npx resets campaign start people.csv --id breach-7';
const campaign = { campaignId: 'breach-7', lane: 'bulk', rest: 39_950, wayOn: WAY_ON } as const;
const names = { command: (line: string) => `npx resets ${line}` };

const aResult = (given: Partial<CanaryResult> = {}): CanaryResult => ({
  end: 'passed',
  size: 50,
  reset: 50,
  failed: 0,
  rejected: 0,
  open: 0,
  groups: [],
  max: maxFailures('50%'),
  isBrakeOff: false,
  ...given,
});
const lines = (given: Partial<CanaryResult>, more = {}) => canaryLines(aResult(given), { ...campaign, ...more }, names);
const rejected404 = (count: number, detail = 'no such user') => ({ cause: 'rejected', status: 404, detail, count });

describe('what is told of a canary', () => {
  it('that passed is one line with the causes of its failures', () => {
    const groups = [rejected404(1), rejected404(1, 'gone'), { ...rejected404(1), cause: 'expired', status: undefined }];
    expect(lines({ reset: 47, failed: 3, rejected: 2, groups })).toEqual([
      'Canary: 47 of 50 reset, 3 failed (rejected 404: 2, expired: 1). Sending the rest.',
    ]);
    expect(lines({ reset: 25, open: 25 })).toEqual(['Canary: 25 of 50 reset, 0 failed, 25 open. Sending the rest.']);
    expect(lines({}, { rest: 0 })).toEqual(['Canary: 50 of 50 reset, 0 failed. That was the whole campaign.']);
  });

  it('that failed says what failed and why, what is not sent, and the ways on', () => {
    const groups = [rejected404(26), { cause: 'server-error', status: 500, detail: undefined, count: 1 }];
    expect(lines({ end: 'stopped', why: 'failures', reset: 3, failed: 27, rejected: 26, open: 20, groups })).toEqual([
      'Canary stopped: 3 of 50 reset, 27 failed, 20 open. At most 25 may fail (--max-failures 50%).',
      '  26  rejected 404: no such user',
      '  1   server-error 500',
      '39,950 rows are not sent.',
      "If the file, the URL or the token's owner is wrong: put that right, drop this campaign for good with npx resets campaign cancel breach-7, and start under another id, with --not-in breach-7 for those who are reset.",
      `To send the rest all the same: ${WAY_ON} --continue`,
      expect.stringContaining('budget release --brake-off 8h --lane bulk'),
    ]);
  });

  it('that was too slow names what is open, and how to watch it again', () => {
    const told = lines({ end: 'stopped', why: 'time', reset: 4, failed: 1, open: 45 });
    expect(told[0]).toBe(
      'Canary stopped: 45 still open after 10 min count as failed; 4 of 50 reset, 1 failed, 45 open. At most 25 may fail (--max-failures 50%).',
    );
    expect(told).toContain(`See what holds it up: npx resets status; watch it for ten minutes more: ${WAY_ON}`);
  });

  it('that the brake holds says so, and how the lane goes on', () => {
    const told = lines({ end: 'stopped', why: 'brake', reset: 0, failed: 19, rejected: 19, open: 31 });
    expect(told[0]).toBe(
      'Canary stopped: the brake holds lane bulk, after 20 rejections in a row; 0 of 50 reset, 19 failed, 31 open.',
    );
    expect(told).toContain('If they are not: npx resets budget release lets the lane go on.');
  });

  it('of a cancelled campaign offers no way to go on with it', () => {
    expect(lines({ end: 'stopped', why: 'cancelled', reset: 3, open: 47 })).toEqual([
      'Canary stopped: campaign breach-7 is cancelled; 3 of 50 reset, 0 failed, 47 open.',
      '39,950 rows are not sent.',
      'A cancelled id stays cancelled; start under another id, with --not-in breach-7 for those who are reset.',
    ]);
  });

  it('that was interrupted names the command that goes on', () => {
    expect(lines({ end: 'interrupted', reset: 3, open: 47 }, { rest: 1 })).toEqual([
      `Canary: 3 of 50 reset, 0 failed, 47 open, not decided yet. Its requests are sent; 1 row is not sent. Go on with: ${WAY_ON}`,
    ]);
  });

  it('says to cancel it before it is left out of another, as long as that would be refused', () => {
    const told = (open: number, rest: number) =>
      lines({ end: 'stopped', why: 'failures', reset: 0, failed: 50 - open, open }, { rest }).join('\n');
    expect(told(0, 1)).toContain('campaign cancel breach-7, and start under another id');
    expect(told(1, 0)).toContain('campaign cancel breach-7, and start under another id');
    expect(told(0, 0)).toContain('put that right and start under another id');
  });

  it('of the whole campaign offers to send no rest', () => {
    const told = lines({ end: 'stopped', why: 'failures', reset: 0, failed: 50 }, { rest: 0 });
    expect(told.join('\n')).not.toMatch(/--continue|not sent/);
  });

  it('lists ten causes, the others as one, and lets no cause move the cursor', () => {
    const groups = Array.from({ length: 13 }, (_, index) =>
      rejected404(2, `\u001b[2Jcause ${index} ${'x'.repeat(300)}`),
    );
    const told = lines({ end: 'stopped', why: 'failures', reset: 0, failed: 26, groups });
    const causes = told.filter((line) => line.includes('cause '));
    expect(causes).toHaveLength(10);
    expect(told).toContain('  6  for other causes');
    expect(told.join('')).not.toContain('\u001b');
    expect(Math.max(...causes.map((line) => line.length))).toBeLessThan(200);
  });

  it('in JSON has every member', () => {
    expect(canaryJson(aResult({ groups: [{ ...rejected404(2), status: undefined, detail: undefined }] }))).toEqual({
      end: 'passed',
      why: null,
      size: 50,
      reset: 50,
      failed: 0,
      rejected: 0,
      open: 0,
      allowed: 25,
      failures: [{ cause: 'rejected', status: null, detail: null, count: 2 }],
    });
  });
});

describe('the causes of failures', () => {
  it('are counted by reason, status and detail, the largest first; only rejections count towards the brake', () => {
    const failed = (key: string, members = {}) => anItem({ key, state: 'failed', ...members });
    const items = [
      failed('1', { reason: 'server-error', lastStatus: 500, detail: 'oops' }),
      failed('2'),
      failed('3'),
      anItem({ key: '4', state: 'discarded' }),
      anItem({ key: '5', state: 'cancelled' }),
      anItem({ key: '6', state: 'succeeded' }),
    ];
    const { groups, ...counts } = tallyOf(8, items);
    expect(counts).toEqual({ size: 8, reset: 1, failed: 5, rejected: 2, open: 2 });
    expect(groups.map(({ cause, status, count }) => [cause, status, count])).toEqual([
      ['rejected', 404, 2],
      ['server-error', 500, 1],
      ['discarded', 404, 1],
      ['cancelled', undefined, 1],
    ]);
  });
});

describe('advice on the brake', () => {
  const advice = (rejected: number, ended: number, rows = 40_000) =>
    brakeAdvice({ rejected, ended }, { rows, lane: 'bulk' }, names);

  it('is given where chance alone would begin it, with its odds and the command', () => {
    expect(advice(30, 50)).toBe(
      '30 of 50 were rejected. Among 40,000 rows like these the chance of 20 rejections in a row is about 44%, and then the brake holds lane bulk. If such users are to be expected, switch it off first: npx resets budget release --brake-off 8h --lane bulk',
    );
    expect(advice(45, 50)).toContain('about 99%');
  });

  it.each([
    ['few are rejected', advice(10, 50)],
    ['half are rejected, which is less likely than 5%', advice(25, 50)],
    ['all are rejected: the brake is right', advice(50, 50)],
    ['nothing has ended', advice(0, 0)],
    ['few rows are left', advice(30, 50, 1000)],
  ])('is not given where %s', (_, told) => {
    expect(told).toBeUndefined();
  });

  it('comes with a canary that passed, unless the brake is off already', () => {
    const many = { reset: 20, failed: 30, rejected: 30, max: maxFailures('80%') };
    expect(lines(many)).toHaveLength(2);
    expect(lines({ ...many, isBrakeOff: true })).toHaveLength(1);
  });
});
