import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import type { Connection, Context } from '../../../cli/deployment/connect.ts';
import type { FoundDeployment } from '../../../cli/deployment/find-deployment.ts';
import type { Queues, SendResult } from '../../../cli/deployment/queues.ts';
import type { Secret } from '../../../cli/deployment/secret.ts';
import type { Topic } from '../../../cli/deployment/topic.ts';
import { CommandFailed, type Io, type Output } from '../../../cli/terminal/io.ts';
import type { BudgetStore } from '../../../functions/call-budget/shared-item.ts';
import { NO_CAMPAIGN } from '../../../functions/contract/reset-request.ts';
import type { ActionLog } from '../../../functions/ledger/dynamo/actions.ts';
import type { LetterMarks } from '../../../functions/ledger/dynamo/letter-marks.ts';
import type { LedgerReader, Selection } from '../../../functions/ledger/dynamo/reader.ts';
import type { CampaignLog } from '../../../functions/ledger/dynamo/sent-campaigns.ts';
import {
  type ActionItem,
  type CampaignItem,
  newCampaign,
  type RequestItem,
  reachedAt,
  requestIdOf,
  stateReasonTime,
} from '../../../functions/ledger/items.ts';
import { aCampaign } from '../builders.ts';
import { untouched } from '../untouched.ts';
import { NOON } from '../virtual-clock.ts';

/** A stream that keeps what was written. */
export class Sink extends Writable {
  text = '';
  isTTY = false;
  columns = 200;
  rows = 100;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }

  get lines(): string[] {
    return this.text.split('\n').filter((line) => line !== '');
  }
}

export interface TestIo extends Io {
  stdin: PassThrough & { isTTY?: boolean };
  stdout: Sink & Output;
  stderr: Sink & Output;
  /** What the clock was asked to sleep, in order. Time stands still but for that. */
  slept: number[];
  /** Does once what `clock.every` was given and is not stopped. */
  beat(): Promise<void>;
  /** As Ctrl-C within graceful work. */
  interrupt(): void;
}

/** No terminal, no colour, ids `id-1`, `id-2` …, and the clock at noon. */
export function testIo(): TestIo {
  const controller = new AbortController();
  const slept: number[] = [];
  let ids = 0;
  let time = NOON;
  const repeated = new Set<() => Promise<void>>();
  return {
    stdin: new PassThrough(),
    stdout: new Sink(),
    stderr: new Sink(),
    env: {},
    clock: {
      now: () => time,
      async sleep(ms) {
        slept.push(ms);
        time += ms;
      },
      every(_ms, work) {
        repeated.add(work);
        return { stop: async () => void repeated.delete(work) };
      },
    },
    program: 'npx resets',
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
    graceful: (work) => work(controller.signal),
    slept,
    beat: async () => void (await Promise.all([...repeated].map((work) => work()))),
    interrupt: () => controller.abort(),
  };
}

/** The same, with a person at a terminal who types these words. */
export function onTerminal(io: TestIo, typed?: string): TestIo {
  for (const stream of [io.stdin, io.stdout, io.stderr]) stream.isTTY = true;
  if (typed !== undefined) io.stdin.write(typed);
  return io;
}

export const DEPLOYMENT: FoundDeployment = {
  name: 'stack Test',
  laneQueueUrls: { interactive: 'http://127.0.0.1/q/interactive', bulk: 'http://127.0.0.1/q/bulk' },
  deadLetterQueueUrl: 'http://127.0.0.1/q/dead',
  ledgerTableName: 'Ledger',
  ceiling: { quota: 'known', perMinute: 60, burst: 10, reserve: 3 },
  secretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:token-Abc123',
  alarmTopicArn: undefined,
  noticeTopicArn: undefined,
};

export const CALLER = 'arn:aws:sts::123456789012:assumed-role/Operator/sam';

