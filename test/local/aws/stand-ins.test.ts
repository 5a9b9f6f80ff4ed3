import { connect } from 'node:net';
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { CreateTopicCommand, GetTopicAttributesCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ACCOUNT_ID, CREDENTIALS, queueUrl, REGION } from '../../../local/aws/account.ts';
import type { FaultRule } from '../../../local/aws/faults.ts';
import { type AwsStandIns, startAwsStandIns } from '../../../local/aws/stand-ins.ts';

let standIns: AwsStandIns;
let sqs: SQSClient;
let dynamodb: DynamoDBClient;
let sts: STSClient;
let sns: SNSClient;
let secrets: SecretsManagerClient;

beforeAll(async () => {
  standIns = await startAwsStandIns();
  const options = { endpoint: standIns.origin, region: REGION, credentials: CREDENTIALS, maxAttempts: 1 };
  sqs = new SQSClient(options);
  dynamodb = new DynamoDBClient(options);
  sts = new STSClient(options);
  sns = new SNSClient(options);
  secrets = new SecretsManagerClient(options);
  await sqs.send(new CreateQueueCommand({ QueueName: 'lane' }));
  await dynamodb.send(
    new CreateTableCommand({
      TableName: 'ledger',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
});
afterEach(() => standIns.faults.clear());
afterAll(() => standIns.stop());

const put = (pk: string) => dynamodb.send(new PutItemCommand({ TableName: 'ledger', Item: { pk: { S: pk } } }));
const get = async (pk: string) =>
  (await dynamodb.send(new GetItemCommand({ TableName: 'ledger', Key: { pk: { S: pk } }, ConsistentRead: true }))).Item;

test('one address serves both queues and tables', async () => {
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl(standIns.origin, 'lane'), MessageBody: 'one' }));
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl(standIns.origin, 'lane') }));
  await put('one');
  expect(Messages?.map(({ Body }) => Body)).toEqual(['one']);
  expect(await get('one')).toEqual({ pk: { S: 'one' } });
});

test('queue URLs name the address that answers', async () => {
  const url = queueUrl(standIns.origin, 'lane');
  expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'lane' }))).QueueUrl).toBe(url);
  expect((await sqs.send(new ListQueuesCommand({}))).QueueUrls).toEqual([url]);
});

test('a service without a stand-in is refused with an explanation', async () => {
  const response = await fetch(standIns.origin, {
    method: 'POST',
    headers: { 'x-amz-target': 'AWSEvents.PutEvents' },
    body: '{}',
  });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ __type: 'UnknownOperationException' });
});

test('a client that dies in the middle of a request does no harm', async () => {
  const { port } = new URL(standIns.origin);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(
        'POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\nContent-Length: 99\r\n\r\n{',
        () => socket.resetAndDestroy(),
      );
    });
    socket.on('close', () => resolve());
  });
  await put('still-there');
  expect(await get('still-there')).toBeDefined();
});

test.each<[FaultRule['kind'], string, boolean]>([
  ['fail', 'InternalServerError', false],
  ['throttle', 'ProvisionedThroughputExceededException', false],
  ['cut', 'TimeoutError', false],
  ['done-but-fail', 'InternalServerError', true],
  ['done-but-cut', 'TimeoutError', true],
])('a fault of kind %s answers %s; the write was made: %s', async (kind, name, written) => {
  standIns.faults.add({ operation: 'dynamodb:PutItem', kind });
  const error: Error = await put(`fault-${kind}`).then(
    () => expect.fail('the write was reported as done'),
    (thrown) => thrown,
  );
  expect(error.name).toBe(name);
  expect((await get(`fault-${kind}`)) !== undefined).toBe(written);
});

test('a slow operation is done in the end', async () => {
  standIns.faults.add({ operation: 'dynamodb:PutItem', kind: 'slow', delayMs: 30 });
  const startedAt = performance.now();
  await put('slow');
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(29);
  expect(await get('slow')).toBeDefined();
});

test('a fault hits as many operations as it should, after letting as many pass as it should', async () => {
  standIns.faults.add({ operation: 'dynamodb:*', kind: 'fail', times: 2, after: 1 });
  const outcomes = [];
  for (let index = 0; index < 4; index += 1)
    outcomes.push(
      await put('counted').then(
        () => 'done',
        () => 'failed',
      ),
    );
  expect(outcomes).toEqual(['done', 'failed', 'failed', 'done']);
});

