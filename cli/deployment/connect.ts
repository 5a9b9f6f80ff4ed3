import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type LedgerReader, ledgerReader } from '../../functions/ledger/dynamo/reader.ts';
import type { Io } from '../terminal/io.ts';
import { CLIENT_OPTIONS, SQS_CLIENT_OPTIONS } from './client-options.ts';
import { type DeploymentChoice, type FoundDeployment, findDeployment } from './find-deployment.ts';
import { type Queues, sqsQueues } from './queues.ts';

/** A deployment that was found, and the clients for its parts. */
export interface Connection {
  deployment: FoundDeployment;
  queues: Queues;
  ledger: LedgerReader;
}

/** What a command runs in. It connects on its own, once it has found its arguments to be in order. */
export interface Context extends Io {
  connect(): Promise<Connection>;
}

/** Finds the deployment and makes the clients. */
export async function connect(env: Io['env'], choice: DeploymentChoice): Promise<Connection> {
  const deployment = await findDeployment(env, choice);
  const documents = DynamoDBDocumentClient.from(new DynamoDBClient(CLIENT_OPTIONS));
  return {
    deployment,
    queues: sqsQueues(new SQSClient(SQS_CLIENT_OPTIONS)),
    ledger: ledgerReader(documents, deployment.ledgerTableName),
  };
}
