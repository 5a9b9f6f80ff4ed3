import { expect, test } from 'vitest';
import type { CloudFormationTemplate } from '../../../local/stack/references.ts';
import { readTemplate } from '../../../local/stack/template.ts';

const ORIGIN = 'http://127.0.0.1:4000';
const QUEUE_ARN = 'arn:aws:sqs:us-east-1:000000000000:lane';

type Resource = { Type: string; Properties?: Record<string, unknown> };

/** A stack with one lane. Changes are merged into a resource's properties; `undefined` removes one. */
function templateOf(
  changes: Record<string, Record<string, unknown>> = {},
  outputs: CloudFormationTemplate['Outputs'] = {},
) {
  const resources: Record<string, Resource> = {
    Lane: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'lane', VisibilityTimeout: 720 } },
    Dead: { Type: 'AWS::SQS::Queue' },
    Ledger: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    },
    Token: { Type: 'AWS::SecretsManager::Secret', Properties: {} },
    Worker: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Timeout: 120,
        MemorySize: 512,
        Code: { S3Bucket: { 'Fn::ImportValue': 'somewhere' } },
        Environment: { Variables: {} },
      },
    },
    Mapping: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: { EventSourceArn: { 'Fn::GetAtt': ['Lane', 'Arn'] }, FunctionName: { Ref: 'Worker' } },
    },
    Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { Weird: { 'Fn::Transform': {} } } },
  };
  for (const [id, properties] of Object.entries(changes)) {
    const resource = resources[id];
    if (resource !== undefined) resource.Properties = { ...resource.Properties, ...properties };
  }
  return { Resources: resources, Outputs: outputs };
}

const read = (template: CloudFormationTemplate) => readTemplate(template, 'Stack', ORIGIN);
const readVariable = (value: unknown) =>
  read(templateOf({ Worker: { Environment: { Variables: { VALUE: value } } } })).function.environment.VALUE;

test('queues keep their names and attributes, and unnamed ones are named after the stack and their id', () => {
  const policy = { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 1000 };
  const [lane, dead] = read(templateOf({ Lane: { RedrivePolicy: policy, SqsManagedSseEnabled: true } })).queues;
  expect(lane).toMatchObject({ name: 'lane', arn: QUEUE_ARN, url: `${ORIGIN}/000000000000/lane` });
  expect(lane?.attributes).toEqual({
    VisibilityTimeout: '720',
    RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:Stack-Dead","maxReceiveCount":1000}',
  });
  expect(dead?.name).toBe('Stack-Dead');
});

test('a table keeps its keys and indexes, and drops what the stand-in does not have', () => {
  const index = {
    IndexName: 'by',
    KeySchema: [{ AttributeName: 'c', KeyType: 'HASH' }],
    Projection: { ProjectionType: 'ALL' },
  };
  const [table] = read(
    templateOf({ Ledger: { GlobalSecondaryIndexes: [{ ...index, ContributorInsightsSpecification: {} }] } }),
  ).tables;
  expect(table?.input).toEqual({
    TableName: 'Stack-Ledger',
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
    GlobalSecondaryIndexes: [index],
  });
});

test.each([
  ['empty', {}, undefined],
  ['with a value', { SecretString: 't' }, 't'],
  ['generated', { GenerateSecretString: {} }, expect.stringMatching(/.{20}/)],
])('a secret begins as the deployment creates it: %s', (_, properties, value) => {
  expect(read(templateOf({ Token: properties })).secrets[0]?.initialValue).toEqual(value);
});

test('the function keeps handler, memory and timeout, and is told its log format', () => {
  const worker = read(templateOf({ Worker: { LoggingConfig: { LogFormat: 'JSON' } } })).function;
  expect(worker).toMatchObject({ handler: 'index.handler', memoryMb: 512, timeoutMs: 120_000 });
  expect(worker.environment).toEqual({ AWS_LAMBDA_LOG_FORMAT: 'JSON' });
});

