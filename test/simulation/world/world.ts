import { LANES, type Lane } from '../../../functions/contract/reset-request.ts';
import { Promises, type Violation } from '../checks/promises.ts';
import { type Chance, chance } from '../engine/chance.ts';
import { Engine } from '../engine/engine.ts';
import { History } from '../engine/history.ts';
import { Measures } from '../report/measures.ts';
import type { Options, ServiceFaults } from '../scenarios/options.ts';
import { type Accidents, accidents } from './accidents.ts';
import { type Judgement, ResetApiWorld } from './api.ts';
import { DeadLetterQueue } from './aws/dead-letter-queue.ts';
import { EventSource } from './aws/event-source.ts';
import { SharedItem } from './aws/item-store.ts';
import { Lambda } from './aws/lambda.ts';
import { Messages, Queue } from './aws/queue.ts';
import { Secret } from './aws/secret.ts';
import { Service } from './aws/service.ts';
import { Table } from './aws/table.ts';
import { Operator } from './operator.ts';
import { Producers } from './producers.ts';
import { Requests } from './requests.ts';
import { portsOf } from './worker.ts';

/** Everything, wired once from one set of options. The same options give the same history. */
export class World {
  readonly options: Options;
  readonly engine = new Engine();
  readonly requests = new Requests();
  readonly messages = new Messages();
  readonly deadLetters = new DeadLetterQueue(this.requests);
  readonly measures: Measures;
  readonly history: History;
  readonly promises: Promises;
  readonly table: Table;
  readonly sharedItem: SharedItem;
  readonly secrets: Service;
  readonly sqs: Service;
  readonly api: ResetApiWorld;
  readonly lambda: Lambda;
  readonly queues: Record<Lane, Queue>;
  readonly sources: Record<Lane, EventSource>;
  readonly producers: Producers;
  readonly operator: Operator;
  /** Set when the run is over. */
  isDrained = false;
  readonly #start: number;
  readonly #befall: Accidents;

  constructor(options: Options, watched?: ReadonlySet<number> | 'all') {
    this.options = options;
    const { engine, requests, messages, deadLetters } = this;
    this.#start = engine.now;
    this.measures = new Measures(() => engine.now);
    this.history = new History(engine, watched);
    this.promises = new Promises({ engine, options, requests, messages, history: this.history });
    const { promises, measures } = this;
    const faultsEnd = engine.now + options.faultsUntilMs;
    this.#befall = accidents(engine, this.#chance('accidents'), options.worker, faultsEnd);

    const ledger = this.#service('ledger', options.table, faultsEnd);
    this.table = new Table(ledger, (key, before, after, sandbox) => promises.written(key, before, after, sandbox));
    this.sharedItem = new SharedItem(this.#service('budget', options.table, faultsEnd), this.table.units);
    this.sqs = this.#service('sqs', options.queue, faultsEnd);
    this.secrets = this.#service('secret', options.secret, faultsEnd);
    const secret = new Secret(engine, this.secrets, options.secret);
    this.api = new ResetApiWorld({
      engine,
      chance: this.#chance('api'),
      options: options.api,
      faultsEnd,
      requests,
      seed: options.seed,
      befall: this.#befall,
      accepts: (token) => secret.accepts(token),
      onJudged: (request, judgement) => {
        measures.count('calls');
        measures.count(seriesOf(judgement));
        promises.judged(request, judgement);
      },
    });

    const queue = (lane: Lane): Queue =>
      new Queue({
        engine,
        lane,
        messages,
        requests,
        faultsEnd,
        chance: this.#chance(`queue ${lane}`),
        options: options.queue,
        onWornOut: (message) => this.#wornOut(lane, message),
        onDropped: (message) => promises.dropped(message),
      });
    this.queues = { interactive: queue('interactive'), bulk: queue('bulk') };
    const { queues } = this;
    this.producers = new Producers({
      engine,
      chance: this.#chance('producers'),
      options,
      requests,
      queues,
      table: this.table,
    });
    const operator = { engine, options: options.operator, faultsEnd, requests, deadLetters, queues, promises };
    const releaseBrake = () => options.budget.factory.releaseBrake(this.table);
    this.operator = new Operator({ ...operator, releaseBrake, chance: this.#chance('operator') });

    const worker = { options, chance: this.#chance('core'), requests, queues, deadLetters, promises, measures, secret };
    const services = { sqs: this.sqs, table: this.table, sharedItem: this.sharedItem, api: this.api };
    this.lambda = new Lambda({
      engine,
      chance: this.#chance('lambda'),
      options: options.worker,
      faultsEnd,
      messages,
      requests,
      portsOf: (sandbox) => portsOf({ ...worker, ...services }, sandbox),
    });
    const source = (lane: Lane): EventSource =>
      new EventSource({
        engine,
        lane,
        options,
        faultsEnd,
        messages,
        queue: queues[lane],
        chance: this.#chance(`poller ${lane}`),
        lambda: this.lambda,
        onAcknowledged: (message) => promises.acknowledged(message),
      });
    this.sources = { interactive: source('interactive'), bulk: source('bulk') };
    for (const { atMs, act } of options.acts) engine.after(atMs, () => act(this));
  }

  get timeMs(): number {
    return this.engine.now - this.#start;
  }

  get violations(): readonly Violation[] {
    return this.promises.violations;
  }

  /** Runs until the queues are drained and the faults over, time is up, or a promise is broken. */
  async run(): Promise<void> {
    const { options, engine, promises } = this;
    const isOver = (): boolean =>
      promises.violations.length > 0 ||
      (this.timeMs >= options.faultsUntilMs &&
        this.producers.isDone &&
        LANES.every((lane) => this.queues[lane].size === 0));
    await engine.run(this.#start + (options.endsAtMs ?? options.faultsUntilMs + options.drainMs), isOver);
    this.isDrained = LANES.every((lane) => this.queues[lane].size === 0);
    if (promises.violations.length > 0) return;
    promises.end(this.isDrained || options.endsAtMs !== undefined, this.#live());
    promises.lettersAtEnd(this.deadLetters.letters);
  }

  *#live(): Iterable<number> {
    for (const lane of LANES) yield* this.queues[lane].live();
  }

  #wornOut(lane: Lane, message: number): void {
    const letter = { request: this.messages.request.get(message), lane };
    this.deadLetters.add(letter);
    this.promises.letterSent(letter);
  }

  #chance(name: string): Chance {
    return chance(this.options.seed, name);
  }

  #service(
    name: string,
    { latency, faults }: Pick<Options['table'], 'latency'> & { faults: ServiceFaults },
    faultsEnd: number,
  ): Service {
    return new Service({
      engine: this.engine,
      chance: this.#chance(name),
      latency,
      faults,
      faultsEnd,
      befall: this.#befall,
    });
  }
}

function seriesOf({
  status,
  isUnknown,
}: Judgement): 'resets' | 'refused' | 'unavailable' | 'unauthorized' | 'failed' | 'unknown' {
  if (isUnknown) return 'unknown';
  if (status === 200) return 'resets';
  if (status === 429) return 'refused';
  if (status === 503 || status === 0) return 'unavailable';
  return status === 401 ? 'unauthorized' : 'failed';
}
