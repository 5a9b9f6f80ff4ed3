import { setImmediate as allElseIdle } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type LedgerCounts, ledgerCounts } from '../../../../cli/queries/situation/ledger-counts.ts';
import { RunningTotals } from '../../../../cli/queries/situation/running-totals.ts';
import type { LedgerReader } from '../../../../functions/ledger/dynamo/reader.ts';
import { LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
import { aCampaign, anItem } from '../../../support/builders.ts';
import { memoryReader } from '../../../support/cli/command-line.ts';

/** Totals of a ledger whose every count takes a second. */
function running(change: Partial<LedgerReader> = {}) {
  let time = 0;
  const counts: number[] = [];
  const ledger: LedgerReader = {
    ...memoryReader(anItem({ key: 'a', state: 'succeeded' }), anItem({ key: 'b' })),
    async *campaigns() {
      counts.push(time);
      time += 1_000;
      yield* [];
    },
    ...change,
  };
  const stop = new AbortController();
  const totals = new RunningTotals<LedgerCounts>(
    (before, watch) => ledgerCounts(ledger, () => time, before, watch),
    { now: () => time },
    stop.signal,
  );
  return {
    totals,
    counts,
    stop: () => stop.abort(),
    async lookAfter(ms: number) {
      time += ms;
      totals.refresh();
      await allElseIdle();
      return totals.look();
    },
  };
}

describe('totals that are counted in the background', () => {
  it('are looked at while they are counted', async () => {
    let go = (): void => {};
    const counting = new Promise<void>((resolve) => {
      go = resolve;
    });
    const { totals, lookAfter } = running({
      async count(_selection, watch) {
        watch?.onCounted?.(100);
        await counting;
        return 100;
      },
    });
    expect(totals.look()).toEqual({ kind: 'counting', counted: 0 });
    // Each state but `succeeded`, `failed` by six reasons, `redriven`, and the unconfirmed; one after another where there is one campaign.
    expect(await lookAfter(0)).toMatchObject({
      kind: 'counting',
      counted: expect.toSatisfy((n: number) => n >= 1_000),
    });
    go();
    await allElseIdle();
    expect(totals.look()).toMatchObject({ kind: 'counted', counts: { unconfirmed: 100 } });
  });

  it('are counted again at once after the first time, then for a twentieth of the time', async () => {
    const { lookAfter, counts } = running();
    for (let look = 0; look < 30; look += 1) await lookAfter(1_000);
    // 1 s each: the third begins 20 s after the second's end.
    expect(counts).toEqual([1_000, 3_000, 24_000]);
  });

  it("take a call for unconfirmed by AWS's clock, which is known only once AWS has answered", async () => {
    let ahead = 0;
    const ends: (number | undefined)[] = [];
    const ledger: LedgerReader = {
      ...memoryReader(),
      async *campaigns() {
        ahead = 3_600_000;
        yield* [];
      },
      async count({ leaseEndedBefore }) {
        if (leaseEndedBefore !== undefined) ends.push(leaseEndedBefore);
        return 0;
      },
    };
    const totals = new RunningTotals<LedgerCounts>(
      (before, watch) => ledgerCounts(ledger, () => ahead, before, watch),
      { now: () => 0 },
      new AbortController().signal,
    );
    totals.refresh();
    await allElseIdle();
    expect(ends).toEqual([3_600_000]);
  });

  it('go on from the last count of the successes, each campaign for itself', async () => {
    const asked: [string, number | undefined][] = [];
    const { lookAfter } = running({
      async *campaigns() {
        yield aCampaign('spring');
      },
      async countSucceeded(campaign, last) {
        asked.push([campaign, last?.count]);
        return {
          count: (last?.count ?? (campaign === 'spring' ? 10 : 0)) + 1,
          others: 0,
          settled: { count: 0, others: 0, before: 0 },
        };
      },
    });
    const totals = [await lookAfter(1), await lookAfter(1)];
    expect(asked).toEqual([
      ['none', undefined],
      ['spring', undefined],
      ['none', 1],
      ['spring', 11],
    ]);
    expect(totals.map((one) => one.kind === 'counted' && one.counts.states.succeeded)).toEqual([12, 14]);
  });

  it('that could not be counted say why, keep the last count, and are tried again', async () => {
    let isBroken = false;
    const { count } = memoryReader(anItem({ key: 'b' }));
    const { lookAfter } = running({
      async count(selection) {
        if (isBroken) throw new LedgerUnreachable(Object.assign(new Error('no'), { name: 'ThrottlingException' }));
        return count(selection);
      },
    });
    await lookAfter(0);
    isBroken = true;
    expect(await lookAfter(0)).toMatchObject({
      kind: 'failed',
      why: expect.stringMatching(/throttles/),
      counts: { states: { waiting: 1 } },
    });
    isBroken = false;
    expect(await lookAfter(25_000)).toMatchObject({ kind: 'counted' });
  });

  it('surface a bug at the next look', async () => {
    const { lookAfter } = running({
      count: async () => {
        throw new TypeError('x is not a function');
      },
    });
    await expect(lookAfter(0)).rejects.toThrow('x is not a function');
  });

  it('end without a word when they are stopped', async () => {
    const { totals, lookAfter, stop } = running({
      count: async (_selection, watch) => {
        await allElseIdle();
        watch?.signal?.throwIfAborted();
        return 1;
      },
    });
    const first = lookAfter(0);
    stop();
    await first;
    await allElseIdle();
    expect(totals.look()).toMatchObject({ kind: 'counting' });
  });
});
