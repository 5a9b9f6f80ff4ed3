import { PROMISES } from '../checks/promises.ts';
import { timeText } from '../engine/history.ts';
import { type Looking, Simulation } from '../simulation.ts';
import { randomOptions } from './random-options.ts';

/** One world of faults, whole; with the history of the requests asked for. */
export async function runSeed(seed: number, looking: Looking = {}): Promise<Simulation> {
  const world = new Simulation(randomOptions(seed), looking);
  await world.run();
  return world;
}

/** What was broken in a world, and the history of the request that it happened to, from a second run of the same seed. */
export async function explain(world: Simulation): Promise<string> {
  const { seed } = world.options;
  const lines = [`seed ${seed}: after ${timeText(world.timeMs)}`];
  for (const { promise, what, atMs, request } of world.violations) {
    const of = request === undefined ? '' : ` (request ${request})`;
    lines.push(`  broken: ${promise}: ${what}${of} at ${timeText(atMs)}`, `          ${PROMISES[promise]}`);
  }
  const request = world.violations.find((violation) => violation.request !== undefined)?.request;
  if (request !== undefined) {
    const again = await runSeed(seed, { watched: new Set([request]) });
    lines.push(...again.history.lines.map((line) => `  ${line}`));
  }
  lines.push(`  again: node test/simulation/main.ts --seed ${seed} --history`);
  return lines.join('\n');
}

export interface SeedsResult {
  seeds: number;
  broken: Simulation[];
  jobs: number;
  calls: number;
  resets: number;
  deaths: number;
  letters: number;
}

/** Many worlds, one after the other. */
export async function runSeeds(
  from: number,
  count: number,
  onWorld: (world: Simulation) => void | Promise<void> = () => undefined,
): Promise<SeedsResult> {
  const result: SeedsResult = { seeds: 0, broken: [], jobs: 0, calls: 0, resets: 0, deaths: 0, letters: 0 };
  for (let seed = from; seed < from + count; seed += 1) {
    const world = await runSeed(seed);
    result.seeds += 1;
    result.jobs += world.requests.count;
    result.calls += world.measures.total('calls');
    result.resets += world.measures.total('resets');
    result.deaths += world.lambda.used.deaths;
    result.letters += world.deadLetters.sends;
    if (world.violations.length > 0) result.broken.push(world);
    await onWorld(world);
  }
  return result;
}
