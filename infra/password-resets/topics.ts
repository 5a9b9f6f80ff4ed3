import { Annotations, ArnFormat, Aws, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type ITopic, Subscription, SubscriptionProtocol, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { SEVERITIES, type Severity } from './alarm-catalogue.ts';

export interface TopicsProps {
  /** SNS topic for what wakes somebody up. @default one is created if there is an `alarmEmail`, else nobody is paged */
  alarmTopicArn?: string | undefined;
  /** SNS topic for what can wait till morning. @default one is created if there is an `alarmEmail`, else nobody is told */
  noticeTopicArn?: string | undefined;
  /** Who gets both by mail. @default nobody */
  alarmEmail?: string | undefined;
}

/** Whom the alarms notify, by their severity. */
export class Topics extends Construct {
  readonly bySeverity: Record<Severity, ITopic | undefined>;

  constructor(scope: Construct, id: string, { alarmTopicArn, noticeTopicArn, alarmEmail }: TopicsProps) {
    super(scope, id);
    const topic = (severity: Severity, topicId: string, arn: string | undefined) => {
      if (arn !== undefined) return Topic.fromTopicArn(this, topicId, arn);
      return alarmEmail === undefined ? undefined : ownTopic(this, topicId, severity);
    };
    const page = topic('page', 'Pages', alarmTopicArn);
    const isOne = alarmTopicArn !== undefined && alarmTopicArn === noticeTopicArn;
    this.bySeverity = { page, notice: isOne ? page : topic('notice', 'Notices', noticeTopicArn) };
    if (alarmEmail !== undefined) {
      for (const each of new Set(Object.values(this.bySeverity))) {
        // With an id of ours: `addSubscription` makes the address a part of the logical id, which a deployment prints.
        if (each)
          new Subscription(each, 'Mail', { topic: each, endpoint: alarmEmail, protocol: SubscriptionProtocol.EMAIL });
      }
    }
    warnOfSilence(this, this.bySeverity);
  }
}

/** Not encrypted with a key: it costs, CloudWatch can't use AWS's own for SNS, and a message holds an alarm's text and no user's data. */
function ownTopic(scope: Construct, id: string, severity: Severity): Topic {
  const { stackName } = Stack.of(scope);
  const topic = new Topic(scope, id, { displayName: `${stackName} ${severity}s`, enforceSSL: true });
  // A policy of its own replaces the one by which a topic's account may publish.
  topic.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: {
        StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
        ArnLike: {
          'aws:SourceArn': Stack.of(scope).formatArn({
            service: 'cloudwatch',
            resource: 'alarm',
            resourceName: '*',
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          }),
        },
      },
    }),
  );
  return topic;
}

/** The id by which the warning can be acknowledged. */
export const NO_TOPIC_WARNING = 'password-resets:topics';
const OPTION_OF: Record<Severity, string> = { page: 'alarmTopicArn', notice: 'noticeTopicArn' };

function warnOfSilence(scope: Construct, topics: Record<Severity, ITopic | undefined>): void {
  const silent = SEVERITIES.filter((severity) => topics[severity] === undefined);
  if (silent.length === 0) return;
  const which = silent.length === SEVERITIES.length ? 'no alarm' : `no ${silent.join()}`;
  const options = silent.map((severity) => OPTION_OF[severity]).join(' and ');
  Annotations.of(scope).addWarningV2(
    NO_TOPIC_WARNING,
    `Alarms: ${which} notifies anybody. Give ${options}, or alarmEmail for a topic with that subscriber.`,
  );
}
