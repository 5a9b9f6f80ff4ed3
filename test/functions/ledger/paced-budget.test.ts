import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lane } from '../../../functions/contract/reset-request.ts';
import { pacedBudget } from '../../../functions/ledger/paced-budget.ts';
import type { Pace } from '../../../functions/ledger/permits.ts';
import type { CallReport, Turn } from '../../../functions/reset-worker/ports.ts';
import { telemetryRecorder } from '../../support/fakes.ts';
import { NOON, virtualClock } from '../../support/virtual-clock.ts';

const LATE = NOON + 90_000;

/** A budget of one call a second, two at once, unless told otherwise. */
function aBudget(pace: Partial<Pace> = {}) {
  const clock = virtualClock();
  const telemetry = telemetryRecorder();
  const budget = pacedBudget({ perMinute: 60, burst: 2, reserve: 0, ...pace }, clock, telemetry);
  /** Asks at once for so many turns; says when each was given, in ms from noon. */
  const ask = async (lanes: Lane[], latest = LATE): Promise<({ at: number } & Turn)[]> =>
    clock.run(
      Promise.all(
        lanes.map(async (lane) => {
          const turn = await budget.turn(lane, latest);
          return { at: clock.now() - NOON, ...turn };
        }),
      ),
    );
  const times = async (count: number, latest = LATE) =>
    (await ask(Array<Lane>(count).fill('interactive'), latest)).map(({ at, kind }) => (kind === 'granted' ? at : kind));
  /** Uses the turns that are there. */
  const emptied = async () => {
    expect(await times(2)).toEqual([0, 0]);
  };
  return { clock, telemetry, budget, ask, times, emptied };
}

