import { expect, test } from 'vitest';
import { actAt, personalityOf } from '../../../local/reset-api/personalities.ts';

/** What happens at an address's first calls. */
const acts = (email: string, calls: number) =>
  Array.from({ length: calls }, (_, index) => {
    const { act, status, resets } = actAt(personalityOf(email), index);
    return `${act === 'answer' ? status : act}${resets ? ' resets' : ''}`;
  });

test.each<[string, string[]]>([
  ['jo@example.com', ['200 resets', '200 resets']],
  ['jo+news@example.com', ['200 resets']],
  ['badrequest+jo@example.com', ['400', '400']],
  ['unauthorized+jo@example.com', ['401']],
  ['forbidden+jo@example.com', ['403', '403']],
  ['notfound+jo@example.com', ['404', '404']],
  ['NotFound+jo@example.com', ['404']],
  ['conflict+jo@example.com', ['409']],
  ['status418+jo@example.com', ['418']],
  ['error500+jo@example.com', ['500', '500']],
  ['error+jo@example.com', ['500']],
  ['bad502+jo@example.com', ['502']],
  ['flaky503x2+jo@example.com', ['503', '503', '200 resets']],
  ['flaky429x1+jo@example.com', ['429', '200 resets']],
  ['flaky503+jo@example.com', ['503', '503', '503']],
  ['ghost504+jo@example.com', ['504 resets', '504 resets', '504 resets']],
  ['ghost504x1+jo@example.com', ['504 resets', '200 resets']],
  ['ghost504x1-then404+jo@example.com', ['504 resets', '404']],
  ['timeout504x1+jo@example.com', ['504', '200 resets']],
  ['hang+jo@example.com', ['hang', 'hang']],
  ['hangx1+jo@example.com', ['hang', '200 resets']],
  ['hangx1-reset+jo@example.com', ['hang resets', '200 resets']],
  ['cutx1+jo@example.com', ['cut', '200 resets']],
  ['cutx1-reset+jo@example.com', ['cut resets', '200 resets']],
  ['garbled+jo@example.com', ['cut-body resets']],
  ['redirect+jo@example.com', ['redirect', 'redirect']],
  ['html+jo@example.com', ['html']],
  ['html200x1+jo@example.com', ['html', '200 resets']],
  ['unreachedx1+jo@example.com', ['unreached', '200 resets']],
  ['lostx1+jo@example.com', ['lost', '200 resets']],
  ['lostx1-reset+jo@example.com', ['lost resets', '200 resets']],
  ['empty+jo@example.com', ['empty resets']],
  ['huge+jo@example.com', ['huge']],
  ['slow+jo@example.com', ['slow resets']],
  ['slow404+jo@example.com', ['slow']],
  ['echo+jo@example.com', ['echo']],
])('%s acts as %j', (email, expected) => {
  expect(acts(email, expected.length)).toEqual(expected);
});

test.each([
  ['flaky429x1-after3+jo@example.com', { form: 'seconds', seconds: 3 }],
  ['flaky429x1-afterdate3+jo@example.com', { form: 'date', seconds: 3 }],
  ['flaky429x1-afternonsense+jo@example.com', { form: 'nonsense' }],
  ['flaky429x1+jo@example.com', undefined],
])('%s says when to come back', (email, retryAfter) => {
  expect(personalityOf(email).retryAfter).toEqual(retryAfter);
});
