import { callAws } from './aws-call.ts';

export interface OutgoingMessage {
  body: string;
  /** Message attributes, all strings. */
  attributes?: Record<string, string>;
  delaySeconds?: number;
}

const MAX_ENTRIES = 10;

/**
 * Sends to a queue of the stand-ins in batches, whatever the bodies are.
 * @returns the message ids in order.
 */
export async function sendMessages(
  origin: string,
  queueUrl: string,
  messages: readonly OutgoingMessage[],
): Promise<string[]> {
  const ids: string[] = [];
  for (const batch of batchesOf(messages)) {
    const { Successful, Failed } = await callAws<SendOutput>(origin, 'sqs', 'SendMessageBatch', {
      QueueUrl: queueUrl,
      Entries: batch.map((message, index) => ({
        Id: String(index),
        MessageBody: message.body,
        ...(message.delaySeconds === undefined ? {} : { DelaySeconds: message.delaySeconds }),
        ...(message.attributes === undefined ? {} : { MessageAttributes: stringAttributes(message.attributes) }),
      })),
    });
    const refused = Failed?.[0];
    if (refused !== undefined) throw new Error(`The queue rejected a message: ${refused.Code}`);
    for (const [index] of batch.entries()) {
      const sent = Successful?.find(({ Id }) => Id === String(index));
      if (sent !== undefined) ids.push(sent.MessageId);
    }
  }
  return ids;
}

interface SendOutput {
  Successful?: { Id: string; MessageId: string }[];
  Failed?: { Id: string; Code: string }[];
}

/** SQS takes ten messages and 1 MiB per call. */
function batchesOf(messages: readonly OutgoingMessage[]): OutgoingMessage[][] {
  const batches: OutgoingMessage[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = Buffer.byteLength(message.body) + 1024;
    const last = batches.at(-1);
    if (last !== undefined && last.length < MAX_ENTRIES && bytes + size <= 1024 * 1024) {
      last.push(message);
      bytes += size;
    } else {
      batches.push([message]);
      bytes = size;
    }
  }
  return batches;
}

const stringAttributes = (attributes: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
  );
