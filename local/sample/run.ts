import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LANES } from '../../functions/contract/reset-request.ts';
import { requestIdOf } from '../../functions/ledger/items.ts';
import type { LocalSystem } from '../system.ts';
import type { ProgressBar, Snapshot } from './progress-bar.ts';
import { reconcile, type Tally } from './reconcile.ts';
import { runResets } from './resets-command.ts';
import { makeSample, type RawMessage, requestId, runOf, type Sample } from './sample.ts';

export interface SampleResult {
  tally: Tally;
  /** Messages sent in addition to one per request. */
  copies: number;
  sampleMs: number;
}

/** What has not finished by then is reported as a difference. */
const LONGEST_MS = 70_000;
/** The first phase takes a second or two, the second about half a minute. If one takes longer than this, the rest is sent all the same. */
const LONGEST_FIRST_PHASE_MS = 15_000;
const LONGEST_SECOND_PHASE_MS = 40_000;
const LOOK_EVERY_MS = 250;

/**
 * Sends the sample, watches it until it is finished, and reconciles the totals.
 * @param environment with which `resets` finds the system.
 * @param folder for the files of addresses.
 */
export async function runSample(
  system: LocalSystem,
  environment: Record<string, string>,
  folder: string,
  progress: ProgressBar,
  interrupted: AbortSignal,
): Promise<SampleResult> {
  const startedAt = performance.now();
  const sample = makeSample(Date.now());
  const sending = sendSample(system, sample, environment, folder, interrupted);
  const single = sample.healthy.length + sample.hanging.length + sample.raw.length;
  const total = LANES.reduce((sum, lane) => sum + sample.files[lane].length, single);
  let isSent = false;
  const sent = sending.then((keys) => {
    isSent = true;
    return keys;
  });
  // If sending fails, the watching ends too, and the error is thrown below.
  sent.catch(() => {
    isSent = true;
  });
  try {
    for (;;) {
      const snapshot = await look(system, total, performance.now() - startedAt);
      progress.show(snapshot);
      if (isSent && snapshot.waiting + snapshot.inFlight === 0) break;
      if (snapshot.elapsedMs > LONGEST_MS || interrupted.aborted) break;
      await nextLook();
    }
  } finally {
    progress.end();
  }
  const keys = await sent;
  const sampleMs = performance.now() - startedAt;
  const { waiting, inFlight } = await look(system, total, sampleMs);
  const tally = reconcile({
    sent: keys,
    items: await system.ledgerItems(),
    letters: await system.deadLetters(),
    left: waiting + inFlight,
    calls: system.simulator.statistics(),
  });
  return { tally, copies: sample.copies.length, sampleMs };
}

/** @returns the keys of all requests. */
async function sendSample(
  system: LocalSystem,
  sample: Sample,
  environment: Record<string, string>,
  folder: string,
  interrupted: AbortSignal,
): Promise<Set<string>> {
  mkdirSync(folder, { recursive: true });
  const keys = new Set<string>();
  const sendRaw = async (messages: readonly RawMessage[]) => {
    for (const lane of LANES) {
      const ofLane = messages.filter((message) => message.lane === lane);
      const messageIds = await system.send(lane, ofLane);
      for (const [index, { key }] of ofLane.entries()) keys.add(key ?? messageIds[index] ?? '');
    }
  };
  await sendRaw(sample.healthy);
  await untilEnded(system, keys, LONGEST_FIRST_PHASE_MS, interrupted);
  await sendRaw(sample.hanging);
  await Promise.all(
    LANES.map(async (lane) => {
      const file = join(folder, `sample-${lane}.txt`);
      writeFileSync(file, `${sample.files[lane].join('\n')}\n`);
      for (const line of sample.files[lane].keys()) keys.add(requestId(lane, line + 1));
      const args = ['enqueue', '--file', file, '--lane', lane, '--run', runOf(lane), '--yes'];
      await runResets(args, environment, interrupted);
    }),
  );
  await sendRaw(sample.raw.filter(({ isLast }) => !isLast));
  const hanging = new Set(sample.hanging.map(({ key }) => key));
  const others = new Set([...keys].filter((key) => !hanging.has(key)));
  await untilEnded(system, others, LONGEST_SECOND_PHASE_MS, interrupted);
  await sendRaw(sample.raw.filter(({ isLast }) => isLast));
  for (const lane of LANES) {
    await system.send(
      lane,
      sample.copies.filter((message) => message.lane === lane),
    );
  }
  return keys;
}

const nextLook = () => new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));

async function untilEnded(
  system: LocalSystem,
  keys: ReadonlySet<string>,
  longestMs: number,
  interrupted: AbortSignal,
): Promise<void> {
  const latestAt = performance.now() + longestMs;
  while (!interrupted.aborted && performance.now() < latestAt) {
    const items = await system.ledgerItems();
    const ended = items.filter(({ state }) => state === 'succeeded' || state === 'failed');
    if (keys.isSubsetOf(new Set(ended.map(({ pk }) => requestIdOf(pk))))) return;
    await nextLook();
  }
}

async function look(system: LocalSystem, total: number, elapsedMs: number): Promise<Snapshot> {
  const [interactive, bulk, items] = await Promise.all([
    system.depth('interactive'),
    system.depth('bulk'),
    system.ledgerItems(),
  ]);
  const { calls, byStatus } = system.simulator.statistics();
  const count = (state: string) => items.filter((item) => item.state === state).length;
  return {
    elapsedMs,
    total,
    calls,
    byStatus,
    waiting: interactive.waiting + bulk.waiting,
    inFlight: interactive.inFlight + bulk.inFlight,
    reset: count('succeeded'),
    deadLettered: count('failed'),
  };
}
