import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { RejectedError } from './reset-password.ts';

export const sqs = new SQSClient({});

/** With the status, so that whoever looks into the queue need not look for the log. */
export async function sendDeadLetter(body: string, { status }: RejectedError): Promise<void> {
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: process.env.DEAD_LETTER_QUEUE_URL,
      MessageBody: body,
      MessageAttributes: { HttpStatus: { DataType: 'String', StringValue: String(status) } },
    }),
  );
}
