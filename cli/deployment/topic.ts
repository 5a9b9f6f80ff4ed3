import type { AwsClock } from './aws-clock.ts';
import { explain } from './aws-errors.ts';
import { CLIENT_OPTIONS } from './client-options.ts';

/** A topic that alarms notify. */
export interface Topic {
  /** How many subscribers are told: those that have confirmed. */
  confirmedSubscriptions(): Promise<number>;
}

/** @returns undefined where there is none. */
export function topicOf(TopicArn: string | undefined, { listenTo }: Pick<AwsClock, 'listenTo'>): Topic | undefined {
  if (TopicArn === undefined) return undefined;
  return {
    async confirmedSubscriptions() {
      // Only one command asks it, and loading its client takes time.
      const { GetTopicAttributesCommand, SNSClient } = await import('@aws-sdk/client-sns');
      const client = new SNSClient(CLIENT_OPTIONS);
      listenTo(client);
      const { Attributes } = await explain(
        `topic ${TopicArn}`,
        client.send(new GetTopicAttributesCommand({ TopicArn })),
      );
      return Number(Attributes?.SubscriptionsConfirmed ?? 0);
    },
  };
}
