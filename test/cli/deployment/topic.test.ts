import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { isDenied } from '../../../cli/deployment/aws-errors.ts';
import { type Topic, topicOf } from '../../../cli/deployment/topic.ts';
import { CREDENTIALS, REGION } from '../../../local/aws/account.ts';
import { type AwsStandIns, startAwsStandIns } from '../../../local/aws/stand-ins.ts';
import { failureIn } from '../../support/cli/command-line.ts';
import { untouched } from '../../support/untouched.ts';

let standIns: AwsStandIns;
let sns: SNSClient;
let heard = 0;
const listenTo = () => {
  heard += 1;
};
beforeAll(async () => {
  standIns = await startAwsStandIns();
  sns = new SNSClient({ endpoint: standIns.origin, region: REGION, credentials: CREDENTIALS });
  vi.stubEnv('AWS_ENDPOINT_URL', standIns.origin);
  vi.stubEnv('AWS_REGION', REGION);
  vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);
});
afterEach(() => standIns.faults.clear());
afterAll(async () => {
  vi.unstubAllEnvs();
  sns.destroy();
  await standIns.stop();
});

const newTopic = async (Name: string): Promise<string> =>
  (await sns.send(new CreateTopicCommand({ Name }))).TopicArn ?? '';

const topic = (arn: string) => topicOf(arn, { listenTo }) ?? untouched<Topic>('topic');

describe('The topic of the alarms', () => {
  it('tells how many subscriptions are confirmed, and AWS’s clock hears of the answer', async () => {
    const arn = await newTopic('alarms');
    expect(await topic(arn).confirmedSubscriptions()).toBe(0);
    const queue = 'arn:aws:sqs:us-east-1:000000000000:inbox';
    await sns.send(new SubscribeCommand({ TopicArn: arn, Protocol: 'sqs', Endpoint: queue }));
    expect(await topic(arn).confirmedSubscriptions()).toBe(1);
    expect(heard).toBe(2);
  });

  it('is named where it does not exist', async () => {
    const arn = 'arn:aws:sns:us-east-1:000000000000:gone';
    const { message } = await failureIn(topic(arn).confirmedSubscriptions());
    expect(message).toMatch(`There is no topic ${arn}; check the region`);
  });

  it('that may not be looked at is told from one that is at fault', async () => {
    const arn = await newTopic('secret');
    const failure = async () => {
      const error: unknown = await topic(arn)
        .confirmedSubscriptions()
        .catch((thrown: unknown) => thrown);
      return { message: (error as Error).message, isDenied: isDenied(error) };
    };
    standIns.faults.add({ operation: 'sns:GetTopicAttributes', kind: 'deny' });
    expect(await failure()).toMatchObject({
      message: expect.stringMatching(/^Access to topic .* is denied: /),
      isDenied: true,
    });
    standIns.faults.add({ operation: 'sns:GetTopicAttributes', kind: 'throttle', times: 3 });
    expect(await failure()).toMatchObject({ message: expect.stringMatching(/^AWS throttles/), isDenied: false });
  });
});
