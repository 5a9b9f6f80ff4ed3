import { Aws, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Grant, type IGrantable, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption, type QueueProps, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { LANES, type Lane } from '../../functions/contract/reset-request.ts';

export interface LanesProps {
  /** For how long a received message stays invisible. At least six times the function's timeout, plus the longer batch window. */
  visibilityTimeoutSeconds: number;
}

/** SQS's maximum, so that a fault over a long weekend loses nothing. */
const RETENTION = Duration.days(14);
/** A backstop only: the worker writes dead letters itself, and hides what it cannot process for longer the more often it has been received. */
const MAX_RECEIVE_COUNT = 1_000;
const PRODUCER_ACTIONS = ['sqs:SendMessage', 'sqs:GetQueueUrl', 'sqs:GetQueueAttributes'];

/** The queues: one per lane, and one dead-letter queue for both. */
export class Lanes extends Construct {
  readonly queues: Record<Lane, Queue>;
  readonly deadLetters: Queue;
  /** For producers: lets them find both lanes and send to them, and do nothing else. */
  readonly producerPolicy: ManagedPolicy;

  constructor(scope: Construct, id: string, { visibilityTimeoutSeconds }: LanesProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...queueProps(this, 'dead-letters'),
      redriveAllowPolicy: {
        redrivePermission: RedrivePermission.BY_QUEUE,
        sourceQueues: LANES.map((lane) => Queue.fromQueueArn(this, `SourceOf-${lane}`, queueArn(this, lane))),
      },
    });
    const lane = (queueId: string, name: Lane) =>
      new Queue(this, queueId, {
        ...queueProps(this, name),
        visibilityTimeout: Duration.seconds(visibilityTimeoutSeconds),
        deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: MAX_RECEIVE_COUNT },
      });
    this.queues = { interactive: lane('Interactive', 'interactive'), bulk: lane('Bulk', 'bulk') };
    this.producerPolicy = new ManagedPolicy(this, 'ProducerPolicy', {
      description: `Sends password-reset requests to the queues of ${Stack.of(this).stackName}.`,
      statements: [new PolicyStatement({ actions: PRODUCER_ACTIONS, resources: this.arns(LANES) })],
    });
  }

  /** Lets a producer of the same CDK app enqueue, in the given lanes only. */
  grantEnqueue(grantee: IGrantable, lanes: readonly Lane[] = LANES): Grant {
    return Grant.addToPrincipal({ grantee, actions: PRODUCER_ACTIONS, resourceArns: this.arns(lanes) });
  }

  private arns(lanes: readonly Lane[]): string[] {
    return lanes.map((lane) => this.queues[lane].queueArn);
  }
}

const queueProps = (scope: Construct, name: string): QueueProps => ({
  queueName: queueName(scope, name),
  retentionPeriod: RETENTION,
  encryption: QueueEncryption.SQS_MANAGED,
  enforceSSL: true,
  removalPolicy: RemovalPolicy.RETAIN,
});

/**
 * The dead-letter queue names its lanes and they name it: one side must use a name known beforehand, or CloudFormation sees a cycle. The
 * name ends with part of the stack's id, so that a new stack of the same name does not collide with the queues that the old one left
 * behind.
 */
function queueName(scope: Construct, name: string): string {
  const stackUuid = Fn.select(2, Fn.split('/', Aws.STACK_ID));
  return `${Stack.of(scope).stackName}-${name}-${Fn.select(0, Fn.split('-', stackUuid))}`;
}

const queueArn = (scope: Construct, name: string): string =>
  Stack.of(scope).formatArn({ service: 'sqs', resource: queueName(scope, name) });
