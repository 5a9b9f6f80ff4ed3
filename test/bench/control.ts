import { setTimeout as delay } from 'node:timers/promises';
import { type LocalSystem, startLocalSystem } from '../../local/system.ts';
import { resetsOn } from '../support/resets-program.ts';

const LANE = 'bulk';
const CAMPAIGN = 'breach-7';
const REQUESTS = 6_000;
const PER_MINUTE = 600;
const SLOW_PER_MINUTE = 60;
/** A `Retry-After` of 20 minutes. */
const USED_UP = { perMinute: 0.05, burst: 1 };
const LOOK_MS = 50;
/** No calls for so long: they have stopped. */
const QUIET_MS = 4_000;
const LONGEST_MS = 60_000;

/** Seconds from the moment when a command is given until the API sees its effect: the process, the question's answer and the write included. */
export async function measureControl(): Promise<string> {
  const system = await startLocalSystem({
    simulator: { latencyMs: 30, quota: undefined },
    context: { callsPerMinute: PER_MINUTE, callBurst: 10 },
  });
  try {
    const body = (index: number) => JSON.stringify({ email: `user-${index}@example.com`, campaignId: CAMPAIGN });
    await system.send(
      LANE,
      Array.from({ length: REQUESTS }, (_, index) => ({ body: body(index) })),
    );
    const effects = await effectsIn(system);
    return [
      'control       seconds from the command to its effect at the API (aim: under 10)',
      ...effects.map(([command, ms]) => `              ${(ms / 1000).toFixed(1).padStart(4)}  ${command}`),
    ].join('\n');
  } finally {
    await system.stop();
  }
}

type Effect = [command: string, ms: number];

async function effectsIn(system: LocalSystem): Promise<Effect[]> {
  const { simulator } = system;
  const calls = (): number => simulator.statistics().calls;
  const begun = () => watch(calls, ([first], last) => last.calls > (first?.calls ?? 0));
  const ended = () => watch(calls, (seen, last) => last.at - lastRise(seen).at > QUIET_MS);
  const effect = async (line: string, until: () => Promise<number>): Promise<Effect> => {
    const watching = until();
    const { code, err } = await resetsOn(system, [...line.split(' '), '--yes']);
    if (code !== 0) throw new Error(`resets ${line}: ${err}`);
    return [line, await watching];
  };
  await begun();
  const effects = [await effect(`lane pause ${LANE}`, ended), await effect(`lane resume ${LANE}`, begun)];
  effects.push(await effect(`budget set ${SLOW_PER_MINUTE}`, () => pace(calls, (perMinute) => perMinute < 120)));
  effects.push(await effect(`budget set ${PER_MINUTE}`, () => pace(calls, (perMinute) => perMinute > 400)));

  await simulator.change({ quota: USED_UP });
  await ended();
  await simulator.change({ quota: null });
  const [, afterPause] = await effect('budget release', begun);
  effects.push(['budget release, of a Retry-After of 20 min', afterPause]);

  await simulator.change({ outage: 403 });
  await ended();
  await simulator.change({ outage: null });
  const [, afterBrake] = await effect('budget release', begun);
  effects.push(['budget release, of the brake', afterBrake]);

  effects.push(await effect(`campaign cancel ${CAMPAIGN}`, ended));
  return effects;
}

interface Look {
  at: number;
  calls: number;
}

/** Looks until it has seen enough. @returns when the calls last rose before that, in ms from the first look. */
async function watch(calls: () => number, isEnough: (seen: readonly Look[], last: Look) => boolean): Promise<number> {
  const seen: Look[] = [];
  const startedAt = performance.now();
  for (;;) {
    const last = { at: performance.now() - startedAt, calls: calls() };
    seen.push(last);
    if (isEnough(seen, last)) return lastRise(seen).at;
    if (last.at > LONGEST_MS) throw new Error('No effect within a minute.');
    await delay(LOOK_MS);
  }
}

function lastRise(seen: readonly Look[]): Look {
  const from = seen.findLastIndex(({ calls }, index) => index > 0 && calls > (seen[index - 1]?.calls ?? calls));
  return seen[from] ?? seen[0] ?? { at: 0, calls: 0 };
}

/** How long until the calls of two seconds make such a pace. */
async function pace(calls: () => number, isReached: (perMinute: number) => boolean): Promise<number> {
  const SPAN_MS = 2_000;
  let reachedAt = 0;
  await watch(calls, (seen, last) => {
    const from = seen.find(({ at }) => at >= last.at - SPAN_MS);
    if (from === undefined || last.at < SPAN_MS) return false;
    reachedAt = from.at;
    return isReached(((last.calls - from.calls) * 60_000) / (last.at - from.at));
  });
  return reachedAt;
}
