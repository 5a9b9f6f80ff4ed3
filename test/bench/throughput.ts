import { setTimeout as delay } from 'node:timers/promises';
import type { Lane } from '../../functions/contract/reset-request.ts';
import { startApiSimulator } from '../../local/reset-api/simulator.ts';
import { startLocalSystem } from '../../local/system.ts';

const RESETS = 2_000;
const LATENCY_MS = 30;
const LANE: Lane = 'bulk';
/** Two copies of the function, batches of ten: what one lane calls at once in the default configuration. */
const CONCURRENCY = 20;
const LONGEST_MS = 120_000;
/** A quota that is none: so high that no permit is ever waited for. */
const NO_QUOTA = { CALLS_PER_MINUTE: '60000000', CALL_BURST: '1000000' };

/** Resets a second of one lane through queue, function, ledger and API, next to a bare loop of `fetch` calls at the same concurrency. */
export async function measureThroughput(): Promise<string> {
  const worker = await workerRate();
  const loop = await loopRate();
  const share = (100 * worker) / loop;
  return `throughput    ${worker.toFixed(0)} resets a second through the local run, ${loop.toFixed(0)} by a bare loop of fetch: ${share.toFixed(0)}% (aim: at least 50%; ${RESETS} resets, API of ${LATENCY_MS} ms, ${CONCURRENCY} at once)`;
}

async function workerRate(): Promise<number> {
  const system = await startLocalSystem({
    lanes: [],
    simulator: { latencyMs: LATENCY_MS, quota: undefined },
    environment: NO_QUOTA,
  });
  try {
    await system.send(
      LANE,
      addresses('queued').map((email) => ({ body: JSON.stringify({ email }) })),
    );
    const startedAt = performance.now();
    system.startLane(LANE);
    await until(async () => system.simulator.statistics().resets === RESETS);
    const elapsedMs = performance.now() - startedAt;
    await until(async () => Object.values(await system.depth(LANE)).every((count) => count === 0));
    return rate(elapsedMs);
  } finally {
    await system.stop();
  }
}

async function loopRate(): Promise<number> {
  const simulator = await startApiSimulator({ tokens: ['t'], latencyMs: LATENCY_MS });
  try {
    const rest = addresses('looped');
    const startedAt = performance.now();
    const caller = async () => {
      for (let email = rest.pop(); email !== undefined; email = rest.pop()) {
        const response = await fetch(`${simulator.baseUrl}/api/web/custom/password/admin_reset`, {
          method: 'POST',
          headers: { authorization: 'APIToken t', 'content-type': 'application/json' },
          body: JSON.stringify({ email }),
        });
        if (response.status !== 200) throw new Error(`The simulator answered ${response.status}.`);
        await response.arrayBuffer();
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, caller));
    return rate(performance.now() - startedAt);
  } finally {
    await simulator.stop();
  }
}

const addresses = (prefix: string): string[] => Array.from({ length: RESETS }, (_, n) => `${prefix}-${n}@example.com`);
const rate = (elapsedMs: number): number => (1000 * RESETS) / elapsedMs;

async function until(condition: () => Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedAt > LONGEST_MS) throw new Error('The run did not end in time.');
    await delay(20);
  }
}
