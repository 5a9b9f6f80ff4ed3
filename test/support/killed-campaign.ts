import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chance } from '../simulation/engine/chance.ts';
import { type StandInDeployment, startDeployment } from './cli/stand-ins.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** Of a batch: sending takes long enough for some checkpoints. */
const SLOW_MS = 80;
/** About a second of sending; of a hundred batches with what comes before, so that a batch is left after each kill where rows are enough. */
const MOST_OPERATIONS = 100;
const ROWS_A_BATCH = 10;

export interface KilledCampaign {
  /** After so many operations of AWS each run was killed. */
  killedAfter: number[];
  /** What the last run printed, which nobody killed. */
  last: { code: number | null; out: string; err: string };
  /** Of the messages in the queue, by address: how often, and under which ids. */
  messages: Map<string, { times: number; ids: Set<string> }>;
  emails: string[];
}

/**
 * Starts a campaign in a process of its own, kills it after a number of operations that the seed tells, and gives the same command again,
 * so many times; then once more to its end. There are more rows than all that are killed can send, on any machine.
 */
export async function killedCampaign({ kills, seed }: { kills: number; seed: number }): Promise<KilledCampaign> {
  const rows = (kills + 1) * MOST_OPERATIONS * ROWS_A_BATCH;
  const deployment = await startDeployment();
  const folder = await mkdtemp(join(tmpdir(), 'killed-'));
  try {
    const file = join(folder, 'people.csv');
    const emails = Array.from({ length: rows }, (_, index) => `person${index}@example.org`);
    await writeFile(file, ['email', ...emails, ''].join('\n'));
    const chances = chance(seed, 'kills');
    const killedAfter: number[] = [];
    deployment.faults.add({ operation: 'sqs:SendMessageBatch', kind: 'slow', delayMs: SLOW_MS, times: Infinity });
    for (let kill = 0; kill < kills; kill += 1) {
      const after = chances.whole(1, MOST_OPERATIONS);
      if (await runUntil(deployment, file, after)) killedAfter.push(after);
    }
    const last = await runToEnd(deployment, file);
    return { killedAfter, last, messages: await messagesOf(deployment), emails };
  } finally {
    await deployment.stop();
    await rm(folder, { recursive: true });
  }
}

const start = (deployment: StandInDeployment, file: string) =>
  spawn(process.execPath, [MAIN, 'campaign', 'start', file, '--id', 'breach-7', '--yes'], {
    env: deployment.environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const operations = (deployment: StandInDeployment): number =>
  Object.values(deployment.operations()).reduce((sum, one) => sum + one, 0);

/** @returns whether it was killed; otherwise it had ended before. */
async function runUntil(deployment: StandInDeployment, file: string, after: number): Promise<boolean> {
  const before = operations(deployment);
  const child = start(deployment, file);
  child.stdout.resume();
  child.stderr.resume();
  const ended = new Promise<void>((resolve) => void child.once('close', () => resolve()));
  let isOpen = true;
  void ended.then(() => {
    isOpen = false;
  });
  while (isOpen && operations(deployment) - before < after) await delay(1);
  const isKilled = isOpen && child.kill('SIGKILL');
  await ended;
  return isKilled;
}

async function runToEnd(deployment: StandInDeployment, file: string): Promise<KilledCampaign['last']> {
  const child = start(deployment, file);
  const last = { code: null as number | null, out: '', err: '' };
  child.stdout.on('data', (text) => {
    last.out += text;
  });
  child.stderr.on('data', (text) => {
    last.err += text;
  });
  await new Promise<void>((resolve) => {
    child.once('close', (code) => {
      last.code = code;
      resolve();
    });
  });
  return last;
}

async function messagesOf(deployment: StandInDeployment): Promise<KilledCampaign['messages']> {
  const messages: KilledCampaign['messages'] = new Map();
  const { ready } = await deployment.inspectQueue('bulk');
  for (const { body } of ready) {
    const { email, requestId } = JSON.parse(body) as { email: string; requestId: string };
    const seen = messages.get(email) ?? { times: 0, ids: new Set() };
    seen.times += 1;
    seen.ids.add(requestId);
    messages.set(email, seen);
  }
  return messages;
}
