import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';

// A bare loop: so many batches at once, nothing looked at but that there is an answer.
const [, , queueUrl = '', count = '0', atOnce = '8'] = process.argv;
const client = new SQSClient({ useQueueUrlAsEndpoint: false });
const BATCH = 10;

const body = (index: number): string =>
  JSON.stringify({
    email: `person${index}@example.org`,
    requestId: `breach-7:${index.toString(16).padStart(32, '0')}`,
    campaignId: 'breach-7',
  });

let next = 0;
async function loop(): Promise<void> {
  while (next < Number(count)) {
    const first = next;
    next += BATCH;
    const Entries = Array.from({ length: BATCH }, (_, index) => ({
      Id: String(index),
      MessageBody: body(first + index),
    }));
    await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}
await Promise.all(Array.from({ length: Number(atOnce) }, loop));
