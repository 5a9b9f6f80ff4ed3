import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { mapAhead } from '../../../cli/queries/map-ahead.ts';

async function* numbers(count: number): AsyncGenerator<number> {
  for (let one = 1; one <= count; one += 1) yield one;
}

describe('What is mapped ahead', () => {
  it('comes in its order, and no more at once than asked for', async () => {
    let [underWay, most] = [0, 0];
    const results = mapAhead(numbers(9), 3, async (one) => {
      underWay += 1;
      most = Math.max(most, underWay);
      // The first of three ends last.
      for (let turn = one % 3; turn < 3; turn += 1) await setImmediate();
      underWay -= 1;
      return 10 * one;
    });
    expect(await Array.fromAsync(results)).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(most).toBe(3);
  });

  it('ends at the first that fails, and others that failed before it end nothing', async () => {
    const given: number[] = [];
    const all = async (): Promise<void> => {
      const results = mapAhead(numbers(9), 3, async (one) => {
        if (one === 2) for (let turn = 0; turn < 5; turn += 1) await setImmediate();
        if (one > 1) throw new Error(`number ${one}`);
        return one;
      });
      for await (const one of results) given.push(one);
    };
    await expect(all()).rejects.toThrow('number 2');
    expect(given).toEqual([1]);
  });
});
