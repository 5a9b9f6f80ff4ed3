import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, MathExpression, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface AlarmsProps {
  deadLetters: Queue;
  /** Whom the alarms notify; without it they show in the console alone. */
  topicArn: string | undefined;
}

/** What an alarm says to somebody whom it woke. */
interface AlarmLetter {
  /** What it means for users. */
  impact: string;
  /** The heading in `docs/runbook.md`. */
  runbookHeading: string;
  /** Why no data counts as healthy, or does not. */
  silence: string;
}

export class Alarms extends Construct {
  constructor(scope: Construct, id: string, { deadLetters, topicArn }: AlarmsProps) {
    super(scope, id);
    const alarm = new Alarm(this, 'DeadLetters', {
      alarmName: `${Stack.of(this).stackName}-dead-letters`,
      alarmDescription: descriptionOf({
        impact:
          'Requests were given up: these users wait for a password reset that will not come by itself. Nothing is lost: each message ' +
          'waits in the dead-letter queue, with its reason, for 14 days. Other requests go on.',
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
 * All messages of the queue. Somebody who lists them takes them in flight, and must not silence the alarm by it. The number of messages
 * sent would not do: it leaves out what SQS moves by itself.
 */
function waitingAndInFlight(queue: Queue): MathExpression {
  const options = { period: Duration.minutes(1), statistic: Stats.MAXIMUM };
  return new MathExpression({
    expression: 'waiting + inFlight',
    label: 'Dead letters, waiting or in flight',
    period: options.period,
    usingMetrics: {
      waiting: queue.metricApproximateNumberOfMessagesVisible(options),
      inFlight: queue.metricApproximateNumberOfMessagesNotVisible(options),
    },
  });
}

const descriptionOf = ({ impact, runbookHeading, silence }: AlarmLetter): string =>
  `${impact} What to do: docs/runbook.md, "${runbookHeading}". ${silence}`;
