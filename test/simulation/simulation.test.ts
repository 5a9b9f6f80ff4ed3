import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import { chance } from './engine/chance.ts';
import { Engine } from './engine/engine.ts';
import { percentilesOf } from './report/figures.ts';
import { pageOf } from './report/page.ts';
import { CASES, casesNamed } from './scenarios/cases.ts';
import { optionsWith } from './scenarios/healthy.ts';
import { explain, runSeed, runSeeds } from './scenarios/seeds.ts';
import { Simulation } from './simulation.ts';
import { Sandbox } from './world/aws/sandbox.ts';
import { Service } from './world/aws/service.ts';
import { Table } from './world/aws/table.ts';
import { outageJudgement } from './world/judgement.ts';
import { OUTAGE_FORMS } from './world/options.ts';
import { quotaOf } from './world/quota.ts';

const SEEDS = 15;

/** A table alone, and its client in a sandbox that runs. */
function aTable(lagMs: number) {
  const engine = new Engine();
  const { latency, faults } = optionsWith({}).table;
  const service = new Service({
    engine,
    chance: chance(1, 'service'),
    latency,
    faults,
    faultsEnd: 0,
    befall: () => {},
  });
  const table = new Table({ engine, chance: chance(1, 'replicas'), service, onWrite: () => {}, lagMs });
  const sandbox = new Sandbox(engine, 1, 0, chance(1, 'timers'), 0);
  sandbox.thaw();
  return { engine, table, client: table.clientOf(sandbox) };
}

describe('the production core in simulated worlds', () => {
  test(`every promise is kept in ${SEEDS} worlds of faults`, async () => {
    const found: string[] = [];
    const result = await runSeeds(1, SEEDS, async (world) => {
      if (world.violations.length > 0) found.push(await explain(world));
    });
    expect(found.join('\n')).toBe('');
    expect(result.resets).toBeGreaterThan(SEEDS * 20);
    expect(result.deaths, 'faults were at work').toBeGreaterThan(SEEDS);
  });

  test('2,000 requests in a healthy world are reset once each, without a refusal', async () => {
    const options = optionsWith({
      producers: { bulkJobs: 2_000, singleEveryMs: 20_000 },
      budget: { perMinute: 600, burst: 20 },
      api: { perMinute: 600, burst: 20 },
    });
    const world = new Simulation(options);
    await world.run();
    expect(world.violations).toEqual([]);
    expect(world.isDrained).toBe(true);
    expect(world.measures.total('resets')).toBe(world.requests.count);
    expect(percentilesOf(world).interactive.p95Ms).toBeLessThan(6_000);
    expect(pageOf(world)).toContain('<svg');
  });

  test('one seed makes one history', async () => {
    const [first, second, other] = [
      await runSeed(3, { watched: 'all' }),
      await runSeed(3, { watched: 'all' }),
      await runSeed(4, { watched: 'all' }),
    ];
    expect(second.history.lines).toEqual(first.history.lines);
    expect(other.history.lines).not.toEqual(first.history.lines);
  });
});

describe('the simulation itself', () => {
  test('lets events happen in order of time, then in the order of asking, and none that was called off', async () => {
    const engine = new Engine();
    const seen: string[] = [];
    engine.after(20, () => seen.push('later'));
    engine.after(10, () => seen.push('first'));
    engine.after(10, () => void Promise.resolve().then(() => seen.push('second, by a promise')));
    engine.after(10, () => seen.push('third'));
    engine.callOff(engine.after(5, () => seen.push('never')));
    await engine.run(Number.POSITIVE_INFINITY, () => false);
    expect(seen).toEqual(['first', 'second, by a promise', 'third', 'later']);
  });

  test.each(['token-bucket', 'fixed-window', 'sliding-window'] as const)('a %s quota lets in its rate', (model) => {
    const quota = quotaOf(model, { perMinute: 60, burst: 10, countsRefused: false }, 0);
    let admitted = 0;
    for (let now = 0; now < 10 * 60_000; now += 100) if (quota.admit(now).admitted) admitted += 1;
    expect(admitted).toBeGreaterThanOrEqual(600);
    expect(admitted).toBeLessThanOrEqual(661);
  });

  test.each(['token-bucket', 'fixed-window', 'sliding-window'] as const)(
    'after the wait that a %s quota names a call is let in',
    (model) => {
      const quota = quotaOf(model, { perMinute: 60, burst: 10, countsRefused: false }, 0);
      let now = 0;
      for (let round = 0; round < 50; round += 1) {
        while (quota.admit(now).admitted) now += 1;
        now += Math.ceil(quota.admit(now).waitMs);
        expect(quota.admit(now).admitted).toBe(true);
      }
    },
  );

  test('chance is even, and repeats itself from the same seed alone', () => {
    const [one, same, other] = [chance(1, 'a'), chance(1, 'a'), chance(2, 'a')];
    const draws = Array.from({ length: 10_000 }, () => one.next());
    expect(draws).toEqual(Array.from({ length: 10_000 }, () => same.next()));
    expect(other.next()).not.toBe(draws[0]);
    expect(draws.reduce((sum, draw) => sum + draw, 0) / draws.length).toBeCloseTo(0.5, 1);
  });

  test.each(OUTAGE_FORMS)('an outage of form %s says whether the call may have made its reset', (form) => {
    const isClear = form === '503' || form === 'refused';
    const { isUnknown, madeReset } = outageJudgement(form, true, false);
    expect({ isUnknown, madeReset }).toEqual({ isUnknown: !isClear, madeReset: !isClear });
  });

  test('a lagging replica gives an item as it was, and a consistent read never does', async () => {
    const seen = { replica: new Set<number>(), consistent: new Set<number>() };
    const { engine, table, client } = aTable(1_000);
    const read = (ConsistentRead: boolean) =>
      client.send(new GetCommand({ TableName: 'ledger', Key: { pk: 'a' }, ConsistentRead }));
    table.put('a', { pk: 'a', version: 1 });
    engine.after(5_000, () => table.put('a', { pk: 'a', version: 2 }));
    for (let at = 5_001; at < 7_000; at += 50) {
      engine.after(at, async () => seen.replica.add((await read(false)).Item?.version));
      engine.after(at, async () => seen.consistent.add((await read(true)).Item?.version));
      if (at < 6_001) continue;
      engine.after(at, async () => expect((await read(false)).Item?.version).toBe(2));
    }
    await engine.run(Number.POSITIVE_INFINITY, () => false);
    expect([...seen.replica].sort()).toEqual([1, 2]);
    expect([...seen.consistent]).toEqual([2]);
  });

  test('knows cases by name, or by how their names begin', () => {
    expect(casesNamed(['outage']).map(({ name }) => name)).toEqual(['outage']);
    expect(casesNamed(['weekend-503']).map(({ name }) => name)).toEqual([
      'weekend-503-5',
      'weekend-503-50',
      'weekend-503-2000',
    ]);
    expect(casesNamed([])).toEqual(CASES);
    expect(() => casesNamed(['nothing'])).toThrow('No case is named nothing');
  });

  test('names no case twice', () => {
    const names = CASES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
