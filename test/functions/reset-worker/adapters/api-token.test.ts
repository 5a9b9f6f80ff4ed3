import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { secretApiTokens } from '../../../../functions/reset-worker/adapters/api-token.ts';
import type { ApiTokens, TokenAnswer } from '../../../../functions/reset-worker/core/ports.ts';
import { CREDENTIALS, REGION } from '../../../../local/aws/account.ts';
import { secretArn } from '../../../../local/aws/secrets-manager.ts';
import { type AwsStandIns, startAwsStandIns } from '../../../../local/aws/stand-ins.ts';
import { type TelemetryRecorder, telemetryRecorder } from '../../../support/fakes.ts';

const MINUTE_MS = 60_000;
const NOW = Date.parse('2026-11-23T12:00:00Z');

let standIns: AwsStandIns;
let client: SecretsManagerClient;
beforeAll(async () => {
  standIns = await startAwsStandIns();
  client = new SecretsManagerClient({
    endpoint: standIns.origin,
    region: REGION,
    credentials: CREDENTIALS,
    maxAttempts: 1,
  });
});
afterEach(() => standIns.faults.clear());
afterAll(async () => {
  client.destroy();
  await standIns.stop();
});

let made = 0;
let now: number;
let arn: string;
let tokens: ApiTokens;
let telemetry: TelemetryRecorder;
beforeEach(() => {
  now = NOW;
  made += 1;
  telemetry = telemetryRecorder();
  arn = secretArn(`secret-${made}`);
  standIns.secrets.create(`secret-${made}`, arn);
  tokens = secretApiTokens(client, arn, () => now, telemetry);
});

/** Gives the secret a new value. @returns its version. */
async function put(value: string): Promise<string> {
  const { VersionId } = await client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: value }));
  return VersionId ?? '';
}
/** Reads of secrets so far. */
const reads = () => standIns.operations()['secretsmanager:GetSecretValue'] ?? 0;
async function readsOf(work: () => Promise<unknown>): Promise<number> {
  const before = reads();
  await work();
  return reads() - before;
}
const breakReads = () =>
  standIns.faults.add({ operation: 'secretsmanager:GetSecretValue', kind: 'fail', times: Number.POSITIVE_INFINITY });

const NONE = (why: string) => ({ kind: 'none', why });

describe('the token in use', () => {
  test('is the secret’s, with the version that it came from', async () => {
    const version = await put('abc\n');
    expect(await tokens.current()).toEqual({ kind: 'token', token: 'abc', version });
  });

  test('is none where the secret has no value yet, as just after the first deployment', async () => {
    expect(await tokens.current()).toEqual(NONE('empty'));
  });

  test('is none where the secret does not exist', async () => {
    const missing = secretApiTokens(client, `${arn}-other`, () => now, telemetry);
    expect(await missing.current()).toEqual(NONE('empty'));
  });

  test('is none where the secret is malformed', async () => {
    await put('{"apiToken":"abc"}');
    expect(await tokens.current()).toEqual(NONE('malformed'));
  });

  test('is malformed where the secret is binary', async () => {
    const send = async () => ({ VersionId: 'v1', SecretBinary: new Uint8Array([1, 2]) });
    const binary = secretApiTokens({ send } as unknown as SecretsManagerClient, arn, () => now, telemetry);
    expect(await binary.current()).toEqual(NONE('malformed'));
  });

  test.each([
    ['throttled', { kind: 'throttle' }],
    ['broken', { kind: 'fail' }],
    ['cut off', { kind: 'cut' }],
    ['refused', { kind: 'fail', answer: { status: 400, body: { __type: 'AccessDeniedException', Message: 'no' } } }],
    ['undecipherable', { kind: 'fail', answer: { status: 400, body: { __type: 'DecryptionFailure', Message: 'no' } } }],
  ] as const)('is none where the read is %s: that is an answer, not an error', async (_, fault) => {
    await put('abc');
    standIns.faults.add({ operation: 'secretsmanager:GetSecretValue', ...fault });
    expect(await tokens.current()).toEqual(NONE('unreadable'));
  });

  test('is read once for all who ask at the same time', async () => {
    await put('abc');
    const count = await readsOf(async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => tokens.current()));
      expect(answers).toEqual(Array(20).fill(answers[0]));
    });
    expect(count).toBe(1);
  });

  test.each([
    [5 * MINUTE_MS - 1, 0, 'old'],
    [5 * MINUTE_MS, 1, 'new'],
  ])(
    'is asked for again after 5 minutes: after %i ms there are %i reads, and it is the %s one',
    async (ms, count, token) => {
      await put('old');
      await tokens.current();
      await put('new');
      now += ms;
      expect(await readsOf(() => tokens.current())).toBe(count);
      expect(await tokens.current()).toMatchObject({ token });
    },
  );

  test.each([
    [29_999, 0, 'none'],
    [30_000, 1, 'token'],
  ])('where there was none, is asked for again after 30 s: after %i ms there are %i reads', async (ms, count, kind) => {
    await tokens.current();
    await put('abc');
    now += ms;
    expect(await readsOf(() => tokens.current())).toBe(count);
    expect(await tokens.current()).toMatchObject({ kind });
  });
});

