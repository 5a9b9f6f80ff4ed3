import type { Lane } from '../../../../functions/contract/reset-request.ts';
import type { Chance } from '../../engine/chance.ts';
import { bytes, integers, shorts, times } from '../../engine/column.ts';
import type { Engine, Timer } from '../../engine/engine.ts';
import type { Options } from '../options.ts';
import type { Requests } from '../requests.ts';

/** What a message carries beside its body, after a redrive. */
export interface Carried {
  requestId?: string;
  failureId?: string;
}

export interface Delivery {
  message: number;
  receipt: number;
}

const DELETED = 0;
const READY = 1;
const IN_FLIGHT = 2;

/** SQS counts them from the receive. */
const LONGEST_HIDE_MS = 12 * 60 * 60 * 1000;

/** The messages of both lanes, a row each. */
export class Messages {
  count = 0;
  readonly request = integers();
  readonly sentAt = times();
  readonly receivedAt = times();
  readonly receives = shorts();
  readonly receipt = integers();
  readonly state = bytes();
  /** Kept when the message is deleted: a copy of it may still be on its way to a sandbox that starts. */
  readonly carried = new Map<number, Carried>();

  idOf(message: number): string {
    return `m${message}`;
  }
}

export interface QueueParts {
  engine: Engine;
  chance: Chance;
  lane: Lane;
  messages: Messages;
  requests: Requests;
  options: Options['queue'];
  /** From then on nothing is delivered twice. */
  faultsEnd: number;
  /** SQS moves it to the dead-letter queue: received too often. */
  onWornOut: (message: number) => void;
  /** Its retention is over. */
  onDropped: (message: number) => void;
}

/** A standard SQS queue: at least once, in no certain order. */
export class Queue {
  /** In the lane, whether visible or not. */
  size = 0;
  sends = 0;
  readonly #parts: QueueParts;
  #ready: number[] = [];
  #head = 0;
  readonly #hidden = new Map<number, Timer>();
  readonly #waiting: (() => void)[] = [];

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  get visible(): number {
    return this.#ready.length - this.#head;
  }

  send(request: number, carried: Carried = {}): number {
    const { messages, requests, engine } = this.#parts;
    const message = messages.count;
    messages.count += 1;
    messages.request.set(message, request);
    messages.sentAt.set(message, engine.now);
    if (carried.failureId !== undefined || carried.requestId !== undefined) messages.carried.set(message, carried);
    requests.copies.add(request, 1);
    requests.nameByMessage(messages.idOf(message), request);
    this.size += 1;
    this.sends += 1;
    this.#show(message);
    return message;
  }

  receive(most: number): Delivery[] {
    const { messages, options, engine, chance, faultsEnd } = this.#parts;
    const deliveries: Delivery[] = [];
    while (deliveries.length < most && this.visible > 0) {
      const message = this.#takeReady();
      if (engine.now - messages.sentAt.get(message) >= options.retentionMs) {
        this.#remove(message);
        this.#parts.onDropped(message);
        continue;
      }
      const receives = messages.receives.add(message, 1);
      if (receives > options.maxReceiveCount) {
        this.#remove(message);
        this.#parts.onWornOut(message);
        continue;
      }
      messages.state.set(message, IN_FLIGHT);
      messages.receivedAt.set(message, engine.now);
      const receipt = messages.receipt.add(message, 1);
      const twice = engine.now < faultsEnd && chance.hits(options.deliversTwice);
      this.#hide(message, twice ? chance.between(0, 30_000) : options.visibilityMs);
      deliveries.push({ message, receipt });
    }
    return deliveries;
  }

  /** @returns whether the message is gone. */
  delete({ message, receipt }: Delivery): boolean {
    const { messages, options, engine, chance, faultsEnd } = this.#parts;
    if (messages.state.get(message) === DELETED) return false;
    if (receipt !== messages.receipt.get(message) && !chance.hits(options.oldReceiptDeletes)) return false;
    if (engine.now < faultsEnd && chance.hits(options.survivesDelete)) return false;
    this.#remove(message);
    return true;
  }

  /** @throws as SQS does where the message is not in flight under this receipt, or the time is too long. */
  changeVisibility({ message, receipt }: Delivery, ms: number): void {
    const { messages, engine } = this.#parts;
    const isHeld = messages.state.get(message) === IN_FLIGHT && receipt === messages.receipt.get(message);
    if (!isHeld) throw new Error('MessageNotInflight');
    if (engine.now + ms - messages.receivedAt.get(message) > LONGEST_HIDE_MS) throw new Error('InvalidParameterValue');
    this.#hide(message, ms);
  }

  /** Resolves a long poll as soon as there may be something to receive. */
  whenVisible(arrived: () => void): void {
    this.#waiting.push(arrived);
  }

  /** Messages that are in the lane, whatever their visibility. */
  *live(): Iterable<number> {
    for (let index = this.#head; index < this.#ready.length; index += 1) {
      const message = this.#ready[index];
      if (message !== undefined && this.#parts.messages.state.get(message) === READY) yield message;
    }
    yield* this.#hidden.keys();
  }

  #show(message: number): void {
    this.#parts.messages.state.set(message, READY);
    this.#ready.push(message);
    this.#waiting.shift()?.();
  }

  #hide(message: number, ms: number): void {
    const { engine } = this.#parts;
    const timer = this.#hidden.get(message);
    if (timer) engine.callOff(timer);
    this.#hidden.set(
      message,
      engine.after(ms, () => {
        this.#hidden.delete(message);
        this.#show(message);
      }),
    );
  }

  #remove(message: number): void {
    const { engine, messages, requests } = this.#parts;
    const timer = this.#hidden.get(message);
    if (timer) {
      engine.callOff(timer);
      this.#hidden.delete(message);
    } else if (messages.state.get(message) === READY) {
      const at = this.#ready.indexOf(message, this.#head);
      if (at >= 0) this.#ready.splice(at, 1);
    }
    messages.state.set(message, DELETED);
    requests.copies.add(messages.request.get(message), -1);
    this.size -= 1;
  }

  #takeReady(): number {
    const { chance, options } = this.#parts;
    const reach = Math.min(options.reorderWindow, this.visible);
    const at = this.#head + (reach > 1 ? chance.whole(0, reach - 1) : 0);
    const message = this.#ready[at] ?? 0;
    this.#ready[at] = this.#ready[this.#head] ?? 0;
    this.#head += 1;
    if (this.#head > 10_000 && this.#head > this.#ready.length / 2) {
      this.#ready = this.#ready.slice(this.#head);
      this.#head = 0;
    }
    this.#parts.messages.state.set(message, IN_FLIGHT);
    return message;
  }
}
