import type { QueueAttributeName, SQSClient } from '@aws-sdk/client-sqs';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { CommandFailed } from '../terminal/io.ts';
import { explain } from './aws-errors.ts';
import { BATCH_SIZE } from './batch-size.ts';

export type SendResult = { ok: true; messageId: string } | { ok: false; senderFault: boolean; why: string };

/** Approximate, as SQS counts. */
export interface QueueCounts {
  waiting: number;
  inFlight: number;
  delayed: number;
}

/** A message that is hidden from others for the time being. */
export interface ReceivedMessage {
  messageId: string;
  receiptHandle: string;
  body: string;
  /** Those of type String and Number, as text. */
  attributes: Record<string, string>;
}

/** What the command line needs of SQS. */
export interface Queues {
  /** Sends at most ten bodies. @returns a result for each, in their order. */
  sendBatch(queueUrl: string, bodies: readonly string[]): Promise<SendResult[]>;
  counts(queueUrl: string): Promise<QueueCounts>;
  /** @returns the ARN of the queue to which this one gives up its messages, if it has one. */
  deadLetterArn(queueUrl: string): Promise<string | undefined>;
  /** Waits a few seconds for at most ten messages, and hides them for so long. */
  receive(queueUrl: string, hiddenSeconds: number): Promise<ReceivedMessage[]>;
  /** Hides received messages for so long from now on; with 0 they are there for everybody again. One that is gone is passed over. */
  hide(queueUrl: string, receiptHandles: readonly string[], seconds: number): Promise<void>;
  remove(queueUrl: string, receiptHandle: string): Promise<void>;
}

/** Short, since a poll that is cut off can take messages with it: whoever interrupts waits for its end. */
const POLL_SECONDS = 5;

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
      const count = (name: QueueAttributeName): number => {
        const told = answer.Attributes?.[name];
        // SQS tells what it was asked for: without it nobody knows that nothing is queued.
        if (told === undefined) throw new CommandFailed(`The answer for queue ${QueueUrl} does not tell its ${name}.`);
        return Number(told);
      };
      return {
        waiting: count('ApproximateNumberOfMessages'),
        inFlight: count('ApproximateNumberOfMessagesNotVisible'),
        delayed: count('ApproximateNumberOfMessagesDelayed'),
      };
    },

    async deadLetterArn(QueueUrl) {
      const { Attributes } = await explain(
        `queue ${QueueUrl}`,
        client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy'] })),
      );
      const policy = JSON.parse(Attributes?.RedrivePolicy ?? '{}') as { deadLetterTargetArn?: string };
      return policy.deadLetterTargetArn;
    },

    async receive(QueueUrl, VisibilityTimeout) {
      const command = new ReceiveMessageCommand({
        QueueUrl,
        VisibilityTimeout,
        MaxNumberOfMessages: BATCH_SIZE,
        WaitTimeSeconds: POLL_SECONDS,
        MessageAttributeNames: ['All'],
      });
      // The answer to a poll comes at its end.
      const { Messages = [] } = await explain(
        `queue ${QueueUrl}`,
        client.send(command, { requestTimeout: 2 * POLL_SECONDS * 1000 }),
      );
      return Messages.map(({ MessageId = '', ReceiptHandle = '', Body = '', MessageAttributes = {} }) => ({
        messageId: MessageId,
        receiptHandle: ReceiptHandle,
        body: Body,
        attributes: Object.fromEntries(
          Object.entries(MessageAttributes).flatMap(([name, { StringValue }]) =>
            StringValue === undefined ? [] : [[name, StringValue]],
          ),
        ),
      }));
    },

    async hide(QueueUrl, receiptHandles, VisibilityTimeout) {
      for (let from = 0; from < receiptHandles.length; from += BATCH_SIZE) {
        const Entries = receiptHandles
          .slice(from, from + BATCH_SIZE)
          .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout }));
        await explain(`queue ${QueueUrl}`, client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })));
      }
    },

    async remove(QueueUrl, ReceiptHandle) {
      await explain(`queue ${QueueUrl}`, client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle })));
    },
  };
}
