import { describe, expect, it } from 'vitest';
import { perMinuteOf, recentResets } from '../../../../cli/queries/situation/recent-resets.ts';
import type { RequestItem } from '../../../../functions/ledger/items.ts';
import { aCampaign, anItem } from '../../../support/builders.ts';
import { memoryReader } from '../../../support/cli/command-line.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const MINUTE = 60_000;
let made = 0;
const reset = (minutesAgo: number, campaignId?: string): RequestItem => {
  made += 1;
  const of = campaignId === undefined ? {} : { campaignId };
  return anItem({ key: `r-${made}`, state: 'succeeded', at: NOON - minutesAgo * MINUTE, ...of });
};

describe('resets of the last five minutes', () => {
  it.each<[claim: string, counts: number[], perMinute: number | undefined]>([
    ['nothing is no rate', [0, 0, 0, 0, 0], undefined],
    ['work that goes on is averaged over all five', [60, 50, 60, 70, 60], 60],
    ['work that began in the third minute is measured from the fourth', [0, 0, 20, 60, 60], 60],
    ['work that began in the last minute is measured by it', [0, 0, 0, 0, 12], 12],
    ['a burst that is over counts whole', [0, 100, 0, 0, 0], 25],
    ['work that stopped gets slower', [60, 60, 60, 0, 0], 36],
  ])('%s', (_claim, counts, perMinute) => {
    expect(perMinuteOf(counts)).toBe(perMinute);
  });

  it('resets are those of no campaign and of the campaigns, up to now and from five minutes ago', async () => {
    const ledger = memoryReader(
      reset(4.9),
      reset(5.1),
      reset(0),
      // Its copy's clock is ahead.
      reset(-0.02),
      reset(1, 'spring'),
      anItem({ key: 'waiting', campaignId: 'spring' }),
    );
    expect(await recentResets(ledger, () => NOON)).toEqual({ resets: 4, perMinute: 0.8 });
  });

  it('of many campaigns the twenty seen last are counted', async () => {
    const asked = new Set<string>();
    await recentResets(
      {
        async *campaigns() {
          for (let index = 0; index < 30; index += 1) yield aCampaign(`c-${index}`);
        },
        count: async ({ campaign }) => {
          asked.add(campaign);
          return 0;
        },
      },
      () => NOON,
    );
    expect([...asked]).toEqual(['none', ...Array.from({ length: 20 }, (_, index) => `c-${index}`)]);
  });

  it("the time is asked for after the ledger's first answer", async () => {
    const events: string[] = [];
    await recentResets(
      {
        async *campaigns() {
          events.push('campaigns');
          yield* [];
        },
        count: async () => 0,
      },
      () => {
        events.push('now');
        return NOON;
      },
    );
    expect(events).toEqual(['campaigns', 'now']);
  });
});
