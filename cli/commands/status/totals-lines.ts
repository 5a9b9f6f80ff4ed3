import { FAILURE_REASONS } from '../../../functions/contract/dead-letter.ts';
import { queued } from '../../queries/lane-counts.ts';
import { known } from '../../queries/reading.ts';
import { COUNTED_STATES, type LedgerCounts } from '../../queries/situation/ledger-counts.ts';
import type { Totals } from '../../queries/situation/running-totals.ts';
import type { Situation } from '../../queries/situation/situation.ts';
import { unexplained } from '../../queries/situation/situation-json.ts';
import { numbers, type PageLine, section } from '../../terminal/page.ts';
import { counted, number } from '../../terminal/text.ts';

/** All requests by state, and the dead letters by reason. */
export function totalsLines(totals: Totals, situation: Situation): PageLine[] {
  switch (totals.kind) {
    case 'left out':
      return [{ text: '' }, { text: 'Totals: left out.' }];
    case 'counting':
      return [{ text: '' }, { text: `Totals: counting … ${number(totals.counted)}` }];
    case 'failed':
      return [
        { text: '' },
        { text: `Totals could not be counted: ${totals.why}`, style: 'yellow' },
        ...(totals.counts === undefined ? [] : countLines(totals.counts, situation)),
      ];
    case 'counted':
      return countLines(totals.counts, situation);
  }
}

function countLines(counts: LedgerCounts, { deadLetterQueue }: Situation): PageLine[] {
  const { states, deadLetters, unconfirmed } = counts;
  const letters = known(deadLetterQueue);
  return [
    ...section('All requests by state'),
    ...numbers(COUNTED_STATES.map((state) => [state, states[state]])),
    ...(unconfirmed > 0
      ? [
          {
            text: `  ${number(unconfirmed)} of calling ${unconfirmed === 1 ? 'is' : 'are'} unconfirmed: the reset may have gone through; if its message is still queued, it is tried again`,
          },
        ]
      : []),
    ...section('Dead letters by reason'),
    ...numbers(FAILURE_REASONS.map((reason) => [reason, deadLetters[reason]])),
    ...(letters === undefined ? [] : difference(unexplained(queued(letters), counts))),
  ];
}

/** The two are counted at different times and kept for different times, so the difference is only a hint. */
function difference(letters: number): PageLine[] {
  if (letters === 0) return [];
  const text =
    letters > 0
      ? `an estimated ${counted(letters, 'letter')} more in the queue than the ledger knows of: sent just now, or moved there by SQS itself (not-processed)`
      : `an estimated ${counted(-letters, 'letter')} fewer in the queue than the ledger knows of: older than the queue keeps them, or removed from it`;
  return [{ text: `  ${text}` }];
}
