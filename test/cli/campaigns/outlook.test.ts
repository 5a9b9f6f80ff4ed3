import { describe, expect, it } from 'vitest';
import {
  type Outlook,
  outlookFor,
  outlookJson,
  outlookLines,
  outlookRefusal,
  type Sending,
} from '../../../cli/campaigns/outlook.ts';
import type { QueueCounts, Queues } from '../../../cli/deployment/queues.ts';
import { CommandFailed } from '../../../cli/terminal/io.ts';
import type { BudgetStore } from '../../../functions/call-budget/shared-item.ts';
import type { BudgetState } from '../../../functions/call-budget/state.ts';
import { LedgerUnreadable } from '../../../functions/ledger/ledger.ts';
import { anItem } from '../../support/builders.ts';
import { aBudget, counts, has, heldBy, pausedOn, unreadable } from '../../support/cli/a-situation.ts';
import { contextOf, DEPLOYMENT, memoryReader, testIo } from '../../support/cli/command-line.ts';
import { aHold } from '../../support/cli/operator.ts';
import { untouched } from '../../support/untouched.ts';
import { NOON } from '../../support/virtual-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const names = { deployment: DEPLOYMENT, command: (line: string) => `npx resets ${line}` };

interface Scene {
  lane?: Sending['lane'];
  rows?: number;
  interactive?: QueueCounts;
  bulk?: QueueCounts | 'unknown';
  state?: BudgetState | 'unreadable';
  /** Resets in each of the last five minutes. */
  everyMinute?: number;
  ceiling?: typeof DEPLOYMENT.ceiling;
}

async function outlookOf(scene: Scene): Promise<Outlook> {
  const { lane = 'bulk', rows = 600, interactive = counts(), bulk = counts(), state, everyMinute = 0 } = scene;
  const io = testIo();
  const resets = Array.from({ length: 5 * everyMinute }, (_, index) =>
    anItem({ key: `k${index}`, state: 'succeeded', at: NOON - (index % 5) * MINUTE - 1 }),
  );
  const context = contextOf(io, {
    deployment: { ...DEPLOYMENT, ceiling: 'ceiling' in scene ? scene.ceiling : DEPLOYMENT.ceiling },
    ledger: memoryReader(...resets),
    budget: {
      ...untouched<BudgetStore>('budget'),
      async read() {
        if (state === 'unreadable') throw new LedgerUnreadable('Ledger', new Error('no'));
        return state;
      },
    },
    queues: {
      ...untouched<Queues>('queues'),
      async counts(url) {
        if (url.endsWith('interactive')) return interactive;
        if (bulk === 'unknown') throw new CommandFailed('Denied.');
        return bulk;
      },
    },
  });
  return outlookFor(await context.connect(), { lane, rows });
}

