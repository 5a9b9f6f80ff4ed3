import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Lane } from '../../contract/reset-request.ts';
import type { Visibility } from '../core/ports.ts';

export function sqsVisibility(client: SQSClient, queueUrls: Record<Lane, string>): Visibility {
  return {
    async hide(message, seconds) {
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrls[message.lane],
          ReceiptHandle: message.receiptHandle,
          VisibilityTimeout: seconds,
        }),
      );
    },
  };
}
