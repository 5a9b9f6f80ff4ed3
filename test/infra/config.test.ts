import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { AFTER_CALL_MS } from '../../functions/ledger/lease.ts';
import { InvalidConfiguration, readConfiguration } from '../../infra/config.ts';

const PROJECT_CONTEXT = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')).context;
const API = 'https://example-corp.console.ves.volterra.io';
const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:f5/token-AbCdEf';
const TOPIC = 'arn:aws:sns:eu-west-1:111122223333:on-call';
const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/0f0e0d0c-1111-2222-3333-444455556666';

const read = (options: Record<string, unknown>) =>
  readConfiguration({ ...PROJECT_CONTEXT, apiBaseUrl: API, ...options });

function problemsOf(options: Record<string, unknown>): readonly string[] {
  try {
    read(options);
  } catch (error) {
    if (error instanceof InvalidConfiguration) return error.problems;
    throw error;
  }
  throw new Error('The configuration was accepted.');
}

test('the base URL is the only option that cdk.json leaves open', () => {
  expect(read({})).toEqual({
    stackName: 'PasswordResets',
    apiBaseUrl: API,
    quota: 'known',
    callsPerMinute: 60,
    callBurst: 10,
    interactiveReserve: 3,
    interactiveConcurrency: 5,
    bulkConcurrency: 2,
    callTimeoutSeconds: 20,
    interactiveBatchSize: 10,
    bulkBatchSize: 10,
    interactiveBatchWindowSeconds: 0,
    bulkBatchWindowSeconds: 0,
    functionTimeoutSeconds: 120,
    visibilityTimeoutSeconds: 720,
    memoryMb: 512,
    ledgerRetentionDays: 90,
    logRetentionDays: 90,
  });
});

test.each([
  ['a base URL with a path', { apiBaseUrl: `${API}/proxy/f5/` }],
  ['plain http to this machine', { apiBaseUrl: 'http://127.0.0.1:8080' }],
  ['numbers as -c gives them', { callsPerMinute: '600', logRetentionDays: '365' }],
  ['a guess of the quota', { quota: 'ceiling' }],
  ['no reserve', { interactiveReserve: 0 }],
  [
    'a large batch of a lane that has a window',
    { bulkBatchSize: 50, bulkBatchWindowSeconds: 1, visibilityTimeoutSeconds: 721 },
  ],
  ['an existing secret with a key of its own', { apiTokenSecretArn: SECRET, apiTokenKeyArn: KEY }],
  ['a test user to probe with', { probeAddress: 'probe@example.com' }],
  ['a topic', { alarmTopicArn: 'arn:aws-us-gov:sns:us-gov-west-1:111122223333:on-call' }],
  ['two topics', { alarmTopicArn: TOPIC, noticeTopicArn: `${TOPIC}-mail` }],
  ['an address for alarms', { alarmEmail: "o'brien+alarms@example.com" }],
  ['a runbook with a path', { runbookUrl: 'https://example.com/docs/runbook.md?plain=0' }],
  ['what the CDK keeps in the context', { 'aws:cdk:bundling-stacks': ['**'], 'acknowledged-issue-numbers': [34892] }],
])('%s is accepted', (_, options) => {
  expect(() => read(options)).not.toThrow();
});

