import { describe, expect, it } from 'vitest';
import { type Canary, decisionOn, watchCanary } from '../../../cli/campaigns/canary.ts';
import { maxFailures } from '../../../cli/campaigns/max-failures.ts';
import type { QueueCounts, Queues } from '../../../cli/deployment/queues.ts';
import type { BudgetStore } from '../../../functions/call-budget/shared-item.ts';
import type { BudgetState } from '../../../functions/call-budget/state.ts';
import type { CampaignItem, RequestItem } from '../../../functions/ledger/items.ts';
import { LedgerUnreadable } from '../../../functions/ledger/ledger.ts';
import { aCampaign, anItem } from '../../support/builders.ts';
import { aBudget, counts, heldBy, pausedOn } from '../../support/cli/a-situation.ts';
import { contextOf, failureIn, memoryReader, onTerminal, type TestIo, testIo } from '../../support/cli/command-line.ts';
import { untouched } from '../../support/untouched.ts';
import { NOON } from '../../support/virtual-clock.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const ID = 'breach-7';

/** What is there so long after noon, when the canary was sent. */
interface World {
  size?: number;
  max?: string;
  items?(ms: number): RequestItem[];
  budget?(ms: number): BudgetState | undefined;
  campaign?: (ms: number) => CampaignItem['state'];
  lane?: QueueCounts;
  /** The ledger can't be read between these times. */
  unread?: readonly [from: number, to: number];
  stopped?: AbortSignal;
}

const of = (count: number, members: Partial<RequestItem>, from = 0): RequestItem[] =>
  Array.from({ length: count }, (_, index) => {
    return anItem({ key: `${ID}:${from + index}`, campaignId: ID, lane: 'bulk', firstSentAt: NOON, ...members });
  });
const reset = (count: number) => of(count, { state: 'succeeded' });
const rejected = (count: number, from = 100) => of(count, { state: 'failed' }, from);

