import { expect, test } from 'vitest';
import {
  acknowledged,
  type MappingOptions,
  type SourceQueue,
  startEventSource,
} from '../../../local/lambda/event-source.ts';
import type { InvocationResult } from '../../../local/lambda/sandbox.ts';
import type { ReceivedMessage } from '../../../local/lambda/sqs-event.ts';

const message = (id: string): ReceivedMessage => ({
  MessageId: id,
  ReceiptHandle: `handle-${id}`,
  Body: '{}',
  MD5OfBody: '',
});
const ids = (count: number) => Array.from({ length: count }, (_, index) => String(index));
const mappingOf = (options: Partial<MappingOptions> = {}): MappingOptions => ({
  queueArn: 'arn:aws:sqs:us-east-1:000000000000:lane',
  batchSize: 10,
  windowSeconds: 0,
  maximumConcurrency: 2,
  reportBatchItemFailures: true,
  ...options,
});
const response = (body: unknown): InvocationResult => ({ kind: 'response', body: JSON.stringify(body) });
const idsIn = (payload: string): string[] =>
  JSON.parse(payload).Records.map(({ messageId }: { messageId: string }) => messageId);

/** A queue in memory that answers an empty poll on the next turn of the loop instead of waiting. */
function queueOf(messages: string[]) {
  const deleted: string[] = [];
  let polls = 0;
  const queue: SourceQueue = {
    receive: async (count) => {
      polls += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return messages.splice(0, count).map(message);
    },
    delete: async (handles) => void deleted.push(...handles),
  };
  return { queue, deleted, polls: () => polls };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const BATCH = ['a', 'b', 'c'].map(message);

test.each<[string, InvocationResult, boolean, string[]]>([
  ['an empty object', response({}), true, ['a', 'b', 'c']],
  ['one failed id', response({ batchItemFailures: [{ itemIdentifier: 'b' }] }), true, ['a', 'c']],
  ['an unknown id', response({ batchItemFailures: [{ itemIdentifier: 'z' }] }), true, []],
  ['a thrown error', { kind: 'error', body: '{}' }, true, []],
  ['a timeout', { kind: 'timeout' }, true, []],
  ['a crash', { kind: 'crash', detail: 'signal SIGKILL' }, true, []],
  [
    'a failed id although none are to be reported',
    response({ batchItemFailures: [{ itemIdentifier: 'b' }] }),
    false,
    ['a', 'b', 'c'],
  ],
  ['a thrown error without partial responses', { kind: 'error', body: '{}' }, false, []],
])('after %s the right messages are deleted', (_, result, partial, kept) => {
  expect(acknowledged(BATCH, result, partial).map(({ MessageId }) => MessageId)).toEqual(kept);
});

test('every message is delivered once and deleted, in batches of at most the batch size', async () => {
  const { queue, deleted } = queueOf(ids(25));
  const batches: string[][] = [];
  const source = startEventSource(mappingOf({ batchSize: 4 }), queue, async (payload) => {
    batches.push(idsIn(payload));
    return response({});
  });
  await until(() => deleted.length === 25);
  await source.stop();
  expect(batches.flat().toSorted()).toEqual(ids(25).toSorted());
  expect(Math.max(...batches.map((batch) => batch.length))).toBe(4);
});

test('exactly as many invocations run at once as the mapping allows', async () => {
  const { queue, deleted } = queueOf(ids(60));
  let running = 0;
  let most = 0;
  const source = startEventSource(mappingOf({ batchSize: 5, maximumConcurrency: 3 }), queue, async () => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    return response({});
  });
  await until(() => deleted.length === 60);
  await source.stop();
  expect(most).toBe(3);
});

test('the next batch is fetched while all sandboxes are busy, but not the whole queue', async () => {
  const waiting = ids(100);
  const { queue } = queueOf(waiting);
  const busy = Promise.withResolvers<InvocationResult>();
  const source = startEventSource(mappingOf({ maximumConcurrency: 2 }), queue, () => busy.promise);
  await until(() => waiting.length === 60);
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(waiting.length).toBe(60);
  busy.resolve(response({}));
  await source.stop();
});

test('a window gathers messages that arrive one by one into one batch', async () => {
  const waiting: string[] = [];
  const deleted: string[] = [];
  const batches: string[][] = [];
  const queue: SourceQueue = {
    receive: async (count) => {
      await new Promise((resolve) => setImmediate(resolve));
      return waiting.splice(0, Math.min(count, 1)).map(message);
    },
    delete: async (handles) => void deleted.push(...handles),
  };
  waiting.push(...ids(12));
  const source = startEventSource(
    mappingOf({ batchSize: 12, windowSeconds: 20, maximumConcurrency: 1 }),
    queue,
    async (payload) => {
      batches.push(idsIn(payload));
      return response({});
    },
  );
  await until(() => deleted.length === 12);
  await source.stop();
  expect(batches).toEqual([ids(12)]);
});

test('a queue that does not answer is polled again', async () => {
  const { queue, deleted } = queueOf(['a']);
  let failures = 1;
  const flaky: SourceQueue = {
    ...queue,
    receive: async (count, waitSeconds) => {
      if (failures > 0) {
        failures -= 1;
        throw new Error('not now');
      }
      return queue.receive(count, waitSeconds);
    },
  };
  const source = startEventSource(mappingOf({ maximumConcurrency: 1 }), flaky, async () => response({}));
  await until(() => deleted.length === 1);
  await source.stop();
});

test('stopping waits for the polls and invocations under way, and polls no more', async () => {
  const { queue, deleted, polls } = queueOf(['a']);
  const busy = Promise.withResolvers<InvocationResult>();
  const source = startEventSource(mappingOf(), queue, () => busy.promise);
  await until(() => polls() > 4);
  const stopped = source.stop();
  busy.resolve(response({}));
  await stopped;
  const before = polls();
  await new Promise((resolve) => setImmediate(resolve));
  expect(deleted).toEqual(['handle-a']);
  expect(polls()).toBe(before);
});