test.each([
  ['a missing base URL', { apiBaseUrl: undefined }, /^Option apiBaseUrl is missing\. .*-c apiBaseUrl=/],
  ['an empty base URL', { apiBaseUrl: '' }, /^Option apiBaseUrl is empty\. .*-c apiBaseUrl=/],
  ['another protocol', { apiBaseUrl: 'ftp://x' }, /^Option apiBaseUrl is "ftp:\/\/x": it must begin with https:/],
  ['http to a host', { apiBaseUrl: 'http://example.com' }, /^Option apiBaseUrl .* must begin with https:/],
  ['no URL', { apiBaseUrl: 'example.com' }, /^Option apiBaseUrl .* is not a URL/],
  ['a base URL with a query', { apiBaseUrl: `${API}?a=b` }, /^Option apiBaseUrl .* no query/],
  ['an unknown option', { callPerMinute: 3 }, /^Unknown option callPerMinute\. The options are: .*callsPerMinute/],
  ['a quota of another kind', { quota: 'guessed' }, /^Option quota is "guessed": it must be known or ceiling\./],
  ['a quota of 0', { callsPerMinute: '0' }, /^Option callsPerMinute is "0": it must be a whole number from 1 to /],
  ['a quota that is no number', { callsPerMinute: 'many' }, /^Option callsPerMinute is "many": it must be a whole/],
  ['a fraction', { callsPerMinute: 1.5 }, /^Option callsPerMinute is 1\.5: it must be a whole number/],
  [
    'an optional one without a value',
    { alarmTopicArn: '' },
    /^Option alarmTopicArn is empty\. .* -c alarmTopicArn=VALUE, or leave it out\.$/,
  ],
  [
    'a batch over the bound, in one line',
    { bulkBatchSize: 101 },
    /^Option bulkBatchSize is 101: it must be a whole number from 1 to 100\. /,
  ],
  [
    'a password with a sign in it',
    { apiBaseUrl: 'https://user:p@ss/w@x.com/a' },
    /^Option apiBaseUrl is "https:\/\/\*\*\*@x\.com\/a": /,
  ],
  ['a number without a value', { callBurst: '' }, /^Option callBurst is empty/],
  ['a reserve as large as the burst', { callBurst: 3 }, /^Option interactiveReserve is 3: it must be below callBurst/],
  [
    'interactive concurrency of 1',
    { interactiveConcurrency: 1 },
    /^Option interactiveConcurrency is 1: .* from 2 to 50/,
  ],
  ['bulk concurrency of 51', { bulkConcurrency: '51' }, /^Option bulkConcurrency is "51": .* from 2 to 50/],
  ['a call time-out of 1 s', { callTimeoutSeconds: 1 }, /^Option callTimeoutSeconds is 1: .* from 2 to 60/],
  [
    'a large batch without a window of its own',
    { interactiveBatchSize: 11, bulkBatchWindowSeconds: 1, visibilityTimeoutSeconds: 721 },
    /^Option interactiveBatchSize is 11: it must be at most 10 unless interactiveBatchWindowSeconds is 1 or more/,
  ],
  [
    'a large batch of the other lane without one',
    { bulkBatchSize: 11, interactiveBatchWindowSeconds: 1, visibilityTimeoutSeconds: 721 },
    /^Option bulkBatchSize is 11: it must be at most 10 unless bulkBatchWindowSeconds is 1 or more/,
  ],
  [
    'a batch size for both lanes',
    { batchSize: 10 },
    /^Unknown option batchSize\. .*interactiveBatchSize, bulkBatchSize/,
  ],
  ['a short function', { functionTimeoutSeconds: 59 }, /^Option functionTimeoutSeconds is 59: .* from 60 to 900/],
  ['a short visibility', { functionTimeoutSeconds: 121 }, /^Option visibilityTimeoutSeconds is 720: .* at least 726/],
  [
    'an interactive window that eats the visibility',
    { interactiveBatchWindowSeconds: 9, bulkBatchWindowSeconds: 8 },
    /^Option visibilityTimeoutSeconds .* at least 729/,
  ],
  [
    'a bulk window that eats the visibility',
    { interactiveBatchWindowSeconds: 8, bulkBatchWindowSeconds: 9 },
    /^Option visibilityTimeoutSeconds .* at least 729/,
  ],
  ['little memory', { memoryMb: 128 }, /^Option memoryMb is 128/],
  ['a ledger that forgets before the queues', { ledgerRetentionDays: 29 }, /^Option ledgerRetentionDays is 29/],
  ['a log retention unknown to AWS', { logRetentionDays: 91 }, /^Option logRetentionDays is 91: .* 90, 120/],
  ['a stack name with a space', { stackName: 'a b' }, /^Option stackName is "a b"/],
  ['a stack name too long for queues', { stackName: 'a'.repeat(51) }, /^Option stackName .* at most 50/],
  ['a secret by name', { apiTokenSecretArn: 'f5/token' }, /^Option apiTokenSecretArn .* full ARN/],
  ['a key without a secret', { apiTokenKeyArn: KEY }, /^Option apiTokenKeyArn .* give apiTokenSecretArn as well/],
  ['a topic by name', { alarmTopicArn: 'on-call' }, /^Option alarmTopicArn .* ARN of an SNS topic/],
  ['a topic of notices by name', { noticeTopicArn: 'mail' }, /^Option noticeTopicArn .* ARN of an SNS topic/],
  ['a runbook over plain http', { runbookUrl: 'http://example.com' }, /^Option runbookUrl .* must be an https URL/],
  ['a runbook with a fragment', { runbookUrl: 'https://example.com/#top' }, /^Option runbookUrl .* without a fragment/],
  [
    'a runbook too long for an alarm',
    { runbookUrl: `https://example.com/${'a'.repeat(181)}` },
    /^Option runbookUrl .* at most 200 characters/,
  ],
])('%s is refused in one line', (_, options, line) => {
  const problems = problemsOf(options);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(line);
  expect(problems[0]).not.toContain('\n');
});

test('every mistake has its line', () => {
  expect(problemsOf({ apiBaseUrl: 'ftp://x', callsPerMinute: 0, colour: 'red' })).toHaveLength(3);
});

test('a password in the base URL is not repeated', () => {
  const [problem] = problemsOf({ apiBaseUrl: 'https://me:hunter2@example.com' });
  expect(problem).toContain('must not carry a user name or password');
  expect(problem).not.toContain('hunter2');
});

test('an address for alarms that is none is refused without being quoted', () => {
  expect(problemsOf({ alarmEmail: 'sam@example.com, kim@example.com' })).toEqual([
    'Option alarmEmail is not valid: it must be one mail address. ' +
      'Set it under "context" in cdk.json, or give -c alarmEmail=VALUE.',
  ]);
});

test('an address to probe with that the API does not accept is refused without being quoted', () => {
  const problems = problemsOf({ probeAddress: "o'brien@example.com" });
  expect(problems).toEqual([
    'Option probeAddress is not valid: it must be an address that the API accepts. ' +
      'Set it under "context" in cdk.json, or give -c probeAddress=VALUE.',
  ]);
});

test.each([
  [20, 60],
  [21, 61],
  [60, 100],
])('with calls of up to %d s the function must run for %d s', (callTimeoutSeconds, least) => {
  expect(() => read({ callTimeoutSeconds, functionTimeoutSeconds: least })).not.toThrow();
  if (least === 60) return;
  const [problem, ...others] = problemsOf({ callTimeoutSeconds, functionTimeoutSeconds: least - 1 });
  expect(problem).toContain(
    `functionTimeoutSeconds is ${least - 1}: it must be at least ${least}: callTimeoutSeconds (${callTimeoutSeconds}) + ${AFTER_CALL_MS / 1000}, `,
  );
  expect(problem).toContain(' + 30 ');
  expect(others).toEqual([]);
});
