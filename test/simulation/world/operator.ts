import type { Promises } from '../checks/promises.ts';
import type { Chance } from '../engine/chance.ts';
import type { Engine } from '../engine/engine.ts';
import type { Options } from '../scenarios/options.ts';
import type { DeadLetterQueue, StoredLetter } from './aws/dead-letter-queue.ts';
import type { Queue } from './aws/queue.ts';
import type { Requests } from './requests.ts';

export interface OperatorParts {
  engine: Engine;
  chance: Chance;
  options: Options['operator'];
  /** From then on letters are left where they are. */
  faultsEnd: number;
  requests: Requests;
  deadLetters: DeadLetterQueue;
  queues: Record<'interactive' | 'bulk', Queue>;
  promises: Promises;
  releaseBrake: () => void;
}

/** Somebody who looks at the dead-letter queue from time to time and sends letters back to their lane: sent first, then deleted, sometimes sent twice. */
export class Operator {
  readonly #parts: OperatorParts;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
    if (parts.options.everyMs > 0) parts.engine.after(parts.options.everyMs, () => this.#look());
    if (parts.options.releasesBrakeEveryMs > 0) parts.engine.at(parts.faultsEnd, () => this.#release());
  }

  redriveAll(): void {
    for (const letter of [...this.#parts.deadLetters.letters]) this.#redrive(letter);
  }

  #release(): void {
    const { engine, options, releaseBrake } = this.#parts;
    releaseBrake();
    engine.after(options.releasesBrakeEveryMs, () => this.#release());
  }

  #look(): void {
    const { engine, chance, options, deadLetters, requests, faultsEnd } = this.#parts;
    for (const letter of [...deadLetters.letters]) {
      if (requests.redrives.get(letter.request) >= options.mostRedrives || !chance.hits(options.redrives)) continue;
      this.#redrive(letter);
    }
    if (engine.now + options.everyMs < faultsEnd) engine.after(options.everyMs, () => this.#look());
  }

  #redrive(letter: StoredLetter): void {
    const { chance, options, deadLetters, requests, queues, promises, engine } = this.#parts;
    const { request, requestId, failureId } = letter;
    requests.redrives.add(request, 1);
    promises.redriven(letter);
    const carried = {
      ...(requestId === undefined ? {} : { requestId }),
      ...(failureId === undefined ? {} : { failureId }),
    };
    const send = () => queues[letter.lane].send(request, carried);
    send();
    if (chance.hits(options.redrivesTwice)) engine.after(chance.between(0, 60_000), send);
    deadLetters.remove(letter);
  }
}
