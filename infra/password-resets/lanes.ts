import { Aws, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Grant, type IGrantable, ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption, type QueueProps, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { LANES, type Lane } from '../../functions/contract/reset-request.ts';

export interface LanesProps {
  visibilityTimeoutSeconds: number;
}

/** SQS's longest, so that a fault over a long weekend loses nothing. */
const RETENTION = Duration.days(14);
/** A backstop alone: the worker writes dead letters itself, and hides what it cannot work on for longer the more often it came. */
const MAX_RECEIVE_COUNT = 1_000;
const PRODUCER_ACTIONS = ['sqs:SendMessage', 'sqs:GetQueueUrl', 'sqs:GetQueueAttributes'];

/** The queues: one a lane, and the dead-letter queue of both. */
export class Lanes extends Construct {
  readonly queues: Record<Lane, Queue>;
  readonly deadLetters: Queue;
  /** For producers: to send to both lanes, and nothing else. */
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
    const lane = (id: string, name: Lane) =>
      new Queue(this, id, {
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

  /** Lets a producer of this app enqueue, in the lanes given alone. */
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
 * The dead-letter queue names its lanes and they name it: one of the two must do so by a name known beforehand, or CloudFormation sees a
 * cycle. The name ends with a part of the stack's id, so that a stack of the same name, made anew, does not meet the queues that the
 * first one left behind.
 */
function queueName(scope: Construct, name: string): string {
  const stackUuid = Fn.select(2, Fn.split('/', Aws.STACK_ID));
  return `${Stack.of(scope).stackName}-${name}-${Fn.select(0, Fn.split('-', stackUuid))}`;
}

const queueArn = (scope: Construct, name: string): string =>
  Stack.of(scope).formatArn({ service: 'sqs', resource: queueName(scope, name) });
