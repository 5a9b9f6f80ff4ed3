import type { AwsClock } from './aws-clock.ts';
import { explain } from './aws-errors.ts';
import { CLIENT_OPTIONS } from './client-options.ts';

/** The topic that the alarms notify. */
export interface Topic {
  /** How many subscribers are told: those that have confirmed. */
  confirmedSubscriptions(): Promise<number>;
}

export function topicOf(TopicArn: string, { listenTo }: Pick<AwsClock, 'listenTo'>): Topic {
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
