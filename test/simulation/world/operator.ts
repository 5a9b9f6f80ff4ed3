import { brakeOff, clearCeiling, pause, release, resume, setCeiling } from '../../../functions/call-budget/operator.ts';
import type { BudgetState, Ceiling } from '../../../functions/call-budget/state.ts';
import type { EpochMs } from '../../../functions/common/clock.ts';
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
  deployed: Ceiling;
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
    const start = engine.now;
    for (const act of acts) engine.after(act.atMs, () => this.#do(act, start));
  }

  #do(act: OperatorAct, start: EpochMs): void {
    const { table, engine, deadLetters, deployed } = this.#parts;
    if (act.act === 'redrive all') {
      for (const letter of [...deadLetters.letters]) this.#redrive(letter);
      return;
    }
    doTo(table, changeOf(act, deployed, start), engine.now);
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

function changeOf(act: Exclude<OperatorAct, { act: 'redrive all' }>, deployed: Ceiling, start: EpochMs) {
  return (state: BudgetState, now: EpochMs): BudgetState => {
    switch (act.act) {
      case 'release':
        return release(state, now);
      case 'resume':
        return resume(state, act.scope);
      case 'pause': {
        const end = act.untilMs === undefined ? {} : { until: start + act.untilMs };
        return pause(state, act.scope, { since: now, who: 'the operator', ...end });
      }
      case 'set': {
        const { perMinute, burst } = deployed;
        return setCeiling(state, { perMinute: Math.ceil(perMinute * act.share), burst }, deployed, now);
      }
      case 'clear':
        return clearCeiling(state, deployed, now);
      case 'brake off':
        return brakeOff(state, act.scope, start + act.untilMs);
    }
  };
}
