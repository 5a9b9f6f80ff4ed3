import { FAILURE_REASONS, type FailureReason, LETTER_ATTRIBUTES } from '../../functions/contract/dead-letter.ts';
import { type RequestItem, requestIdOf } from '../../functions/ledger/items.ts';
import type { InspectedMessage } from '../aws/stand-ins.ts';
import type { CallStatistics } from '../reset-api/call-statistics.ts';

/** What the queues, the ledger and the API saw. */
export interface Evidence {
  /** The keys of all requests that were sent. */
  sent: ReadonlySet<string>;
  items: readonly RequestItem[];
  letters: readonly InspectedMessage[];
  /** Messages in the lanes, visible or not. */
  left: number;
  calls: CallStatistics;
}

export interface Tally {
  sent: number;
  reset: number;
  byReason: Record<FailureReason, number>;
  /** Why the totals do not reconcile, one sentence each; empty if they do. */
  differences: string[];
}

/** Reasons that leave open whether the password was reset. */
const PERHAPS_RESET: readonly FailureReason[] = ['server-error', 'outcome-unknown', 'retries-exhausted'];

/** Checks that sent = reset + dead-lettered, that each dead letter has its item, and that the ledger explains every reset the API made. */
export function reconcile({ sent, items, letters, left, calls }: Evidence): Tally {
  const differences: string[] = [];
  const found = new Set(items.map(({ pk }) => requestIdOf(pk)));
  const reset = items.filter(({ state }) => state === 'succeeded');
  const failed = items.filter(({ state }) => state === 'failed');
  const open = items.filter(({ state }) => state !== 'succeeded' && state !== 'failed');
  const note = (ids: readonly string[], what: string) => {
    if (ids.length > 0) differences.push(`${ids.length} ${what}: ${listed(ids)}.`);
  };
  note(
    [...sent].filter((id) => !found.has(id)),
    'sent but not in the ledger',
  );
  note(
    [...found].filter((id) => !sent.has(id)),
    'in the ledger but never sent',
  );
  note(
    open.map(({ pk, state }) => `${requestIdOf(pk)} (${state})`),
    'not finished',
  );
  if (left > 0) differences.push(`${left} messages are still in the lanes.`);

  const lettersById = Map.groupBy(letters, (letter) => attribute(letter, LETTER_ATTRIBUTES.failureId) ?? '');
  const matched = new Set<string>();
  for (const { pk, failureId = '', reason } of failed) {
    matched.add(failureId);
    const own = lettersById.get(failureId) ?? [];
    if (own.length === 0) differences.push(`${requestIdOf(pk)} is dead-lettered in the ledger but has no dead letter.`);
    for (const letter of own) {
      const written = attribute(letter, LETTER_ATTRIBUTES.failureReason);
      if (written !== reason)
        differences.push(`${requestIdOf(pk)}: the ledger says ${reason}, its dead letter ${written}.`);
    }
  }
  const strangers = letters.filter((letter) => !matched.has(attribute(letter, LETTER_ATTRIBUTES.failureId) ?? ''));
  note(strangers.map(letterId), 'dead letters of requests that have not failed according to the ledger');

  const firstResets = calls.resets - calls.secondResets;
  const perhapsReset = failed.filter(({ reason }) => reason !== undefined && PERHAPS_RESET.includes(reason)).length;
  if (firstResets < reset.length) {
    differences.push(`The ledger counts ${reset.length} resets, the API reset ${firstResets} people.`);
  }
  if (firstResets > reset.length + perhapsReset) {
    differences.push(`The API reset ${firstResets} people; the ledger explains ${reset.length + perhapsReset}.`);
  }
  const unexplained = calls.secondResets - calls.explainedSecondResets;
  if (unexplained > 0) differences.push(`${unexplained} second resets did not follow a call with an unknown outcome.`);

  const byReason = Object.fromEntries(
    FAILURE_REASONS.map((reason) => [reason, failed.filter((item) => item.reason === reason).length]),
  ) as Record<FailureReason, number>;
  return { sent: sent.size, reset: reset.length, byReason, differences };
}

export const attribute = (letter: InspectedMessage, name: string): string | undefined =>
  letter.messageAttributes[name]?.StringValue;

export const letterId = (letter: InspectedMessage): string =>
  attribute(letter, LETTER_ATTRIBUTES.requestId) ?? letter.messageId;

const MOST_LISTED = 5;
function listed(ids: readonly string[]): string {
  const shown = ids.slice(0, MOST_LISTED).join(', ');
  return ids.length > MOST_LISTED ? `${shown} and ${ids.length - MOST_LISTED} more` : shown;
}
