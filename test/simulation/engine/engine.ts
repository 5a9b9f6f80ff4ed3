/** Milliseconds since the epoch; whole ones, as a computer's clock gives them. */
type Time = number;

/** Something that will happen. Forgotten at once where it is called off, so that what it holds on to is free again. */
export interface Timer {
  at: Time;
  order: number;
  act: (() => void) | undefined;
}

/** A round time reads well in histories. */
export const START: Time = Date.UTC(2026, 10, 23, 12);

/** Events between two turns of the real event loop. Node drains all microtasks after each callback of `setImmediate`, so one callback is one event. */
const EVENTS_A_TURN = 500;

/**
 * Discrete events on a virtual clock. Between two events every promise that can go on does so, hence all that the simulated programs
 * do takes no time; what takes time asks for it here. Events of the same time happen in the order in which they were asked for.
 */
export class Engine {
  now: Time = START;
  events = 0;
  #heap: Timer[] = [];
  #order = 0;
  #calledOff = 0;

  at(time: Time, act: () => void): Timer {
    const timer: Timer = { at: Math.max(this.now, Math.ceil(time)), order: this.#order, act };
    this.#order += 1;
    this.#push(timer);
    return timer;
  }

  after(delayMs: number, act: () => void): Timer {
    return this.at(this.now + Math.max(0, delayMs), act);
  }

  callOff(timer: Timer): void {
    if (timer.act === undefined) return;
    timer.act = undefined;
    this.#calledOff += 1;
    // Most alarms are called off long before they would ring; they must not fill the heap.
    if (this.#calledOff > 1_000 && this.#calledOff > this.#heap.length / 2) this.#sweep();
  }

  /** Lets things happen until `isOver` says so, the time given has come, or nothing is left to happen. */
  run(until: Time, isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let over = false;
      const step = (): void => {
        if (over) return;
        try {
          over = isOver() || !this.#next(until);
        } catch (error) {
          over = true;
          reject(error);
        }
        if (over) resolve();
      };
      const turn = (): void => {
        if (over) return;
        for (let index = 0; index < EVENTS_A_TURN; index += 1) setImmediate(step);
        setImmediate(turn);
      };
      setImmediate(turn);
    });
  }

  #next(until: Time): boolean {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return false;
      if (first.act !== undefined && first.at > until) {
        this.now = until;
        return false;
      }
      this.#pop();
      if (first.act === undefined) {
        this.#calledOff -= 1;
        continue;
      }
      this.now = first.at;
      this.events += 1;
      const act = first.act;
      first.act = undefined;
      act();
      return true;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(timer);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || isBefore(parent, timer)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = timer;
  }

  #pop(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#sink(last, 0);
  }

  #sink(timer: Timer, from: number): void {
    const heap = this.#heap;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = heap[childIndex];
      if (child === undefined) break;
      const right = heap[childIndex + 1];
      if (right !== undefined && isBefore(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (isBefore(timer, child)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = timer;
  }

  #sweep(): void {
    this.#heap = this.#heap.filter(({ act }) => act !== undefined);
    this.#calledOff = 0;
    for (let index = (this.#heap.length >> 1) - 1; index >= 0; index -= 1) {
      const timer = this.#heap[index];
      if (timer !== undefined) this.#sink(timer, index);
    }
  }
}

const isBefore = (one: Timer, other: Timer): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order);
