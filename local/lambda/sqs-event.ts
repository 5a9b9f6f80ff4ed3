import { REGION } from '../aws/account.ts';

/** A message as received from SQS. */
export interface ReceivedMessage {
  MessageId: string;
  ReceiptHandle: string;
  Body: string;
  MD5OfBody: string;
  Attributes?: Record<string, string>;
  MD5OfMessageAttributes?: string;
  MessageAttributes?: Record<string, { DataType: string; StringValue?: string; BinaryValue?: string }>;
}

/** Lambda takes at most 6 MB of JSON per synchronous invocation; a larger batch is split. */
const MAX_EVENT_BYTES = 6 * 1024 * 1024;

/** A record as Lambda passes it to the function. */
export function sqsRecord(message: ReceivedMessage, queueArn: string) {
  const attributes = Object.entries(message.MessageAttributes ?? {}).map(
    ([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        ...(StringValue === undefined ? {} : { stringValue: StringValue }),
        ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
        stringListValues: [],
        binaryListValues: [],
        dataType: DataType,
      },
    ],
  );
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(attributes),
    ...(message.MD5OfMessageAttributes === undefined ? {} : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: REGION,
  };
}

/** The messages of one invocation. */
export interface SqsEvent {
  messages: ReceivedMessage[];
  payload: string;
}

/** Packs messages into events: one, or several if one would be too large for an invocation. */
export function sqsEvents(
  messages: readonly ReceivedMessage[],
  queueArn: string,
  maxBytes = MAX_EVENT_BYTES,
): SqsEvent[] {
  const batches: { messages: ReceivedMessage[]; records: string[]; bytes: number }[] = [];
  for (const message of messages) {
    const record = JSON.stringify(sqsRecord(message, queueArn));
    const bytes = Buffer.byteLength(record) + 1;
    const last = batches.at(-1);
    if (last !== undefined && last.bytes + bytes + '{"Records":[]}'.length <= maxBytes) {
      last.messages.push(message);
      last.records.push(record);
      last.bytes += bytes;
    } else {
      batches.push({ messages: [message], records: [record], bytes });
    }
  }
  return batches.map((batch) => ({ messages: batch.messages, payload: `{"Records":[${batch.records.join(',')}]}` }));
}