describe('the outlook of a campaign', () => {
  it('reckons with the deployed ceiling where nothing else is known', async () => {
    expect(await outlookOf({})).toEqual({
      ahead: 0,
      perMinute: 60,
      basis: 'ceiling',
      finishMs: 10 * MINUTE,
      holds: has([]),
    });
  });

  it.each([
    ['bulk', 600, 25 * MINUTE],
    ['interactive', 100, 10 * MINUTE + 100 * 1000],
  ] as const)('in lane %s, %i messages go first', async (lane, ahead, finishMs) => {
    const interactive = counts({ waiting: 50, inFlight: 40, delayed: 10 });
    const found = await outlookOf({
      lane,
      rows: lane === 'bulk' ? 900 : 600,
      interactive,
      bulk: counts({ waiting: 500 }),
    });
    expect(found).toMatchObject({ ahead, finishMs });
  });

  it('goes by a ceiling that an operator set, and by a learned rate below it', async () => {
    const ceiling = { quota: 'known', perMinute: 30, burst: 5 } as const;
    expect(await outlookOf({ state: aBudget({ ceiling }) })).toMatchObject({ perMinute: 30, finishMs: 20 * MINUTE });
    const learned = { ...aBudget().learned, estimate: 12 / MINUTE, grewFrom: NOON };
    const found = await outlookOf({ state: aBudget({ ceiling, learned }) });
    expect(found).toMatchObject({ basis: 'ceiling' });
    expect(found.perMinute).toBeCloseTo(12);
  });

  const busy = counts({ waiting: 60, inFlight: 20 });

  it('goes by the last minutes where these were busy and slower', async () => {
    expect(await outlookOf({ bulk: busy, everyMinute: 20 })).toMatchObject({ perMinute: 20, basis: 'observed' });
    expect(await outlookOf({ bulk: busy, everyMinute: 70 })).toMatchObject({ perMinute: 60, basis: 'ceiling' });
  });

  it.each([
    ['fewer wait than a minute takes', { bulk: counts({ waiting: 59, inFlight: 20 }) }],
    ['a lane is held', { bulk: busy, state: pausedOn('interactive') }],
    ['the holds cannot be read', { bulk: busy, state: 'unreadable' }],
    ['nothing was reset', { bulk: busy, everyMinute: 0 }],
  ] as const)('does not go by the last minutes where %s', async (_, scene) => {
    expect(await outlookOf({ everyMinute: 3, ...scene })).toMatchObject({ perMinute: 60, basis: 'ceiling' });
  });

  it('knows no time where no ceiling is known and nothing was measured', async () => {
    const found = await outlookOf({ ceiling: undefined });
    expect(found).toMatchObject({ perMinute: undefined, finishMs: undefined });
    expect(await outlookOf({ ceiling: undefined, bulk: busy, everyMinute: 4 })).toMatchObject({ perMinute: 4 });
  });

  it('goes on without what cannot be read', async () => {
    const found = await outlookOf({ bulk: 'unknown', state: 'unreadable' });
    expect(found).toMatchObject({ ahead: undefined, perMinute: 60, finishMs: 10 * MINUTE, holds: { ok: false } });
  });

  it('tells only the holds of its lane', async () => {
    expect((await outlookOf({ state: pausedOn('interactive') })).holds).toEqual(has([]));
    expect((await outlookOf({ state: pausedOn('bulk') })).holds).toMatchObject(has([{ scope: 'bulk' }]));
    expect((await outlookOf({ state: heldBy('all', aHold('outage')) })).holds).toMatchObject(has([{ why: 'outage' }]));
  });
});

const anOutlook = (given: Partial<Outlook> = {}): Outlook => ({
  ahead: 0,
  perMinute: 60,
  basis: 'ceiling',
  finishMs: 10 * MINUTE,
  holds: has([]),
  ...given,
});
const lines = (outlook: Partial<Outlook>, sending: Partial<Sending> = {}) =>
  outlookLines(
    anOutlook(outlook),
    { lane: 'bulk', rows: 600, ...sending },
    { ...names, now: NOON, paint: (style, text) => `<${style}>${text}` },
  );

describe('what the preview tells of time', () => {
  it('is when the last row is called, behind whom and at which rate', () => {
    expect(lines({})).toEqual([
      'The last row is called in 10 min (about 2026-11-23T12:10:00Z): 600 rows, at 60 calls a minute, as the call budget allows.',
    ]);
    expect(lines({ ahead: 1200, basis: 'observed', perMinute: 12.345, finishMs: 3 * HOUR })).toEqual([
      'The last row is called in 3 h (about 2026-11-23T15:00:00Z): 600 rows behind 1,200 messages that are queued, at 12.3 a minute, as in the last 5 minutes, which is slower than the call budget allows.',
    ]);
  });

  it('marks the thousands of an observed rate as of an allowed one', () => {
    expect(lines({ basis: 'observed', perMinute: 1_320 })[0]).toContain(' at 1,320 a minute,');
    expect(lines({ perMinute: 1_320 })[0]).toContain(' at 1,320 calls a minute,');
  });

  it('says so where the queue could not be counted, or no rate is known', () => {
    expect(lines({ ahead: undefined })[0]).toContain(
      '600 rows, and what is queued before them, which could not be counted, at 60',
    );
    expect(lines({ perMinute: undefined, finishMs: undefined, ahead: 1 })).toEqual([
      'When the last row is called cannot be told: the outputs of the deployment do not tell its ceiling, and none is set. To be called: 600 rows behind 1 message that is queued.',
    ]);
  });

  it.each([
    [NOON + 5 * MINUTE, 0, 300],
    [NOON + 5 * MINUTE, 100, 400],
    [NOON + 5 * MINUTE, 1000, 600],
  ])('warns of --not-after %i behind %i messages: about %i would end as expired', (notAfter, ahead, late) => {
    const finishMs = (ahead + 600) * 1000;
    expect(lines({ ahead, finishMs }, { notAfter })[1]).toBe(
      `<yellow>Warning: about ${late} of them will not be called before --not-after, 2026-11-23T12:05:00Z, and will end as expired.`,
    );
  });

  it('does not warn of a --not-after at which all are through', () => {
    expect(lines({}, { notAfter: NOON + 10 * MINUTE })).toHaveLength(1);
  });

  it('warns of how long single requests wait behind a campaign of lane interactive', () => {
    expect(lines({}, { lane: 'interactive' })[1]).toBe(
      '<yellow>Warning: single requests that come after these rows wait behind them, and are called in 10 min.',
    );
  });

  it('warns of a canary that cannot be through within its ten minutes', () => {
    expect(lines({}, { canary: 600 })).toHaveLength(1);
    expect(lines({}, { canary: 601 })[1]).toBe(
      '<yellow>Warning: the last of the canary is called in 10 min, and those open after 10 min count as failed: make it smaller.',
    );
    expect(lines({ ahead: 3000 }, { canary: 20 })[1]).toBe(
      '<yellow>Warning: the last of the canary is called in 50 min, and those open after 10 min count as failed: wait until less is queued.',
    );
  });

  it('says that the lane is held, that it can be sent all the same, and what ends it', () => {
    const hold = { scope: 'bulk', why: 'operator', who: 'sam', since: NOON - MINUTE } as const;
    expect(lines({ holds: has([hold]) }, { canary: 20 })[1]).toBe(
      '<yellow>Held: paused by sam on lane bulk, since 2026-11-23T11:59:00Z (60 s ago). Nobody is called until it ends; the campaign can be sent all the same, and its canary waits. Next: ask sam why, then npx resets lane resume bulk',
    );
    expect(lines({ holds: unreadable })[1]).toBe('<yellow>Warning: whether lane bulk is held cannot be told. Denied.');
  });
});

