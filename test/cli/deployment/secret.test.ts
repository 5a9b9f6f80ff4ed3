import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { isDenied } from '../../../cli/deployment/aws-errors.ts';
import { secretOf } from '../../../cli/deployment/secret.ts';
import { awsThat } from '../../support/cli/aws-that.ts';
import { failureIn } from '../../support/cli/command-line.ts';

afterEach(() => vi.unstubAllEnvs());

const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:token-Abc123';

async function secretThat(status: number, answer: object) {
  await awsThat((response) => {
    response.writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
  });
  return secretOf(new SecretsManagerClient(), ARN);
}

const described = (answer: object) => secretThat(200, { ARN, Name: 'token', ...answer });
const refused = (__type: string, Message: string) => secretThat(400, { __type, Message });

describe('The secret', () => {
  it.each([
    ['a value', { VersionIdsToStages: { one: ['AWSCURRENT'] } }, true],
    ['one that was rotated', { VersionIdsToStages: { one: ['AWSPREVIOUS'], two: ['AWSCURRENT', 'AWSPENDING'] } }, true],
    ['only one that is being rotated in', { VersionIdsToStages: { one: ['AWSPENDING'] } }, false],
    ['none', {}, false],
  ])('is known to have %s without being read', async (_claim, answer, hasValue) => {
    expect(await (await described(answer)).hasValue()).toBe(hasValue);
  });

  it('that is to be deleted counts as unreadable, although it is described with its versions', async () => {
    const secret = await described({ VersionIdsToStages: { one: ['AWSCURRENT'] }, DeletedDate: 1_795_000_000 });
    expect(await failureIn(secret.hasValue())).toEqual({
      message: `Secret ${ARN} is to be deleted, and can't be read any more; get it back with \`aws secretsmanager restore-secret --secret-id ${ARN}\`.`,
      exitCode: 1,
    });
  });

  it.each([
    [{ SecretString: 'abc' }, { kind: 'well-formed' }],
    [{ SecretString: '{"token": "abc"}' }, { kind: 'well-formed' }],
    [
      { SecretString: '{"token": "abc", "expiresAt": "2027-01-01T00:00:00Z"}' },
      { kind: 'well-formed', expiresAt: Date.UTC(2027, 0, 1) },
    ],
    [{ SecretString: ' ' }, { kind: 'empty' }],
    [{ SecretString: '"abc"' }, { kind: 'malformed' }],
    [{ SecretBinary: 'YWJj' }, { kind: 'malformed' }],
  ])('with the value %j is told as %j', async (answer, look) => {
    expect(await (await described(answer)).look()).toEqual(look);
  });

  it.each([
    ['AccessDeniedException', 'Access to KMS is not allowed', true, /^Access to the value of secret .* is denied/],
    ['DecryptionFailure', 'The key is disabled', false, /^AWS refused the call for the value of secret .*Decryption/],
    ['ResourceNotFoundException', "can't find the secret", false, /^There is no value of secret/],
  ])('refused with %s is told in one line', async (name, words, denied, line) => {
    const secret = await refused(name, words);
    const error: unknown = await secret.look().catch((thrown: unknown) => thrown);
    expect(isDenied(error)).toBe(denied);
    expect(await failureIn(secret.look())).toMatchObject({ message: expect.stringMatching(line) });
  });
});
