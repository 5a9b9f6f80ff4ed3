import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, MathExpression, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface AlarmsProps {
  /** The dead-letter queue. */
  deadLetters: Queue;
  /** SNS topic for alarm notifications. @default the alarms are visible in the console only */
  topicArn: string | undefined;
}

/** What an alarm says to somebody it woke up. */
interface AlarmText {
  /** What it means for users. */
  impact: string;
  /** The section in `docs/runbook.md`. */
  runbookHeading: string;
  /** Why missing data counts as healthy, or does not. */
  silence: string;
}

export class Alarms extends Construct {
  constructor(scope: Construct, id: string, { deadLetters, topicArn }: AlarmsProps) {
    super(scope, id);
    const alarm = new Alarm(this, 'DeadLetters', {
      alarmName: `${Stack.of(this).stackName}-dead-letters`,
      alarmDescription: descriptionOf({
        impact:
          'Requests were given up: these users are waiting for a password reset that will not happen on its own. Nothing is lost: each ' +
          'message stays in the dead-letter queue for up to 14 days. Other requests are still being processed.',
        runbookHeading: 'Dead letters are waiting',
        silence:
          'SQS reports nothing for a queue that was empty and unused for six hours, so no data means no dead letters.',
      }),
      metric: waitingAndInFlight(deadLetters),
      threshold: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (topicArn === undefined) return;
    const notify = new SnsAction(Topic.fromTopicArn(this, 'Topic', topicArn));
    alarm.addAlarmAction(notify);
    alarm.addOkAction(notify);
  }
}

/**
 * All messages of the queue, also those in flight: receiving them to look at them must not silence the alarm. `NumberOfMessagesSent` would
 * not do: it leaves out what SQS moves on its own.
 */
function waitingAndInFlight(queue: Queue): MathExpression {
  const options = { period: Duration.minutes(1), statistic: Stats.MAXIMUM };
  return new MathExpression({
    expression: 'waiting + inFlight',
    label: 'Dead letters, visible or in flight',
    period: options.period,
    usingMetrics: {
      waiting: queue.metricApproximateNumberOfMessagesVisible(options),
      inFlight: queue.metricApproximateNumberOfMessagesNotVisible(options),
    },
  });
}

const descriptionOf = ({ impact, runbookHeading, silence }: AlarmText): string =>
  `${impact} What to do: docs/runbook.md, "${runbookHeading}". ${silence}`;
