import { describe, expect, it } from 'vitest';
import { parseApiBaseUrl, VARIABLES } from '../../../functions/contract/function-environment.ts';
import { InvalidSettings, readSettings } from '../../../functions/reset-worker/settings.ts';

const ENVIRONMENT: Record<string, string> = {
  STACK_NAME: 'PasswordResets',
  API_BASE_URL: 'https://example-corp.console.ves.volterra.io/api/v1',
  API_TOKEN_SECRET_ARN: 'arn:secret',
  INTERACTIVE_QUEUE_URL: 'https://sqs/interactive',
  BULK_QUEUE_URL: 'https://sqs/bulk',
  DEAD_LETTER_QUEUE_URL: 'https://sqs/dead',
  LEDGER_TABLE_NAME: 'ledger',
  QUOTA: 'known',
  CALLS_PER_MINUTE: '60',
  CALL_BURST: '10',
  INTERACTIVE_RESERVE: '3',
  LEDGER_RETENTION_DAYS: '90',
  CALL_TIMEOUT_SECONDS: '20',
};
const OPTIONAL = ['PROBE_ADDRESS'];
const problemOf = (environment: Record<string, string | undefined>): string => {
  try {
    readSettings(environment);
  } catch (error) {
    if (error instanceof InvalidSettings && error.name === 'InvalidSettings') return error.message;
    throw error;
  }
  return 'none';
};

describe('the settings', () => {
  it('are read from the variables that the stack sets', () => {
    expect([...Object.keys(ENVIRONMENT), ...OPTIONAL].sort()).toEqual(Object.values(VARIABLES).sort());
    expect(readSettings(ENVIRONMENT)).toEqual({
      stackName: 'PasswordResets',
      apiBaseUrl: new URL('https://example-corp.console.ves.volterra.io/api/v1'),
      apiTokenSecretArn: 'arn:secret',
      queueUrls: { interactive: 'https://sqs/interactive', bulk: 'https://sqs/bulk' },
      deadLetterQueueUrl: 'https://sqs/dead',
      ledgerTableName: 'ledger',
      quota: 'known',
      callsPerMinute: 60,
      callBurst: 10,
      interactiveReserve: 3,
      ledgerRetentionDays: 90,
      callTimeoutMs: 20_000,
    });
  });

  it('may name an address with which outages are probed', () => {
    expect(readSettings({ ...ENVIRONMENT, PROBE_ADDRESS: ' probe@example.com ' }).probeAddress).toBe(
      'probe@example.com',
    );
    expect(problemOf({ ...ENVIRONMENT, PROBE_ADDRESS: 'nobody' })).toBe(
      "The function's environment: PROBE_ADDRESS is not an address that the API accepts.",
    );
  });

  it('say whether the quota is known or a guess, in these words', () => {
    expect(readSettings({ ...ENVIRONMENT, QUOTA: ' ceiling ' }).quota).toBe('ceiling');
    expect(problemOf({ ...ENVIRONMENT, QUOTA: 'unknown' })).toBe(
      "The function's environment: QUOTA is neither known nor ceiling.",
    );
  });

  it('that are missing are all named in one error, in words', () => {
    const message = problemOf({});
    expect(message).toBe(
      `The function's environment: ${Object.keys(ENVIRONMENT)
        .map((name) => `${name} is missing`)
        .join('; ')}.`,
    );
  });

  it.each(Object.keys(ENVIRONMENT))('%s that is blank is missing', (name) => {
    expect(problemOf({ ...ENVIRONMENT, [name]: '  ' })).toBe(`The function's environment: ${name} is missing.`);
  });

  it('may be surrounded by blanks', () => {
    expect(readSettings({ ...ENVIRONMENT, LEDGER_TABLE_NAME: ' ledger\n', CALL_BURST: ' 5 ' })).toMatchObject({
      ledgerTableName: 'ledger',
      callBurst: 5,
    });
  });

  it.each([
    ['CALLS_PER_MINUTE', 1],
    ['CALL_BURST', 1],
    ['INTERACTIVE_RESERVE', 0],
    ['LEDGER_RETENTION_DAYS', 1],
    ['CALL_TIMEOUT_SECONDS', 1],
  ])('%s is a whole number from %i', (name, least) => {
    const problem = `The function's environment: ${name} is not a whole number from ${least}.`;
    for (const value of [String(least - 1), '1.5', '1e3', 'x', '0x10', '+2', '-1', '2 3', '9'.repeat(10)]) {
      expect({ value, problem: problemOf({ ...ENVIRONMENT, [name]: value }) }).toEqual({ value, problem });
    }
    for (const value of [String(least), '7', '9'.repeat(9)]) {
      expect({ value, problem: problemOf({ ...ENVIRONMENT, [name]: value }) }).toEqual({ value, problem: 'none' });
    }
  });

  it('at fault in several ways are named together', () => {
    expect(problemOf({ ...ENVIRONMENT, API_BASE_URL: 'ftp://x', CALL_BURST: '0', BULK_QUEUE_URL: undefined })).toBe(
      "The function's environment: API_BASE_URL must begin with https:// (http:// is for loopback hosts only): the API token travels with each call; BULK_QUEUE_URL is missing; CALL_BURST is not a whole number from 1.",
    );
  });
});

describe('the API’s base URL', () => {
  it.each([
    'https://example-corp.console.ves.volterra.io',
    'https://example-corp.console.ves.volterra.io/api/v1/api/production/us-east-1/namespaces/default',
    'https://example-corp.console.ves.volterra.io:8443/',
    'http://localhost:3000/api',
    'http://127.0.0.1:3000',
    'http://127.18.19.10',
    'http://[::1]:3000',
    'https://localhost',
  ])('may be %s', (value) => {
    expect(parseApiBaseUrl(value)).toEqual({ ok: true, url: new URL(value) });
  });

  it.each([
    ['', 'is not a URL'],
    ['example-corp.console.ves.volterra.io', 'is not a URL'],
    ['https://', 'is not a URL'],
    ['ftp://x', 'must begin with https://'],
    ['ftp://localhost', 'must begin with https://'],
    ['http://example.com', 'must begin with https://'],
    ['http://localhost.example.com', 'must begin with https://'],
    ['http://127.0.0.1.example.com', 'must begin with https://'],
    ['http://x127.0.0.1', 'is not a URL'],
    ['http://128.0.0.1', 'must begin with https://'],
    ['http://[::2]', 'must begin with https://'],
    ['file:///etc/passwd', 'must begin with https://'],
    ['https://user@example.com', 'must not carry a user name'],
    ['https://:password@example.com', 'must not carry a user name'],
    ['https://example.com/?tenant=1', 'must end with its path'],
    ['https://example.com/#top', 'must end with its path'],
  ])('must not be %j', (value, problem) => {
    const parsed = parseApiBaseUrl(value);
    expect(parsed.ok ? 'accepted' : parsed.problem).toContain(problem);
  });
});
