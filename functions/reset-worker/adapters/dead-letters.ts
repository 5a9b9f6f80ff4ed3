import { type MessageAttributeValue, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { LETTER_ATTRIBUTES } from '../../contract/dead-letter.ts';
import type { DeadLetters, Letter } from '../core/ports.ts';

export function sqsDeadLetters(client: SQSClient, queueUrl: string): DeadLetters {
  return {
    async send(letter) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: letter.body,
          MessageAttributes: attributesOf(letter),
        }),
      );
    },
  };
}

function attributesOf(letter: Letter): Record<string, MessageAttributeValue> {
  const names = LETTER_ATTRIBUTES;
  const attributes: [string, MessageAttributeValue | undefined][] = [
    [names.failureReason, text(letter.reason)],
    [names.failureId, text(letter.failureId)],
    [names.httpStatus, letter.status === undefined ? undefined : number(letter.status)],
    [names.failureDetail, text(letter.detail)],
    [names.requestId, text(letter.requestId)],
    [names.campaignId, text(letter.campaignId)],
    [names.lane, text(letter.lane)],
    [names.calls, number(letter.calls)],
    [names.firstSentAt, text(new Date(letter.firstSentAt).toISOString())],
    [names.failedAt, text(new Date(letter.failedAt).toISOString())],
  ];
  return Object.fromEntries(
    attributes.filter((pair): pair is [string, MessageAttributeValue] => pair[1] !== undefined),
  );
}

/** SQS refuses an attribute whose value is empty. */
const text = (value: string | undefined): MessageAttributeValue | undefined =>
  value ? { DataType: 'String', StringValue: value } : undefined;

const number = (value: number): MessageAttributeValue => ({ DataType: 'Number', StringValue: String(value) });
