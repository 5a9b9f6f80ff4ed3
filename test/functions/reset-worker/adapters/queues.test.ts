import { createHash } from 'node:crypto';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FAILURE_REASONS, LETTER_ATTRIBUTES, MAX_DETAIL_LENGTH } from '../../../../functions/contract/dead-letter.ts';
import { LANES, type Lane } from '../../../../functions/contract/reset-request.ts';
import { sqsDeadLetters } from '../../../../functions/reset-worker/adapters/dead-letters.ts';
import { sqsVisibility } from '../../../../functions/reset-worker/adapters/message-visibility.ts';
import type { Letter, Message } from '../../../../functions/reset-worker/core/ports.ts';
import { CREDENTIALS, queueUrl, REGION } from '../../../../local/aws/account.ts';
import { type AwsStandIns, startAwsStandIns } from '../../../../local/aws/stand-ins.ts';

let standIns: AwsStandIns;
let client: SQSClient;
beforeAll(async () => {
  standIns = await startAwsStandIns();
  client = new SQSClient({ endpoint: standIns.origin, region: REGION, credentials: CREDENTIALS, maxAttempts: 1 });
});
afterEach(() => standIns.faults.clear());
afterAll(async () => {
  client.destroy();
  await standIns.stop();
});

let made = 0;
async function aQueue(): Promise<{ name: string; url: string }> {
  made += 1;
  const name = `queue-${made}`;
  await client.send(new CreateQueueCommand({ QueueName: name }));
  return { name, url: queueUrl(standIns.origin, name) };
}

describe('dead letters', () => {
  let queue: { name: string; url: string };
  beforeEach(async () => {
    queue = await aQueue();
  });

  const aLetter = (given: Partial<Letter> = {}): Letter => ({
    body: '{"email":"erika@example.com"}',
    reason: 'rejected',
    failureId: 'failure-1',
    status: 404,
    detail: 'user not found',
    requestId: 'request-1',
    campaignId: 'breach-7',
    lane: 'bulk',
    calls: 3,
    firstSentAt: Date.parse('2026-11-23T12:00:00.123Z'),
    failedAt: Date.parse('2026-11-24T12:00:00Z'),
    ...given,
  });
  const sent = async (letter: Letter) => {
    await sqsDeadLetters(client, queue.url).send(letter);
    const { ready } = await standIns.inspectQueue(queue.name);
    expect(ready).toHaveLength(1);
    return { body: ready[0]?.body, attributes: ready[0]?.messageAttributes ?? {} };
  };
  const string = (StringValue: string) => ({ DataType: 'String', StringValue });
  const number = (StringValue: string) => ({ DataType: 'Number', StringValue });
  const WHOLE = {
    FailureReason: string('rejected'),
    FailureId: string('failure-1'),
    HttpStatus: number('404'),
    FailureDetail: string('user not found'),
    RequestId: string('request-1'),
    CampaignId: string('breach-7'),
    Lane: string('bulk'),
    Calls: number('3'),
    FirstSentAt: string('2026-11-23T12:00:00.123Z'),
    FailedAt: string('2026-11-24T12:00:00.000Z'),
  };

  test('carry the body and ten attributes, as many as SQS allows', async () => {
    const { body, attributes } = await sent(aLetter());
    expect(body).toBe('{"email":"erika@example.com"}');
    expect(attributes).toEqual(WHOLE);
    expect(Object.keys(WHOLE).sort()).toEqual(Object.values(LETTER_ATTRIBUTES).sort());
    expect(Object.keys(WHOLE)).toHaveLength(10);
  });

  test.each([
    ['without a status', 'status', 'HttpStatus'],
    ['without a campaign', 'campaignId', 'CampaignId'],
  ] as const)('%s leave that attribute out', async (_, member, attribute) => {
    const { [member]: _left, ...letter } = aLetter();
    const { [attribute]: _out, ...rest } = WHOLE;
    expect((await sent(letter as Letter)).attributes).toEqual(rest);
  });

  test('without words leave the attribute out: SQS refuses an empty one', async () => {
    const { FailureDetail, ...rest } = WHOLE;
    expect((await sent(aLetter({ detail: '' }))).attributes).toEqual(rest);
  });

  test('say that no call was made', async () => {
    expect((await sent(aLetter({ calls: 0 }))).attributes.Calls).toEqual(number('0'));
  });

  test.each(FAILURE_REASONS)('name their reason: %s', async (reason) => {
    expect((await sent(aLetter({ reason }))).attributes.FailureReason).toEqual(string(reason));
  });

  test.each([
    ['no JSON', 'reset erika please'],
    ['one space', ' '],
    ['line breaks and tabs', '{\r\n\t"email": "a@example.com"\r\n}\n'],
    ['letters of every kind', '{"reason":"Größe 名前 \u05d0\u202e \\u0000 \u0085\ufffd"}'],
    ['markup', '<a>&amp;]]>"\''],
    ['256 kB of it', 'ä'.repeat(128 * 1024)],
  ])('carry a body unchanged that is %s', async (_, body) => {
    expect((await sent(aLetter({ body }))).body).toBe(body);
  });

  test('carry a body unchanged that has letters of more than 16 bits, which the stand-in would refuse', async () => {
    const inputs: SendMessageCommand[] = [];
    const recorder = { send: async (command: SendMessageCommand) => inputs.push(command) } as unknown as SQSClient;
    await sqsDeadLetters(recorder, queue.url).send(aLetter({ body: '{"reason":"👩‍👩‍👧"}' }));
    expect(inputs).toMatchObject([{ input: { QueueUrl: queue.url, MessageBody: '{"reason":"👩‍👩‍👧"}' } }]);
  });

  test('carry details up to their longest, in letters of any kind', async () => {
    const detail = '名'.repeat(MAX_DETAIL_LENGTH);
    expect((await sent(aLetter({ detail }))).attributes.FailureDetail).toEqual(string(detail));
  });

  test.each(['fail', 'throttle', 'cut', 'done-but-cut', 'done-but-fail'] as const)(
    'that were not surely sent are an error (%s)',
    async (kind) => {
      standIns.faults.add({ operation: 'sqs:SendMessage', kind });
      await expect(sqsDeadLetters(client, queue.url).send(aLetter())).rejects.toThrow();
    },
  );

  test('to a queue that does not exist are an error', async () => {
    const nowhere = sqsDeadLetters(client, queueUrl(standIns.origin, 'nowhere'));
    await expect(nowhere.send(aLetter())).rejects.toThrow();
  });

  test('whose body arrived in other words are an error: the answer holds its MD5', async () => {
    const MD5OfMessageBody = createHash('md5').update('another').digest('hex');
    standIns.faults.add({
      operation: 'sqs:SendMessage',
      kind: 'fail',
      answer: { status: 200, body: { MessageId: 'id', MD5OfMessageBody } },
    });
    await expect(sqsDeadLetters(client, queue.url).send(aLetter())).rejects.toThrow('InvalidChecksumError');
  });
});

