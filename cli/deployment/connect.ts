import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { dynamoBudgetStore } from '../../functions/call-budget/dynamo-store.ts';
import type { BudgetStore } from '../../functions/call-budget/shared-item.ts';
import { checkedStore } from '../../functions/call-budget/stored-state.ts';
import { type ActionLog, actionLog } from '../../functions/ledger/dynamo/actions.ts';
import { cancelCampaign } from '../../functions/ledger/dynamo/campaigns.ts';
import { type LetterMarks, letterMarks } from '../../functions/ledger/dynamo/letter-marks.ts';
import { type LedgerReader, ledgerReader } from '../../functions/ledger/dynamo/reader.ts';
import { CommandFailed, type Io } from '../terminal/io.ts';
import { awsClock } from './aws-clock.ts';
import { explain } from './aws-errors.ts';
import { CLIENT_OPTIONS, SQS_CLIENT_OPTIONS } from './client-options.ts';
import { type DeploymentChoice, type FoundDeployment, findDeployment } from './find-deployment.ts';
import { type Queues, sqsQueues } from './queues.ts';
import { type Secret, secretOf } from './secret.ts';
import { type Topic, topicOf } from './topic.ts';

/** A deployment that was found, and the clients for its parts. */
export interface Connection {
  deployment: FoundDeployment;
  /** Those of the deployment's queues. */
  account: string;
  region: string;
  queues: Queues;
  ledger: LedgerReader;
  /** Throws `BudgetDamaged` where the item is not what the worker writes. */
  budget: BudgetStore;
  actions: ActionLog;
  /** Cancels a campaign for good. @throws LedgerUnreachable */
  cancelCampaign(campaignId: string): Promise<void>;
  /** What is written of dead letters. */
  marks: LetterMarks;
  /** Undefined where nothing names it. */
  secret: Secret | undefined;
  /** That of the alarms; undefined if they notify nobody, or where nothing names it. */
  topic: Topic | undefined;
  /** The ARN of whoever runs the command. */
  caller(): Promise<string>;
  /** Milliseconds since the epoch by AWS's clock: that of holds and actions. */
  now(): number;
}

/** What a command runs in. It connects on its own, once it has found its arguments to be in order. */
export interface Context extends Io {
  connect(): Promise<Connection>;
  /** A command line to paste: "status" as "npx resets --outputs outputs.json status", the way in which this run was started. */
  command(line: string): string;
}

/** Where a change would be made, for whoever is asked. */
export const placeOf = ({ deployment, account, region }: Connection): string =>
  `${deployment.name}, account ${account}, region ${region}`;

/** Finds the deployment and makes the clients. */
export async function connect(
  { env, clock }: Pick<Io, 'env' | 'clock'>,
  choice: DeploymentChoice,
): Promise<Connection> {
  const deployment = await findDeployment(env, choice);
  const time = awsClock(clock);
  const { now, listenTo } = time;
  const dynamodb = new DynamoDBClient(CLIENT_OPTIONS);
  const sqs = new SQSClient(SQS_CLIENT_OPTIONS);
  const sts = new STSClient(CLIENT_OPTIONS);
  const secrets = new SecretsManagerClient(CLIENT_OPTIONS);
  for (const client of [dynamodb, sqs, sts, secrets]) listenTo(client);

  const region = await explain('the AWS region', sqs.config.region());
  const { account, region: queueRegion = region } = placeOfQueue(deployment.laneQueueUrls.interactive);
  if (queueRegion !== region) {
    throw new CommandFailed(
      `The queues of ${deployment.name} are in region ${queueRegion}, and AWS is asked in ${region}; set AWS_REGION=${queueRegion}, or name another deployment.`,
    );
  }
  const documents = DynamoDBDocumentClient.from(dynamodb);
  const table = { client: documents, tableName: deployment.ledgerTableName, now };
  return {
    deployment,
    account,
    region,
    queues: sqsQueues(sqs),
    ledger: ledgerReader(documents, deployment.ledgerTableName),
    budget: checkedStore(dynamoBudgetStore(documents, deployment.ledgerTableName)),
    actions: actionLog(table),
    cancelCampaign: (campaignId) => cancelCampaign(table, campaignId),
    marks: letterMarks(table),
    secret: deployment.secretArn === undefined ? undefined : secretOf(secrets, deployment.secretArn),
    topic: deployment.alarmTopicArn === undefined ? undefined : topicOf(deployment.alarmTopicArn, time),
    async caller() {
      const { Arn } = await explain('your identity (sts:GetCallerIdentity)', sts.send(new GetCallerIdentityCommand()));
      return Arn ?? 'unknown';
    },
    now,
  };
}

/** AWS writes both into the URL of a queue; an emulator's URL tells the account alone. */
function placeOfQueue(url: string): { account: string; region?: string } {
  const { hostname, pathname } = URL.canParse(url) ? new URL(url) : { hostname: '', pathname: '' };
  const region = /^sqs\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(hostname)?.[1];
  const account = /^\/(\d{12})\//.exec(pathname)?.[1] ?? 'unknown';
  return region === undefined ? { account } : { account, region };
}
