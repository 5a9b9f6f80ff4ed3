import { mkdtempDisposableSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Annotations, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  EventSourceMapping,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { VARIABLES } from '../../functions/contract/function-environment.ts';
import { type QuotaKind, smallBurst } from '../../functions/contract/quota.ts';
import { LANES } from '../../functions/contract/reset-request.ts';
import type { ApiToken } from './api-token.ts';
import { BUNDLE_HANDLER, writeBundle } from './bundle.ts';
import type { Lanes } from './lanes.ts';
import type { Ledger } from './ledger.ts';

export interface WorkerOptions {
  /** Base URL of the API; any path in it is preserved. */
  apiBaseUrl: string;
  /** `known`: `callsPerMinute` is the API's quota and all of it is used. `ceiling`: it is a guess from above; refusals teach the quota. */
  quota: QuotaKind;
  /** Calls per minute for the whole tenant, all concurrent executions together. */
  callsPerMinute: number;
  /** How many calls may be made at once when none has been made for a while. */
  callBurst: number;
  /** The part of `callBurst` that only the interactive lane may use. */
  interactiveReserve: number;
  /** How long one call may take before its outcome counts as unknown. */
  callTimeoutSeconds: number;
  /** The address of a test user of the tenant, used to probe during an outage. @default a waiting request is used */
  probeAddress?: string | undefined;
  /** Concurrent invocations for the interactive lane. */
  interactiveConcurrency: number;
  /** Concurrent invocations for the bulk lane. */
  bulkConcurrency: number;
  /** Messages per invocation of the interactive lane. */
  interactiveBatchSize: number;
  /** Messages per invocation of the bulk lane. */
  bulkBatchSize: number;
  /** For how long the interactive lane's event source gathers a batch. */
  interactiveBatchWindowSeconds: number;
  /** For how long the bulk lane's event source gathers a batch. */
  bulkBatchWindowSeconds: number;
  /** The function's timeout. At least the call's time-out plus 40 s. */
  functionTimeoutSeconds: number;
  /** The function's memory. */
  memoryMb: number;
  /** For how long the ledger remembers a request. */
  ledgerRetentionDays: number;
  /** For how long the function's log is kept. */
  logRetentionDays: RetentionDays;
}

export interface WorkerProps extends WorkerOptions {
  /** What it is fed from. */
  lanes: Lanes;
  /** Where it remembers every request. */
  ledger: Ledger;
  /** The secret it reads the API token from. */
  apiToken: ApiToken;
}

/** The function, its event sources and its permissions. */
export class Worker extends Construct {
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: WorkerProps) {
    super(scope, id);
    warnOfSmallBurst(this, props);
    // The ledger is the record of what was done; the log may go with the stack.
    this.logGroup = new LogGroup(this, 'Log', {
      retention: props.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // The CDK copies the folder into its own output immediately. Its own bundling would look for Docker first and print a line.
    using bundle = mkdtempDisposableSync(join(tmpdir(), 'reset-worker-'));
    writeBundle(bundle.path);
    this.function = new LambdaFunction(this, 'Function', {
      description: 'Resets passwords in F5 Distributed Cloud, one password per message.',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(bundle.path),
      handler: BUNDLE_HANDLER,
      memorySize: props.memoryMb,
      timeout: Duration.seconds(props.functionTimeoutSeconds),
      role: workerRole(this, this.logGroup, props),
      environment: environmentOf(Stack.of(this).stackName, props),
      logGroup: this.logGroup,
      // The platform's own lines become JSON like the worker's, so one query reads both.
      loggingFormat: LoggingFormat.JSON,
      // No reserved concurrency: it is taken from what the whole account shares, a new account has too little to reserve any, and the
      // event sources already limit the concurrent executions.
    });
    for (const lane of LANES) {
      // Not `addEventSource`, which would add permissions to the role.
      new EventSourceMapping(this, `Intake-${lane}`, {
        target: this.function,
        eventSourceArn: props.lanes.queues[lane].queueArn,
        batchSize: props[`${lane}BatchSize`],
        maxBatchingWindow: Duration.seconds(props[`${lane}BatchWindowSeconds`]),
        maxConcurrency: props[`${lane}Concurrency`],
        reportBatchItemFailures: true,
      });
    }
  }
}

function warnOfSmallBurst(scope: Construct, { callsPerMinute, callBurst, interactiveReserve }: WorkerProps): void {
  const warning = smallBurst({ perMinute: callsPerMinute, burst: callBurst, reserve: interactiveReserve });
  if (warning !== undefined) {
    Annotations.of(scope).addWarningV2('password-resets:callBurst', `callBurst: ${warning} Give a larger callBurst.`);
  }
}

function environmentOf(stackName: string, props: WorkerProps): Record<string, string> {
  return {
    [VARIABLES.stackName]: stackName,
    [VARIABLES.apiBaseUrl]: props.apiBaseUrl,
    [VARIABLES.apiTokenSecretArn]: props.apiToken.secretArn,
    [VARIABLES.interactiveQueueUrl]: props.lanes.queues.interactive.queueUrl,
    [VARIABLES.bulkQueueUrl]: props.lanes.queues.bulk.queueUrl,
    [VARIABLES.deadLetterQueueUrl]: props.lanes.deadLetters.queueUrl,
    [VARIABLES.ledgerTableName]: props.ledger.table.tableName,
    [VARIABLES.quota]: props.quota,
    [VARIABLES.callsPerMinute]: `${props.callsPerMinute}`,
    [VARIABLES.callBurst]: `${props.callBurst}`,
    [VARIABLES.interactiveReserve]: `${props.interactiveReserve}`,
    [VARIABLES.ledgerRetentionDays]: `${props.ledgerRetentionDays}`,
    [VARIABLES.callTimeoutSeconds]: `${props.callTimeoutSeconds}`,
    ...(props.probeAddress === undefined ? {} : { [VARIABLES.probeAddress]: props.probeAddress }),
  };
}

/** Spelled out: the CDK's grants would add reads, scans and deletes that the worker never makes. */
function workerRole(scope: Construct, logGroup: LogGroup, { lanes, ledger, apiToken }: WorkerProps): Role {
  const allow = (actions: string[], resources: string[]) => new PolicyStatement({ actions, resources });
  return new Role(scope, 'Role', {
    description: 'What the reset worker may do.',
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    // Inline, so that the role is complete before Lambda checks it for the event sources.
    inlinePolicies: {
      Worker: new PolicyDocument({
        statements: [
          allow(
            ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
            LANES.map((lane) => lanes.queues[lane].queueArn),
          ),
          allow(['sqs:SendMessage'], [lanes.deadLetters.queueArn]),
          allow(
            ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
            [ledger.table.tableArn],
          ),
          allow(['secretsmanager:GetSecretValue'], [apiToken.secretArn]),
          ...(apiToken.keyArn === undefined ? [] : [allow(['kms:Decrypt'], [apiToken.keyArn])]),
          allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]),
        ],
      }),
    },
  });
}
