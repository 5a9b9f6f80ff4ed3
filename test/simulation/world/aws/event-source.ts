import type { Lane } from '../../../../functions/contract/reset-request.ts';
import { failedMessageIds } from '../../../../local/lambda/batch-response.ts';
import type { Chance } from '../../engine/chance.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Options } from '../options.ts';
import type { Lambda, Response } from './lambda.ts';
import type { Delivery, Messages, Queue } from './queue.ts';

export interface EventSourceParts {
  engine: Engine;
  chance: Chance;
  lane: Lane;
  options: Options;
  faultsEnd: number;
  queue: Queue;
  messages: Messages;
  lambda: Lambda;
  onAcknowledged: (message: number) => void;
}

/** Lambda's pollers of one queue: a batch for each of the copies that is free, and what the function answers carried out. */
export class EventSource {
  /** Requests to SQS, without those of an idle queue. */
  readonly requests = { receives: 0, deletes: 0 };
  /** Messages handed to the function. */
  delivered = 0;
  /** Time that polls waited in vain, summed over polls. */
  #idleMs = 0;
  #busy = 0;
  #polling = 0;
  readonly #parts: EventSourceParts;
  readonly #idleSince = new Set<{ at: number }>();

  constructor(parts: EventSourceParts) {
    this.#parts = parts;
    this.#poll();
  }

  /** Empty long polls up to now: Lambda keeps several open while the queue is empty, each asked anew when its time is over. */
  get emptyReceives(): number {
    const { engine, options } = this.#parts;
    let idleMs = this.#idleMs;
    for (const { at } of this.#idleSince) idleMs += engine.now - at;
    return Math.floor(((idleMs / options.queue.pollMs) * options.queue.idlePolls) / this.#copies);
  }

  get #copies(): number {
    return this.#parts.options.worker.copies[this.#parts.lane];
  }

  #poll(): void {
    while (this.#busy + this.#polling < this.#copies) {
      this.#polling += 1;
      this.#receive();
    }
  }

  #receive(): void {
    const { engine, chance, queue, options, lane } = this.#parts;
    engine.after(chance.latency(options.queue.latency.medianMs, options.queue.latency.p99Ms), () => {
      const deliveries = queue.receive(options.worker.batchSize[lane]);
      if (deliveries.length > 0) {
        this.requests.receives += 1;
        this.#polling -= 1;
        this.#deliver(deliveries);
        return;
      }
      const idle = { at: engine.now };
      this.#idleSince.add(idle);
      queue.whenVisible(() => {
        this.#idleSince.delete(idle);
        this.#idleMs += engine.now - idle.at;
        this.#receive();
      });
    });
  }

  #deliver(deliveries: readonly Delivery[]): void {
    this.#busy += 1;
    this.delivered += deliveries.length;
    this.#parts.lambda.invoke(this.#parts.lane, deliveries, (response) => {
      this.#busy -= 1;
      this.#acknowledge(deliveries, response);
      // Not within the invocation's own last moment.
      this.#parts.engine.after(0, () => this.#poll());
    });
  }

  #acknowledge(deliveries: readonly Delivery[], response: Response): void {
    const { engine, chance, queue, messages, options, faultsEnd } = this.#parts;
    if (response === undefined) return;
    const ids = deliveries.map(({ message }) => messages.idOf(message));
    const failed = failedMessageIds(JSON.stringify(response), ids);
    if (failed === 'all') return;
    const done = deliveries.filter((_, index) => !failed.has(ids[index] ?? ''));
    if (done.length === 0) return;
    engine.after(chance.latency(options.queue.latency.medianMs, options.queue.latency.p99Ms), () => {
      this.requests.deletes += 1;
      if (engine.now < faultsEnd && chance.hits(options.queue.deleteFails)) return;
      for (const delivery of done) {
        if (queue.delete(delivery)) this.#parts.onAcknowledged(delivery.message);
      }
    });
  }
}