describe('turns', () => {
  it('are given at once from the burst and then at the pace, in the order in which they were asked for', async () => {
    expect(await aBudget().times(5)).toEqual([0, 0, 1000, 2000, 3000]);
  });

  it('wait for their own lane’s permit without overtaking: whoever asked first goes first', async () => {
    const { ask } = aBudget({ burst: 2, reserve: 1 });
    const turns = await ask(['bulk', 'bulk', 'interactive']);
    expect(turns.map(({ at }) => at)).toEqual([0, 1000, 1000]);
  });

  it('that would come after the latest moment are not given, and say when one is likely', async () => {
    const { ask, emptied } = aBudget();
    await emptied();
    expect(await ask(['interactive'], NOON + 999)).toEqual([
      { at: 999, kind: 'none', retryAt: NOON + 1000, why: 'pace' },
    ]);
  });

  it('are given until the latest moment itself, and asked for after it are refused at once', async () => {
    const { clock, ask } = aBudget();
    clock.jump(500);
    expect(await ask(['interactive'], NOON + 500)).toEqual([{ at: 500, kind: 'granted' }]);
    expect(await ask(['interactive'], NOON + 499)).toEqual([
      { at: 500, kind: 'none', retryAt: NOON + 500, why: 'pace' },
    ]);
  });

  it('that are refused cost no permit', async () => {
    const { times, emptied } = aBudget();
    await emptied();
    expect(await times(5, NOON + 500)).toEqual(['none', 'none', 'none', 'none', 'none']);
    expect(await times(1)).toEqual([1000]);
  });

  it('are given though the one before gave up waiting', async () => {
    const { ask, budget, clock, emptied } = aBudget();
    await emptied();
    const [first, second] = await Promise.all([
      clock.run(Promise.all([budget.turn('interactive', NOON + 10), budget.turn('interactive', LATE)])),
    ]).then(([turns]) => turns);
    expect([first.kind, second.kind]).toEqual(['none', 'granted']);
    expect(clock.now()).toBe(NOON + 1000);
    expect((await ask(['interactive'], NOON + 1000))[0]?.kind).toBe('none');
  });

  it('are waited for inside, also where timers end a millisecond early', async () => {
    const { clock, times } = aBudget();
    clock.earlyMs = 1;
    expect(await times(4)).toEqual([0, 0, 1000, 2000]);
  });

  it('go on though a clock breaks for one of them', async () => {
    const { clock, budget, emptied } = aBudget();
    await emptied();
    const { sleep } = clock;
    clock.sleep = async () => {
      clock.sleep = sleep;
      throw new Error('a defect');
    };
    const turns = Promise.allSettled([budget.turn('bulk', LATE), budget.turn('bulk', LATE)]);
    expect((await clock.run(turns)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });
});

describe('a 429', () => {
  it('empties the bucket: the API counts more than we do', async () => {
    const { budget, times } = aBudget({ burst: 5 });
    budget.report({ kind: 'throttled' });
    expect(await times(2)).toEqual([1000, 2000]);
  });

  it('with Retry-After keeps all calls quiet until then', async () => {
    const { budget, times } = aBudget({ burst: 5 });
    budget.report({ kind: 'throttled', retryAfterMs: 7000 });
    // Permits gather while it is quiet.
    expect(await times(6)).toEqual([7000, 7000, 7000, 7000, 7000, 8000]);
  });

  it('with a shorter Retry-After does not end a longer one', async () => {
    const { budget, times } = aBudget({ burst: 5 });
    budget.report({ kind: 'throttled', retryAfterMs: 7000 });
    budget.report({ kind: 'throttled', retryAfterMs: 1000 });
    budget.report({ kind: 'throttled' });
    expect(await times(1)).toEqual([7000]);
  });

  it('with a Retry-After beyond the latest moment gives turns back, until then and at most for an hour', async () => {
    const { budget, ask } = aBudget();
    budget.report({ kind: 'throttled', retryAfterMs: 1e9 });
    expect(await ask(['interactive'])).toEqual([{ at: 90_000, kind: 'none', retryAt: NOON + 3_600_000, why: 'pace' }]);
  });

  it('that comes while a turn is waited for is heeded by it', async () => {
    const { clock, budget, emptied } = aBudget();
    await emptied();
    const turn = budget.turn('interactive', LATE);
    void clock.sleep(500).then(() => budget.report({ kind: 'throttled', retryAfterMs: 3000 }));
    expect(await clock.run(turn)).toEqual({ kind: 'granted' });
    expect(clock.now()).toBe(NOON + 3500);
  });
});

describe('an outage', () => {
  const outage = (budget: { report(report: CallReport): void }) => {
    for (const key of ['a', 'b', 'c']) budget.report({ kind: 'unavailable', key });
  };

  it('holds all, then one probes; the others wait for what it finds, and return one by one', async () => {
    const { clock, budget, telemetry } = aBudget({ burst: 5 });
    outage(budget);
    expect(telemetry.events).toEqual([{ code: 'OUTAGE_HELD', fields: { delayMs: 5000 } }]);
    const given: number[] = [];
    const turns = [1, 2, 3].map(async () => {
      await budget.turn('interactive', LATE);
      given.push(clock.now() - NOON);
      // The probe is served after two seconds.
      await clock.sleep(2000);
      budget.report({ kind: 'success' });
    });
    await clock.run(Promise.all(turns));
    expect(given).toEqual([5000, 7000, 7000]);
  });

  it('that a probe meets again is held for twice as long, and said once', async () => {
    const { clock, budget, telemetry, times } = aBudget();
    outage(budget);
    budget.report({ kind: 'unavailable', key: 'd' });
    budget.report({ kind: 'unanswered' });
    expect(await times(1)).toEqual([5000]);
    budget.report({ kind: 'unavailable', key: 'd' });
    expect(telemetry.events.map(({ fields }) => fields.delayMs)).toEqual([5000, 10_000]);
    expect(await times(1)).toEqual([15_000]);
    budget.report({ kind: 'success' });
    expect(await times(1)).toEqual([15_000]);
    expect(clock.sleepers()).toBe(0);
  });

  it('whose probe is never heard of again lets another probe after a lease', async () => {
    const { budget, times } = aBudget({ burst: 5 });
    outage(budget);
    expect(await times(2)).toEqual([5000, 35_000]);
  });

  it('whose probe was not used lets the next in line probe at once', async () => {
    const { clock, budget, times } = aBudget({ burst: 5 });
    outage(budget);
    expect(await times(1)).toEqual([5000]);
    void clock.sleep(100).then(() => budget.report({ kind: 'unused' }));
    expect(await times(1)).toEqual([5100]);
  });

  it('beyond the latest moment gives turns back until its end', async () => {
    const { budget, ask } = aBudget();
    outage(budget);
    expect(await ask(['bulk'], NOON + 3000)).toEqual([{ at: 3000, kind: 'none', retryAt: NOON + 5000, why: 'outage' }]);
  });

  it('costs no permit while it lasts', async () => {
    const { budget, times } = aBudget({ perMinute: 1, burst: 1 });
    outage(budget);
    expect(await times(1, NOON + 4000)).toEqual(['none']);
    expect(await times(1)).toEqual([5000]);
  });

  it('that ends early wakes who waits', async () => {
    const { clock, budget } = aBudget();
    outage(budget);
    const turn = budget.turn('interactive', LATE);
    void clock.sleep(1200).then(() => budget.report({ kind: 'success' }));
    await clock.run(turn);
    expect(clock.now()).toBe(NOON + 1200);
  });
});

describe('a token that is not accepted', () => {
  it('holds all until the secret may be read again, then one probes', async () => {
    const { budget, ask, telemetry, times } = aBudget({ burst: 5 });
    expect(budget.holdForCredential()).toBe(NOON + 30_000);
    expect(await ask(['interactive'], NOON + 1)).toEqual([
      { at: 1, kind: 'none', retryAt: NOON + 30_000, why: 'credential' },
    ]);
    expect(await times(2)).toEqual([30_000, 60_000]);
    expect(telemetry.events).toEqual([]);
  });

  it('told by several calls is one hold', async () => {
    const { clock, budget } = aBudget();
    budget.holdForCredential();
    clock.jump(10_000);
    expect(budget.holdForCredential()).toBe(NOON + 30_000);
    clock.jump(20_000);
    expect(budget.holdForCredential()).toBe(NOON + 60_000);
  });
});

describe('however turns are asked for and calls end', () => {
  it('no turn comes after its latest moment, none is lost, and no window holds more than burst + rate · t', async () => {
    const asked = fc.record({
      afterMs: fc.nat(5000),
      patienceMs: fc.integer({ min: -10, max: 60_000 }),
      lane: fc.constantFrom<Lane>('interactive', 'bulk'),
      report: fc.constantFrom<CallReport>(
        { kind: 'success' },
        { kind: 'success' },
        { kind: 'success' },
        { kind: 'unavailable', key: 'a' },
        { kind: 'unavailable', key: 'b' },
        { kind: 'unavailable', key: 'c' },
        { kind: 'throttled', retryAfterMs: 2000 },
        { kind: 'answered' },
        { kind: 'unanswered' },
        { kind: 'unused' },
      ),
      tookMs: fc.nat(20_000),
    });
    const pace = fc.record({ perMinute: fc.integer({ min: 6, max: 600 }), burst: fc.integer({ min: 2, max: 5 }) });
    await fc.assert(
      fc.asyncProperty(pace, fc.array(asked, { maxLength: 25 }), async (rate, all) => {
        const { clock, budget } = aBudget({ ...rate, reserve: 1 });
        const granted: number[] = [];
        const one = async ({ afterMs, patienceMs, lane, report, tookMs }: (typeof all)[number]) => {
          await clock.sleep(afterMs);
          const latest = clock.now() + patienceMs;
          const turn = await budget.turn(lane, latest);
          if (turn.kind === 'none') return;
          expect(clock.now()).toBeLessThanOrEqual(latest);
          granted.push(clock.now());
          await clock.sleep(tookMs);
          budget.report(report);
        };
        await clock.run(Promise.all(all.map(one)));
        granted.forEach((from, first) => {
          granted.slice(first).forEach((to, more) => {
            expect(more + 1).toBeLessThanOrEqual(rate.burst + (rate.perMinute / 60_000) * (to - from) + 1e-6);
          });
        });
        expect(clock.sleepers()).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});
