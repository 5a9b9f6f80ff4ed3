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

/** An error in Secrets Manager's own words. */
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
  /** Creates a secret without a value. */
  create(name: string, arn: string): void;
  /** @throws {SecretsManagerError} */
  handle(operation: string, input: Record<string, unknown>): unknown;
}

const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';
/** The service appends six characters to a secret's name. */
const SUFFIX = 'Local1';

export const secretArn = (name: string): string => arn('secretsmanager', `secret:${name}-${SUFFIX}`);

type Input = Record<string, unknown>;

const OPERATIONS: Record<string, (secret: Secret, input: Input) => unknown> = {
  GetSecretValue: getSecretValue,
  PutSecretValue: putSecretValue,
  DescribeSecret: describeSecret,
};

export function createSecretsManager(): SecretsManager {
  const secrets: Secret[] = [];
  return {
    create: (name, ownArn) => {
      secrets.push({ name, arn: ownArn, createdAt: Date.now() / 1000, versions: [] });
    },
    handle: (operation, input) => {
      const perform = OPERATIONS[operation];
      if (perform === undefined) {
        throw new SecretsManagerError('UnknownOperationException', `The stand-in does not know ${operation}.`);
      }
      const id = input.SecretId;
      const secret = secrets.find((each) =>
        [each.name, each.arn, each.arn.replace(/-[^-]*$/, '')].includes(String(id)),
      );
      if (secret === undefined) throw notFound("Secrets Manager can't find the specified secret.");
      return perform(secret, input);
    },
  };
}

const notFound = (message: string) => new SecretsManagerError('ResourceNotFoundException', message);

function getSecretValue(secret: Secret, { VersionId, VersionStage }: Input): unknown {
  const stage = VersionStage ?? (VersionId === undefined ? CURRENT : undefined);
  const version = secret.versions.find(
    ({ id, stages }) =>
      (VersionId === undefined || id === VersionId) && (stage === undefined || stages.includes(String(stage))),
  );
  if (version === undefined) {
    const wanted = stage === undefined ? `VersionId: ${VersionId}` : `staging label: ${stage}`;
    throw notFound(`Secrets Manager can't find the specified secret value for ${wanted}`);
  }
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.id,
    SecretString: version.value,
    VersionStages: version.stages,
    CreatedDate: secret.createdAt,
  };
}

function putSecretValue(secret: Secret, { SecretString, ClientRequestToken }: Input): unknown {
  if (typeof SecretString !== 'string') {
    throw new SecretsManagerError('InvalidRequestException', 'You must provide either SecretString or SecretBinary.');
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
}

function describeSecret(secret: Secret): unknown {
  const versions = secret.versions.map(({ id, stages }) => [id, stages]);
  return {
    ARN: secret.arn,
    Name: secret.name,
    CreatedDate: secret.createdAt,
    ...(versions.length === 0 ? {} : { VersionIdsToStages: Object.fromEntries(versions) }),
  };
}