function watching(world: World, io: TestIo = testIo()) {
  const { size = 10, max = '50%', items = () => [], budget = () => undefined, campaign = () => 'active' } = world;
  const { lane = counts({ waiting: 5 }), unread, stopped = new AbortController().signal } = world;
  const since = (): number => io.clock.now() - NOON;
  const read = <T>(value: T): T => {
    // The clock never lets a test time out.
    if (since() > 120 * MINUTE) throw new Error('The canary is never decided.');
    if (unread && since() >= unread[0] && since() < unread[1]) {
      throw new LedgerUnreadable('Ledger', Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    }
    return value;
  };
  const context = contextOf(io, {
    ledger: {
      ...memoryReader(),
      findEach: async () => read(new Map(items(since()).map((item) => [item.pk, item]))),
      findCampaign: async () => read(aCampaign(ID, { state: campaign(since()) })),
    },
    budget: { ...untouched<BudgetStore>('budget'), read: async () => read(budget(since())) },
    queues: { ...untouched<Queues>('queues'), counts: async () => lane },
  });
  const requestIds = Array.from({ length: size }, (_, index) => `${ID}:${index}`);
  const canary: Canary = {
    campaignId: ID,
    requestIds,
    lane: 'bulk',
    max: maxFailures(max),
    stopped,
    wayOn: `npx resets campaign start people.csv --id ${ID}`,
  };
  const result = context.connect().then((connection) => watchCanary(context, connection, canary));
  return { io, result, since };
}

describe('what a canary shows', () => {
  it.each([
    [{ failed: 5, open: 5 }, 5, undefined],
    [{ failed: 6, open: 4 }, 5, 'stopped'],
    [{ failed: 3, open: 3 }, 5, undefined],
    [{ failed: 3, open: 2 }, 5, 'passed'],
    [{ failed: 5, open: 0 }, 5, 'passed'],
    [{ failed: 0, open: 1 }, 0, undefined],
    [{ failed: 1, open: 0 }, 0, 'stopped'],
    [{ failed: 0, open: 0 }, 0, 'passed'],
  ] as const)('of %j with at most %i failures: %s', (tally, allowed, decision) => {
    expect(decisionOn(tally, allowed)).toBe(decision);
  });
});

describe('watching a canary', () => {
  it('passes as soon as the open ones cannot change it', async () => {
    const { result, since } = watching({ items: (ms) => reset(ms / SECOND) });
    expect(await result).toMatchObject({ end: 'passed', reset: 6, failed: 0, open: 4 });
    expect(since()).toBe(6 * SECOND);
  });

  it('stops as soon as more have failed than may, whatever becomes of the open ones', async () => {
    const { result, since } = watching({ items: (ms) => rejected(ms / SECOND) });
    expect(await result).toMatchObject({ end: 'stopped', why: 'failures', failed: 6, open: 4, rejected: 6 });
    expect(since()).toBe(6 * SECOND);
  });

  it('of one user decides by that one', async () => {
    expect(await watching({ size: 1, items: () => reset(1) }).result).toMatchObject({ end: 'passed' });
    expect(await watching({ size: 1, items: () => rejected(1) }).result).toMatchObject({ end: 'stopped' });
  });

  it.each(['failed', 'discarded', 'cancelled'] as const)('takes %s for a failure', async (state) => {
    const { result } = watching({ size: 1, items: () => of(1, { state }) });
    expect(await result).toMatchObject({ end: 'stopped', failed: 1 });
  });

  it.each(['calling', 'waiting', 'failing', 'redriven'] as const)('takes %s for open', async (state) => {
    const { result, since } = watching({ size: 1, items: () => of(1, { state }) });
    expect(await result).toMatchObject({ end: 'stopped', why: 'time', failed: 0, open: 1 });
    expect(since()).toBe(10 * MINUTE);
  });

  it('after ten minutes takes the open ones for failed', async () => {
    const { result, since } = watching({ items: () => [...reset(4), ...rejected(1)] });
    expect(await result).toMatchObject({ end: 'stopped', why: 'time', reset: 4, failed: 1, open: 5 });
    expect(since()).toBe(10 * MINUTE);
  });

  it('a hold stops its clock, and is told once with what ends it', async () => {
    const budget = (ms: number) => (ms < 30 * MINUTE ? pausedOn('bulk') : aBudget());
    const { result, since, io } = watching({ budget });
    expect(await result).toMatchObject({ end: 'stopped', why: 'time' });
    expect(since()).toBeGreaterThanOrEqual(40 * MINUTE - 2 * SECOND);
    expect(since()).toBeLessThanOrEqual(40 * MINUTE);
    expect(io.stderr.lines.filter((line) => line.startsWith('Held: '))).toEqual([
      expect.stringContaining(
        "The canary's ten minutes stand still until it ends. Next: ask arn:aws:sts::123456789012:assumed-role/Operator/sam why, then npx resets lane resume bulk",
      ),
    ]);
    expect(io.stderr.text).toMatch(/Canary {2}0 of 10 reset, 0 failed, 10 open; its clock stands still: paused by/);
  });

  it('a hold of the other lane stops nothing', async () => {
    const { result, since, io } = watching({ budget: () => pausedOn('interactive') });
    expect(await result).toMatchObject({ why: 'time' });
    expect(since()).toBe(10 * MINUTE);
    expect(io.stderr.text).not.toContain('Held');
  });

  const brake = (since: number) => heldBy('bulk', { why: 'brake', since, permit: 1, until: NOON + 1e9, lengthMs: 1 });

  it('a brake that its rejections began stops it at once', async () => {
    const items = () => [...rejected(3), ...of(1, { state: 'waiting', lastStatus: 404 })];
    const { result, since } = watching({ size: 50, items, budget: () => brake(NOON + SECOND) });
    expect(await result).toMatchObject({ end: 'stopped', why: 'brake', failed: 3, open: 47 });
    expect(since()).toBe(0);
  });

  it('of a canary that was the last straw the one rejected request is put back, and stops it all the same', async () => {
    const items = () => of(1, { state: 'waiting', lastStatus: 404 });
    const { result } = watching({ size: 1, items, budget: () => brake(NOON + SECOND) });
    expect(await result).toMatchObject({ end: 'stopped', why: 'brake', failed: 0 });
  });

  it.each([
    ['began before it was sent', NOON - MINUTE, { state: 'waiting', lastStatus: 404 }],
    ['others were rejected for', NOON + SECOND, { state: 'waiting', lastStatus: 429 }],
  ] as const)('a brake that %s is a hold like any', async (_, since, members) => {
    const budget = (ms: number) => (ms < 20 * MINUTE ? brake(since) : aBudget());
    const items = (ms: number) => (ms < 21 * MINUTE ? of(1, members) : reset(10));
    const { result, io } = watching({ items, budget });
    expect(await result).toMatchObject({ end: 'passed' });
    expect(io.stderr.text).toContain('Held: brake on lane bulk');
  });

  it('knows whether the brake is off until a time', async () => {
    const off = (until: number) => () => aBudget({ holds: { brakeOff: { bulk: { until } } } });
    const items = () => reset(10);
    expect(await watching({ items, budget: off(NOON + MINUTE) }).result).toMatchObject({ isBrakeOff: true });
    expect(await watching({ items, budget: off(NOON - MINUTE) }).result).toMatchObject({ isBrakeOff: false });
  });

  it('of a cancelled campaign stops at once', async () => {
    const { result, since } = watching({ campaign: (ms) => (ms < 4 * SECOND ? 'active' : 'cancelled') });
    expect(await result).toMatchObject({ end: 'stopped', why: 'cancelled' });
    expect(since()).toBe(4 * SECOND);
  });

  it('ends undecided when it is interrupted', async () => {
    const interruption = new AbortController();
    const items = (ms: number) => {
      if (ms >= 6 * SECOND) interruption.abort();
      return reset(1);
    };
    const { result, since } = watching({ items, stopped: interruption.signal });
    expect(await result).toMatchObject({ end: 'interrupted', reset: 1, open: 9 });
    expect(since()).toBe(6 * SECOND);
  });

  it('goes on when the ledger could not be read for a moment', async () => {
    const unread = [2 * SECOND, 50 * SECOND] as const;
    const { result, io } = watching({ items: (ms) => reset(ms >= 60 * SECOND ? 10 : 2), unread });
    expect(await result).toMatchObject({ end: 'passed', reset: 10 });
    expect(io.stderr.text).toContain(
      'Canary  2 of 10 reset, 0 failed, 8 open; the ledger cannot be read, trying again',
    );
  });

  it('gives up when the ledger cannot be read for more than a minute, with the command that goes on', async () => {
    const { result, since } = watching({ unread: [0, Number.POSITIVE_INFINITY] });
    const failure = await failureIn(result);
    expect(failure).toEqual({
      exitCode: 1,
      message:
        'What becomes of the canary cannot be seen: Could not reach AWS for ledger table Ledger (ECONNRESET); check the network, the region and AWS_ENDPOINT_URL, then try again. Its requests are sent, and the rest is not. When that is put right, go on with: npx resets campaign start people.csv --id breach-7',
    });
    expect(since()).toBe(62 * SECOND);
  });

  it('does not hide a bug', async () => {
    const items = () => {
      throw new TypeError('no such member');
    };
    await expect(watching({ items }).result).rejects.toThrow(TypeError);
  });

  it('on a terminal draws one line, and clears it at the end', async () => {
    const { result, io } = watching({ items: (ms) => reset(ms / SECOND) }, onTerminal(testIo()));
    await result;
    expect(io.stderr.text).toContain('Canary  4 of 10 reset, 0 failed, 6 open');
    expect(io.stderr.text.endsWith('\r\u001b[2K')).toBe(true);
    expect(io.stderr.text).not.toContain('\n');
  });
});