test.each<[string, unknown, string]>([
  ['a text', 'x', 'x'],
  ['a number', 60, '60'],
  ['Ref of a queue', { Ref: 'Lane' }, `${ORIGIN}/000000000000/lane`],
  ['Ref of a table', { Ref: 'Ledger' }, 'Stack-Ledger'],
  ['Ref of a secret', { Ref: 'Token' }, 'arn:aws:secretsmanager:us-east-1:000000000000:secret:Stack-Token-Local1'],
  ['Ref of the region', { Ref: 'AWS::Region' }, 'us-east-1'],
  ['Ref of the stack', { Ref: 'AWS::StackName' }, 'Stack'],
  ['GetAtt as a list', { 'Fn::GetAtt': ['Lane', 'Arn'] }, QUEUE_ARN],
  ['GetAtt as a text', { 'Fn::GetAtt': 'Lane.QueueName' }, 'lane'],
  ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Ledger' }]] }, 'a-Stack-Ledger'],
  ['Sub', { 'Fn::Sub': `\${AWS::Region}/\${Lane.Arn}/\${!Literal}` }, `us-east-1/${QUEUE_ARN}/\${Literal}`],
  ['Sub with values', { 'Fn::Sub': [`\${Own}!`, { Own: { Ref: 'Ledger' } }] }, 'Stack-Ledger!'],
  ['Select and Split', { 'Fn::Select': [5, { 'Fn::Split': [':', { 'Fn::GetAtt': ['Lane', 'Arn'] }] }] }, 'lane'],
])('a variable can be %s', (_, value, resolved) => {
  expect(readVariable(value)).toBe(resolved);
});

test('a variable without a value is left out', () => {
  expect(readVariable({ Ref: 'AWS::NoValue' })).toBeUndefined();
});

test('a mapping keeps its limits, and gets AWS’s defaults otherwise', () => {
  const limits = {
    BatchSize: 7,
    MaximumBatchingWindowInSeconds: 2,
    ScalingConfig: { MaximumConcurrency: 3 },
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  };
  expect(read(templateOf({ Mapping: limits })).mappings[0]).toMatchObject({
    queueArn: QUEUE_ARN,
    batchSize: 7,
    windowSeconds: 2,
    maximumConcurrency: 3,
    reportBatchItemFailures: true,
  });
  expect(read(templateOf()).mappings[0]).toMatchObject({
    batchSize: 10,
    windowSeconds: 0,
    maximumConcurrency: 5,
    reportBatchItemFailures: false,
  });
});

test('outputs are resolved, and those of resources without a stand-in are left out', () => {
  const outputs = { Url: { Value: { Ref: 'Lane' } }, Alarm: { Value: { 'Fn::GetAtt': ['Alarm', 'Arn'] } } };
  expect(read(templateOf({}, outputs)).outputs).toEqual({ Url: `${ORIGIN}/000000000000/lane` });
});

test.each<[string, Record<string, Record<string, unknown>>, string]>([
  [
    'an unknown function',
    { Worker: { Environment: { Variables: { X: { 'Fn::ImportValue': 'x' } } } } },
    'Fn::ImportValue',
  ],
  ['a resource that has no stand-in', { Worker: { Environment: { Variables: { X: { Ref: 'Alarm' } } } } }, 'Alarm'],
  ['a missing resource', { Worker: { Environment: { Variables: { X: { Ref: 'Nobody' } } } } }, 'Nobody'],
  ['an unknown attribute', { Worker: { Environment: { Variables: { X: { 'Fn::GetAtt': ['Lane', 'Age'] } } } } }, 'Age'],
  ['a filter', { Mapping: { FilterCriteria: {} } }, 'FilterCriteria'],
  ['a stream as a source', { Mapping: { EventSourceArn: 'arn:aws:kinesis:x' } }, 'event source'],
  ['another runtime', { Worker: { Runtime: 'python3.14' } }, 'python3.14'],
  ['layers', { Worker: { Layers: [] } }, 'layers'],
  ['a FIFO queue', { Lane: { FifoQueue: true } }, 'FifoQueue'],
  ['a mapping to another function', { Mapping: { FunctionName: 'other' } }, 'no function'],
])('%s is refused with one error that names it', (_, changes, named) => {
  expect(() => read(templateOf(changes))).toThrow(
    expect.objectContaining({ name: 'TemplateError', message: expect.stringContaining(named) }),
  );
});
