import type { QueueAttributeName, SQSClient } from '@aws-sdk/client-sqs';
import { GetQueueAttributesCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { explain } from './aws-errors.ts';

export type SendResult = { ok: true; messageId: string } | { ok: false; senderFault: boolean; why: string };

/** Approximate, as SQS counts. */
export interface QueueCounts {
  waiting: number;
  inFlight: number;
  delayed: number;
}

/** What the command line needs of SQS. */
export interface Queues {
  /** Sends at most ten bodies. @returns a result for each, in their order. */
  sendBatch(queueUrl: string, bodies: readonly string[]): Promise<SendResult[]>;
  counts(queueUrl: string): Promise<QueueCounts>;
}

export function sqsQueues(client: SQSClient): Queues {
  return {
    async sendBatch(QueueUrl, bodies) {
      const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
      const answer = await explain(
        `queue ${QueueUrl}`,
        client.send(new SendMessageBatchCommand({ QueueUrl, Entries })),
      );
      const results = bodies.map<SendResult>(() => ({ ok: false, senderFault: false, why: 'SQS did not mention it' }));
      for (const { Id, MessageId } of answer.Successful ?? []) {
        results[Number(Id)] = { ok: true, messageId: MessageId ?? '' };
      }
      for (const { Id, SenderFault, Code, Message } of answer.Failed ?? []) {
        const why = [Code, Message].filter((part) => part !== undefined).join(': ');
        results[Number(Id)] = { ok: false, senderFault: SenderFault ?? false, why };
      }
      return results;
    },

    async counts(QueueUrl) {
      const answer = await explain(
        `queue ${QueueUrl}`,
        client.send(
          new GetQueueAttributesCommand({
            QueueUrl,
            AttributeNames: [
              'ApproximateNumberOfMessages',
              'ApproximateNumberOfMessagesNotVisible',
              'ApproximateNumberOfMessagesDelayed',
            ],
          }),
        ),
      );
      const count = (name: QueueAttributeName): number => Number(answer.Attributes?.[name] ?? 0);
      return {
        waiting: count('ApproximateNumberOfMessages'),
        inFlight: count('ApproximateNumberOfMessagesNotVisible'),
        delayed: count('ApproximateNumberOfMessagesDelayed'),
      };
    },
  };
}
