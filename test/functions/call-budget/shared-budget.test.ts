import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type {
  CallBudget,
  CallHistory,
  HeldBy,
  Ruling,
  Shown,
  Ticket,
  Turn,
} from '../../../functions/call-budget/call-budget.ts';
import { type Hold, type Holds, type Life, NO_HOLDS, NO_LIFE } from '../../../functions/call-budget/holds.ts';
import { brakeOff, pause, release, resume, setCeiling } from '../../../functions/call-budget/operator.ts';
import { sharedBudget } from '../../../functions/call-budget/shared-budget.ts';
import { type BudgetState, type Ceiling, freshBudget } from '../../../functions/call-budget/state.ts';
import type { EpochMs } from '../../../functions/common/clock.ts';
import type { Lane } from '../../../functions/contract/reset-request.ts';
import { telemetryRecorder } from '../../support/fakes.ts';
import { memoryBudgetStore } from '../../support/ledger/memory-budget-store.ts';
import { NOON, virtualClock } from '../../support/virtual-clock.ts';

/** One a second. Of a burst of four one is kept for jitter: three at once, of which one is for single requests alone. */
const CEILING: Ceiling = { quota: 'known', perMinute: 60, burst: 4 };
const RESERVE = 1;
const LATE = NOON + 90_000;
/** What a write takes at most here: a permit is used so much after it was counted. */
const WRITE_MS = 35;

const NEVER_CALLED: CallHistory = { unknowns: 0, heldCalls: 0 };
const SHOWN = {
  succeeded: { kind: 'succeeded', status: 200 },
  throttled: { kind: 'throttled', status: 429 },
  unavailable: { kind: 'unavailable', status: 503 },
  unknown: { kind: 'unknown' },
  'server-error': { kind: 'server-error', status: 500, detail: '' },
  unauthorized: { kind: 'unauthorized', status: 401 },
  'no-token': { kind: 'no-token' },
  rejected: { kind: 'rejected', status: 404, detail: '' },
  nothing: { kind: 'nothing' },
} as const satisfies Record<Shown['kind'], Shown>;
const OWN: Ruling = { fault: 'own' };
const ours = (why: Extract<Ruling, { fault: 'ours' }>['why'], until: EpochMs): Ruling => ({
  fault: 'ours',
  why,
  until,
});

/** Copies of the function that share one item. Chance is a fixed row of numbers. */
function aBudget({
  ceiling = CEILING,
  reserve = RESERVE,
  seed = 1,
  probesByAddress = false,
  always = undefined as number | undefined,
} = {}) {
  const clock = virtualClock();
  const store = memoryBudgetStore(clock);
  const telemetry = telemetryRecorder();
  let chance = seed;
  const random = () => {
    if (always !== undefined) return always;
    chance = (chance * 48_271) % 2_147_483_647;
    return chance / 2_147_483_647;
  };
  /** At work for an hour: no slow start. */
  store.item = { ...freshBudget(NOON - 3_600_000), revision: 7 };
  const aCopy = (clockAheadMs = 0): CallBudget =>
    sharedBudget({
      store,
      ceiling,
      reserve,
      leaseMs: 30_000,
      probesByAddress,
      clock: { now: () => clock.now() + clockAheadMs, sleep: (ms, signal) => clock.sleep(ms, signal) },
      random,
      telemetry,
    });
  const budget = aCopy();
  let keys = 0;
  const ask = async (lane: Lane, latest: EpochMs, of = budget, key?: string, history = NEVER_CALLED) => {
    keys += 1;
    const turn = await of.turn(lane, key ?? `key-${keys}`, latest, history);
    return { turn, at: clock.now() - NOON };
  };
  return {
    clock,
    store,
    telemetry,
    random,
    budget,
    aCopy,
    ask,
    /** When so many turns asked for at once came; `none` where one did not. */
    times: (count: number, { lane = 'interactive' as Lane, latest = LATE, of = budget } = {}) =>
      clock.run(
        Promise.all(
          Array.from({ length: count }, async () => {
            const { turn, at } = await ask(lane, latest, of);
            return turn.kind === 'granted' ? at : turn.kind;
          }),
        ),
      ),
    granted: async (lane: Lane = 'interactive', key?: string, latest = LATE, of = budget): Promise<Ticket> =>
      ticketOf((await clock.run(ask(lane, latest, of, key))).turn),
    report: (ticket: Ticket, kind: Shown['kind'], of = budget): Promise<Ruling> =>
      clock.run(of.report(ticket, SHOWN[kind])),
    hold: (hold: Partial<Hold> & Pick<Hold, 'until'>) => {
      const item = store.item as BudgetState;
      const all: Hold = { why: 'outage', since: NOON - 9000, permit: item.granted, lengthMs: 5000, ...hold };
      store.item = { ...item, revision: 100, holds: { ...NO_HOLDS, byScope: { all } } };
    },
    /** Somebody else's call has just succeeded. */
    live: (more: Partial<Holds> = {}) => {
      const item = store.item as BudgetState;
      store.item = { ...item, holds: { ...item.holds, life: { ...NO_LIFE, successAt: clock.now() }, ...more } };
    },
    change: (change: Partial<BudgetState>) => {
      const item = store.item as BudgetState;
      store.item = { ...item, ...change, revision: item.revision + 1 };
    },
  };
}

function ticketOf(turn: Turn): Ticket {
  if (turn.kind !== 'granted') throw new Error(`No turn was granted: ${JSON.stringify(turn)}.`);
  return turn.ticket;
}

/** How far the fullest of all windows goes beyond `burst + rate · (t + slack)`; at most 0 where none does. */
function worstExcess(times: number[], ceiling: Ceiling, slackMs: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  const rate = ceiling.perMinute / 60_000;
  let excess = Number.NEGATIVE_INFINITY;
  let least = Number.POSITIVE_INFINITY;
  sorted.forEach((to, index) => {
    // With `index - rate · t` the worst window that ends here begins where that was least.
    least = Math.min(least, index - rate * to);
    excess = Math.max(excess, index + 1 - rate * to - least - ceiling.burst - rate * slackMs);
  });
  return excess;
}

