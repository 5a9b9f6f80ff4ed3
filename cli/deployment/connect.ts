import { readFile } from 'node:fs/promises';
import { DEFAULT_STACK_NAME } from '../../functions/contract/stack-outputs.ts';
import { type LedgerReader, ledgerReader } from '../../functions/ledger/dynamo/reader.ts';
import { CommandFailed, type Io } from '../terminal/io.ts';
import { explain } from './aws-errors.ts';
import {
  DEPLOYMENT_VARIABLES,
  type Deployment,
  deploymentOf,
  deploymentOfOutputsFile,
  deploymentOfVariables,
} from './find-deployment.ts';
import { type Queues, sqsQueues } from './queues.ts';

/** A deployment that was found, and the way to its parts. */
export interface Connection {
  deployment: Deployment;
  queues: Queues;
  ledger: LedgerReader;
}

/** How the operator names the deployment. */
export interface DeploymentChoice {
  stack?: string;
  outputs?: string;
}

/** What a command runs in. It connects by itself, after it has found its own arguments to be in order. */
export interface Context extends Io {
  connect(): Promise<Connection>;
}

/** A connection takes at most 1 s and an answer at most 3 s, three times over; the SDK itself would wait for ever. */
const TIMEOUTS = {
  requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, throwOnRequestTimeout: true },
} as const;

const noLog = (): void => {};

/** Everything else, endpoints, credentials and region, comes from the ordinary AWS environment. */
export const CLIENT_OPTIONS = {
  ...TIMEOUTS,
  // The SDK warns on the console, where it would end up within the results.
  logger: { trace: noLog, debug: noLog, info: noLog, warn: noLog, error: noLog },
};

/** Finds the deployment and makes the clients. The SDK is loaded here, so that `--help` does not wait for it. */
export async function connect(env: Io['env'], choice: DeploymentChoice): Promise<Connection> {
  const deployment = await findDeployment(env, choice);
  const [{ SQSClient }, { DynamoDBClient }, { DynamoDBDocumentClient }] = await Promise.all([
    import('@aws-sdk/client-sqs'),
    import('@aws-sdk/client-dynamodb'),
    import('@aws-sdk/lib-dynamodb'),
  ]);
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient(CLIENT_OPTIONS));
  return {
    deployment,
    queues: sqsQueues(new SQSClient(CLIENT_OPTIONS)),
    ledger: ledgerReader(documents, deployment.ledgerTableName),
  };
}

/** The nearest word wins: `--outputs`, `--stack`, the variable RESETS_OUTPUTS, RESETS_… variables, the default stack. */
export async function findDeployment(env: Io['env'], { stack, outputs }: DeploymentChoice): Promise<Deployment> {
  const file = outputs ?? (stack === undefined ? env.RESETS_OUTPUTS : undefined);
  if (file) return deploymentOfOutputsFile(await readOutputs(file), file, stack);
  const named = stack === undefined ? deploymentOfVariables(env) : undefined;
  return named ?? describeStack(stack ?? DEFAULT_STACK_NAME);
}

async function readOutputs(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandFailed(
      `The outputs file ${file} cannot be read (${code}); name another with --outputs or RESETS_OUTPUTS.`,
      undefined,
      error,
    );
  }
}

async function describeStack(name: string): Promise<Deployment> {
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const client = new CloudFormationClient(CLIENT_OPTIONS);
  const answer = await explain(
    `stack ${name}`,
    client.send(new DescribeStacksCommand({ StackName: name })).catch((error: Error) => {
      // CloudFormation has no error of its own for this.
      if (!/does not exist/.test(error.message)) throw error;
      throw new CommandFailed(noSuchStack(name), undefined, error);
    }),
  );
  const outputs = answer.Stacks?.[0]?.Outputs ?? [];
  return deploymentOf(
    Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue }) => [OutputKey, OutputValue])),
    `stack ${name}`,
    { missingIn: `Stack ${name}`, wayOut: 'deploy this project there, or choose another stack with --stack' },
  );
}

const noSuchStack = (name: string): string =>
  `There is no stack ${name} in this account and region; name yours with --stack, give --outputs FILE, or set ${DEPLOYMENT_VARIABLES.join(', ')}.`;
