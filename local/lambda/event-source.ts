import { failedMessageIds } from './batch-response.ts';
import type { InvocationResult } from './sandbox.ts';
import { type ReceivedMessage, type SqsEvent, sqsEvents } from './sqs-event.ts';

/** The mapping of a queue to a function, as declared in the template. */
export interface MappingOptions {
  queueArn: string;
  batchSize: number;
  windowSeconds: number;
  maximumConcurrency: number;
  reportBatchItemFailures: boolean;
}

/** The queue as seen by a poller. */
export interface SourceQueue {
  receive(count: number, waitSeconds: number): Promise<ReceivedMessage[]>;
  /** Deletes messages; those that cannot be deleted are delivered again. */
  delete(receiptHandles: readonly string[]): Promise<void>;
}

export interface EventSource {
  /** Stops polling. Resolves when the last poll and the last invocation have ended. */
  stop(): Promise<void>;
}

/** SQS returns at most this many messages per receive. */
const MAX_RECEIVED = 10;
/** The stand-in loses a message to an aborted poll, so polls are short and never aborted. */
const POLL_SECONDS = 1;
const AFTER_ERROR_MS = 200;

/**
 * Moves messages from a queue to a function: long polls, batches by size and window, at most `maximumConcurrency` invocations at a time.
 * While these run, the next batches are already fetched, so a sandbox that becomes free never waits for a poll.
 */
export function startEventSource(
  mapping: MappingOptions,
  queue: SourceQueue,
  invoke: (payload: string) => Promise<InvocationResult>,
): EventSource {
  let stopping = false;
  const slots = createSlots(mapping.maximumConcurrency);
  const deliveries = new Set<Promise<void>>();
  const pollers = Array.from({ length: mapping.maximumConcurrency }, () => poll());

  async function poll(): Promise<void> {
    while (!stopping) {
      try {
        for (const event of sqsEvents(await collectBatch(), mapping.queueArn)) {
          await slots.take();
          const delivery = deliver(event);
          deliveries.add(delivery);
          void delivery.then(() => deliveries.delete(delivery));
        }
      } catch {
        // The queue did not answer. What was received is delivered again when its visibility ends.
        if (!stopping) await new Promise((resolve) => setTimeout(resolve, AFTER_ERROR_MS));
      }
    }
  }

  async function collectBatch(): Promise<ReceivedMessage[]> {
    const messages = await queue.receive(Math.min(mapping.batchSize, MAX_RECEIVED), POLL_SECONDS);
    if (messages.length === 0) return messages;
    const windowEnd = performance.now() + mapping.windowSeconds * 1000;
    while (messages.length < mapping.batchSize && !stopping) {
      const leftMs = windowEnd - performance.now();
      if (leftMs <= 0) break;
      const count = Math.min(mapping.batchSize - messages.length, MAX_RECEIVED);
      messages.push(...(await queue.receive(count, Math.min(POLL_SECONDS, Math.ceil(leftMs / 1000)))));
    }
    return messages;
  }

  /** Runs in a slot taken before and gives it back. Never throws: what is not deleted is delivered again. */
  async function deliver({ messages, payload }: SqsEvent): Promise<void> {
    const result = await invoke(payload).catch(
      (error: Error): InvocationResult => ({ kind: 'crash', detail: error.message }),
    );
    slots.give();
    const done = acknowledged(messages, result, mapping.reportBatchItemFailures);
    if (done.length > 0) await queue.delete(done.map((message) => message.ReceiptHandle)).catch(() => {});
  }

  return {
    stop: async () => {
      stopping = true;
      await Promise.all(pollers);
      await Promise.all(deliveries);
    },
  };
}

/** The messages to delete. After an error, a timeout or a crash the whole batch stays until its visibility ends. */
export function acknowledged(
  messages: readonly ReceivedMessage[],
  result: InvocationResult,
  reportBatchItemFailures: boolean,
): ReceivedMessage[] {
  if (result.kind !== 'response') return [];
  if (!reportBatchItemFailures) return [...messages];
  const ids = messages.map((message) => message.MessageId);
  const failed = failedMessageIds(result.body, ids);
  return failed === 'all' ? [] : messages.filter((message) => !failed.has(message.MessageId));
}

/** A counting semaphore, first come, first served. */
function createSlots(count: number) {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    take: async () => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
    },
    give: () => {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    },
  };
}