describe('turns', () => {
  it('come at once while the burst lasts, and then at the pace', async () => {
    expect(await aBudget().times(6)).toEqual([0, 0, 0, 1000, 2000, 3000]);
  });

  it('of bulk leave the reserve to single requests', async () => {
    const { times } = aBudget();
    expect(await times(3, { lane: 'bulk' })).toEqual([0, 0, 1000]);
    expect(await times(1)).toEqual([1000]);
  });

  it('say whose they are, and that the call may be made now', async () => {
    const { clock, granted } = aBudget();
    expect(await granted('bulk', 'a')).toEqual({
      lane: 'bulk',
      key: 'a',
      permit: 1,
      grantedAt: NOON,
      history: NEVER_CALLED,
    });
    await granted('bulk');
    const third = await granted('bulk', 'c');
    expect(third).toEqual({ lane: 'bulk', key: 'c', permit: 3, grantedAt: NOON + 1000, history: NEVER_CALLED });
    expect(clock.now()).toBe(NOON + 1000);
  });

  it('are given in the order in which they were asked for', async () => {
    const { clock, ask } = aBudget();
    const order: number[] = [];
    await clock.run(Promise.all([1, 2, 3, 4, 5, 6].map((one) => ask('bulk', LATE).then(() => order.push(one)))));
    expect(order).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('that are due at once come with one write for all who wait', async () => {
    const { clock, store, times } = aBudget({ ceiling: { quota: 'known', perMinute: 60, burst: 6 }, reserve: 0 });
    expect(await times(5)).toEqual([0, 0, 0, 0, 0]);
    const { revision = 0, granted = 0 } = store.item ?? {};
    clock.jump(60_000);
    expect(await times(2)).toEqual([60_000, 60_000]);
    expect(store.item).toMatchObject({ revision: revision + 1, granted: granted + 2 });
  });

  it('come late, but come, where each write takes longer than a permit is good for', async () => {
    const { clock, store, ask } = aBudget();
    store.latencyMs = () => 800;
    const { turn, at } = await clock.run(ask('interactive', LATE));
    expect(turn.kind).toBe('granted');
    expect(at).toBeLessThan(6000);
  });

  it('are not taken from what a copy had before a standstill: that would come on top of the time since', async () => {
    const { clock, store, ask } = aBudget();
    store.afterNextWrite = () => clock.jump(60_000);
    const { turn } = await clock.run(ask('bulk', LATE));
    expect(turn).toMatchObject({ kind: 'granted', ticket: { grantedAt: NOON + 60_000 } });
    expect(store.item?.granted).toBe(2);
  });

  it('of bulk never come out of what was taken for single requests', async () => {
    const { clock, ask, times } = aBudget();
    expect(await times(2, { lane: 'bulk' })).toEqual([0, 0]);
    clock.jump(1000);
    // One by the pace and the reserve: both go to the single requests, the bulk one in between waits.
    const order = await clock.run(
      Promise.all(
        (['interactive', 'bulk', 'interactive'] as const).map((lane) => ask(lane, LATE).then(({ at }) => at)),
      ),
    );
    expect(order[0]).toBe(1000);
    expect(order[1]).toBeGreaterThan(1000);
  });

  it('that cannot come by the latest moment are waited for until then, and say when one is likely', async () => {
    const { clock, ask, times } = aBudget();
    await times(3);
    expect(await clock.run(ask('interactive', NOON + 400))).toEqual({
      turn: { kind: 'none', retryAt: NOON + 1000, why: 'pace', standsBack: false },
      at: 400,
    });
    expect(await clock.run(ask('interactive', NOON + 400))).toMatchObject({ turn: { kind: 'none' }, at: 400 });
    expect(await times(1)).toEqual([1000]);
  });

  it('that come just at the latest moment are granted; after it none is, though permits are there', async () => {
    const { clock, times } = aBudget();
    expect(await times(1, { latest: NOON })).toEqual([0]);
    clock.jump(1);
    expect(await times(1, { latest: NOON })).toEqual(['none']);
  });

  it('taken in advance are waited for to their time', async () => {
    const { clock, store, ask, times } = aBudget();
    await times(3);
    const early = ask('interactive', LATE);
    await clock.run(clock.sleep(990));
    expect(store.item?.granted).toBe(4);
    expect(await clock.run(early)).toMatchObject({
      turn: { kind: 'granted', ticket: { grantedAt: NOON + 1000 } },
      at: 1000,
    });
  });

  it('begin slowly where nothing is known of the API, and a rest makes nothing faster', async () => {
    const { clock, store, times, aCopy } = aBudget({
      ceiling: { quota: 'ceiling', perMinute: 600, burst: 6 },
      reserve: 0,
    });
    store.item = undefined;
    const [first = 0, second = 0, third = 0] = (await times(3)) as number[];
    expect([first, second]).toEqual([0, 500]);
    expect(third).toBeGreaterThan(950);
    expect(store.item).toMatchObject({ revision: 3, granted: 3, learned: { startedAt: NOON } });
    await clock.run(clock.sleep(120_000));
    const [fourth = 0, fifth = 0] = (await times(2, { of: aCopy(), latest: NOON + 1e6 })) as number[];
    expect(fourth).toBe(third + 120_000);
    expect(fifth - fourth).toBeGreaterThan(450);
  });
});

describe('permits in hand', () => {
  /** One more was taken than is used: who waited for it had no more time. */
  const oneLeft = async () => {
    const parts = aBudget({ ceiling: { quota: 'known', perMinute: 60, burst: 6 }, reserve: 0 });
    const { clock, store, budget } = parts;
    store.latencyMs = () => 10;
    const turns = [NOON + 500, NOON - 1].map((latest) => budget.turn('interactive', 'x', latest, NEVER_CALLED));
    expect((await clock.run(Promise.all(turns))).map(({ kind }) => kind)).toEqual(['granted', 'none']);
    expect(store).toMatchObject({ writes: 1, item: { granted: 2 } });
    return parts;
  };

  it.each<[string, Lane, number, { permit: number; writes: number }]>([
    ['are good for 300 ms after the last look', 'interactive', 300, { permit: 2, writes: 1 }],
    ['are good for no longer than that', 'interactive', 301, { permit: 3, writes: 2 }],
    ['are of their lane alone', 'bulk', 300, { permit: 3, writes: 2 }],
  ])('%s', async (_, lane, ms, { permit, writes }) => {
    const { clock, store, granted } = await oneLeft();
    clock.jump(NOON + 20 + ms - clock.now());
    store.latencyMs = () => 0;
    expect(await granted(lane)).toMatchObject({ permit });
    expect(store.writes).toBe(writes);
  });

  it('are good for a request whose latest moment is now, and for none later', async () => {
    const { clock, store, granted, ask } = await oneLeft();
    const late = await clock.run(ask('interactive', clock.now() - 1));
    expect(late.turn.kind).toBe('none');
    expect(await granted('interactive', 'x', clock.now())).toMatchObject({ permit: 2 });
    expect(store.writes).toBe(1);
  });

  it('are used once each', async () => {
    const { granted } = await oneLeft();
    expect([(await granted()).permit, (await granted()).permit]).toEqual([2, 3]);
  });

  it('are not used while all are held', async () => {
    const { store, clock, hold, ask } = await oneLeft();
    hold({ until: NOON + 60_000 });
    clock.jump(301);
    expect((await clock.run(ask('interactive', clock.now() + 100))).turn).toMatchObject({ kind: 'none' });
    expect(store.writes).toBe(1);
  });
});

describe('permits taken in advance', () => {
  it('come with one write for all who wait, each to be used at its time', async () => {
    const { store, times } = aBudget({ ceiling: { quota: 'known', perMinute: 600, burst: 1 }, reserve: 0, always: 0 });
    expect(await times(8)).toEqual([0, 100, 200, 300, 400, 500, 600, 700]);
    // Four at first, and as many as are wanted within the next 300 ms each time.
    expect(store).toMatchObject({ writes: 3, item: { granted: 8 } });
  });

  it('are not used once a refusal is heard of: they are wasted', async () => {
    const { clock, store, ask, report } = aBudget({
      ceiling: { quota: 'known', perMinute: 600, burst: 1 },
      reserve: 0,
      always: 0,
    });
    const [first, ...others] = ['a', 'b', 'c'].map((key) => ask('bulk', NOON + 1000, undefined, key));
    const ticket = ticketOf((await clock.run(first as ReturnType<typeof ask>)).turn);
    await report(ticket, 'throttled');
    expect((await clock.run(Promise.all(others))).map(({ turn }) => turn.kind)).toEqual(['none', 'none']);
    expect(store.item?.granted).toBe(3);
  });
});

describe('a permit taken in advance', () => {
  it('is wasted where a refusal is heard of before its time', async () => {
    const { clock, store, ask, granted, report } = aBudget({
      ceiling: { quota: 'known', perMinute: 60, burst: 1 },
      reserve: 0,
    });
    const first = await granted('bulk', 'a');
    store.item = { ...(store.item as BudgetState), arrival: NOON + 300 };
    clock.jump(100);
    const next = ask('bulk', NOON + 1000);
    await clock.run(clock.sleep(1));
    expect(store.item?.granted).toBe(2);
    await report(first, 'throttled');
    expect((await clock.run(next)).turn).toMatchObject({ kind: 'none', why: 'pace' });
  });

  it.each([
    [60, 0, 300],
    [60, 0.5, 150],
    [60, 1, 0],
    [600, 0, 300],
    [1200, 0, 250],
  ])(
    'is taken up to five intervals and 300 ms before its time: at %i a minute and a chance of %f, %i ms',
    async (perMinute, always, aheadMs) => {
      const { clock, store, ask, aCopy } = aBudget({
        ceiling: { quota: 'known', perMinute, burst: 1 },
        reserve: 0,
        always,
      });
      const due = 5000;
      store.item = { ...(store.item as BudgetState), arrival: NOON + due };
      const next = ask('interactive', LATE, aCopy());
      await clock.run(clock.sleep(due - aheadMs - 1));
      expect(store.item?.granted).toBe(0);
      await clock.run(clock.sleep(2));
      expect(store.item?.granted).toBe(1);
      const { at } = await clock.run(next);
      expect(at).toBe(due);
      expect(store.writes).toBe(1);
    },
  );

  it('is written at once where it is due so soon', async () => {
    const { clock, store, ask } = aBudget({ ceiling: { quota: 'known', perMinute: 60, burst: 1 }, reserve: 0 });
    store.item = { ...(store.item as BudgetState), arrival: NOON + 300 };
    const next = ask('interactive', LATE);
    await clock.run(clock.sleep(1));
    expect(store.item?.granted).toBe(1);
    expect((await clock.run(next)).at).toBe(300);
  });
});

describe('permits', () => {
  it('are numbered in the order in which they are taken, across copies, those in hand too', async () => {
    const { clock, store, aCopy, ask } = aBudget({ ceiling: { quota: 'known', perMinute: 60, burst: 12 }, reserve: 0 });
    store.latencyMs = () => 10;
    const order: number[] = [];
    const copies = [aCopy(), aCopy()];
    const one = async (of: CallBudget) => {
      order.push(ticketOf((await ask('bulk', LATE, of)).turn).permit);
    };
    await clock.run(Promise.all(copies.flatMap((of) => [1, 2, 3, 4].map(() => one(of)))));
    expect(store.item).toMatchObject({ granted: 8, revision: 9 });
    expect(order.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(order.filter((permit) => permit <= 4)).toEqual([1, 2, 3, 4]);
    expect(order.filter((permit) => permit > 4)).toEqual([5, 6, 7, 8]);
  });
});

describe('life that a copy has seen', () => {
  it('is written along with its next permit, and others rule by it from then on', async () => {
    const { clock, store, aCopy, granted, report } = aBudget();
    const other = aCopy();
    const [first, second] = [await granted(), await granted('interactive', 'b', LATE, other)];
    await report(first, 'succeeded');
    expect(store.item?.holds.life).toEqual(NO_LIFE);
    expect(await report(second, 'unavailable', other)).toEqual(ours('no-life', NOON));
    clock.jump(1000);
    await granted();
    expect(store.item?.holds.life).toEqual({ permit: 1, success: 1, successAt: NOON });
    clock.jump(40);
    expect(await report(second, 'unavailable', other)).toEqual(OWN);
  });

  it('is known to its own reports at once, and written along with what they find', async () => {
    const { store, granted, report } = aBudget();
    const [first, second, third] = [await granted(), await granted(), await granted()];
    await report(second, 'succeeded');
    expect(await report(first, 'unavailable')).toEqual(OWN);
    expect(store.item?.holds).toEqual(NO_HOLDS);
    expect(await report(third, 'unavailable')).toEqual(OWN);
    expect(store.item?.holds).toMatchObject({
      life: { permit: 2, success: 2, successAt: NOON },
      troubles: [{ permit: 3 }],
    });
  });

  it('is the latest of all, whatever order it is heard in', async () => {
    const { clock, store, granted, report } = aBudget();
    const [first, second] = [await granted(), await granted()];
    await report(second, 'succeeded');
    await report(first, 'succeeded');
    clock.jump(1000);
    await granted();
    expect(store.item?.holds.life).toEqual({ permit: 2, success: 2, successAt: NOON });
  });

  it('by a permit later than a hold’s beginning ends it with the copy’s next turn', async () => {
    const { clock, store, aCopy, hold, granted, report } = aBudget();
    const other = aCopy();
    await granted('bulk', 'x', LATE, other);
    const ticket = await granted();
    await report(ticket, 'succeeded');
    hold({ until: NOON + 60_000, permit: 1 });
    clock.jump(1000);
    expect(await granted()).toMatchObject({ permit: 3, grantedAt: NOON + 1000 });
    expect(store.item?.holds.byScope).toEqual({});
  });

  it('makes a second 5xx of a request its own fault', async () => {
    const { granted, report } = aBudget();
    const [first, second] = [await granted(), await granted()];
    const again = { ...second, history: { ...NEVER_CALLED, serverErrorPermit: 1 } };
    expect(await report(again, 'server-error')).toEqual(ours('no-life', NOON));
    await report({ ...first, permit: 2 }, 'succeeded');
    expect(await report(again, 'server-error')).toEqual(OWN);
  });

  it('of permits that the item never gave is ignored: it was lost and begun again', async () => {
    const { clock, store, granted, report } = aBudget();
    const tickets = [await granted(), await granted(), await granted()];
    await report(tickets[2] as Ticket, 'succeeded');
    store.item = { ...freshBudget(NOON - 3_600_000), revision: 1 };
    clock.jump(2000);
    await granted();
    expect(store.item.holds.life).toEqual(NO_LIFE);
  });

  it('of an item that was lost does not hide that of the one begun again', async () => {
    const { clock, store, granted, report } = aBudget();
    const tickets = [await granted(), await granted(), await granted()];
    await report(tickets[2] as Ticket, 'succeeded');
    store.item = { ...freshBudget(NOON - 3_600_000), revision: 1 };
    clock.jump(2000);
    await report(await granted(), 'succeeded');
    clock.jump(2000);
    await granted();
    const life: Life = { permit: 1, success: 1, successAt: NOON + 2000 };
    expect(store.item.holds.life).toEqual(life);
  });
});

describe('what holds a lane', () => {
  const held: HeldBy = { outage: false, credential: false, brake: false, operator: false };
  const OUTAGE = { ...held, outage: true };

  it('is not known before the item is looked at, and nothing is read to know it', async () => {
    const { store, budget } = aBudget();
    expect(budget.heldBy('bulk', 0)).toBeUndefined();
    expect(store.reads).toBe(0);
  });

  it('is what the last look showed, for whoever began no later than that', async () => {
    const { clock, budget, hold, ask } = aBudget();
    hold({ until: NOON + 60_000 });
    await clock.run(ask('bulk', NOON));
    expect(budget.heldBy('bulk', NOON)).toEqual(OUTAGE);
    expect(budget.heldBy('interactive', NOON)).toEqual(OUTAGE);
    expect(budget.heldBy('bulk', NOON + 1)).toBeUndefined();
  });

  it('is known after a wait in which each look was forgotten', async () => {
    const { clock, budget, hold, ask } = aBudget();
    hold({ until: NOON + 60_000 });
    await clock.run(ask('bulk', NOON + 10_000));
    expect(budget.heldBy('bulk', NOON)).toEqual(OUTAGE);
  });

  it('is not known after a look that failed', async () => {
    const { clock, store, budget, ask } = aBudget();
    store.broken = true;
    await expect(clock.run(ask('bulk', NOON))).rejects.toMatchObject({ name: 'LedgerUnreachable' });
    expect(budget.heldBy('bulk', NOON)).toBeUndefined();
  });

  it('is the hold that a report has begun, and nothing once a report has lifted it', async () => {
    const { clock, budget, granted, report } = aBudget();
    await report(await granted('bulk'), 'unauthorized');
    expect(budget.heldBy('interactive', NOON)).toEqual({ ...held, credential: true });
    clock.jump(30_000);
    const probe = await granted('bulk');
    expect(budget.heldBy('bulk', NOON)).toEqual({ ...held, credential: true });
    await report(probe, 'succeeded');
    expect(budget.heldBy('bulk', NOON)).toEqual(held);
  });

  it('is no hold that this copy knows to be over, though nobody has written so yet', async () => {
    const { clock, store, budget, aCopy, granted, hold, report, ask } = aBudget();
    await granted();
    await report(await granted(), 'succeeded');
    hold({ until: NOON + 60_000, permit: 1 });
    clock.jump(40);
    const other = aCopy();
    for (const copy of [budget, other]) {
      expect((await clock.run(ask('bulk', NOON, copy))).turn.kind).toBe('none');
    }
    expect(store.item?.holds.byScope.all).toBeDefined();
    expect(other.heldBy('bulk', NOON)).toEqual(OUTAGE);
    expect(budget.heldBy('bulk', NOON)).toEqual(held);
  });
});

describe('copies that share one item', () => {
  const spread = [0, 2000, 700, 1300, 250, 1800];

  it.each<[Ceiling, number]>([
    [{ quota: 'known', perMinute: 60, burst: 10 }, 2],
    [{ quota: 'known', perMinute: 60, burst: 10 }, 6],
    [{ quota: 'known', perMinute: 600, burst: 20 }, 4],
    [{ quota: 'known', perMinute: 6, burst: 1 }, 3],
  ])(
    'never grant more than burst + rate · (t + 2 s) in any window, with clocks 2 s apart: %o, %i copies',
    async (ceiling, copies) => {
      const { clock, store, random, aCopy, ask } = aBudget({ ceiling, reserve: 0 });
      store.latencyMs = () => 5 + random() * (WRITE_MS - 5);
      const granted: number[] = [];
      const work = async (of: CallBudget) => {
        while (clock.now() < NOON + 120_000) {
          const { turn, at } = await ask(random() < 0.5 ? 'bulk' : 'interactive', clock.now() + 60_000, of);
          if (turn.kind === 'granted') granted.push(at);
          // Rests now and then, so that the burst fills again.
          if (random() < 0.02) await clock.sleep(random() * 20_000);
        }
      };
      await clock.run(
        Promise.all(spread.slice(0, copies).flatMap((ahead) => [work(aCopy(ahead)), work(aCopy(ahead))])),
      );
      expect(worstExcess(granted, ceiling, 2000 + WRITE_MS)).toBeLessThanOrEqual(0);
      // And the quota is used.
      expect(granted.length).toBeGreaterThan(0.95 * 2 * ceiling.perMinute);
    },
  );

  it('resolve conflicts: each permit is granted once, and every copy gets some', async () => {
    const { clock, store, aCopy, ask } = aBudget({
      ceiling: { quota: 'known', perMinute: 600, burst: 20 },
      reserve: 0,
    });
    store.latencyMs = () => 20;
    const by: number[] = [0, 0, 0, 0];
    const work = async (nth: number) => {
      const of = aCopy();
      for (let turns = 0; turns < 50; turns += 1) {
        ticketOf((await ask('bulk', NOON + 1e6, of)).turn);
        by[nth] = (by[nth] ?? 0) + 1;
      }
    };
    await clock.run(Promise.all(by.map((_, nth) => work(nth))));
    expect(by).toEqual([50, 50, 50, 50]);
    expect(store.item?.granted).toBe(200);
    expect(store.item?.revision).toBe(207);
    expect(store.conflicts).toBeGreaterThan(0);
  });

  it.each([60, 300, 600])('write at most 1.3 times a grant, four at %i a minute', async (perMinute) => {
    const { clock, store, random, aCopy, ask } = aBudget({
      ceiling: { quota: 'known', perMinute, burst: 10 },
      reserve: 0,
    });
    store.latencyMs = () => 4 + random() * 8;
    let granted = 0;
    const work = async (of: CallBudget) => {
      // A message of a batch: its turn, its call, its report.
      while (clock.now() < NOON + 300_000) {
        const ticket = ticketOf((await ask('bulk', NOON + 1e6, of)).turn);
        granted += 1;
        await clock.sleep(200 + random() * 600);
        await of.report(ticket, SHOWN.succeeded);
      }
    };
    const copies = [0, 300, -300, 0].map((ahead) => aCopy(ahead));
    await clock.run(Promise.all(copies.flatMap((of) => Array.from({ length: 10 }, () => work(of)))));
    expect(granted).toBeGreaterThan(perMinute * 5 * 0.98);
    // A success in calm costs none.
    expect(store.writes / granted).toBeLessThanOrEqual(1.3);
  });

  it('waste one permit with a copy that dies between its write and the call', async () => {
    const { clock, store, times, ask, aCopy } = aBudget();
    store.afterNextWrite = () => new Promise(() => undefined);
    void ask('interactive', LATE, aCopy());
    await clock.run(clock.sleep(10));
    expect(await times(4)).toEqual([10, 10, 1000, 2000]);
  });

  it('frozen for a minute while they waited find what is there then, not what they saw', async () => {
    const { clock, times, ask, aCopy } = aBudget();
    await times(3);
    const frozen = ask('interactive', LATE, aCopy());
    await clock.run(clock.sleep(100));
    clock.jump(60_000);
    expect(await times(2)).toEqual([60_100, 60_100]);
    const { at } = await clock.run(frozen);
    expect([60_100, 61_000]).toContain(Math.round(at));
    expect((await times(3)).every((time) => Number(time) >= 60_100)).toBe(true);
  });

  it('whose clock is 2 s ahead do not keep the others waiting for longer than that', async () => {
    const { times, aCopy } = aBudget();
    expect(await times(3, { of: aCopy(2000), latest: LATE + 2000 })).toEqual([0, 0, 0]);
    expect(await times(1)).toEqual([3000]);
  });

  it('begin anew where the item was deleted meanwhile', async () => {
    const { clock, store, times } = aBudget();
    await times(3);
    store.item = undefined;
    clock.jump(40);
    expect(await times(2)).toEqual([40, 40]);
    expect(store.item).toMatchObject({ revision: 1, granted: 2 });
  });

  it('notice that the item was deleted between a look and the write', async () => {
    const { store, times } = aBudget();
    const { write } = store;
    store.write = (next) => {
      store.write = write;
      store.item = undefined;
      return write(next);
    };
    expect(await times(1)).toEqual([expect.any(Number)]);
    expect(store.item).toMatchObject({ revision: 1, granted: 1 });
  });
});

describe('a store that cannot be reached', () => {
  it('gives no turn, but the reason for none', async () => {
    const { clock, store, budget } = aBudget();
    store.broken = true;
    await expect(clock.run(budget.turn('bulk', 'a', LATE, NEVER_CALLED))).rejects.toMatchObject({
      name: 'LedgerUnreachable',
    });
  });

  it('for one turn leaves the ones behind it in line alone', async () => {
    const { clock, store, budget, times } = aBudget();
    store.broken = true;
    const first = budget.turn('bulk', 'a', LATE, NEVER_CALLED).catch(() => {
      store.broken = false;
      return 'unreachable';
    });
    const second = budget.turn('bulk', 'b', LATE, NEVER_CALLED);
    expect(await clock.run(first)).toBe('unreachable');
    expect(await clock.run(second)).toMatchObject({ kind: 'granted' });
    expect(await times(1)).toEqual([0]);
  });

  it('as the permit was written wastes it', async () => {
    const { clock, store, budget, times } = aBudget();
    store.afterNextWrite = () => {
      store.broken = true;
    };
    await expect(clock.run(budget.turn('interactive', 'a', LATE, NEVER_CALLED))).rejects.toMatchObject({
      name: 'LedgerUnreachable',
    });
    store.broken = false;
    expect(await times(3)).toEqual([0, 0, 1000]);
  });

  const RULINGS: [Shown['kind'], boolean][] = [
    ['throttled', false],
    ['unavailable', true],
    ['unknown', true],
    ['server-error', true],
    ['unauthorized', true],
    ['no-token', true],
    ['rejected', true],
  ];
  const blind = (isOurs: boolean, now: EpochMs) => (isOurs ? ours('budget-unreachable', now + 60_000) : OWN);

  it.each(RULINGS)('for a report (%s) loses it, says so, and rules it to be ours: %s', async (kind, isOurs) => {
    const { clock, store, report, granted, telemetry } = aBudget();
    const ticket = await granted('bulk', 'a');
    clock.jump(1000);
    store.broken = true;
    expect(await report(ticket, kind)).toEqual(blind(isOurs, NOON + 1000));
    expect(telemetry.events).toEqual([
      { code: 'LEDGER_UNREACHABLE', fields: { lane: 'bulk', requestId: 'a', why: 'Error' } },
    ]);
  });

  it.each([...RULINGS, ['succeeded', false] as const])(
    'for ten conflicts of a report (%s) in a row drops it, and rules it to be ours: %s',
    async (kind, isOurs) => {
      const { clock, store, live, report, granted, telemetry } = aBudget();
      const ticket = await granted();
      live({ rejections: { interactive: 1 } });
      clock.jump(1000);
      let writes = 0;
      store.write = async () => {
        writes += 1;
        return { kind: 'conflict', current: store.item };
      };
      const ruling = await report(ticket, kind);
      expect(ruling).toEqual(blind(isOurs && kind !== 'succeeded', clock.now()));
      expect(writes).toBe(kind === 'succeeded' ? 0 : 10);
      expect(clock.now()).toBeLessThan(NOON + 10_000);
      expect(telemetry.events).toEqual([]);
    },
  );

  it('for a report whose ninth conflict was the last makes it at the tenth try', async () => {
    const { store, report, granted } = aBudget();
    const ticket = await granted();
    const { write } = store;
    let conflicts = 0;
    store.write = async (next) => {
      if (conflicts === 9) return write(next);
      conflicts += 1;
      return { kind: 'conflict', current: store.item };
    };
    expect(await report(ticket, 'unauthorized')).toMatchObject({ fault: 'ours', why: 'credential' });
  });

  it('is not even asked for a success in calm, soon after the last look', async () => {
    const { clock, store, report, granted, telemetry } = aBudget();
    const ticket = await granted('bulk', 'a');
    clock.jump(5000);
    store.broken = true;
    expect(await report(ticket, 'succeeded')).toEqual(OWN);
    expect(telemetry.events).toEqual([]);
  });

  // Another copy may have counted rejections since, which a success ends.
  it('is looked at again for a success that comes long after the last look', async () => {
    const { clock, store, report, granted } = aBudget();
    const ticket = await granted('bulk', 'a');
    const item = store.item as BudgetState;
    store.item = { ...item, revision: item.revision + 1, holds: { ...item.holds, rejections: { bulk: 19 } } };
    clock.jump(5001);
    await report(ticket, 'succeeded');
    expect(store.item?.holds.rejections).toEqual({});
  });

  it('is not what a defect is taken for', async () => {
    const { clock, store, budget, report, granted } = aBudget();
    const ticket = await granted();
    store.read = () => Promise.reject(new TypeError('a defect'));
    store.write = () => Promise.reject(new TypeError('a defect'));
    await expect(report(ticket, 'throttled')).rejects.toThrow('a defect');
    await expect(clock.run(budget.turn('bulk', 'a', LATE, NEVER_CALLED))).rejects.toThrow('a defect');
  });
});

describe('a report', () => {
  it.each(['succeeded', 'nothing'] as const)('in calm writes nothing: %s', async (kind) => {
    const { clock, store, report, granted } = aBudget();
    const ticket = await granted();
    const { writes, reads } = store;
    clock.jump(5000);
    expect(await report(ticket, kind)).toEqual(OWN);
    expect(store).toMatchObject({ writes, reads });
  });

  it('of a success is written where the copy’s last look shows something to clear', async () => {
    const { clock, store, live, report, granted } = aBudget();
    live({ rejections: { interactive: 3 } });
    const ticket = await granted();
    clock.jump(5000);
    expect(await report(ticket, 'succeeded')).toEqual(OWN);
    expect(store.item?.holds).toEqual({ ...NO_HOLDS, life: { permit: 1, success: 1, successAt: NOON } });
  });

  it('that shows nothing new writes nothing, and is ruled by what stands', async () => {
    const { clock, store, hold, report, granted } = aBudget();
    const ticket = await granted();
    hold({ until: NOON + 60_000 });
    clock.jump(5000);
    const { writes } = store;
    expect(await report(ticket, 'unavailable')).toEqual(ours('outage', NOON + 60_000));
    expect(store.writes).toBe(writes);
  });

  it('that meets others’ writes is made again over what they wrote, and ruled by what stands then', async () => {
    const { clock, store, live, aCopy, granted } = aBudget();
    const ticket = await granted();
    live();
    store.latencyMs = () => 20;
    const reports = ['a', 'b', 'c'].map((key) => aCopy().report({ ...ticket, key }, SHOWN.unavailable));
    const rulings = await clock.run(Promise.all(reports));
    expect(store.conflicts).toBeGreaterThan(0);
    const { all } = store.item?.holds.byScope ?? {};
    expect(all).toMatchObject({ why: 'outage', permit: 1 });
    expect(rulings.filter(({ fault }) => fault === 'own')).toHaveLength(2);
    expect(rulings).toContainEqual(ours('outage', all?.until ?? 0));
  });

  it('of a copy never conflicts with its other reports and turns', async () => {
    const { clock, store, budget, ask } = aBudget({
      ceiling: { quota: 'known', perMinute: 600, burst: 20 },
      reserve: 0,
    });
    store.latencyMs = () => 20;
    const one = async (kind: Shown['kind']) => {
      const ticket = ticketOf((await ask('bulk', LATE)).turn);
      await clock.sleep(70);
      await budget.report(ticket, SHOWN[kind]);
    };
    const kinds: Shown['kind'][] = ['rejected', 'unavailable', 'succeeded', 'rejected', 'throttled', 'rejected'];
    await clock.run(Promise.all([...kinds, ...kinds].map(one)));
    expect(store.writes).toBeGreaterThan(8);
    expect(store.conflicts).toBe(0);
  });

  it('of a token not accepted holds its request, and all others, for half a minute', async () => {
    const { clock, report, granted, telemetry } = aBudget();
    const ticket = await granted();
    const ruling = await report(ticket, 'unauthorized');
    expect(ruling).toEqual(ours('credential', NOON + 30_000));
    clock.jump(9000);
    expect(await report(ticket, 'no-token')).toEqual(ruling);
    expect(await report(ticket, 'unauthorized')).toEqual(ruling);
    expect(telemetry.events).toEqual([{ code: 'CREDENTIAL_HELD', fields: { delayMs: 30_000 } }]);
  });

  it('of the 20th rejection in a row holds its request and its lane, and says so once', async () => {
    const { report, granted, telemetry } = aBudget();
    const ticket = await granted('bulk');
    const rulings: Ruling[] = [];
    for (let nth = 1; nth <= 23; nth += 1) rulings.push(await report({ ...ticket, key: `${nth}` }, 'rejected'));
    expect(rulings.slice(0, 19)).toEqual(Array(19).fill(OWN));
    expect(rulings.slice(19)).toEqual(Array(4).fill(ours('brake', NOON + 300_000)));
    expect(telemetry.events).toEqual([{ code: 'BRAKE_HELD', fields: { lane: 'bulk', delayMs: 300_000 } }]);
    expect(await granted('interactive')).not.toHaveProperty('probe');
  });

  it('of a 429 lets nobody call until Retry-After is over, in any copy', async () => {
    const { clock, budget, granted, times, aCopy } = aBudget();
    const ticket = await granted();
    await clock.run(budget.report(ticket, { ...SHOWN.throttled, retryAfterMs: 7000 }));
    expect(await times(1, { of: aCopy() })).toEqual([7000]);
    expect(await times(1, { of: aCopy() })).toEqual([7000]);
  });

  it('of a 429 beyond the latest moment gives turns back until then', async () => {
    const { clock, budget, granted, ask } = aBudget();
    await clock.run(budget.report(await granted(), { ...SHOWN.throttled, retryAfterMs: 3_600_000 }));
    expect(await clock.run(ask('bulk', LATE))).toEqual({
      turn: { kind: 'none', retryAt: NOON + 3_600_000, why: 'pace', standsBack: false },
      at: 90_000,
    });
  });
});

describe('a hold', () => {
  it('is waited for inside, with a look about every two seconds and no write', async () => {
    const { clock, store, hold, ask } = aBudget();
    hold({ until: NOON + 60_000 });
    const { writes } = store;
    expect(await clock.run(ask('bulk', NOON + 40_000))).toEqual({
      turn: { kind: 'none', retryAt: NOON + 60_000, why: 'outage', standsBack: false },
      at: 40_000,
    });
    expect(store.writes).toBe(writes);
    expect(store.reads).toBeGreaterThanOrEqual(40 / 3);
    expect(store.reads).toBeLessThanOrEqual(40 / 2 + 2);
  });

  it.each([
    [0, NOON + 6000, 3],
    [1, NOON + 6000, 2],
    [1, NOON + 6001, 3],
  ])('is looked at every 2 to 3 s (chance %f), and no more when the time is up', async (always, latest, reads) => {
    const { clock, store, hold, ask } = aBudget({ always });
    hold({ until: NOON + 60_000 });
    expect(await clock.run(ask('bulk', latest))).toMatchObject({ turn: { kind: 'none' }, at: latest - NOON });
    expect(store.reads).toBe(reads);
  });

  it('that ends just at the latest moment is left to be probed by others', async () => {
    const { clock, hold, ask } = aBudget();
    hold({ until: NOON + 1000 });
    expect(await clock.run(ask('bulk', NOON + 1000))).toMatchObject({
      turn: { kind: 'none', why: 'outage' },
      at: 1000,
    });
    expect(await clock.run(ask('bulk', NOON + 1001))).toMatchObject({ turn: { kind: 'granted' }, at: 1000 });
  });

  it('that ends early is noticed within seconds', async () => {
    const { clock, hold, change, ask } = aBudget();
    hold({ until: NOON + 60_000 });
    const turn = ask('bulk', LATE);
    void clock.sleep(10_000).then(() => change({ holds: NO_HOLDS }));
    const { at } = await clock.run(turn);
    expect(at).toBeGreaterThanOrEqual(10_000);
    expect(at).toBeLessThanOrEqual(13_000);
  });

  it('of an operator that begins meanwhile is heeded, and said to be his', async () => {
    const { clock, store, change, ask, times } = aBudget();
    await times(3);
    const waiting = [1, 2, 3].map(() => ask('bulk', NOON + 20_000));
    void clock
      .sleep(1500)
      .then(() => change(pause(store.item as BudgetState, 'bulk', { since: NOON, until: NOON + 1e9, who: 'x' })));
    const turns = await clock.run(Promise.all(waiting));
    expect(turns.filter(({ turn }) => turn.kind === 'granted')).toHaveLength(0);
    expect(turns[0]).toEqual({
      turn: { kind: 'none', retryAt: NOON + 1e9, why: 'operator', standsBack: false },
      at: 20_000,
    });
    expect(await times(1)).toEqual([expect.any(Number)]);
  });

  it('ends with a single probe of all copies; the others go on when it is served', async () => {
    const { clock, store, hold, aCopy, ask } = aBudget({ ceiling: { quota: 'known', perMinute: 600, burst: 20 } });
    store.latencyMs = () => 10;
    hold({ until: NOON + 5000 });
    const granted: { at: number; probe: Ticket['probe'] }[] = [];
    const one = async (of: CallBudget) => {
      const { turn, at } = await ask('bulk', LATE, of);
      const ticket = ticketOf(turn);
      granted.push({ at, probe: ticket.probe });
      await clock.sleep(2000);
      await of.report(ticket, SHOWN.succeeded);
    };
    await clock.run(Promise.all([0, 1, 2, 3].flatMap(() => [1, 2, 3].map(() => one(aCopy())))));
    const [probe, ...others] = granted;
    expect(probe?.probe).toBe('request');
    expect(probe?.at).toBeGreaterThanOrEqual(5000);
    expect(others).toHaveLength(11);
    for (const other of others) {
      expect(other.probe).toBeUndefined();
      expect(other.at).toBeGreaterThanOrEqual((probe?.at ?? 0) + 2000);
      expect(other.at).toBeLessThanOrEqual((probe?.at ?? 0) + 2000 + 4500);
    }
  });

  it('whose probe fails is probed by a request never called: the last prober gives its turn back at once', async () => {
    const { clock, store, hold, report, granted, ask, budget } = aBudget();
    hold({ until: NOON + 5000 });
    const first = await granted('bulk', 'a');
    expect(first).toMatchObject({ probe: 'request', grantedAt: NOON + 5000 });
    expect(await report(first, 'unavailable')).toEqual(ours('outage', NOON + 15_000));
    clock.jump(10_000);
    const { writes } = store;
    expect(await clock.run(ask('bulk', LATE, budget, 'a', { unknowns: 0, heldCalls: 1 }))).toEqual({
      turn: { kind: 'none', retryAt: NOON + 20_000, why: 'outage', standsBack: true },
      at: 15_000,
    });
    expect(store.writes).toBe(writes);
    expect(await granted('bulk', 'b')).toMatchObject({ probe: 'request', grantedAt: NOON + 15_000 });
  });

  it('is probed by a request that stood back, and its ticket tells what it has been through', async () => {
    const { clock, hold, ask, budget } = aBudget();
    hold({ until: NOON - 5000 });
    const history: CallHistory = { unknowns: 0, heldCalls: 1, serverErrorPermit: 3 };
    expect(await clock.run(ask('bulk', LATE, budget, 'a', history))).toEqual({
      turn: {
        kind: 'granted',
        ticket: { lane: 'bulk', key: 'a', permit: 1, grantedAt: NOON, history, probe: 'request' },
      },
      at: 0,
    });
  });

  it('is probed by address where there is one: nobody stands back, and the ticket says so', async () => {
    const { store, clock, hold, ask, budget, report, granted } = aBudget({ probesByAddress: true });
    hold({ until: NOON });
    const history: CallHistory = { unknowns: 2, heldCalls: 3 };
    const { turn } = await clock.run(ask('bulk', LATE, budget, 'a', history));
    expect(turn).toEqual({
      kind: 'granted',
      ticket: { lane: 'bulk', key: 'a', permit: 1, grantedAt: NOON, history, probe: 'address' },
    });
    expect(store.item?.holds.byScope.all).toMatchObject({ probeEnd: NOON + 30_000, lastProber: 'a' });
    await report(ticketOf(turn), 'rejected');
    expect(store.item?.holds).toMatchObject({ byScope: {}, life: { ...NO_LIFE, permit: 1 } });
    expect(await granted('bulk', 'a')).not.toHaveProperty('probe');
  });

  it('is probed late rather than not, where the write of the probe took long', async () => {
    const { clock, store, hold, granted } = aBudget();
    hold({ until: NOON });
    store.afterNextWrite = () => clock.jump(5000);
    expect(await granted('bulk', 'a')).toMatchObject({ permit: 1, probe: 'request' });
    expect(store.item?.granted).toBe(1);
  });

  it.each(['succeeded', 'rejected'] as const)('is over for all copies once its probe is %s', async (kind) => {
    const { store, hold, granted, report, aCopy } = aBudget();
    hold({ until: NOON });
    const { writes } = store;
    await report(await granted('bulk', 'a'), kind);
    expect(store.item?.holds.byScope).toEqual({});
    expect(store.writes).toBe(writes + 2);
    expect(await granted('bulk', 'b', LATE, aCopy())).toMatchObject({ permit: 2, grantedAt: NOON });
  });

  it('is not begun by signs that a success heard of by another copy has disproved: it clears them', async () => {
    const { store, granted, report, aCopy } = aBudget();
    const other = aCopy();
    const [first, second, third] = [await granted(), await granted(), await granted()];
    await report({ ...first, key: 'a' }, 'unavailable');
    await report({ ...second, key: 'b' }, 'unavailable');
    await report(third, 'succeeded');
    expect(store.item?.holds).toEqual({ ...NO_HOLDS, life: { permit: 3, success: 3, successAt: third.grantedAt } });
    expect(await report({ ...second, key: 'c' }, 'unavailable', other)).toEqual(OWN);
    expect(store.item?.holds.byScope).toEqual({});
  });

  it('whose probe is never heard of is probed again after a lease', async () => {
    const { hold, granted } = aBudget();
    hold({ until: NOON + 5000 });
    await granted('bulk', 'a');
    const next = await granted('bulk', 'b');
    expect(next).toMatchObject({ probe: 'request', grantedAt: NOON + 35_000 });
  });

  it('whose probe was not used is probed by the next at once', async () => {
    const { hold, report, granted } = aBudget();
    hold({ until: NOON });
    await report(await granted('bulk', 'a'), 'nothing');
    expect(await granted('bulk', 'b')).toMatchObject({ probe: 'request', grantedAt: NOON });
  });

  it('costs no permit while it lasts', async () => {
    const { store, hold, times } = aBudget();
    hold({ until: NOON + 5000 });
    expect(await times(1, { latest: NOON + 4000 })).toEqual(['none']);
    expect(store.item?.granted).toBe(0);
  });

  it('is told as it begins and as it is lengthened, once each, by the copy that did it', async () => {
    const { clock, aCopy, granted, report, telemetry } = aBudget();
    const ticket = await granted();
    for (const key of ['a', 'b']) await report({ ...ticket, key }, 'unavailable', aCopy());
    expect(telemetry.events).toEqual([]);
    await aCopy().report({ ...ticket, key: 'c' }, { kind: 'unavailable', why: 'CERT_HAS_EXPIRED' });
    // With what the call met that began it, or lengthened it.
    const begun = { code: 'OUTAGE_HELD', fields: { delayMs: 5000, why: 'CERT_HAS_EXPIRED' } };
    expect(telemetry.events).toEqual([begun]);
    for (const key of ['d', 'e', 'f']) await report({ ...ticket, key }, 'unavailable', aCopy());
    expect(telemetry.events).toEqual([begun]);
    clock.jump(5000);
    await aCopy().report(await granted(), { kind: 'server-error', status: 502, detail: 'Bad Gateway' });
    expect(telemetry.events).toEqual([begun, { code: 'OUTAGE_HELD', fields: { delayMs: 10_000, status: 502 } }]);
  });
});

/** One a minute: after the first, the next is far off. */
const SLOW: Ceiling = { quota: 'known', perMinute: 1, burst: 2 };
const OPERATOR = { since: NOON, who: 'an operator' };
const CHANGED_AT = 5_000;
const NOTICED_BY = CHANGED_AT + 10_000;

describe('what an operator changes is noticed within 10 s by a copy that waits:', () => {
  type Scene = ReturnType<typeof aBudget>;
  const set = (state: BudgetState, perMinute: number): BudgetState =>
    setCeiling(state, { perMinute, burst: 2 }, SLOW, NOON + CHANGED_AT);
  const braked: Hold = { why: 'brake', since: NOON, permit: 0, until: NOON + 300_000, lengthMs: 300_000 };
  const slow = () => aBudget({ ceiling: SLOW, reserve: 0 });
  /** Waits with what is there at first; five seconds later the operator changes it. */
  async function turnOf(scene: Scene, latest: EpochMs, change: (state: BudgetState) => BudgetState) {
    const waiting = scene.ask('bulk', latest);
    void scene.clock.sleep(CHANGED_AT).then(() => scene.change(change(scene.store.item as BudgetState)));
    return scene.clock.run(waiting);
  }
  const held = (holds: Partial<Holds>, more: Partial<BudgetState> = {}) => {
    const scene = aBudget();
    scene.change({ ...more, holds: { ...NO_HOLDS, ...holds } });
    return scene;
  };
  const pausedFor = (scope: 'all' | 'bulk') => held({ byOperator: { [scope]: OPERATOR } });

  it.each<[claim: string, scene: () => Scene, change: (state: BudgetState) => BudgetState]>([
    ['a lane resumed', () => pausedFor('bulk'), (state) => resume(state, 'bulk')],
    ['all lanes resumed', () => pausedFor('all'), (state) => resume(state, 'all')],
    ['a brake released', () => held({ byScope: { bulk: braked } }), (state) => release(state, NOON + CHANGED_AT)],
    [
      'a brake switched off',
      () => held({ byScope: { bulk: braked } }),
      (state) => brakeOff(state, 'bulk', NOON + 3_600_000),
    ],
    [
      'an outage hold released',
      () => held({ byScope: { all: { ...braked, why: 'outage' } } }),
      (state) => release(state, NOON + CHANGED_AT),
    ],
    [
      'a pause that the API asked for released',
      () => held({}, { quietUntil: NOON + 3_600_000 }),
      (state) => release(state, NOON + CHANGED_AT),
    ],
  ])('%s', async (_claim, scene, change) => {
    const { turn, at } = await turnOf(scene(), LATE, change);
    expect(turn.kind).toBe('granted');
    expect(at).toBeGreaterThanOrEqual(CHANGED_AT);
    expect(at).toBeLessThanOrEqual(NOTICED_BY);
  });

  it.each([
    ['that would have come within its time', NOON + 600_000],
    ['that would have come too late', NOON + 40_000],
  ])('a ceiling raised, by a turn %s', async (_claim, latest) => {
    const scene = slow();
    await scene.granted('bulk');
    const { turn, at } = await turnOf(scene, latest, (state) => set(state, 600));
    expect(turn.kind).toBe('granted');
    expect(at).toBeLessThanOrEqual(NOTICED_BY);
  });

  it('a ceiling lowered, by turns that would have come one a second', async () => {
    const scene = aBudget();
    const turns = scene.times(60, { lane: 'bulk', latest: NOON + 60_000 });
    void scene.clock.sleep(CHANGED_AT).then(() => scene.change(set(scene.store.item as BudgetState, 1)));
    const times = (await turns).filter((at) => typeof at === 'number');
    expect(times.length).toBeGreaterThan(4);
    expect(times.filter((at) => at > NOTICED_BY)).toEqual([]);
  });

  it('a pause, by turns that would have come one a second', async () => {
    const scene = aBudget();
    const turns = scene.times(60, { lane: 'bulk', latest: NOON + 60_000 });
    void scene.clock
      .sleep(CHANGED_AT)
      .then(() => scene.change(pause(scene.store.item as BudgetState, 'bulk', OPERATOR)));
    const times = (await turns).filter((at) => typeof at === 'number');
    expect(times.length).toBeGreaterThan(4);
    expect(times.filter((at) => at > NOTICED_BY)).toEqual([]);
  });

  it('a pause, by a turn that would have come too late: it says that an operator holds it', async () => {
    const scene = slow();
    await scene.granted('bulk');
    const { turn, at } = await turnOf(scene, NOON + 40_000, (state) => pause(state, 'bulk', OPERATOR));
    expect(turn).toMatchObject({ kind: 'none', why: 'operator', standsBack: false });
    expect(at).toBe(40_000);
  });
});

describe('however turns are asked for and calls end', () => {
  it('no turn comes after its latest moment, none is used untaken, and every window keeps to the ceiling', async () => {
    const asked = fc.record({
      copy: fc.nat(2),
      afterMs: fc.nat(5000),
      patienceMs: fc.integer({ min: -10, max: 60_000 }),
      lane: fc.constantFrom<Lane>('interactive', 'bulk'),
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      shown: fc.constantFrom<Shown>(
        SHOWN.succeeded,
        SHOWN.succeeded,
        SHOWN.unavailable,
        SHOWN.unknown,
        SHOWN['server-error'],
        SHOWN.throttled,
        { ...SHOWN.throttled, retryAfterMs: 2000 },
        SHOWN.unauthorized,
        SHOWN.rejected,
        SHOWN.nothing,
      ),
      tookMs: fc.nat(20_000),
    });
    const limits = fc.record({
      quota: fc.constantFrom('known' as const, 'ceiling' as const),
      perMinute: fc.integer({ min: 6, max: 600 }),
      burst: fc.integer({ min: 1, max: 8 }),
    });
    const skews = fc.array(fc.nat(2000), { minLength: 3, maxLength: 3 });
    const run = async (
      ceiling: Ceiling,
      aheads: number[],
      all: (typeof asked extends fc.Arbitrary<infer One> ? One : never)[],
    ) => {
      const { clock, store, aCopy } = aBudget({ ceiling });
      store.latencyMs = () => WRITE_MS;
      const copies = aheads.map((ahead) => ({ ahead, budget: aCopy(ahead) }));
      const granted: number[] = [];
      const permits: number[] = [];
      const one = async ({ copy, afterMs, patienceMs, lane, key, shown, tookMs }: (typeof all)[number]) => {
        const { ahead = 0, budget } = copies[copy] ?? {};
        await clock.sleep(afterMs);
        const latest = clock.now() + ahead + patienceMs;
        const turn = await budget?.turn(lane, key, latest, NEVER_CALLED);
        if (turn?.kind !== 'granted') return;
        // A write is under way for a moment when the time is up.
        expect(clock.now() + ahead).toBeLessThanOrEqual(latest + WRITE_MS);
        granted.push(clock.now());
        permits.push(turn.ticket.permit);
        await clock.sleep(tookMs);
        await budget?.report(turn.ticket, shown);
      };
      await clock.run(Promise.all(all.map(one)));
      expect(worstExcess(granted, ceiling, 2000 + WRITE_MS)).toBeLessThanOrEqual(1e-6);
      expect(new Set(permits).size).toBe(permits.length);
      // None is used that was not taken. One taken for somebody whose time was up meanwhile, or who is of another lane, is wasted.
      const wasted = (store.item?.granted ?? 0) - granted.length;
      expect(wasted).toBeGreaterThanOrEqual(0);
      expect(wasted).toBeLessThanOrEqual(all.length);
      expect(clock.sleepers()).toBe(0);
    };
    await fc.assert(fc.asyncProperty(limits, skews, fc.array(asked, { maxLength: 25 }), run), { numRuns: 150 });
  });
});