/** Connects to the given parts; a part that is not given throws when it is touched. */
export function contextOf(io: TestIo, parts: Partial<Connection> = {}): Context {
  return {
    ...io,
    command: (line) => `${io.program} ${line}`,
    connect: async () => ({
      deployment: DEPLOYMENT,
      account: '123456789012',
      region: 'eu-central-1',
      queues: untouched<Queues>('queues'),
      ledger: untouched<LedgerReader>('ledger'),
      budget: untouched<BudgetStore>('budget'),
      actions: untouched<ActionLog>('actions'),
      campaigns: untouched<CampaignLog>('campaigns'),
      marks: untouched<LetterMarks>('marks'),
      secret: untouched<Secret>('secret'),
      topics: { page: untouched<Topic>('page'), notice: untouched<Topic>('notice') },
      caller: async () => CALLER,
      now: io.clock.now,
      ...parts,
    }),
  };
}

/** Actions in memory, with the meaning of `actionLog`. */
export function memoryActions(): { actions: ActionLog; written: Map<string, Partial<ActionItem>> } {
  const written = new Map<string, Partial<ActionItem>>();
  const change = (actionId: string, values: Partial<ActionItem>) => {
    const item = { ...written.get(actionId), ...values };
    written.set(actionId, item);
    return item;
  };
  return {
    written,
    actions: {
      begin: async ({ actionId, ...action }) => void change(actionId, { ...action, done: 0, state: 'running' }),
      beat: async (actionId, done) => change(actionId, { done }).abortBy !== undefined,
      end: async (actionId, state, done, details) =>
        void change(actionId, { state, done, ...(details === undefined ? {} : { details }) }),
      async askToStop(actionId, who) {
        const runs = written.get(actionId)?.state === 'running';
        if (runs) change(actionId, { abortBy: who });
        return runs;
      },
    },
  };
}

/** Campaigns of which nothing is done but to cancel them. */
export const cancelling = (cancel: CampaignLog['cancel']): CampaignLog => ({
  ...untouched<CampaignLog>('campaigns'),
  cancel,
});

/** Campaigns in memory, with the meaning of `campaignLog`; the clock stands still at noon. */
export function memoryCampaigns(...known: CampaignItem[]) {
  const items = new Map(known.map((item) => [item.campaignId, item]));
  const idKeys = new Map<string, Uint8Array>();
  const change = (campaignId: string, values: Partial<CampaignItem>): void => {
    const item = items.get(campaignId);
    if (item) items.set(campaignId, { ...item, ...values });
  };
  const register = (campaignId: string, more: Partial<CampaignItem>): CampaignItem => {
    const item = items.get(campaignId) ?? { ...newCampaign(campaignId, NOON), ...more };
    items.set(campaignId, item);
    return item;
  };
  const campaigns: CampaignLog = {
    idKey: async (campaignId) => idKeys.get(campaignId),
    async keepIdKey(campaignId, idKey) {
      const kept = idKeys.get(campaignId) ?? idKey;
      idKeys.set(campaignId, kept);
      return kept;
    },
    register: async (campaignId, sent) => register(campaignId, { sent }),
    async checkpoint(campaignId, setDigest, { sentBy, sentBelow, sentRows, sentAt }) {
      const item = items.get(campaignId);
      if (item?.state !== 'active' || item.sent?.setDigest !== setDigest) return false;
      if (sentBelow !== undefined && (item.sentAt !== undefined || (item.sentBelow ?? '') > sentBelow)) return true;
      change(campaignId, {
        sentBy,
        ...(sentBelow === undefined ? {} : { sentBelow }),
        ...(sentRows === undefined ? {} : { sentRows }),
        ...(sentAt === undefined ? {} : { sentAt }),
      });
      return true;
    },
    keepTotals: async (campaignId, totals) => change(campaignId, { totals }),
    async cancel(campaignId) {
      register(campaignId, {});
      change(campaignId, { state: 'cancelled', stateReasonTime: stateReasonTime('cancelled', NOON) });
    },
  };
  return { campaigns, items, idKeys };
}

interface SentMessage {
  queueUrl: string;
  body: Record<string, unknown>;
}

