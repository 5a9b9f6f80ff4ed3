import type { Lane } from '../../../../functions/contract/reset-request.ts';
import { startLocalSystem } from '../../../../local/system.ts';
import { type Contestant, LATENCY } from '../contest.ts';

const LANE: Lane = 'bulk';

/** The deployed bundle with queues, ledger and event sources of the synthesized stack, told the API's quota. */
export const worker: Contestant = {
  name: 'the worker',
  prepare: async (quota) => {
    const system = await startLocalSystem({
      context: { callsPerMinute: quota.perMinute, callBurst: quota.burst },
      lanes: [],
      simulator: { ...LATENCY, quota },
    });
    return {
      simulator: system.simulator,
      send: (bodies) =>
        system.send(
          LANE,
          bodies.map((body) => ({ body })),
        ),
      start: () => system.startLane(LANE),
      left: async () => {
        const { waiting, inFlight } = await system.depth(LANE);
        return waiting + inFlight;
      },
      deadLetters: async () => (await system.deadLetters()).map(({ body }) => body),
      stop: system.stop,
    };
  },
};
