import type { CountWatch } from '../../../functions/ledger/dynamo/reader.ts';
import type { Io } from '../../terminal/io.ts';
import { readingOf } from '../reading.ts';
import type { LedgerCounts } from './ledger-counts.ts';

/** Requests by state, as far as they are counted. */
export type Totals<Counts = LedgerCounts> =
  | { kind: 'left out' }
  | { kind: 'counting'; counted: number }
  | { kind: 'counted'; counts: Counts }
  /** The last count there was, if any, and why the next could not be made. */
  | { kind: 'failed'; why: string; counts: Counts | undefined };

/** Counting a large ledger costs read units: it takes at most this share of the time. */
const COUNTING_SHARE = 1 / 20;

/**
 * Counts in the background, again and again: successes go on from the last count, and the other states are counted whole as often as their
 * share of the time permits.
 */
export class RunningTotals<Counts> {
  readonly #countOn: (before: Counts | undefined, watch: CountWatch) => Promise<Counts>;
  readonly #clock: Pick<Io['clock'], 'now'>;
  readonly #stopped: AbortSignal;
  #totals: Totals<Counts> = { kind: 'counting', counted: 0 };
  #counts: Counts | undefined;
  #nextAt = 0;
  #isCounting = false;
  #bug: { error: unknown } | undefined;

  /**
   * @param countOn counts once, from an earlier count on.
   * @param clock measures what a count takes: AWS's may be set right in between.
   */
  constructor(
    countOn: (before: Counts | undefined, watch: CountWatch) => Promise<Counts>,
    clock: Pick<Io['clock'], 'now'>,
    stopped: AbortSignal,
  ) {
    this.#countOn = countOn;
    this.#clock = clock;
    this.#stopped = stopped;
  }

  /** Begins the next count if it is due. Its end is not waited for. */
  refresh(): void {
    if (!this.#isCounting && this.#clock.now() >= this.#nextAt) void this.#count();
  }

  /** As far as it is by now. @throws what was a bug of ours in the background. */
  look(): Totals<Counts> {
    if (this.#bug) throw this.#bug.error;
    return this.#totals;
  }

  async #count(): Promise<void> {
    this.#isCounting = true;
    const begunAt = this.#clock.now();
    const before = this.#counts;
    const onCounted = (more: number): void => {
      if (this.#totals.kind === 'counting') this.#totals.counted += more;
    };
    try {
      const watch = { onCounted, signal: this.#stopped };
      const counted = await readingOf(this.#countOn(before, watch));
      if (counted.ok) this.#counts = counted.value;
      this.#totals = counted.ok
        ? { kind: 'counted', counts: counted.value }
        : { kind: 'failed', why: counted.why, counts: before };
      const endedAt = this.#clock.now();
      // The first count reads all that there ever was; what it took says nothing of the next.
      const isFirst = before === undefined && counted.ok;
      this.#nextAt = isFirst ? endedAt : endedAt + (endedAt - begunAt) / COUNTING_SHARE;
    } catch (error) {
      // Stopped, it throws the signal's reason.
      if (!this.#stopped.aborted) this.#bug = { error };
    } finally {
      this.#isCounting = false;
    }
  }
}
