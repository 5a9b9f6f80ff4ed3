import { describe, expect, test } from 'vitest';
import { chance } from './engine/chance.ts';
import { Engine } from './engine/engine.ts';
import { percentilesOf } from './report/figures.ts';
import { pageOf } from './report/page.ts';
import { CASES } from './scenarios/cases.ts';
import { optionsWith } from './scenarios/healthy.ts';
import { explain, runSeed, runSeeds } from './scenarios/seeds.ts';
import { Simulation } from './simulation.ts';
import { quotaOf } from './world/quota.ts';

const SEEDS = 15;

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

  test('names no case twice', () => {
    const names = CASES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
