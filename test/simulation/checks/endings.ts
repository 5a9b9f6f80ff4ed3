import type { StoredLetter } from '../world/aws/dead-letter-queue.ts';
import type { Judgement } from '../world/judgement.ts';
import type { Leases } from './leases.ts';
import type { CheckedItem, CheckParts } from './promises.ts';

/** What becomes of requests in the end: each is reset, dead-lettered, cancelled or discarded, none twice and none not at all. */
export class Endings {
  readonly #parts: CheckParts;
  readonly #leases: Leases;
  /** Cancelled or discarded. */
  readonly #ended = new Set<number>();

  constructor(parts: CheckParts, leases: Leases) {
    this.#parts = parts;
    this.#leases = leases;
  }

  judged(request: number, { madeReset }: Judgement): void {
    const { requests, engine, breaches } = this.#parts;
    if (!madeReset) return;
    const resets = requests.resets.add(request, 1);
    if (resets === 1) requests.resetAt.set(request, engine.now);
    else if (requests.excuses.get(request) < resets - 1) {
      breaches.broken('no second reset', `reset ${resets} times`, request);
    }
  }

  written(request: number, is: CheckedItem): void {
    if (is.state === 'cancelled' || is.state === 'discarded') this.#ended.add(request);
  }

  letterSent(letter: StoredLetter): void {
    const { request, requestId, reason } = letter;
    if (request < 0) {
      this.#parts.breaches.broken('nothing lost', `a letter for the unknown request ${requestId}`);
      return;
    }
    this.#checkNotBoth(letter, `dead-lettered as ${reason} after its reset`);
  }

  /** Where a message has left its queue for good. */
  gone(message: number, how: string): void {
    const request = this.#parts.messages.request.get(message);
    if (this.#isAccountedFor(request, this.#parts.requests.letters.get(request) > 0)) return;
    this.#parts.breaches.broken('nothing lost', `message m${message} ${how}`, request);
  }

  /** Looks at everything once more. */
  end(isDrained: boolean, left: Iterable<number>, letters: ReadonlySet<StoredLetter>): void {
    const { requests, messages, breaches } = this.#parts;
    if (!isDrained) {
      const first = [...left].slice(0, 1).map((message) => messages.request.get(message))[0];
      breaches.broken('drained', 'messages are left in a lane', first);
    }
    // A letter that a round has begun with may be left over; that round has had an end of its own.
    const lettered = new Set(
      [...letters].filter((letter) => !this.#leases.isStale(letter)).map(({ request }) => request),
    );
    for (let request = 0; request < requests.count; request += 1) {
      if (!this.#isAccountedFor(request, lettered.has(request)))
        breaches.broken('nothing lost', 'nothing is left of it', request);
    }
    for (const letter of letters) this.#checkNotBoth(letter, 'reset after it was dead-lettered');
  }

  #checkNotBoth(letter: StoredLetter, what: string): void {
    const { requests, breaches } = this.#parts;
    const { request } = letter;
    const isExcused = requests.excuses.get(request) > 0 || this.#leases.isStale(letter);
    if (requests.resets.get(request) > 0 && !isExcused) breaches.broken('reset or dead-lettered', what, request);
  }

  #isAccountedFor(request: number, hasLetter: boolean): boolean {
    const { requests } = this.#parts;
    return (
      requests.resets.get(request) > 0 || hasLetter || requests.copies.get(request) > 0 || this.#ended.has(request)
    );
  }
}
