import type { Clock, EpochMs } from '../common/clock.ts';
import { type BudgetState, freshBudget } from './state.ts';

export type BudgetWrite = { kind: 'written' } | { kind: 'conflict'; current: BudgetState | undefined };

/** Where the budget is kept. Every method may throw {@link LedgerUnreachable}. */
export interface BudgetStore {
  /** Consistently. */
  read(): Promise<BudgetState | undefined>;
  /** Writes if the item is still at the revision before that of `next`, or is not there and `next` has revision 1. */
  write(next: BudgetState): Promise<BudgetWrite>;
}

/** What was last seen is taken for the present this long: a read costs as much time as a write in vain. */
const FRESH_MS = 30;
/** After a write that met another's. */
const FIRST_CONFLICT_PAUSE_MS = 20;
const MAX_CONFLICT_PAUSE_MS = 1_000;

/** The budget's one item as this copy of the function last saw it. An old sight costs a conflict, never a permit. */
export class SharedItem {
  readonly #store: BudgetStore;
  readonly #clock: Clock;
  readonly #random: () => number;
  #sight: { state: BudgetState; at: EpochMs } | undefined;
  /** What was last seen is not what is there, or nobody knows whether it is. */
  #isForgotten = false;
  /** Changes of this copy follow each other: it would only meet its own writes. */
  #changing: Promise<unknown> = Promise.resolve();

  constructor(store: BudgetStore, clock: Clock, random: () => number) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
  }

  /** The last sight, if it is no older than this. */
  seenWithin(ageMs: number): BudgetState | undefined {
    if (this.#isForgotten || this.#sight === undefined) return undefined;
    return this.#clock.now() - this.#sight.at <= ageMs ? this.#sight.state : undefined;
  }

  /** The last sight, also a forgotten one, if it was had at that time or later. */
  seenSince(time: EpochMs): BudgetState | undefined {
    return this.#sight !== undefined && this.#sight.at >= time ? this.#sight.state : undefined;
  }

  /** The next change reads first. */
  forget(): void {
    this.#isForgotten = true;
  }

  /**
   * Shows the item to somebody who may want it changed, and writes what they answer as `next`.
   * @returns their answer, or undefined if another copy's write came first.
   */
  change<T extends { next?: BudgetState }>(decide: (state: BudgetState) => T): Promise<T | undefined> {
    const change = this.#changing.then(async () => {
      const answer = decide(await this.#look());
      return answer.next === undefined || (await this.#write(answer.next)) ? answer : undefined;
    });
    this.#changing = change.catch(() => undefined);
    return change;
  }

  pauseAfterConflict(conflicts: number): Promise<void> {
    return this.#clock.sleep(
      this.#random() * Math.min(MAX_CONFLICT_PAUSE_MS, FIRST_CONFLICT_PAUSE_MS * 2 ** conflicts),
    );
  }

  async #look(): Promise<BudgetState> {
    return this.seenWithin(FRESH_MS) ?? this.#see((await this.#store.read()) ?? freshBudget(this.#clock.now()));
  }

  async #write(next: BudgetState): Promise<boolean> {
    const revised = { ...next, revision: next.revision + 1 };
    // If the write fails nobody knows what the item is.
    this.forget();
    const result = await this.#store.write(revised);
    const state = result.kind === 'written' ? revised : result.current;
    if (state) this.#see(state);
    return result.kind === 'written';
  }

  #see(state: BudgetState): BudgetState {
    this.#sight = { state, at: this.#clock.now() };
    this.#isForgotten = false;
    return state;
  }
}
