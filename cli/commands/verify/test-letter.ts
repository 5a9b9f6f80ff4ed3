import { LETTER_ATTRIBUTES } from '../../../functions/contract/dead-letter.ts';
import { scanLetters } from '../../letters/letter-scan.ts';
import { type Finding, failed, notChecked, ok } from './check.ts';
import { endOf, send, type Trial } from './test-requests.ts';

/** No JSON, and it says to whoever meets it what it is. */
const NO_REQUEST = 'This is no request: "resets verify --dead-letter" has sent it to see it refused, and removes it.';

/** Sends a body that is no request, and finds and removes its letter. */
export async function testLetterFinding(trial: Trial): Promise<Finding> {
  const { context, connection, action } = trial;
  const sent = await send(trial, 'interactive', NO_REQUEST);
  if ('finding' in sent) return sent.finding;
  const { messageId } = sent;
  // What is no request goes by its message's id. Others' letters are left alone until this one is there.
  const seen = await endOf(trial, 'interactive', messageId, sent);
  if ('finding' in seen) return seen.finding;
  const { state, failureId } = seen.item;
  if (state !== 'failed' || failureId === undefined) {
    return failed(
      `a body that is no request ended as ${state}`,
      `look at it with ${context.command(`request ${messageId}`)}`,
    );
  }
  let isMarked = false;
  const end = await scanLetters(
    {
      clock: context.clock,
      queues: connection.queues,
      queueUrl: connection.deployment.deadLetterQueueUrl,
      stopped: action.stopped,
    },
    async ({ attributes, remove }) => {
      if (attributes[LETTER_ATTRIBUTES.failureId] !== failureId) return false;
      isMarked = await connection.marks.discarded(messageId, failureId);
      // Else somebody else decides on it at this moment.
      if (isMarked) await remove();
      return true;
    },
  );
  const toBeDecidedOn = `its letter may still be there: see ${context.command('dlq list --reason invalid-request')}`;
  switch (end) {
    case 'enough':
      return isMarked
        ? ok('a body that is no request was refused; its letter was found and removed')
        : failed('the letter of a body that is no request was found, and another operator has dealt with it', null);
    case 'nothing-new':
      return failed('a body that is no request was refused, and its letter is not in the queue', toBeDecidedOn);
    case 'stopped':
      return notChecked('stopped before the letter was found', toBeDecidedOn);
  }
}