test('a fault can be limited to some bodies, and the others still go through', async () => {
  standIns.faults.add({ operation: 'dynamodb:PutItem', kind: 'fail', bodyIncludes: '"bad"' });
  standIns.faults.add({ operation: 'sqs:SendMessage', kind: 'throttle', bodyIncludes: 'bad' });
  const url = queueUrl(standIns.origin, 'lane');
  await put('good');
  await sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'good' }));
  await expect(put('bad')).rejects.toThrow();
  await expect(sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: 'bad' }))).rejects.toMatchObject({
    name: 'RequestThrottled',
  });
  expect(await get('good')).toBeDefined();
});

test('an answer can replace an operation', async () => {
  const answer = {
    status: 200,
    body: { Successful: [], Failed: [{ Id: '0', Code: 'InternalError', SenderFault: false }] },
  };
  standIns.faults.add({ operation: 'sqs:SendMessageBatch', kind: 'fail', answer });
  const { SendMessageBatchCommand } = await import('@aws-sdk/client-sqs');
  const entries = [{ Id: '0', MessageBody: 'x' }];
  const output = await sqs.send(
    new SendMessageBatchCommand({ QueueUrl: queueUrl(standIns.origin, 'lane'), Entries: entries }),
  );
  expect(output.Failed?.map(({ Code }) => Code)).toEqual(['InternalError']);
});

test('STS tells who calls, and SNS how many hear of a topic', async () => {
  expect(await sts.send(new GetCallerIdentityCommand())).toMatchObject({
    Account: ACCOUNT_ID,
    Arn: expect.stringMatching(/^arn:aws:/),
  });
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'alarms' }));
  const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
  expect(Attributes).toMatchObject({ TopicArn, SubscriptionsConfirmed: '0' });
  expect(standIns.operations()).toMatchObject({ 'sts:GetCallerIdentity': 1, 'sns:GetTopicAttributes': 1 });
});

const CALLS: { operation: FaultRule['operation']; call(): Promise<unknown> }[] = [
  { operation: 'sts:GetCallerIdentity', call: () => sts.send(new GetCallerIdentityCommand()) },
  {
    operation: 'sns:GetTopicAttributes',
    call: () => sns.send(new GetTopicAttributesCommand({ TopicArn: 'arn:aws:sns:us-east-1:000000000000:alarms' })),
  },
  { operation: 'sqs:ListQueues', call: () => sqs.send(new ListQueuesCommand({})) },
  { operation: 'dynamodb:GetItem', call: () => get('one') },
  {
    operation: 'secretsmanager:GetSecretValue',
    call: () => secrets.send(new GetSecretValueCommand({ SecretId: 'token' })),
  },
];
const NAMES: Record<'throttle' | 'deny' | 'fail' | 'cut', RegExp> = {
  throttle: /Throttl|ProvisionedThroughputExceeded/,
  deny: /AccessDenied|AuthorizationError/,
  fail: /InternalFailure|InternalError|InternalServer|InternalService/,
  cut: /TimeoutError/,
};

test.each(CALLS.flatMap((call) => (['throttle', 'deny', 'fail', 'cut'] as const).map((kind) => ({ ...call, kind }))))(
  '$operation that meets the fault $kind is answered as the service would',
  async ({ operation, call, kind }) => {
    standIns.faults.add({ operation, kind });
    const error: Error = await call().then(
      () => expect.fail('the call was answered'),
      (thrown) => thrown,
    );
    expect(error.name).toMatch(NAMES[kind]);
  },
);

test('an operation that hangs is not answered, by STS either', async () => {
  standIns.faults.add({ operation: 'sts:GetCallerIdentity', kind: 'hang' });
  const impatient = AbortSignal.timeout(200);
  await expect(sts.send(new GetCallerIdentityCommand(), { abortSignal: impatient })).rejects.toThrow();
  expect(impatient.aborted).toBe(true);
});

test('an answer in XML can replace an operation of STS', async () => {
  const error = '<Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The token has expired.</Message></Error>';
  const body = `<ErrorResponse>${error}</ErrorResponse>`;
  standIns.faults.add({ operation: 'sts:GetCallerIdentity', kind: 'fail', answer: { status: 403, body } });
  await expect(sts.send(new GetCallerIdentityCommand())).rejects.toMatchObject({
    name: expect.stringMatching(/^ExpiredToken/),
    message: 'The token has expired.',
  });
});
