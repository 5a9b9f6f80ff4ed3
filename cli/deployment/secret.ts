import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { parseToken } from '../../functions/contract/api-token.ts';
import { CommandFailed } from '../terminal/io.ts';
import { shellWord } from '../terminal/text.ts';
import { explain } from './aws-errors.ts';

/** The secret with the API token. What it holds is never shown. */
export interface Secret {
  /** Whether it has a value, without reading it. @throws CommandFailed for one that is to be deleted: nobody may read its value any more. */
  hasValue(): Promise<boolean>;
  /** Whether its value is a token that can be used, for whoever may read it. */
  look(): Promise<SecretLook>;
}

export type SecretLook =
  /** When it expires, as its value says, in ms since the epoch. */
  { kind: 'well-formed'; expiresAt?: number | 'malformed' } | { kind: 'empty' | 'malformed' };

const CURRENT = 'AWSCURRENT';

export function secretOf(client: SecretsManagerClient, SecretId: string): Secret {
  return {
    async hasValue() {
      const { VersionIdsToStages = {}, DeletedDate } = await explain(
        `secret ${SecretId}`,
        client.send(new DescribeSecretCommand({ SecretId })),
      );
      if (DeletedDate !== undefined) {
        throw new CommandFailed(
          `Secret ${SecretId} is to be deleted, and can't be read any more; get it back with \`aws secretsmanager restore-secret --secret-id ${shellWord(SecretId)}\`.`,
        );
      }
      return Object.values(VersionIdsToStages).some((stages) => stages.includes(CURRENT));
    },
    async look() {
      const { SecretString, SecretBinary } = await explain(
        `the value of secret ${SecretId}`,
        client.send(new GetSecretValueCommand({ SecretId })),
      );
      if (SecretBinary !== undefined) return { kind: 'malformed' };
      const parsed = parseToken(SecretString);
      if (parsed.kind === 'none') return { kind: parsed.why };
      const { token: _, ...expiry } = parsed;
      return { ...expiry, kind: 'well-formed' };
    },
  };
}
