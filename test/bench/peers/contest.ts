import { setTimeout as delay } from 'node:timers/promises';
import type { ApiSimulator } from '../../../local/reset-api/simulator.ts';
import type { Quota } from '../../../local/reset-api/token-bucket.ts';
import { measureCpu } from './cpu-time.ts';
import { type Job, leastCalls, leastMs } from './jobs.ts';

export interface Contestant {
  name: string;
  prepare(quota: Quota): Promise<Stage>;
}

/** One contestant with queues and an API of its own, not yet at work. */
export interface Stage {
  simulator: ApiSimulator;
  send(bodies: readonly string[]): Promise<unknown>;
  start(): void;
  /** Messages in the queue, visible or not. */
  left(): Promise<number>;
  /** The bodies of the dead letters. */
  deadLetters(): Promise<string[]>;
  /** Ends its processes and servers. */
  stop(): Promise<void>;
}

export interface Result {
  name: string;
  /** From the start of the contestant to its last acknowledgement; undefined where the time was up before. */
  drainedMs: number | undefined;
  leastMs: number;
  calls: number;
  refused: number;
  secondResets: number;
  /** Of those, how many followed no call of unknown outcome. */
  unexplainedSecondResets: number;
  wrongDeadLetters: number;
  left: number;
  /** Neither reset nor dead-lettered nor in the queue. */
  lost: number;
  /** Of its own processes; undefined where the machine does not tell. */
  cpuSeconds: number | undefined;
}

/** How long the API takes, for everybody. */
export const LATENCY = { latencyMs: 30, latencyJitterMs: 40 };

/** A quota has seen the last of everybody after twice its own time; what came back to a queue once shows again within this time more. */
const REDELIVERY_MS = 15 * 60_000;
const LOOK_EVERY_MS = 50;

/** Sends all jobs, then lets the contestant work until its queue is empty or its time is up. */
export async function runContest(contestant: Contestant, jobs: readonly Job[], quota: Quota): Promise<Result> {
  const stage = await contestant.prepare(quota);
  try {
    await stage.send(jobs.map(({ email }) => JSON.stringify({ email })));
    const least = leastMs(leastCalls(jobs), quota);
    const cpu = measureCpu();
    const drainedMs = await drained(stage, 2 * least + REDELIVERY_MS);
    const cpuSeconds = cpu.stop();
    return { name: contestant.name, drainedMs, leastMs: least, cpuSeconds, ...(await verdict(stage, jobs)) };
  } finally {
    await stage.stop();
  }
}

async function drained(stage: Stage, longestMs: number): Promise<number | undefined> {
  const startedAt = performance.now();
  stage.start();
  while (performance.now() - startedAt < longestMs) {
    await delay(LOOK_EVERY_MS);
    if ((await stage.left()) === 0) return performance.now() - startedAt;
  }
  return undefined;
}

async function verdict(stage: Stage, jobs: readonly Job[]) {
  const { simulator } = stage;
  const letters = (await stage.deadLetters()).map((body) => (JSON.parse(body) as { email: string }).email);
  const permanent = new Set(jobs.filter(({ failsForGood }) => failsForGood).map(({ email }) => email));
  const lettered = new Set(letters);
  const open = jobs.filter(({ email }) => simulator.historyOf(email).resets === 0 && !lettered.has(email));
  const left = await stage.left();
  const statistics = simulator.statistics();
  return {
    calls: statistics.calls,
    refused: statistics.byStatus[429] ?? 0,
    secondResets: statistics.secondResets,
    unexplainedSecondResets: statistics.secondResets - statistics.explainedSecondResets,
    wrongDeadLetters: letters.filter((email) => !permanent.has(email)).length,
    left,
    lost: Math.max(0, open.length - left),
  };
}
