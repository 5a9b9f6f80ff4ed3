import type { RequestItem } from '../../../functions/ledger/items.ts';
import type { Engine } from '../engine/engine.ts';
import type { Messages } from '../world/aws/queue.ts';
import type { Options } from '../world/options.ts';
import type { Requests } from '../world/requests.ts';

/** The promises, by name. The bounds are written out in the checks and not taken from the code that they bind. */
export const PROMISES = {
  'nothing lost': 'Every accepted message ends as reset, dead-lettered, cancelled, discarded, or is still queued.',
  'reset or dead-lettered': 'No request is both, unless the outcome of a call was unknown.',
  'no second reset': 'No request is reset twice, unless the outcome of a call was unknown.',
  'lease kept': 'No claim is taken over before its lease has ended.',
  'ended for good':
    'What was reset, cancelled or discarded is never taken up again, and no cancelled campaign becomes active.',
  'call within its lease': 'A call starts under a lease of its own that lasts longer than the call can.',
  'one run a redrive': 'A dead-lettered request starts anew once per letter that was sent back, and counts that.',
  'attempts bounded':
    'At most 50 failed calls and 3 calls without an answer per round; each failed call is booked once.',
  'three unknown outcomes':
    'Nobody is called again after three calls of unknown outcome, in whatever form: 504, silence, a 5xx, a proxy’s 503, a page.',
  'the third call waits': 'After a second call of unknown outcome the next comes 15 minutes later at the earliest.',
  'unknown is said':
    'No letter says retries-exhausted where a call’s outcome was unknown; after three it says outcome-unknown.',
  'an outage spends no attempt':
    'Nobody is dead-lettered as retries-exhausted for calls that an outage for everybody took.',
  'an outage is nobody’s fault':
    'An outage for everybody dead-letters a few at its beginning as server-error, and nobody after.',
  'delays bounded':
    'Retries keep to jitter and Retry-After, put-backs to 15 minutes and an hour; no message is hidden for more than 11 hours.',
  'not before its time': 'No call is made before the time that the last one set.',
  'time for a call': 'No call starts with less than 30 s of the invocation left.',
  'within the budget': 'All copies together are granted at most burst + rate · (t + 2 s) calls in any time t.',
  'a 401 is nobody’s fault': 'A 401 spends no attempt and dead-letters nothing.',
  'no defect': 'Nothing in the worker throws what it does not expect.',
  drained: 'The queues drain when the faults stop.',
} as const;
export type PromiseName = keyof typeof PROMISES;

export interface Violation {
  promise: PromiseName;
  what: string;
  atMs: number;
  request?: number;
}

/** What the checks look at. */
export interface CheckParts {
  engine: Engine;
  options: Options;
  requests: Requests;
  messages: Messages;
  breaches: Breaches;
}

/** An item as the checks read it: with counters that it may not have yet. */
export type CheckedItem = RequestItem & {
  /** Calls that an outage took: no attempt was spent. */
  heldCalls?: number;
  /** Calls answered 429: they do not count towards giving up. */
  throttled?: number;
};

const MOST_KEPT = 10;

/** Promises found broken; the first one ends the run. */
export class Breaches {
  readonly violations: Violation[] = [];
  readonly #engine: Engine;
  readonly #start: number;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#start = engine.now;
  }

  broken(promise: PromiseName, what: string, request?: number): void {
    if (this.violations.length >= MOST_KEPT) return;
    const atMs = this.#engine.now - this.#start;
    this.violations.push({ promise, what, atMs, ...(request === undefined ? {} : { request }) });
  }
}