describe('rows that would not be through within 12 days', () => {
  const refusal = (given: Partial<Outlook>, rows: number) => {
    const { ahead = 0, perMinute = 60, ...more } = given;
    const finishMs = ((ahead + rows) / perMinute) * MINUTE;
    return outlookRefusal(anOutlook({ ahead, perMinute, finishMs, ...more }), { rows }, names);
  };

  it('are refused with the arithmetic and the ways on, and one row less is not', () => {
    expect(refusal({ ahead: 36_800, perMinute: 60 }, 1_000_000)).toBeUndefined();
    expect(refusal({ ahead: 36_800, perMinute: 60 }, 1_000_001)).toBe(
      '1,000,001 rows behind 36,800 messages that are queued, at 60 calls a minute, as the call budget allows, take 12 days, and a request that has waited for 12 days is given up as expired. Split the file: at most 1,000,000 rows now; or, if the API allows more, npx resets budget set 61',
    );
  });

  it('are refused by the observed rate, which no ceiling mends', () => {
    expect(refusal({ perMinute: 1, basis: 'observed' }, 40_000)).toBe(
      '40,000 rows, at 1 a minute, as in the last 5 minutes, which is slower than the call budget allows, take 27.8 days, and a request that has waited for 12 days is given up as expired. Split the file: at most 17,280 rows now; or find out what slows the calls down: npx resets status',
    );
  });

  it('behind a lane that holds as much already must wait', () => {
    expect(refusal({ ahead: 20_000, perMinute: 1 }, 5)).toContain('Wait until less is queued; or, if the API allows');
  });

  it('are not refused where no rate is known', () => {
    expect(
      outlookRefusal(anOutlook({ perMinute: undefined, finishMs: undefined }), { rows: 1e9 }, names),
    ).toBeUndefined();
  });
});

describe('the outlook in JSON', () => {
  it('has every member, also those that are not known', () => {
    expect(outlookJson(anOutlook({ perMinute: 12.345, finishMs: 90_499.7 }), NOON)).toEqual({
      ahead: 0,
      perMinute: 12.3,
      basis: 'ceiling',
      finishSeconds: 90,
      finishAt: '2026-11-23T12:01:30.500Z',
      holds: [],
    });
    const nothing = anOutlook({ ahead: undefined, perMinute: undefined, finishMs: undefined, holds: unreadable });
    expect(outlookJson(nothing, NOON)).toEqual({
      ahead: null,
      perMinute: null,
      basis: null,
      finishSeconds: null,
      finishAt: null,
      holds: null,
    });
  });
});
