import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, RemovalPolicy } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { ArnPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { CfnQueue, type Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, test, vi } from 'vitest';
import { VARIABLES } from '../../functions/contract/function-environment.ts';
import { LEDGER } from '../../functions/contract/ledger-table.ts';
import { OUTPUTS } from '../../functions/contract/stack-outputs.ts';
import { readSettings } from '../../functions/reset-worker/settings.ts';
import { addResetStack } from '../../infra/reset-app.ts';
import { API, PROJECT_CONTEXT, TOLD, templateWith } from '../support/synthesized-template.ts';

const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:f5/token-AbCdEf';
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/0f0e0d0c-1111-2222-3333-444455556666';
const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:on-call';

const template = templateWith({});
const resources: Record<string, Resource> = template.toJSON().Resources;
interface Resource {
  Type: string;
  DeletionPolicy?: string;
  // biome-ignore lint/suspicious/noExplicitAny: A template's properties are what a test says they are.
  Properties: any;
}

/** The logical id that an output's reference or attribute names. */
function idOf(output: string): string {
  const { Value } = template.toJSON().Outputs[output];
  return Value.Ref ?? Value['Fn::GetAtt'][0];
}
const INTERACTIVE = idOf(OUTPUTS.interactiveQueueUrl);
const BULK = idOf(OUTPUTS.bulkQueueUrl);
const DEAD_LETTERS = idOf(OUTPUTS.deadLetterQueueUrl);
const TABLE = idOf(OUTPUTS.ledgerTableName);
const FUNCTION = idOf(OUTPUTS.functionName);
const NEW_SECRET = idOf(OUTPUTS.apiTokenSecretArn);
const properties = (id: string) => resources[id]?.Properties;
const arnOf = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const only = (type: string, of = template) => Object.values<Resource>(of.findResources(type) as never);

test.each<[string, Record<string, unknown>, RegExp | undefined]>([
  ['the defaults', {}, undefined],
  ['a burst of the reserve and one, as a window wants it', { callsPerMinute: 1200, callBurst: 4 }, undefined],
  ['a burst that holds both', { callsPerMinute: 1200, callBurst: 14 }, undefined],
  [
    'a burst that is all jitter',
    { callsPerMinute: 1200 },
    /take 10 of it .* leaves 0; the reserve of 3 and .* need 4\. .* 14 or more would do/,
  ],
  ['a burst with less than the reserve', { callsPerMinute: 1200, callBurst: 13 }, /leaves 3; /],
])('jitter never eats the reserve without a word: %s', (_, context, warning) => {
  const app = new App({ context: { ...PROJECT_CONTEXT, ...TOLD, apiBaseUrl: API, ...context } });
  const warnings = Annotations.fromStack(addResetStack(app)).findWarning('*', Match.anyValue());
  const words = warnings.map(({ entry }) => String(entry.data)).filter((text) => text.startsWith('callBurst'));
  expect(words).toEqual(warning === undefined ? [] : [expect.stringMatching(warning)]);
});

test('the logical ids of what is retained never change, or a deployment would replace queues, ledger and secret by empty ones', () => {
  expect([INTERACTIVE, BULK, DEAD_LETTERS, TABLE, NEW_SECRET]).toEqual([
    'LanesInteractiveE0E158F5',
    'LanesBulkA5C13158',
    'LanesDeadLetters0041E4CC',
    'LedgerTable9343E4AA',
    'ApiTokenSecret14BE13E9',
  ]);
});

describe('the queues', () => {
  test.each([
    ['interactive', INTERACTIVE],
    ['bulk', BULK],
  ])('%s keeps messages 14 days and gives them up only after 1000 receives', (_, id) => {
    expect(properties(id)).toMatchObject({
      MessageRetentionPeriod: 14 * 86_400,
      VisibilityTimeout: 720,
      RedrivePolicy: { deadLetterTargetArn: arnOf(DEAD_LETTERS), maxReceiveCount: 1000 },
    });
  });

  test('dead letters are kept 14 days, and no other queue may add to them', () => {
    const { MessageRetentionPeriod, RedriveAllowPolicy } = properties(DEAD_LETTERS);
    expect(MessageRetentionPeriod).toBe(14 * 86_400);
    expect(RedriveAllowPolicy.redrivePermission).toBe('byQueue');
    // By name, since by reference the queues would wait for each other; so the names must be those of the lanes.
    const allowed = RedriveAllowPolicy.sourceQueueArns.map(namesIn);
    expect(allowed).toEqual([namesIn(properties(INTERACTIVE).QueueName), namesIn(properties(BULK).QueueName)]);
  });

  test('a new stack of the same name does not collide with the queues that the first one left', () => {
    for (const id of [INTERACTIVE, BULK, DEAD_LETTERS]) {
      expect(JSON.stringify(properties(id).QueueName)).toContain('AWS::StackId');
    }
  });

  test.each([INTERACTIVE, BULK, DEAD_LETTERS])('%s is encrypted and refuses plain text on the way', (id) => {
    expect(properties(id).SqsManagedSseEnabled).toBe(true);
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      Queues: [{ Ref: id }],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Action: 'sqs:*',
            Resource: arnOf(id),
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
        ]),
      },
    });
  });
});

