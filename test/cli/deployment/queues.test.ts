import { createHash } from 'node:crypto';
import { CreateQueueCommand, SendMessageCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CLIENT_OPTIONS } from '../../../cli/deployment/client-options.ts';
import { type Queues, sqsQueues } from '../../../cli/deployment/queues.ts';
import { CREDENTIALS, REGION } from '../../../local/aws/account.ts';
import { failureIn } from '../../support/cli/command-line.ts';
import { type StandInDeployment, startDeployment } from '../../support/cli/stand-ins.ts';

let deployment: StandInDeployment;
let queues: Queues;
beforeAll(async () => {
  deployment = await startDeployment();
  queues = sqsQueues(deployment.sqs);
});
afterEach(() => deployment.faults.clear());
afterAll(() => deployment.stop());

const md5 = (body: string): string => createHash('md5').update(body).digest('hex');
const answers = (body: object) =>
  deployment.faults.add({ operation: 'sqs:SendMessageBatch', kind: 'fail', answer: { status: 200, body } });

describe('The queues', () => {
  it('queues take bodies as they are and give the message ids in their order', async () => {
    const bodies = ['first', 'second', 'third'];
    const results = await queues.sendBatch(deployment.url('interactive'), bodies);
    const { ready } = await deployment.inspectQueue('interactive');
    const bodyOf = (id: string) => ready.find(({ messageId }) => messageId === id)?.body;
    expect(results.map((result) => (result.ok ? bodyOf(result.messageId) : result.why))).toEqual(bodies);
  });

  it('queues tell which entries of an answer with status 200 failed, whose fault it is, and why', async () => {
    answers({
      Successful: [{ Id: '2', MessageId: 'm', MD5OfMessageBody: md5('c') }],
      Failed: [
        { Id: '1', SenderFault: true, Code: 'InvalidMessageContents', Message: 'no' },
        { Id: '0', SenderFault: false, Code: 'InternalError' },
      ],
    });
    expect(await queues.sendBatch(deployment.url('bulk'), ['a', 'b', 'c'])).toEqual([
      { ok: false, senderFault: false, why: 'InternalError' },
      { ok: false, senderFault: true, why: 'InvalidMessageContents: no' },
      { ok: true, messageId: 'm' },
    ]);
  });

  it('an entry that the answer of SQS does not mention has failed', async () => {
    answers({ Successful: [] });
    expect(await queues.sendBatch(deployment.url('bulk'), ['a'])).toMatchObject([{ ok: false, senderFault: false }]);
  });

  it('the messages of a queue are counted', async () => {
    await queues.sendBatch(deployment.url('dead'), ['a', 'b']);
    expect(await queues.counts(deployment.url('dead'))).toEqual({ waiting: 2, inFlight: 0, delayed: 0 });
  });

  it('a queue of which the answer does not tell the counts is not called empty', async () => {
    deployment.faults.add({ operation: 'sqs:GetQueueAttributes', kind: 'fail', answer: { status: 200, body: {} } });
    expect((await failureIn(queues.counts(deployment.url('bulk')))).message).toMatch(
      /^The answer for queue .* does not tell its ApproximateNumberOfMessages\.$/,
    );
  });

  it('a queue that does not exist is named', async () => {
    const url = `${deployment.origin}/000000000000/missing`;
    expect((await failureIn(queues.sendBatch(url, ['a']))).message).toMatch(`There is no queue ${url}; check`);
    expect((await failureIn(queues.counts(url))).message).toMatch(`There is no queue ${url}; check`);
  });

  it('a queue tells where it gives up messages to, if anywhere', async () => {
    const [queue, arn] = [deployment.url('interactive'), 'arn:aws:sqs:us-east-1:000000000000:dead'];
    expect(await queues.deadLetterArn(queue)).toBeUndefined();
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1000 });
    await deployment.sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue, Attributes: { RedrivePolicy } }));
    expect(await queues.deadLetterArn(queue)).toBe(arn);
  });

  it('a received message is hidden, shows itself when it is let go, and can be removed for good', async () => {
    const { QueueUrl } = await deployment.sqs.send(new CreateQueueCommand({ QueueName: 'received' }));
    const url = QueueUrl ?? '';
    await deployment.sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: 'a',
        MessageAttributes: {
          FailureId: { DataType: 'String', StringValue: 'failure-1' },
          Calls: { DataType: 'Number', StringValue: '3' },
          Other: { DataType: 'Binary', BinaryValue: Buffer.from('x') },
        },
      }),
    );
    const state = async () => {
      const { ready, inflight } = await deployment.inspectQueue('received');
      return { ready: ready.length, hidden: inflight.length };
    };
    const [message] = await queues.receive(url, 60);
    expect(message).toMatchObject({ body: 'a', attributes: { FailureId: 'failure-1', Calls: '3' } });
    expect(Object.keys(message?.attributes ?? {})).not.toContain('Other');
    expect(await state()).toEqual({ ready: 0, hidden: 1 });
    await queues.hide(url, [message?.receiptHandle ?? ''], 0);
    expect(await state()).toEqual({ ready: 1, hidden: 0 });
    const [again] = await queues.receive(url, 60);
    await queues.remove(url, again?.receiptHandle ?? '');
    expect(await state()).toEqual({ ready: 0, hidden: 0 });
    // More than a batch, some of them gone.
    await queues.hide(
      url,
      Array.from({ length: 25 }, () => again?.receiptHandle ?? ''),
      0,
    );
    expect(deployment.operations()['sqs:ChangeMessageVisibilityBatch']).toBe(1 + 3);
  });

  it('a poll may take as long as it waits for', async () => {
    deployment.faults.add({ operation: 'sqs:ReceiveMessage', kind: 'slow', delayMs: 200 });
    const client = new SQSClient({
      ...CLIENT_OPTIONS,
      requestHandler: { ...CLIENT_OPTIONS.requestHandler, requestTimeout: 20 },
      maxAttempts: 1,
      endpoint: deployment.origin,
      region: REGION,
      credentials: CREDENTIALS,
    });
    await queues.sendBatch(deployment.url('interactive'), ['slow']);
    expect((await sqsQueues(client).receive(deployment.url('interactive'), 60)).length).toBeGreaterThan(0);
  });

  it('a queue that never answers is given up in time', async () => {
    expect(CLIENT_OPTIONS.requestHandler).toMatchObject({
      connectionTimeout: 1000,
      requestTimeout: 3000,
      // Beyond a poll of 5 s.
      socketTimeout: 8000,
    });
    const client = new SQSClient({
      ...CLIENT_OPTIONS,
      requestHandler: { ...CLIENT_OPTIONS.requestHandler, requestTimeout: 50 },
      maxAttempts: 1,
      endpoint: deployment.origin,
      region: REGION,
      credentials: CREDENTIALS,
    });
    deployment.faults.add({ operation: 'sqs:GetQueueAttributes', kind: 'hang' });
    const failure = await failureIn(sqsQueues(client).counts(deployment.url('bulk')));
    expect(failure.message).toMatch(/^AWS did not answer in time for queue /);
  });
});
