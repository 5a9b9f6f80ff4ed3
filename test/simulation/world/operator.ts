import { pause, release, resume } from '../../../functions/call-budget/operator.ts';
import type { BudgetState } from '../../../functions/call-budget/state.ts';
import type { Chance } from '../engine/chance.ts';
import type { Engine } from '../engine/engine.ts';
import type { DeadLetterQueue, StoredLetter } from './aws/dead-letter-queue.ts';
import type { Queue } from './aws/queue.ts';
import type { Table } from './aws/table.ts';
import { doTo } from './budget-acts.ts';
import type { Observer } from './observer.ts';
import type { OperatorAct, Options } from './options.ts';
import type { Requests } from './requests.ts';

export interface OperatorParts {
  engine: Engine;
  chance: Chance;
  options: Options['operator'];
  acts: Options['acts'];
  /** From then on letters are left where they are. */
  faultsEnd: number;
  requests: Requests;
  deadLetters: DeadLetterQueue;
  queues: Record<'interactive' | 'bulk', Queue>;
  table: Table;
  observer: Observer;
}

/** Somebody who looks at the dead-letter queue from time to time and sends letters back to their lane: sent first, then deleted, sometimes sent twice. */
export class Operator {
  readonly #parts: OperatorParts;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
    const { engine, options, acts, faultsEnd } = parts;
    if (options.everyMs > 0) engine.after(options.everyMs, () => this.#look());
    if (options.releasesEveryMs > 0) engine.at(faultsEnd, () => this.#release());
    for (const act of acts) engine.after(act.atMs, () => this.#do(act));
  }

  #do(act: OperatorAct): void {
    const { table, engine, deadLetters } = this.#parts;
    if (act.act === 'redrive all') {
      for (const letter of [...deadLetters.letters]) this.#redrive(letter);
      return;
    }
    doTo(table, changeOf(act), engine.now);
  }

  #release(): void {
    const { engine, options, table } = this.#parts;
    doTo(table, release, engine.now);
    engine.after(options.releasesEveryMs, () => this.#release());
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
    const { chance, options, deadLetters, requests, queues, observer, engine } = this.#parts;
    const { request, requestId, failureId } = letter;
    requests.redrives.add(request, 1);
    observer.redriven(letter);
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

function changeOf(act: Exclude<OperatorAct, { act: 'redrive all' }>) {
  if (act.act === 'release') return release;
  const { scope } = act;
  if (act.act === 'resume') return (state: BudgetState) => resume(state, scope);
  return (state: BudgetState) => pause(state, scope, Number.MAX_SAFE_INTEGER);
}