/** The constant parts of a joined name or ARN, without what stands before the name. */
const namesIn = (joined: { 'Fn::Join': [string, unknown[]] }): string[] =>
  joined['Fn::Join'][1]
    .filter((part) => typeof part === 'string')
    .map((part) => part.replace(/^.*:/, ''))
    .filter((part) => part !== '');

test('what people entrusted to the stack outlives it', () => {
  for (const id of [INTERACTIVE, BULK, DEAD_LETTERS, TABLE, NEW_SECRET]) {
    expect(resources[id]?.DeletionPolicy, id).toBe('Retain');
  }
});

describe('the ledger', () => {
  test('has the keys that the worker writes by, and the index that counts are read from', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [{ AttributeName: LEDGER.partitionKey, KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: LEDGER.timeToLive, Enabled: true },
      GlobalSecondaryIndexes: [
        {
          IndexName: LEDGER.campaignIndex,
          KeySchema: [
            { AttributeName: LEDGER.campaignKey, KeyType: 'HASH' },
            { AttributeName: LEDGER.stateReasonTimeKey, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    });
  });

  test('is paid per request, can be restored to any second, and cannot be deleted by accident', () => {
    expect(properties(TABLE)).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
    });
  });
});

describe('the function', () => {
  test('runs the bundle on Node 24, arm64, within its time and memory', () => {
    expect(properties(FUNCTION)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 512,
      Timeout: 120,
    });
  });

  test('takes nothing out of the concurrency that the account shares', () => {
    expect(properties(FUNCTION)).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  test('gets every setting that it reads, and no other', () => {
    const { Variables } = properties(FUNCTION).Environment;
    const names = Object.keys(Variables);
    const { probeAddress: _optional, ...required } = VARIABLES;
    expect(names.sort()).toEqual(Object.values(required).sort());
    const environment = Object.fromEntries(
      Object.entries(Variables).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : 'known at deployment',
      ]),
    );
    expect(readSettings(environment)).toMatchObject({
      stackName: 'PasswordResets',
      apiBaseUrl: new URL(API),
      quota: 'known',
      callsPerMinute: 60,
      callBurst: 10,
      interactiveReserve: 3,
      ledgerRetentionDays: 90,
      callTimeoutMs: 20_000,
    });
    expect(Variables[VARIABLES.interactiveQueueUrl]).toEqual({ Ref: INTERACTIVE });
    expect(Variables[VARIABLES.bulkQueueUrl]).toEqual({ Ref: BULK });
    expect(Variables[VARIABLES.deadLetterQueueUrl]).toEqual({ Ref: DEAD_LETTERS });
  });

  test('keeps the path of the base URL', () => {
    const apiBaseUrl = `${API}/proxy/f5`;
    templateWith({ apiBaseUrl }).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ [VARIABLES.apiBaseUrl]: apiBaseUrl }) },
    });
  });

  test('gets the call time-out and the address to probe with, if there is one', () => {
    templateWith({ callTimeoutSeconds: 7, probeAddress: 'probe@example.com' }).hasResourceProperties(
      'AWS::Lambda::Function',
      {
        Environment: {
          Variables: Match.objectLike({
            [VARIABLES.callTimeoutSeconds]: '7',
            [VARIABLES.probeAddress]: 'probe@example.com',
          }),
        },
      },
    );
  });

  test('knows the name of its stack, so that the metrics of two stages do not add up', () => {
    templateWith({ stackName: 'Staging' }).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ [VARIABLES.stackName]: 'Staging' }) },
    });
  });

  test('logs to a group that expires what it holds', () => {
    const { LogGroup } = properties(FUNCTION).LoggingConfig;
    expect(properties(LogGroup.Ref)).toEqual({ RetentionInDays: 90 });
  });

  test.each([
    ['interactive', INTERACTIVE, 5],
    ['bulk', BULK, 2],
  ])('is fed from %s in small batches with partial failures, at a concurrency of its own', (_, id, concurrency) => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: arnOf(id),
      BatchSize: 10,
      MaximumBatchingWindowInSeconds: 0,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: concurrency },
      // A filter deletes what does not match.
      FilterCriteria: Match.absent(),
    });
  });
});

test('each lane has a batch size, a window and a concurrency of its own', () => {
  const own = templateWith({
    interactiveBatchSize: 1,
    bulkBatchSize: 50,
    bulkBatchWindowSeconds: 3,
    interactiveConcurrency: 7,
    bulkConcurrency: 4,
    visibilityTimeoutSeconds: 723,
  });
  for (const [id, BatchSize, MaximumBatchingWindowInSeconds, MaximumConcurrency] of [
    [INTERACTIVE, 1, 0, 7],
    [BULK, 50, 3, 4],
  ] as const) {
    own.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: arnOf(id),
      BatchSize,
      MaximumBatchingWindowInSeconds,
      ScalingConfig: { MaximumConcurrency },
    });
  }
});

