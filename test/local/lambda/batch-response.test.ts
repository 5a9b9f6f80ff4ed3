import { expect, test } from 'vitest';
import { failedMessageIds } from '../../../local/lambda/batch-response.ts';

const BATCH = ['a', 'b', 'c'];

test.each([
  ['nothing', ''],
  ['null', 'null'],
  ['an empty object', '{}'],
  ['a null list', '{"batchItemFailures":null}'],
  ['an empty list', '{"batchItemFailures":[]}'],
  ['only other members', '{"statusCode":500}'],
])('an answer of %s acknowledges the whole batch', (_, answer) => {
  expect(failedMessageIds(answer, BATCH)).toEqual(new Set());
});

test.each([
  ['an id that is not in the batch', '{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"z"}]}'],
  ['an empty id', '{"batchItemFailures":[{"itemIdentifier":""}]}'],
  ['a null id', '{"batchItemFailures":[{"itemIdentifier":null}]}'],
  ['a misspelt member', '{"batchItemFailures":[{"itemIdentifer":"a"}]}'],
  ['an entry that is a plain id', '{"batchItemFailures":["a"]}'],
  ['a null entry', '{"batchItemFailures":[null]}'],
  ['failures that are not a list', '{"batchItemFailures":{"itemIdentifier":"a"}}'],
  ['a string', '"ok"'],
  ['a list', '[]'],
  ['something that is not JSON', '{"batchItemFailures":['],
])('an answer with %s fails the whole batch', (_, answer) => {
  expect(failedMessageIds(answer, BATCH)).toBe('all');
});

test('only the messages that are named stay, even when named twice', () => {
  const answer = '{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"}]}';
  expect(failedMessageIds(answer, BATCH)).toEqual(new Set(['b']));
});
