import { randomUUID } from 'node:crypto';
import { arn } from './account.ts';

interface Version {
  id: string;
  value: string;
  stages: string[];
}

interface Secret {
  name: string;
  arn: string;
  createdAt: number;
  versions: Version[];
}

/** An error as Secrets Manager words it. */
export class SecretsManagerError extends Error {
  override name = 'SecretsManagerError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The few operations of Secrets Manager that this project uses. */
export interface SecretsManager {
  /** Makes a secret without a value. */
  create(name: string, arn: string): void;
  /** @throws {SecretsManagerError} */
  handle(operation: string, input: Record<string, unknown>): unknown;
}

const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';
/** The service adds six characters of its own to a secret's name. */
const SUFFIX = 'Local1';

export const secretArn = (name: string): string => arn('secretsmanager', `secret:${name}-${SUFFIX}`);

export function createSecretsManager(): SecretsManager {
  const secrets: Secret[] = [];

  function find(id: unknown): Secret {
    const secret = secrets.find(
      (each) => id === each.name || id === each.arn || id === each.arn.replace(/-[^-]*$/, ''),
    );
    if (secret === undefined) {
      throw new SecretsManagerError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    }
    return secret;
  }

  const operations: Record<string, (input: Record<string, unknown>) => unknown> = {
    GetSecretValue: ({ SecretId, VersionId, VersionStage }) => {
      const secret = find(SecretId);
      const stage = VersionStage ?? (VersionId === undefined ? CURRENT : undefined);
      const version = secret.versions.find(
        ({ id, stages }) =>
          (VersionId === undefined || id === VersionId) && (stage === undefined || stages.includes(String(stage))),
      );
      if (version === undefined) {
        const wanted = stage === undefined ? `VersionId: ${VersionId}` : `staging label: ${stage}`;
        throw new SecretsManagerError(
          'ResourceNotFoundException',
          `Secrets Manager can't find the specified secret value for ${wanted}`,
        );
      }
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        SecretString: version.value,
        VersionStages: version.stages,
        CreatedDate: secret.createdAt,
      };
    },
    PutSecretValue: ({ SecretId, SecretString, ClientRequestToken }) => {
      const secret = find(SecretId);
      if (typeof SecretString !== 'string') {
        throw new SecretsManagerError(
          'InvalidRequestException',
          'You must provide either SecretString or SecretBinary.',
        );
      }
      const id = typeof ClientRequestToken === 'string' ? ClientRequestToken : randomUUID();
      const same = secret.versions.find((version) => version.id === id);
      if (same !== undefined && same.value !== SecretString) {
        throw new SecretsManagerError('ResourceExistsException', `You can't use ClientRequestToken ${id} again.`);
      }
      if (same === undefined) {
        const current = secret.versions.find(({ stages }) => stages.includes(CURRENT));
        secret.versions = current === undefined ? [] : [{ ...current, stages: [PREVIOUS] }];
        secret.versions.push({ id, value: SecretString, stages: [CURRENT] });
      }
      return { ARN: secret.arn, Name: secret.name, VersionId: id, VersionStages: [CURRENT] };
    },
    DescribeSecret: ({ SecretId }) => {
      const secret = find(SecretId);
      return {
        ARN: secret.arn,
        Name: secret.name,
        CreatedDate: secret.createdAt,
        ...(secret.versions.length === 0
          ? {}
          : { VersionIdsToStages: Object.fromEntries(secret.versions.map(({ id, stages }) => [id, stages])) }),
      };
    },
  };

  return {
    create: (name, ownArn) => {
      secrets.push({ name, arn: ownArn, createdAt: Date.now() / 1000, versions: [] });
    },
    handle: (operation, input) => {
      const perform = operations[operation];
      if (perform === undefined) {
        throw new SecretsManagerError('UnknownOperationException', `The stand-in does not know ${operation}.`);
      }
      return perform(input);
    },
  };
}
