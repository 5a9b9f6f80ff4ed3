import { App } from 'aws-cdk-lib';
import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test, vi } from 'vitest';
import { addResetStack } from '../../infra/reset-app.ts';
import { API, PROJECT_CONTEXT, templateWith } from '../support/synthesized-template.ts';

const PAGE_TOPIC = 'arn:aws:sns:eu-west-1:111122223333:on-call';
const NOTICE_TOPIC = 'arn:aws:sns:eu-west-1:111122223333:mail';
const EMAIL = 'on-call@example.com';

const ALARMS = {
  'Fn::Join': [
    '',
    [
      'arn:',
      { Ref: 'AWS::Partition' },
      ':cloudwatch:',
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      ':alarm:*',
    ],
  ],
};

type Context = Record<string, unknown>;

function warningsOf(context: Context): string[] {
  const app = new App({ context: { ...PROJECT_CONTEXT, apiBaseUrl: API, ...context } });
  // The report goes to the terminal, where it belongs except here.
  using _silenced = vi.spyOn(console, 'error').mockImplementation(() => {});
  const warnings = Annotations.fromStack(addResetStack(app)).findWarning('*', Match.anyValue());
  return warnings.map(({ entry }) => String(entry.data));
}

const GIVE_BOTH = /no alarm notifies anybody\. Give alarmTopicArn and noticeTopicArn, or alarmEmail/;
test.each<[string, Context, RegExp[]]>([
  ['no topic is given', {}, [GIVE_BOTH]],
  ['only pages have one', { alarmTopicArn: PAGE_TOPIC }, [/no notice notifies anybody\. Give noticeTopicArn, or/]],
  ['only notices have one', { noticeTopicArn: NOTICE_TOPIC }, [/no page notifies anybody\. Give alarmTopicArn, or/]],
  ['both have one', { alarmTopicArn: PAGE_TOPIC, noticeTopicArn: NOTICE_TOPIC }, []],
  ['there is an address', { alarmEmail: EMAIL }, []],
])('a synthesis warns of alarms that reach nobody: %s', (_, context, warnings) => {
  expect(warningsOf(context)).toEqual(warnings.map((warning) => expect.stringMatching(warning)));
});

const subscriptionsOf = (template: Template) =>
  Object.values(template.findResources('AWS::SNS::Subscription')).map(({ Properties }) => Properties);

describe('an address for alarms', () => {
  const template = templateWith({ alarmEmail: EMAIL });
  const topics = template.findResources('AWS::SNS::Topic');

  test('gets two new topics, which both alarms and outputs name', () => {
    const [page, notice] = Object.keys(topics).sort(
      (a, b) => Number(b.includes('Pages')) - Number(a.includes('Pages')),
    );
    expect(Object.keys(topics)).toHaveLength(2);
    const { Outputs } = template.toJSON();
    expect([Outputs.AlarmTopicArn.Value, Outputs.NoticeTopicArn.Value]).toEqual([{ Ref: page }, { Ref: notice }]);
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmActions: [{ Ref: page }] });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { AlarmActions: [{ Ref: notice }] });
    expect(subscriptionsOf(template)).toEqual(
      expect.arrayContaining([page, notice].map((Ref) => ({ Protocol: 'email', Endpoint: EMAIL, TopicArn: { Ref } }))),
    );
  });

  test('stands in the subscriptions alone: no logical id and no output is made of it', () => {
    const given = templateWith({ alarmEmail: EMAIL, alarmTopicArn: PAGE_TOPIC });
    for (const of of [template, given]) {
      const { Resources, Outputs } = of.toJSON();
      const names = JSON.stringify([Object.keys(Resources), Outputs]);
      expect(names).not.toMatch(/on-?call-?@?example/i);
    }
  });

  test('is subscribed to the topics that are given, and only what is missing is created', () => {
    const given = templateWith({ alarmEmail: EMAIL, alarmTopicArn: PAGE_TOPIC });
    given.resourceCountIs('AWS::SNS::Topic', 1);
    expect(subscriptionsOf(given).map(({ TopicArn }) => TopicArn)).toEqual(
      expect.arrayContaining([PAGE_TOPIC, { Ref: expect.any(String) }]),
    );
  });

  test('is subscribed once where both are one topic', () => {
    const given = { alarmEmail: EMAIL, alarmTopicArn: PAGE_TOPIC, noticeTopicArn: PAGE_TOPIC };
    expect(subscriptionsOf(templateWith(given))).toEqual([
      { Protocol: 'email', Endpoint: EMAIL, TopicArn: PAGE_TOPIC },
    ]);
  });

  test('has topics that refuse plain text, and to which only alarms of this account may publish', () => {
    template.resourceCountIs('AWS::SNS::TopicPolicy', 2);
    template.allResourcesProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          Match.objectLike({
            Effect: 'Allow',
            Action: 'sns:Publish',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Condition: {
              StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
              ArnLike: { 'aws:SourceArn': ALARMS },
            },
          }),
        ],
      },
    });
  });
});

test('nobody is subscribed, and nothing created, without an address', () => {
  const template = templateWith({ alarmTopicArn: PAGE_TOPIC });
  template.resourceCountIs('AWS::SNS::Topic', 0);
  template.resourceCountIs('AWS::SNS::Subscription', 0);
  expect(template.toJSON().Outputs).not.toHaveProperty('NoticeTopicArn');
});
