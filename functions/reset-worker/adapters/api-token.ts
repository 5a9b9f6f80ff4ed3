import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { EpochMs } from '../../common/clock.ts';
import type { Telemetry } from '../../common/telemetry.ts';
import { parseToken } from '../../contract/api-token.ts';
import type { ApiTokens, TokenAnswer } from '../core/ports.ts';

const FRESH_MS = 5 * 60_000;
/** Neither a rejected token nor an unreadable secret is a reason to read more often. */
const LEAST_BETWEEN_READS_MS = 30_000;

type Token = Extract<TokenAnswer, { kind: 'token' }>;

/**
 * The API token from Secrets Manager: cached for 5 minutes, read by one caller for all, at most every 30 s. A token that was good
 * outlives a secret that is empty or unreadable by now: the API decides whether it still serves.
 */
export function secretApiTokens(
  client: SecretsManagerClient,
  secretArn: string,
  now: () => EpochMs,
  telemetry: Telemetry,
): ApiTokens {
  let token: Token | undefined;
  let lastAnswer: TokenAnswer = { kind: 'none', why: 'unreadable' };
  let lastReadAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  const readOnce = (): Promise<void> => {
    reading ??= readSecret(client, secretArn, telemetry).then((answer) => {
      lastAnswer = answer;
      if (answer.kind === 'token') token = answer;
      lastReadAt = now();
      reading = undefined;
    });
    return reading;
  };

  const current: ApiTokens['current'] = async () => {
    const age = now() - lastReadAt;
    const isFresh = age < (lastAnswer.kind === 'token' ? FRESH_MS : LEAST_BETWEEN_READS_MS);
    if (!isFresh) await readOnce();
    return token ?? lastAnswer;
  };

  return {
    current,
    atHand: async () => token ?? current(),
    async afterRejection(version) {
      const isNewer = () => token !== undefined && token.version !== version;
      if (!isNewer() && (reading || now() - lastReadAt >= LEAST_BETWEEN_READS_MS)) await readOnce();
      if (isNewer()) return { kind: 'newer' };
      return lastAnswer.kind === 'none' ? { kind: 'unusable', why: lastAnswer.why } : { kind: 'same' };
    },
  };
}

/** Never throws: what went wrong is an answer. */
async function readSecret(client: SecretsManagerClient, secretArn: string, telemetry: Telemetry): Promise<TokenAnswer> {
  try {
    const secret = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    if (secret.SecretBinary !== undefined) return { kind: 'none', why: 'malformed' };
    const parsed = parseToken(secret.SecretString);
    if (parsed.kind === 'none') return parsed;
    const { token, expiresAt } = parsed;
    if (expiresAt === 'malformed') telemetry.event('TOKEN_EXPIRY_UNREADABLE', {});
    const expiry = typeof expiresAt === 'number' ? { expiresAt } : {};
    return { kind: 'token', token, version: secret.VersionId ?? '', ...expiry };
  } catch (error) {
    // A secret without a value, as just after the first deployment, is answered like one that does not exist.
    return { kind: 'none', why: error instanceof ResourceNotFoundException ? 'empty' : 'unreadable' };
  }
}
