import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { sendDeadLetter } from '../dead-letter.ts';
import { RejectedError, resetPassword } from '../reset-password.ts';

const processor = new BatchProcessor(EventType.SQS);

/**
 * A Lambda function as the Powertools documentation shows it, the records of a batch side by side. What the API refuses for good goes to the dead-letter
 * queue at once. The usual way, to throw and let `maxReceiveCount` move it, would call for each such message five times and take an hour of visibility
 * time-outs; so this is the peer at its better. Whatever else fails after all retries is thrown and comes again when its visibility ends.
 */
export const handler = (event: SQSEvent): Promise<SQSBatchResponse> =>
  processPartialResponse(event, processRecord, processor);

async function processRecord(record: SQSRecord): Promise<void> {
  const { email } = JSON.parse(record.body) as { email: string };
  try {
    await resetPassword(email);
  } catch (error) {
    if (!(error instanceof RejectedError)) throw error;
    await sendDeadLetter(record.body, error);
  }
}
