import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newestFirst } from '../../../../functions/ledger/dynamo/newest-first.ts';
import { reachedAt, stateReasonTime } from '../../../../functions/ledger/items.ts';

const itemAt = (time: number) => ({ stateReasonTime: stateReasonTime('failed', time, 'rejected') });

describe('sources that are each newest first', () => {
  test('become one of them all, whatever their times and however many there are', async () => {
    const times = fc.array(fc.nat(50), { maxLength: 5 }).map((some) => some.sort((one, other) => other - one));
    await fc.assert(
      fc.asyncProperty(fc.array(times, { maxLength: 40 }), async (all) => {
        const sources = all.map(async function* (some) {
          for (const time of some) yield itemAt(time);
        });
        const merged = await Array.fromAsync(newestFirst(sources));
        expect(merged.map(reachedAt)).toEqual(all.flat().sort((one, other) => other - one));
      }),
    );
  });

  test('are opened sixteen at a time, and none is left out', async () => {
    let open = 0;
    let most = 0;
    const sources = Array.from({ length: 40 }, async function* () {
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      yield itemAt(1);
    });
    expect(await Array.fromAsync(newestFirst(sources))).toHaveLength(40);
    expect(most).toBe(16);
  });
});