describe('when the token expires', () => {
  const expiring = (expiresAt: unknown) => put(JSON.stringify({ token: 'abc', expiresAt }));

  test('is known where the secret says it', async () => {
    const version = await expiring('2026-12-24T18:00:00Z');
    const expiresAt = Date.parse('2026-12-24T18:00:00Z');
    expect(await tokens.current()).toEqual({ kind: 'token', token: 'abc', version, expiresAt });
    expect(telemetry.events).toEqual([]);
  });

  test('is not known where the secret says it in a way that cannot be read: that is logged once per read, and the token used', async () => {
    const version = await expiring('Christmas');
    for (const reads of [1, 2]) {
      for (let times = 0; times < 3; times += 1) {
        expect(await tokens.current()).toStrictEqual({ kind: 'token', token: 'abc', version });
      }
      expect(telemetry.events).toEqual(Array(reads).fill({ code: 'TOKEN_EXPIRY_UNREADABLE', fields: {} }));
      now += 5 * MINUTE_MS;
    }
  });

  test('is forgotten with the token that it was said of', async () => {
    await expiring('2026-12-24T18:00:00Z');
    await tokens.current();
    const version = await put('plain');
    now += 5 * MINUTE_MS;
    expect(await tokens.current()).toStrictEqual({ kind: 'token', token: 'plain', version });
  });
});

describe('a token that was good', () => {
  test.each<[string, () => Promise<unknown> | unknown]>([
    ['can no longer be read', breakReads],
    ['is emptied', () => put(' ')],
    ['is malformed by now', () => put('{"oops":1}')],
  ])('outlives a secret that %s, which is read again every 30 s', async (_, spoil) => {
    await put('good');
    const good = await tokens.current();
    await spoil();
    now += 5 * MINUTE_MS;
    expect(await readsOf(async () => expect(await tokens.current()).toEqual(good))).toBe(1);
    now += 29_999;
    expect(await readsOf(async () => expect(await tokens.current()).toEqual(good))).toBe(0);
    now += 1;
    expect(await readsOf(async () => expect(await tokens.current()).toEqual(good))).toBe(1);
    standIns.faults.clear();
    await put('mended');
    now += 30_000;
    expect(await tokens.current()).toMatchObject({ token: 'mended' });
  });
});

describe('the token at hand', () => {
  test('is the one last read, however old, without a read', async () => {
    await put('old');
    const read = await tokens.current();
    await put('new');
    now += 60 * MINUTE_MS;
    expect(await readsOf(async () => expect(await tokens.atHand()).toEqual(read))).toBe(0);
  });

  test('is read where there is none, at most every 30 s', async () => {
    expect(await readsOf(async () => expect(await tokens.atHand()).toEqual(NONE('empty')))).toBe(1);
    await put('new');
    now += 29_999;
    expect(await readsOf(async () => expect(await tokens.atHand()).toEqual(NONE('empty')))).toBe(0);
    now += 1;
    expect(await tokens.atHand()).toMatchObject({ token: 'new' });
  });
});

