import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digesterOf, requestIdFor } from '../../cli/campaigns/request-ids.ts';
import { LANES } from '../../functions/contract/reset-request.ts';
import { idKeyKey, requestIdOf } from '../../functions/ledger/items.ts';
import { callAws } from '../aws/aws-call.ts';
import type { LocalSystem } from '../system.ts';
import type { ProgressBar, Snapshot } from './progress-bar.ts';
import { reconcile, type Tally } from './reconcile.ts';
import { runResets } from './resets-command.ts';
import { CAMPAIGN, makeSample, type RawMessage, type Sample } from './sample.ts';

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
  const sending = sendSample(system, sample, { environment, folder, interrupted });
  const single = sample.healthy.length + sample.hanging.length + sample.raw.length + sample.last(String).raw.length;
  const total = sample.addresses.interactive.length + sample.addresses.bulk.length + single;
  let isSent = false;
  const sent = sending.finally(() => {
    isSent = true;
  });
  // If sending fails, the watching ends too, and the error is thrown below.
  sent.catch(() => {});
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
  const { keys, copies } = await sent;
  const sampleMs = performance.now() - startedAt;
  const { waiting, inFlight } = await look(system, total, sampleMs);
  const tally = reconcile({
    sent: keys,
    items: await system.ledgerItems(),
    letters: await system.deadLetters(),
    left: waiting + inFlight,
    calls: system.simulator.statistics(),
  });
  return { tally, copies, sampleMs };
}

interface Sent {
  /** Of all requests. */
  keys: Set<string>;
  /** Messages in addition to one per request. */
  copies: number;
}

interface Surroundings {
  environment: Record<string, string>;
  folder: string;
  interrupted: AbortSignal;
}

async function sendSample(system: LocalSystem, sample: Sample, surroundings: Surroundings): Promise<Sent> {
  const { interrupted } = surroundings;
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
  const [singles, campaign] = await Promise.all([
    enqueue(sample.addresses.interactive, surroundings),
    startCampaign(system, sample.addresses.bulk, surroundings),
  ]);
  const ids = new Map([...singles, ...campaign]);
  for (const id of ids.values()) keys.add(id);
  await sendRaw(sample.raw);
  const hanging = new Set(sample.hanging.map(({ key }) => key));
  const others = new Set([...keys].filter((key) => !hanging.has(key)));
  await untilEnded(system, others, LONGEST_SECOND_PHASE_MS, interrupted);
  const last = sample.last((email) => ids.get(email) ?? '');
  await sendRaw(last.raw);
  for (const lane of LANES) {
    await system.send(
      lane,
      last.copies.filter((message) => message.lane === lane),
    );
  }
  return { keys, copies: last.copies.length };
}

/** Request ids by address. */
type Ids = Map<string, string>;

async function enqueue(addresses: readonly string[], { environment, interrupted }: Surroundings): Promise<Ids> {
  const printed = await runResets(['enqueue', '-', '--yes'], environment, interrupted, addresses.join('\n'));
  const ids = printed.trim().split('\n');
  return new Map(addresses.map((address, index) => [address, ids[index] ?? '']));
}

async function startCampaign(
  system: LocalSystem,
  addresses: readonly string[],
  { environment, folder, interrupted }: Surroundings,
): Promise<Ids> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'sample.txt');
  writeFileSync(file, `${addresses.join('\n')}\n`);
  const reason = ['--reason', 'the sample of npm start'];
  await runResets(['campaign', 'start', file, '--id', CAMPAIGN, ...reason, '--yes'], environment, interrupted);
  const digest = digesterOf(await idKeyOf(system, CAMPAIGN));
  return new Map(addresses.map((address) => [address, requestIdFor(CAMPAIGN, digest(address))]));
}

async function idKeyOf({ awsEndpoint, ledgerTableName }: LocalSystem, campaignId: string): Promise<Buffer> {
  const input = { TableName: ledgerTableName, Key: { pk: { S: idKeyKey(campaignId) } } };
  const { Item } = await callAws<{ Item: { idKey: { B: string } } }>(awsEndpoint, 'dynamodb', 'GetItem', input);
  return Buffer.from(Item.idKey.B, 'base64');
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
