import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  EventSourceMapping,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { METRIC_NAMESPACE, SERVICE_NAME } from '../../functions/common/telemetry.ts';
import { VARIABLES } from '../../functions/contract/function-environment.ts';
import { LANES } from '../../functions/contract/reset-request.ts';
import type { Configuration } from '../config.ts';
import type { ApiToken } from './api-token.ts';
import { BUNDLE_HANDLER, writeBundle } from './bundle.ts';
import type { Lanes } from './lanes.ts';
import type { Ledger } from './ledger.ts';

export interface WorkerProps {
  configuration: Configuration;
  lanes: Lanes;
  ledger: Ledger;
  apiToken: ApiToken;
}

/** The function, with what feeds it and what it may touch. */
export class Worker extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: WorkerProps) {
    super(scope, id);
    const { configuration, lanes } = props;
    // The record of what was done is the ledger; what the log tells beside it may go with the stack.
    const logGroup = new LogGroup(this, 'Log', {
      retention: configuration.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // The CDK copies the folder into its own output at once. Its own bundling would look for Docker first and print a line.
    using bundle = mkdtempDisposableSync(join(tmpdir(), 'reset-worker-'));
    writeBundle(bundle.path);
    this.function = new LambdaFunction(this, 'Function', {
      description: 'Resets passwords in F5 Distributed Cloud, a message a password.',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundle.path),
      handler: BUNDLE_HANDLER,
      memorySize: configuration.memoryMb,
      timeout: Duration.seconds(configuration.functionTimeoutSeconds),
      role: workerRole(this, logGroup, props),
      environment: environmentOf(props),
      logGroup,
      // The platform's own lines become JSON like the worker's, so that one query reads both.
      loggingFormat: LoggingFormat.JSON,
      // No reserved concurrency: it is taken from what the whole account shares, a new account has too little to reserve any, and the
      // event sources limit the copies already.
    });
    for (const lane of LANES) {
      // Not `addEventSource`, which would widen the role by itself.
      new EventSourceMapping(this, `Intake-${lane}`, {
        target: this.function,
        eventSourceArn: lanes.queues[lane].queueArn,
        batchSize: configuration.batchSize,
        maxBatchingWindow: Duration.seconds(configuration.batchWindowSeconds),
        maxConcurrency: configuration.concurrency,
        reportBatchItemFailures: true,
      });
    }
  }
}

function environmentOf({ configuration, lanes, ledger, apiToken }: WorkerProps): Record<string, string> {
  return {
    [VARIABLES.apiBaseUrl]: configuration.apiBaseUrl,
    [VARIABLES.apiTokenSecretArn]: apiToken.secretArn,
    [VARIABLES.interactiveQueueUrl]: lanes.queues.interactive.queueUrl,
    [VARIABLES.bulkQueueUrl]: lanes.queues.bulk.queueUrl,
    [VARIABLES.deadLetterQueueUrl]: lanes.deadLetters.queueUrl,
    [VARIABLES.ledgerTableName]: ledger.table.tableName,
    [VARIABLES.callsPerMinute]: `${configuration.callsPerMinute}`,
    [VARIABLES.callBurst]: `${configuration.callBurst}`,
    [VARIABLES.interactiveReserve]: `${configuration.interactiveReserve}`,
    [VARIABLES.ledgerRetentionDays]: `${configuration.ledgerRetentionDays}`,
    [VARIABLES.callTimeoutSeconds]: `${configuration.callTimeoutSeconds}`,
    ...(configuration.probeAddress === undefined ? {} : { [VARIABLES.probeAddress]: configuration.probeAddress }),
    POWERTOOLS_SERVICE_NAME: SERVICE_NAME,
    POWERTOOLS_METRICS_NAMESPACE: METRIC_NAMESPACE,
  };
}

/** Written by hand: the CDK's grants would add reads, scans and deletes that the worker never makes. */
function workerRole(scope: Construct, logGroup: LogGroup, { lanes, ledger, apiToken }: WorkerProps): Role {
  const allow = (actions: string[], resources: string[]) => new PolicyStatement({ actions, resources });
  return new Role(scope, 'Role', {
    description: 'What the reset worker may do.',
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    // In the role itself and not beside it: so it is whole before Lambda checks it for the event sources.
    inlinePolicies: {
      Worker: new PolicyDocument({
        statements: [
          allow(
            ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
            LANES.map((lane) => lanes.queues[lane].queueArn),
          ),
          allow(['sqs:SendMessage'], [lanes.deadLetters.queueArn]),
          allow(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], [ledger.table.tableArn]),
          allow(['secretsmanager:GetSecretValue'], [apiToken.secretArn]),
          ...(apiToken.keyArn === undefined ? [] : [allow(['kms:Decrypt'], [apiToken.keyArn])]),
          allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]),
        ],
      }),
    },
  });
}
