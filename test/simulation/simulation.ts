import { LANES, type Lane } from '../../functions/contract/reset-request.ts';
import type { Violation } from './checks/promises.ts';
import { Watch } from './checks/watch.ts';
import { type Chance, chance } from './engine/chance.ts';
import { Engine } from './engine/engine.ts';
import { History } from './engine/history.ts';
import { Measures, type SeriesName } from './engine/measures.ts';
import { type Accidents, accidents } from './world/accidents.ts';
import { ResetApiWorld } from './world/api.ts';
import { DeadLetterQueue } from './world/aws/dead-letter-queue.ts';
import { EventSource } from './world/aws/event-source.ts';
import { Lambda } from './world/aws/lambda.ts';
import { Messages, Queue } from './world/aws/queue.ts';
import { Secret } from './world/aws/secret.ts';
import { Service } from './world/aws/service.ts';
import { Table } from './world/aws/table.ts';
import type { Judgement } from './world/judgement.ts';
import { Operator } from './world/operator.ts';
import type { Latency, Options, ServiceFaults } from './world/options.ts';
import { Producers } from './world/producers.ts';
import { Requests } from './world/requests.ts';
import { portsOf } from './world/worker.ts';

export interface Looking {
  /** Requests whose history is kept. */
  watched?: ReadonlySet<number> | 'all';
}

/** Everything, wired once from one set of options. The same options give the same history. */
export class Simulation {
  readonly options: Options;
  readonly engine = new Engine();
  readonly requests = new Requests();
  readonly messages = new Messages();
  readonly deadLetters = new DeadLetterQueue(this.requests);
  readonly measures: Measures;
  readonly history: History;
  readonly watch: Watch;
  readonly table: Table;
  readonly secrets: Service;
  readonly sqs: Service;
  readonly api: ResetApiWorld;
  readonly lambda: Lambda;
  readonly queues: Record<Lane, Queue>;
  readonly sources: Record<Lane, EventSource>;
  readonly producers: Producers;
  /** Set when the run is over. */
  isDrained = false;
  readonly #start: number;
  readonly #faultsEnd: number;
  readonly #befall: Accidents;

  constructor(options: Options, { watched }: Looking = {}) {
    this.options = options;
    const { engine, requests, messages, deadLetters } = this;
    this.#start = engine.now;
    this.#faultsEnd = engine.now + options.faultsUntilMs;
    const faultsEnd = this.#faultsEnd;
    this.measures = new Measures(() => engine.now);
    this.history = new History(engine, watched);
    this.watch = new Watch({ engine, options, requests, messages, history: this.history });
    this.#befall = accidents(engine, this.#chance('accidents'), options.worker, faultsEnd);

    this.table = new Table({
      engine,
      chance: this.#chance('replicas'),
      service: this.#service('ledger', options.table),
      onWrite: this.watch.written,
      lagMs: options.table.lagMs,
    });
    this.sqs = this.#service('sqs', options.queue);
    this.secrets = this.#service('secret', options.secret);
    const secret = new Secret(engine, this.secrets, options.secret);
    this.api = this.#api(secret);
    this.queues = { interactive: this.#queue('interactive'), bulk: this.#queue('bulk') };
    const { queues, table, watch: observer } = this;
    this.producers = new Producers({ engine, chance: this.#chance('producers'), options, requests, queues, table });
    const { operator, acts, budget: deployed } = options;
    const people = {
      engine,
      options: operator,
      acts,
      deployed,
      faultsEnd,
      requests,
      deadLetters,
      queues,
      table,
      observer,
    };
    new Operator({ ...people, chance: this.#chance('operator') });
    this.lambda = this.#lambda(secret);
    this.sources = { interactive: this.#source('interactive'), bulk: this.#source('bulk') };
  }

  get timeMs(): number {
    return this.engine.now - this.#start;
  }

  get violations(): readonly Violation[] {
    return this.watch.violations;
  }

  /** Runs until the queues are drained and the faults over, time is up, or a promise is broken. */
  async run(): Promise<void> {
    const { options, engine } = this;
    const isOver = (): boolean =>
      this.violations.length > 0 ||
      (this.timeMs >= options.faultsUntilMs &&
        this.producers.isDone &&
        LANES.every((lane) => this.queues[lane].size === 0));
    await engine.run(this.#start + (options.endsAtMs ?? options.faultsUntilMs + options.drainMs), isOver);
    this.isDrained = LANES.every((lane) => this.queues[lane].size === 0);
    if (this.violations.length > 0) return;
    this.watch.end(this.isDrained || options.endsAtMs !== undefined, this.#live(), this.deadLetters.letters);
  }

  *#live(): Iterable<number> {
    for (const lane of LANES) yield* this.queues[lane].live();
  }

  #wornOut(lane: Lane, message: number): void {
    const letter = { request: this.messages.request.get(message), lane };
    this.deadLetters.add(letter);
    this.watch.letterSent(letter);
  }

  #chance(name: string): Chance {
    return chance(this.options.seed, name);
  }

  #service(name: string, { latency, faults }: { latency: Latency; faults: ServiceFaults }): Service {
    const [engine, faultsEnd, befall] = [this.engine, this.#faultsEnd, this.#befall];
    return new Service({ engine, chance: this.#chance(name), latency, faults, faultsEnd, befall });
  }

  #api(secret: Secret): ResetApiWorld {
    const { options, engine, requests, measures, watch } = this;
    return new ResetApiWorld({
      engine,
      chance: this.#chance('api'),
      options: options.api,
      faultsEnd: this.#faultsEnd,
      requests,
      seed: options.seed,
      befall: this.#befall,
      accepts: (token) => secret.accepts(token),
      onJudged: (request, judgement) => {
        measures.count('calls');
        // What the probe address met is nobody's reset or failure.
        if (request === undefined) return;
        measures.count(seriesOf(judgement));
        watch.judged(request, judgement);
      },
    });
  }

  #queue(lane: Lane): Queue {
    const { options, engine, messages, requests, watch } = this;
    return new Queue({
      engine,
      lane,
      messages,
      requests,
      faultsEnd: this.#faultsEnd,
      chance: this.#chance(`queue ${lane}`),
      options: options.queue,
      onWornOut: (message) => this.#wornOut(lane, message),
      onDropped: (message) => watch.dropped(message),
    });
  }

  #lambda(secret: Secret): Lambda {
    const { options, engine, messages, requests, queues, deadLetters, measures, sqs, table, api } = this;
    const outside = { requests, queues, deadLetters, measures, sqs, table, api, secret };
    const worker = { ...outside, options, chance: this.#chance('core'), observer: this.watch };
    return new Lambda({
      engine,
      chance: this.#chance('lambda'),
      options: options.worker,
      faultsEnd: this.#faultsEnd,
      messages,
      requests,
      portsOf: (sandbox) => portsOf(worker, sandbox),
    });
  }

  #source(lane: Lane): EventSource {
    const { options, engine, messages, queues, lambda, watch } = this;
    return new EventSource({
      engine,
      lane,
      options,
      faultsEnd: this.#faultsEnd,
      messages,
      queue: queues[lane],
      chance: this.#chance(`poller ${lane}`),
      lambda,
      onAcknowledged: (message) => watch.acknowledged(message),
    });
  }
}

function seriesOf({ status, isUnknown }: Judgement): SeriesName {
  if (isUnknown) return 'unknown';
  if (status === 200) return 'resets';
  if (status === 429) return 'refused';
  if (status === 503 || status === 0) return 'unavailable';
  return status === 401 ? 'unauthorized' : 'failed';
}