describe('after a 401', () => {
  const versionInUse = async (): Promise<string> => {
    const answer: TokenAnswer = await tokens.current();
    if (answer.kind !== 'token') throw new Error(answer.why);
    return answer.version;
  };

  test('a cache that holds another version than the call used needs no read', async () => {
    const old = await put('old');
    await tokens.current();
    await put('new');
    now += 5 * MINUTE_MS;
    await tokens.current();
    now += MINUTE_MS;
    expect(await readsOf(async () => expect(await tokens.afterRejection(old)).toEqual({ kind: 'newer' }))).toBe(0);
  });

  test('where there is no token at all, there is no other one', async () => {
    await tokens.current();
    expect(await tokens.afterRejection('any')).toEqual({ kind: 'unusable', why: 'empty' });
  });

  test.each([
    [29_999, 0, 'same'],
    [30_000, 1, 'newer'],
  ])('%i ms after the last read, the secret is read %i times, and the version found is %s', async (ms, count, kind) => {
    await put('old');
    const used = await versionInUse();
    const version = await put('new');
    now += ms;
    expect(await readsOf(async () => expect(await tokens.afterRejection(used)).toEqual({ kind }))).toBe(count);
    expect(await tokens.current()).toMatchObject(
      kind === 'newer' ? { token: 'new', version } : { token: 'old', version: used },
    );
  });

  test('a secret that is the same still gives no other token', async () => {
    await put('old');
    const used = await versionInUse();
    now += MINUTE_MS;
    expect(await readsOf(async () => expect(await tokens.afterRejection(used)).toEqual({ kind: 'same' }))).toBe(1);
    // And is not read again and again for it.
    expect(await readsOf(async () => expect(await tokens.afterRejection(used)).toEqual({ kind: 'same' }))).toBe(0);
  });

  test.each<[string, () => Promise<unknown> | unknown]>([
    ['unreadable', breakReads],
    ['empty', () => put(' ')],
    ['malformed', () => put('{}')],
  ])('a secret that is %s by now is unusable, as often as it is asked for, until it is mended', async (why, spoil) => {
    await put('old');
    const used = await versionInUse();
    await spoil();
    now += MINUTE_MS;
    for (let times = 0; times < 2; times += 1) {
      expect(await tokens.afterRejection(used)).toEqual({ kind: 'unusable', why });
      // The API decides whether the old one still serves.
      expect(await tokens.current()).toMatchObject({ token: 'old' });
    }
    standIns.faults.clear();
    await put('mended');
    now += MINUTE_MS;
    expect(await tokens.afterRejection(used)).toEqual({ kind: 'newer' });
  });

  test('all calls that were refused together learn of the new version by one read', async () => {
    await put('old');
    const used = await versionInUse();
    await put('new');
    now += MINUTE_MS;
    const count = await readsOf(async () => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => tokens.afterRejection(used)));
      expect(answers).toEqual(Array(10).fill({ kind: 'newer' }));
    });
    expect(count).toBe(1);
  });

  test('a read that is under way is waited for', async () => {
    await put('old');
    const used = await versionInUse();
    await put('new');
    now += 5 * MINUTE_MS;
    standIns.faults.add({ operation: 'secretsmanager:GetSecretValue', kind: 'slow', delayMs: 30 });
    const reading = tokens.current();
    expect(await tokens.afterRejection(used)).toEqual({ kind: 'newer' });
    await reading;
  });
});

test('the secret is asked for by its ARN and in no other version than the current one', async () => {
  const asked: unknown[] = [];
  const send = async (command: GetSecretValueCommand) => {
    asked.push(command.constructor, command.input);
    return { SecretString: 'abc' };
  };
  expect(
    await secretApiTokens({ send } as unknown as SecretsManagerClient, 'the:arn', () => now, telemetry).current(),
  ).toEqual({
    kind: 'token',
    token: 'abc',
    version: '',
  });
  expect(asked).toEqual([GetSecretValueCommand, { SecretId: 'the:arn' }]);
});
