import { describe, expect, it } from 'vitest';
import { withinTime } from '../../../functions/common/within-time.ts';
import { NOON, virtualClock } from '../../support/virtual-clock.ts';

/** Work that takes so long. */
const within = async (untilMs: number, tookMs: number) => {
  const clock = virtualClock();
  const work = clock.sleep(tookMs).then(() => 'done');
  const result = await clock.run(withinTime(clock, NOON + untilMs, work));
  return { result, passedMs: clock.now() - NOON, sleepers: clock.sleepers() };
};

describe('work that is waited for until a time', () => {
  it('and ends before it hands on what it came to, and leaves no alarm behind', async () => {
    expect(await within(1000, 999)).toEqual({ result: { inTime: true, value: 'done' }, passedMs: 999, sleepers: 0 });
  });

  it('and is late is waited for no longer', async () => {
    expect(await within(1000, 1001)).toEqual({ result: { inTime: false }, passedMs: 1000, sleepers: 1 });
  });

  it('that has passed already is not waited for', async () => {
    expect(await within(-5000, 1)).toMatchObject({ result: { inTime: false }, passedMs: 0 });
  });

  it('and fails hands on its failure, and leaves no alarm behind', async () => {
    const clock = virtualClock();
    const work = clock.run(withinTime(clock, NOON + 1000, Promise.reject(new TypeError('a defect'))));
    await expect(work).rejects.toThrow('a defect');
    expect(clock.sleepers()).toBe(0);
  });

  it('and fails late fails nobody', async () => {
    const clock = virtualClock();
    const work = clock.sleep(2000).then(() => {
      throw new TypeError('a defect');
    });
    expect(await clock.run(withinTime(clock, NOON + 1000, work))).toEqual({ inTime: false });
    await expect(clock.run(work)).rejects.toThrow('a defect');
  });
});
