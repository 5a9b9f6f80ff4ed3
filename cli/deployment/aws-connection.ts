import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { dynamoBudgetStore } from '../../functions/call-budget/dynamo-store.ts';
import { checkBudgetItem } from '../../functions/call-budget/stored-state.ts';
import { actionLog } from '../../functions/ledger/dynamo/actions.ts';
import { letterMarks } from '../../functions/ledger/dynamo/letter-marks.ts';
import { ledgerReader } from '../../functions/ledger/dynamo/reader.ts';
import { campaignLog } from '../../functions/ledger/dynamo/sent-campaigns.ts';
import { CommandFailed, type Io } from '../terminal/io.ts';
import { awsClock } from './aws-clock.ts';
import { explain } from './aws-errors.ts';
import { CLIENT_OPTIONS, SQS_CLIENT_OPTIONS } from './client-options.ts';
import type { Connection } from './connect.ts';
import type { FoundDeployment } from './find-deployment.ts';
import { sqsQueues } from './queues.ts';
import { secretOf } from './secret.ts';
import { topicOf } from './topic.ts';

/** The clients for the parts of a deployment. */
export async function awsConnection(deployment: FoundDeployment, clock: Io['clock']): Promise<Connection> {
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
    budget: dynamoBudgetStore(documents, deployment.ledgerTableName, checkBudgetItem),
    actions: actionLog(table),
    campaigns: campaignLog(table),
    marks: letterMarks(table),
    secret: deployment.secretArn === undefined ? undefined : secretOf(secrets, deployment.secretArn),
    topics: { page: topicOf(deployment.alarmTopicArn, time), notice: topicOf(deployment.noticeTopicArn, time) },
    async caller() {
      const { Arn } = await explain('your identity (sts:GetCallerIdentity)', sts.send(new GetCallerIdentityCommand()));
      return Arn ?? 'unknown';
    },
    now,
  };
}

/**
 * A host of SQS that tells its region: in all partitions, dual-stack, FIPS, of a VPC endpoint, and the form of old with the region first.
 * An emulator has no such regions.
 */
const SQS_HOST = /^(?:.+\.)?sqs(?:-fips)?\.([a-z]+(?:-[a-z]+)+-\d)\.|^([a-z]+(?:-[a-z]+)+-\d)\.queue\.amazonaws\.com/;

/** AWS writes both into the URL of a queue; an emulator's URL tells the account alone. */
function placeOfQueue(url: string): { account: string; region?: string } {
  const { hostname, pathname } = URL.canParse(url) ? new URL(url) : { hostname: '', pathname: '' };
  const [, regionLater, regionFirst] = SQS_HOST.exec(hostname) ?? [];
  // The oldest form stands for the oldest region.
  const region = regionLater ?? regionFirst ?? (hostname === 'queue.amazonaws.com' ? 'us-east-1' : undefined);
  const account = /^\/(\d{12})\//.exec(pathname)?.[1] ?? 'unknown';
  return region === undefined ? { account } : { account, region };
}
