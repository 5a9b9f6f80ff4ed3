import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startLocalSystem } from '../../local/system.ts';
import { resetsOn } from '../support/resets-program.ts';

const ROWS = 5_000;
const UNKNOWN = 300;
const LOOK_MS = 500;
const LONGEST_MS = 240_000;

/** Unknown users next to each other in the file: is the brake pulled? */
export async function measureClump(): Promise<string> {
  const system = await startLocalSystem({
    simulator: { quota: undefined, latencyMs: 5 },
    context: { callsPerMinute: 6_000, callBurst: 100 },
  });
  const folder = await mkdtemp(join(tmpdir(), 'clump-'));
  let brakes = 0;
  system.function.onLine((line) => {
    if (line.includes('"BRAKE_HELD"')) brakes += 1;
  });
  try {
    const file = join(folder, 'people.csv');
    const isUnknown = (index: number) => index >= ROWS / 2 && index < ROWS / 2 + UNKNOWN;
    const emails = Array.from(
      { length: ROWS },
      (_, index) => `${isUnknown(index) ? 'notfound+' : ''}user${index}@example.com`,
    );
    await writeFile(file, emails.join('\n'));
    const started = performance.now();
    const { code, err } = await resetsOn(system, ['campaign', 'start', file, '--id', 'clump', '--yes']);
    if (code !== 0) throw new Error(err);
    const count = async (): Promise<{ reset: number; failed: number }> => {
      const { counts } = JSON.parse((await resetsOn(system, ['campaign', 'status', 'clump', '--json'])).out);
      return counts;
    };
    while (system.simulator.statistics().calls < ROWS && performance.now() - started < LONGEST_MS) await delay(LOOK_MS);
    await delay(LOOK_MS);
    const { reset, failed } = await count();
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    return `clump         ${UNKNOWN} unknown users next to each other in a file of ${ROWS}: the brake held ${brakes} times (aim: 0); ${reset} reset, ${failed} dead-lettered, ${seconds} s`;
  } finally {
    await system.stop();
    await rm(folder, { recursive: true });
  }
}

if (import.meta.main) console.log(await measureClump());
