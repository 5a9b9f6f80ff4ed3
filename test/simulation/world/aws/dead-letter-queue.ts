import type { FailureReason } from '../../../../functions/contract/dead-letter.ts';
import type { Lane } from '../../../../functions/contract/reset-request.ts';
import type { Requests } from '../requests.ts';

export interface StoredLetter {
  request: number;
  lane: Lane;
  requestId?: string;
  failureId?: string;
  /** Absent where SQS itself moved the message. */
  reason?: FailureReason;
}

/** The dead-letter queue, as an operator sees it. */
export class DeadLetterQueue {
  readonly letters = new Set<StoredLetter>();
  /** Letters ever, by reason. */
  readonly byReason = new Map<string, number>();
  sends = 0;
  readonly #requests: Requests;

  constructor(requests: Requests) {
    this.#requests = requests;
  }

  add(letter: StoredLetter): void {
    this.letters.add(letter);
    this.sends += 1;
    this.#requests.letters.add(letter.request, 1);
    const reason = letter.reason ?? 'not-processed';
    this.byReason.set(reason, (this.byReason.get(reason) ?? 0) + 1);
  }

  remove(letter: StoredLetter): void {
    if (this.letters.delete(letter)) this.#requests.letters.add(letter.request, -1);
  }
}
