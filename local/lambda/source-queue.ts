import { callAws } from '../aws/aws-call.ts';
import type { SourceQueue } from './event-source.ts';
import type { ReceivedMessage } from './sqs-event.ts';

/** SQS's limit per batch operation. */
const MAX_ENTRIES = 10;
/** Lambda retries a deletion before it lets a message be delivered a second time. */
const DELETE_TRIES = 3;

/** A queue of the stand-ins, for an event source. */
export function sourceQueue(origin: string, queueUrl: string): SourceQueue {
  return {
    receive: async (count, waitSeconds) => {
      const output = await callAws<{ Messages?: ReceivedMessage[] }>(origin, 'sqs', 'ReceiveMessage', {
        QueueUrl: queueUrl,
        MaxNumberOfMessages: count,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      });
      return output.Messages ?? [];
    },
    delete: async (receiptHandles) => {
      for (let start = 0; start < receiptHandles.length; start += MAX_ENTRIES) {
        await deleteBatch(receiptHandles.slice(start, start + MAX_ENTRIES));
      }
    },
  };

  async function deleteBatch(receiptHandles: readonly string[]): Promise<void> {
    let entries = receiptHandles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
    for (let tries = 0; tries < DELETE_TRIES && entries.length > 0; tries += 1) {
      try {
        const output = await callAws<{ Failed?: { Id: string }[] }>(origin, 'sqs', 'DeleteMessageBatch', {
          QueueUrl: queueUrl,
          Entries: entries,
        });
        const failed = new Set((output.Failed ?? []).map(({ Id }) => Id));
        entries = entries.filter(({ Id }) => failed.has(Id));
      } catch {
        // Not deleted, or deleted without saying so: a second deletion does no harm.
      }
    }
  }
}