describe('visibility', () => {
  let queues: Record<Lane, { name: string; url: string }>;
  beforeEach(async () => {
    queues = { interactive: await aQueue(), bulk: await aQueue() };
  });
  const visibility = () => sqsVisibility(client, { interactive: queues.interactive.url, bulk: queues.bulk.url });

  async function received(lane: Lane): Promise<Message> {
    const { url } = queues[lane];
    await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody: '{}' }));
    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl: url }));
    const { MessageId: id = '', ReceiptHandle: receiptHandle = '' } = Messages?.[0] ?? {};
    return { id, receiptHandle, body: '{}', lane, sentAt: 0, receiveCount: 1, carried: {} };
  }

  test.each(LANES)('hides a message of the lane %s for the seconds given', async (lane) => {
    const message = await received(lane);
    const before = Date.now();
    await visibility().hide(message, 1234);
    const { inflight } = await standIns.inspectQueue(queues[lane].name);
    expect(inflight).toHaveLength(1);
    const hiddenUntil = inflight[0]?.visibilityDeadline ?? 0;
    expect(hiddenUntil).toBeGreaterThanOrEqual(before + 1234_000 - 1);
    expect(hiddenUntil).toBeLessThanOrEqual(Date.now() + 1234_000);
  });

  test('of no seconds gives the message back at once', async () => {
    const message = await received('bulk');
    await visibility().hide(message, 0);
    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl: queues.bulk.url }));
    expect(Messages).toMatchObject([{ MessageId: message.id }]);
  });

  test.each(['fail', 'throttle', 'cut'] as const)('that was not set is an error (%s)', async (kind) => {
    const message = await received('bulk');
    standIns.faults.add({ operation: 'sqs:ChangeMessageVisibility', kind });
    await expect(visibility().hide(message, 60)).rejects.toThrow();
  });

  test('of a message that was deleted meanwhile is an error', async () => {
    const message = await received('bulk');
    const { url } = queues.bulk;
    await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.receiptHandle }));
    await expect(visibility().hide(message, 60)).rejects.toThrow();
  });

  test('of a message that was given back meanwhile is an error', async () => {
    const message = await received('bulk');
    const { receiptHandle: ReceiptHandle } = message;
    const giveBack = { QueueUrl: queues.bulk.url, ReceiptHandle, VisibilityTimeout: 0 };
    await client.send(new ChangeMessageVisibilityCommand(giveBack));
    await expect(visibility().hide(message, 60)).rejects.toThrow();
  });

  test('of a receipt handle that never was one is an error', async () => {
    const message = { ...(await received('bulk')), receiptHandle: 'stale' };
    await expect(visibility().hide(message, 60)).rejects.toThrow();
  });
});
