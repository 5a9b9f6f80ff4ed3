import { brakeOff, clearCeiling, pause, release, resume, setCeiling } from '../../../functions/call-budget/operator.ts';
import type { BudgetState, Ceiling } from '../../../functions/call-budget/state.ts';
import type { EpochMs } from '../../../functions/common/clock.ts';
import { type LetterMarks, letterMarks } from '../../../functions/ledger/dynamo/letter-marks.ts';
import { requestKey } from '../../../functions/ledger/items.ts';
import type { Chance } from '../engine/chance.ts';
import type { Engine } from '../engine/engine.ts';
import type { DeadLetterQueue, StoredLetter } from './aws/dead-letter-queue.ts';
import type { Queue } from './aws/queue.ts';
import { TABLE_NAME, type Table } from './aws/table.ts';
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

/** A letter that the worker sent: those that SQS moved itself have no ids. */
type NamedLetter = StoredLetter & { requestId: string; failureId: string };

/** Between two steps of a command at most: some are so slow that the copy has long been received. */
const LONGEST_STEP_MS = 5_000;

/**
 * Somebody who looks at the dead-letter queue from time to time and sends letters back to their lane: sent first, then deleted, sometimes
 * sent twice. By the command, which marks them in the ledger, or from the console, which does not.
 */
export class Operator {
  readonly #parts: OperatorParts;
  readonly #marks: LetterMarks;
  /** What a command under way holds, and nobody else sees. */
  readonly #inHand = new Set<StoredLetter>();

  constructor(parts: OperatorParts) {
    this.#parts = parts;
    const { engine, options, acts, faultsEnd, table } = parts;
    this.#marks = letterMarks({ client: table.operatorClient(), tableName: TABLE_NAME, now: () => engine.now });
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
      if (this.#inHand.has(letter)) continue;
      if (options.marks > 0 && isNamed(letter) && this.#isLeftOver(letter)) {
        deadLetters.remove(letter);
        continue;
      }
      if (isNamed(letter) && chance.hits(options.discards)) {
        void this.#discard(letter);
        continue;
      }
      if (requests.redrives.get(letter.request) >= options.mostRedrives || !chance.hits(options.redrives)) continue;
      this.#redrive(letter);
    }
    if (engine.now + options.everyMs < faultsEnd) engine.after(options.everyMs, () => this.#look());
  }

  /** Whether a letter says no more of its request: of a command that was cut off. */
  #isLeftOver({ requestId, failureId }: NamedLetter): boolean {
    const { state, failureId: latest } = this.#parts.table.items.get(requestKey(requestId)) ?? {};
    return latest !== failureId || ['redriven', 'succeeded', 'cancelled', 'discarded'].includes(String(state));
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
    if (isNamed(letter) && chance.hits(options.marks)) {
      void this.#finishRedrive(letter);
      return;
    }
    deadLetters.remove(letter);
    if (isNamed(letter)) void this.#markGone(letter);
  }

  /** What comes after the copy is sent. */
  async #finishRedrive(letter: NamedLetter): Promise<void> {
    const { chance, options, deadLetters } = this.#parts;
    this.#inHand.add(letter);
    if (!chance.hits(options.cutOff)) {
      await this.#pause();
      await this.#marks.redriven(letter.requestId, letter.failureId);
      await this.#pause();
      // Whatever the mark came to, the copy is in its lane.
      if (!chance.hits(options.cutOff)) deadLetters.remove(letter);
    }
    this.#inHand.delete(letter);
  }

  async #discard(letter: NamedLetter): Promise<void> {
    const { chance, options, deadLetters } = this.#parts;
    this.#inHand.add(letter);
    const isDiscarded = await this.#marks.discarded(letter.requestId, letter.failureId);
    await this.#pause();
    if (isDiscarded && !chance.hits(options.cutOff)) deadLetters.remove(letter);
    this.#inHand.delete(letter);
  }

  /** A console's redrive leaves a `failed` request without a letter, while its copy is on its way. */
  async #markGone({ requestId, failureId }: NamedLetter): Promise<void> {
    const { chance, options } = this.#parts;
    if (!chance.hits(options.marksGone)) return;
    await this.#pause();
    await this.#marks.gone(requestId, failureId);
  }

  #pause(): Promise<void> {
    const { engine, chance } = this.#parts;
    return new Promise((resolve) => engine.after(chance.between(0, LONGEST_STEP_MS), resolve));
  }
}

const isNamed = (letter: StoredLetter): letter is NamedLetter =>
  letter.requestId !== undefined && letter.failureId !== undefined;

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
