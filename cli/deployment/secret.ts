import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { parseToken } from '../../functions/contract/api-token.ts';
import { explain } from './aws-errors.ts';

/** The secret with the API token. What it holds is never shown. */
export interface Secret {
  /** Whether it has a value, without reading it. */
  hasValue(): Promise<boolean>;
  /** Whether its value is a token that can be used, for whoever may read it. */
  look(): Promise<'well-formed' | 'empty' | 'malformed'>;
}

const CURRENT = 'AWSCURRENT';

export function secretOf(client: SecretsManagerClient, SecretId: string): Secret {
  return {
    async hasValue() {
      const { VersionIdsToStages = {} } = await explain(
        `secret ${SecretId}`,
        client.send(new DescribeSecretCommand({ SecretId })),
      );
      return Object.values(VersionIdsToStages).some((stages) => stages.includes(CURRENT));
    },
    async look() {
      const { SecretString, SecretBinary } = await explain(
        `the value of secret ${SecretId}`,
        client.send(new GetSecretValueCommand({ SecretId })),
      );
      if (SecretBinary !== undefined) return 'malformed';
      const parsed = parseToken(SecretString);
      return parsed.kind === 'token' ? 'well-formed' : parsed.why;
    },
  };
}