/** Takes every message, unless told otherwise for the n-th call, counted from 1. */
export function fakeQueues(answer?: (call: number, bodies: readonly string[]) => SendResult[] | undefined) {
  const sent: SentMessage[] = [];
  const batchSizes: number[] = [];
  const queues: Queues = {
    ...untouched<Queues>('queues'),
    counts: (queueUrl) => Promise.reject(new Error(`The counts of ${queueUrl} were not set up.`)),
    async sendBatch(queueUrl, bodies) {
      batchSizes.push(bodies.length);
      const results = answer?.(batchSizes.length, bodies) ?? bodies.map(() => taken);
      for (const [index, body] of bodies.entries()) {
        if (results[index]?.ok) sent.push({ queueUrl, body: JSON.parse(body) });
      }
      return results;
    },
  };
  return { queues, sent, batchSizes };
}

export const taken: SendResult = { ok: true, messageId: 'm' };
export const refused: SendResult = { ok: false, senderFault: true, why: 'InvalidMessageContents: no' };
export const notNow: SendResult = { ok: false, senderFault: false, why: 'InternalError: later' };

/** The ledger in memory, with the meaning of `ledgerReader`. */
export function memoryReader(...items: RequestItem[]): LedgerReader {
  const matches = (item: RequestItem, selection: Selection) => {
    const { campaign, state, reason, from = 0, to, lane, lastStatus, leaseEndedBefore, withGone, ids } = selection;
    return (
      item.campaign === campaign &&
      item.state === state &&
      reachedAt(item) >= from &&
      (to === undefined || reachedAt(item) < to) &&
      (withGone || item.gone === undefined) &&
      (reason === undefined || item.reason === reason) &&
      (lane === undefined || item.lane === lane) &&
      (lastStatus === undefined || item.lastStatus === lastStatus) &&
      (leaseEndedBefore === undefined || (item.leaseEnd ?? Number.POSITIVE_INFINITY) < leaseEndedBefore) &&
      (ids === undefined || (requestIdOf(item.pk).startsWith(ids.prefix) && requestIdOf(item.pk).length === ids.length))
    );
  };
  const has = (campaignId: string) => items.some(({ campaign }) => campaign === campaignId);
  const count = (selection: Selection) => items.filter((item) => matches(item, selection)).length;
  const tally = (selection: Selection) => {
    const { campaign, state, reason, from, to } = selection;
    const ranges = {
      campaign,
      state,
      withGone: true,
      ...(reason && { reason }),
      ...(from && { from }),
      ...(to && { to }),
    };
    return { count: count(selection), others: count(ranges) - count(selection) };
  };
  return {
    find: async (requestId) => items.find(({ pk }) => pk === `request#${requestId}`),
    findEach: async (requestIds) =>
      new Map(
        items.flatMap((item) => (requestIds.includes(requestIdOf(item.pk)) ? [[requestIdOf(item.pk), item]] : [])),
      ),
    findCampaign: async (campaignId) => (has(campaignId) ? aCampaign(campaignId) : undefined),
    findAction: async () => undefined,
    async *campaigns() {
      const ids = new Set(items.map(({ campaign }) => campaign));
      for (const campaignId of ids) if (campaignId !== NO_CAMPAIGN) yield aCampaign(campaignId);
    },
    async *actions() {},
    count: async (selection) => count(selection),
    tally: async (selection) => tally(selection),
    countSucceeded: async (campaign, _last, { ids } = {}) => ({
      ...tally({ campaign, state: 'succeeded', ...(ids && { ids }) }),
      settled: { count: 0, others: 0, before: 0 },
    }),
    async *list(...selections) {
      const found = items.filter((item) => selections.some((selection) => matches(item, selection)));
      yield* found.sort((one, other) => reachedAt(other) - reachedAt(one));
    },
  };
}

/** A file that is gone after the test. */
export async function fileOf(content: string | Buffer, name = 'addresses.csv'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'resets-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** The expected failure of some work; fails the test if there is none, or another. */
export async function failureIn(work: Promise<unknown>): Promise<{ message: string; exitCode: number }> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof CommandFailed) return { message: error.message, exitCode: error.exitCode };
  throw error ?? new Error('The work was done, and a failure was expected.');
}
