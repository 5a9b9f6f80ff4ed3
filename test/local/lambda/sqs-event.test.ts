import { expect, test } from 'vitest';
import { type ReceivedMessage, sqsEvents, sqsRecord } from '../../../local/lambda/sqs-event.ts';

const QUEUE_ARN = 'arn:aws:sqs:us-east-1:000000000000:lane';

const message = (members: Partial<ReceivedMessage> = {}): ReceivedMessage => ({
  MessageId: 'id-1',
  ReceiptHandle: 'handle-1',
  Body: '{}',
  MD5OfBody: '99914b932bd37a50b983c5e7c90ae93b',
  ...members,
});

test('a record has the shape that Lambda gives it', () => {
  const attributes = { ApproximateReceiveCount: '2', SentTimestamp: '1', SenderId: 'me' };
  const record = sqsRecord(
    message({
      Attributes: attributes,
      MD5OfMessageAttributes: 'md5',
      MessageAttributes: {
        FailureId: { DataType: 'String', StringValue: 'f' },
        Blob: { DataType: 'Binary', BinaryValue: 'AA==' },
      },
    }),
    QUEUE_ARN,
  );
  expect(record).toEqual({
    messageId: 'id-1',
    receiptHandle: 'handle-1',
    body: '{}',
    attributes,
    messageAttributes: {
      FailureId: { stringValue: 'f', stringListValues: [], binaryListValues: [], dataType: 'String' },
      Blob: { binaryValue: 'AA==', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
    },
    md5OfMessageAttributes: 'md5',
    md5OfBody: '99914b932bd37a50b983c5e7c90ae93b',
    eventSource: 'aws:sqs',
    eventSourceARN: QUEUE_ARN,
    awsRegion: 'us-east-1',
  });
});

test('messages that fit one invocation make one event, in order', () => {
  const [event, ...others] = sqsEvents([message({ MessageId: '1' }), message({ MessageId: '2' })], QUEUE_ARN);
  expect(others).toEqual([]);
  expect(JSON.parse(event?.payload ?? '').Records.map(({ messageId }: { messageId: string }) => messageId)).toEqual([
    '1',
    '2',
  ]);
});

test('no event is larger than an invocation may be, and no message is lost over it', () => {
  const large = Array.from({ length: 10 }, (_, index) =>
    message({ MessageId: String(index), Body: 'x'.repeat(1_000_000) }),
  );
  const events = sqsEvents(large, QUEUE_ARN);
  expect(events.length).toBeGreaterThan(1);
  for (const { payload } of events) expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(6 * 1024 * 1024);
  expect(events.flatMap(({ messages }) => messages)).toEqual(large);
});

test('no messages make no event', () => {
  expect(sqsEvents([], QUEUE_ARN)).toEqual([]);
});