describe('the role', () => {
  const statementsOf = (of: Template) => only('AWS::IAM::Role', of)[0]?.Properties.Policies[0].PolicyDocument.Statement;

  test('may do what the worker does, and nothing else', () => {
    const { LogGroup } = properties(FUNCTION).LoggingConfig;
    const allow = (Action: string | string[], Resource: unknown) => ({ Effect: 'Allow', Action, Resource });
    expect(statementsOf(template)).toEqual([
      allow(
        ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
        [arnOf(BULK), arnOf(INTERACTIVE)],
      ),
      allow('sqs:SendMessage', arnOf(DEAD_LETTERS)),
      allow(['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], arnOf(TABLE)),
      allow('secretsmanager:GetSecretValue', { Ref: NEW_SECRET }),
      allow(['logs:CreateLogStream', 'logs:PutLogEvents'], arnOf(LogGroup.Ref)),
    ]);
  });

  test('has no other policy, inline or attached', () => {
    const roles = only('AWS::IAM::Role');
    expect(roles).toHaveLength(1);
    expect(roles[0]?.Properties).not.toHaveProperty('ManagedPolicyArns');
    expect(roles[0]?.Properties.Policies).toHaveLength(1);
    template.resourceCountIs('AWS::IAM::Policy', 0);
  });

  test('reads an existing secret, and decrypts it with its key', () => {
    const other = templateWith({ apiTokenSecretArn: SECRET, apiTokenKeyArn: KEY });
    other.resourceCountIs('AWS::SecretsManager::Secret', 0);
    expect(statementsOf(other)).toEqual(
      expect.arrayContaining([
        { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: SECRET },
        { Effect: 'Allow', Action: 'kms:Decrypt', Resource: KEY },
      ]),
    );
  });
});

test('the secret is empty until an operator puts the token in', () => {
  expect(Object.keys(properties(NEW_SECRET))).toEqual(['Description']);
});

describe('a producer', () => {
  const ENQUEUE = ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'];

  test('may send to both lanes with the managed policy, and do nothing else', () => {
    expect(only('AWS::IAM::ManagedPolicy').map(({ Properties }) => Properties.PolicyDocument.Statement)).toEqual([
      [{ Effect: 'Allow', Action: ENQUEUE, Resource: [arnOf(BULK), arnOf(INTERACTIVE)] }],
    ]);
  });

  test('of the same app may be granted one lane only', () => {
    const app = new App({ context: { ...PROJECT_CONTEXT, ...TOLD, apiBaseUrl: API }, autoSynth: false });
    const stack = addResetStack(app);
    const assumedBy = new ArnPrincipal('arn:aws:iam::111122223333:root');
    stack.passwordResets.lanes.grantEnqueue(new Role(stack, 'Portal', { assumedBy }), ['interactive']);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [{ Effect: 'Allow', Action: ENQUEUE, Resource: arnOf(INTERACTIVE) }] },
    });
  });
});

test('the outputs are those that the command line looks for', () => {
  const { alarmTopicArn, noticeTopicArn, ...always } = OUTPUTS;
  expect(Object.keys(template.toJSON().Outputs).sort()).toEqual(Object.values(always).sort());
  const { Outputs } = templateWith({ alarmTopicArn: TOPIC, noticeTopicArn: `${TOPIC}-mail` }).toJSON();
  expect(Outputs[alarmTopicArn]).toEqual({ Value: TOPIC });
  expect(Outputs[noticeTopicArn]).toEqual({ Value: `${TOPIC}-mail` });
});

describe('a synthesis fails', () => {
  const synthesisWith = (change: (lane: Queue) => void) => () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), 'synthesized-'));
    const app = new App({
      outdir: folder.path,
      context: { ...PROJECT_CONTEXT, ...TOLD, apiBaseUrl: API },
      autoSynth: false,
    });
    const stack = addResetStack(app);
    change(stack.passwordResets.lanes.queues.bulk);
    // The report goes to the terminal, where it belongs except here.
    const silenced = vi.spyOn(console, 'error').mockImplementation(() => {});
    try {
      app.synth();
    } finally {
      silenced.mockRestore();
    }
  };

  test('only if something is wrong', () => {
    expect(synthesisWith(() => {})).not.toThrow();
  });

  test('on a finding of the AwsSolutions checks', () => {
    const unprotected = (lane: Queue) => new CfnQueue(lane, 'Unprotected').applyRemovalPolicy(RemovalPolicy.RETAIN);
    expect(synthesisWith(unprotected)).toThrow('AwsSolutions-SQS4');
  });

  test('on a finding of the CloudFormation validation', () => {
    const resource = (lane: Queue) => lane.node.defaultChild as CfnQueue;
    const tooLong = (lane: Queue) => resource(lane).addPropertyOverride('MessageRetentionPeriod', 99_999_999);
    expect(synthesisWith(tooLong)).toThrow('99999999 is greater than the maximum');
  });
});
