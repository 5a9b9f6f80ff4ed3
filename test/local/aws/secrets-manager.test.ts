import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { CREDENTIALS, REGION } from '../../../local/aws/account.ts';
import { secretArn } from '../../../local/aws/secrets-manager.ts';
import { type AwsStandIns, startAwsStandIns } from '../../../local/aws/stand-ins.ts';

let standIns: AwsStandIns;
let client: SecretsManagerClient;
let name = '';

beforeAll(async () => {
  standIns = await startAwsStandIns();
  client = new SecretsManagerClient({ endpoint: standIns.origin, region: REGION, credentials: CREDENTIALS });
});
afterAll(() => standIns.stop());
beforeEach(() => {
  name = `token-${crypto.randomUUID()}`;
  standIns.secrets.create(name, secretArn(name));
});

const put = (value: string, token?: string) =>
  client.send(
    new PutSecretValueCommand({
      SecretId: name,
      SecretString: value,
      ClientRequestToken: token ?? crypto.randomUUID(),
    }),
  );
const get = (id = name) => client.send(new GetSecretValueCommand({ SecretId: id }));

test('a secret that does not exist is not found', async () => {
  await expect(get('nothing')).rejects.toThrow(ResourceNotFoundException);
});

test('a secret without a value is not found either, and can be described', async () => {
  await expect(get()).rejects.toThrow(ResourceNotFoundException);
  const described = await client.send(new DescribeSecretCommand({ SecretId: name }));
  expect(described.VersionIdsToStages).toBeUndefined();
});

test.each([
  ['name', () => name],
  ['ARN', () => secretArn(name)],
  ['ARN without its last six characters', () => secretArn(name).slice(0, -7)],
])('a secret is found by its %s', async (_, id) => {
  await put('t-1');
  expect((await get(id())).SecretString).toBe('t-1');
});

test('each value put is a version of its own, and the latest is current', async () => {
  const first = await put('t-1');
  const second = await put('t-2');
  const current = await get();
  expect(first.VersionId).not.toBe(second.VersionId);
  expect(current).toMatchObject({ SecretString: 't-2', VersionId: second.VersionId, VersionStages: ['AWSCURRENT'] });
  const previous = await client.send(new GetSecretValueCommand({ SecretId: name, VersionStage: 'AWSPREVIOUS' }));
  expect(previous.SecretString).toBe('t-1');
});

test('the same put repeated is one version; another value under its token is refused', async () => {
  const token = crypto.randomUUID();
  await put('t-1', token);
  expect((await put('t-1', token)).VersionId).toBe(token);
  await expect(put('t-2', token)).rejects.toThrow(ResourceExistsException);
});
