import { cancelCampaign } from '../../../functions/ledger/dynamo/campaigns.ts';
import type { Chance } from '../engine/chance.ts';
import type { Engine } from '../engine/engine.ts';
import type { Queue } from './aws/queue.ts';
import { TABLE_NAME, type Table } from './aws/table.ts';
import type { Options, TroubledUsers } from './options.ts';
import { CAMPAIGN_ID, type Requests, TRAIT } from './requests.ts';

export interface ProducerParts {
  engine: Engine;
  chance: Chance;
  options: Options;
  requests: Requests;
  queues: Record<'interactive' | 'bulk', Queue>;
  table: Table;
}

const SECOND_COPY_WITHIN_MS = 60_000;

/** Those who send: a campaign at the start, and single requests from then on. */
export class Producers {
  /** Whether more will be sent. */
  isDone = false;
  readonly #parts: ProducerParts;
  #singles = 0;
  #pending = 0;

  constructor(parts: ProducerParts) {
    this.#parts = parts;
    const { bulkJobs, bulkAgain, interactiveJobs, campaignCancelledAtMs } = parts.options.producers;
    this.#sendBulk(bulkJobs);
    if (bulkAgain) {
      this.#pending += 1;
      parts.engine.after(bulkAgain.atMs, () => {
        this.#sendBulk(bulkAgain.jobs);
        this.#sentPending();
      });
    }
    for (let job = 0; job < interactiveJobs; job += 1) this.#send(0);
    if (campaignCancelledAtMs !== undefined) parts.engine.after(campaignCancelledAtMs, () => this.#cancelCampaign());
    for (const users of parts.options.producers.troubled) {
      this.#pending += 1;
      parts.engine.after(users.atMs, () => this.#sendTroubled(users, users.atMs));
    }
    this.#next();
  }

  #sendBulk(jobs: number): void {
    for (let job = 0; job < jobs; job += 1) this.#send(TRAIT.bulk);
  }

  #sendTroubled(users: TroubledUsers, timeMs: number): void {
    const { trouble, lane, count, everyMs = 0, untilMs = 0 } = users;
    for (let sent = 0; sent < count; sent += 1) this.#send((lane === 'bulk' ? TRAIT.bulk : 0) | TRAIT[trouble]);
    const nextMs = timeMs + everyMs;
    if (everyMs > 0 && nextMs <= untilMs) this.#parts.engine.after(everyMs, () => this.#sendTroubled(users, nextMs));
    else this.#sentPending();
  }

  /** One of the sendings planned ahead was the last of its kind. */
  #sentPending(): void {
    this.#pending -= 1;
    if (this.#singles === Number.POSITIVE_INFINITY) this.isDone = this.#pending === 0;
  }

  #next(): void {
    const { engine, options, queues } = this.#parts;
    const { singleEveryMs, singles } = options.producers;
    const isEnough = singles > 0 ? this.#singles >= singles : queues.bulk.size === 0;
    if (singleEveryMs <= 0 || isEnough) {
      this.isDone = this.#pending === 0;
      this.#singles = Number.POSITIVE_INFINITY;
      return;
    }
    this.#singles += 1;
    this.#send(0);
    engine.after(singleEveryMs, () => this.#next());
  }

  #send(wanted: number): void {
    const { engine, chance, options, requests, queues } = this.#parts;
    const { invalid, withoutId, inCampaign, sentTwice, always500 } = options.producers;
    const isBulk = (wanted & TRAIT.bulk) !== 0;
    let traits = wanted;
    if (chance.hits(invalid)) traits |= TRAIT.invalid;
    else if (chance.hits(withoutId)) traits |= TRAIT.withoutId;
    if (isBulk && chance.hits(inCampaign)) traits |= TRAIT.inCampaign;
    if (isBulk && chance.hits(always500)) traits |= TRAIT.always500;
    if (chance.hits(options.api.failingUsers)) traits |= TRAIT.failing;
    const request = requests.add(traits, engine.now);
    const queue = queues[requests.laneOf(request)];
    queue.send(request);
    // Without an id of the producer's two messages are two requests.
    if ((traits & (TRAIT.withoutId | TRAIT.invalid)) !== 0 || !chance.hits(sentTwice)) return;
    this.#pending += 1;
    engine.after(chance.hits(0.5) ? 0 : chance.between(0, SECOND_COPY_WITHIN_MS), () => {
      queue.send(request);
      this.#sentPending();
    });
  }

  async #cancelCampaign(): Promise<void> {
    const { table, engine } = this.#parts;
    await cancelCampaign({ client: table.operatorClient(), tableName: TABLE_NAME, now: () => engine.now }, CAMPAIGN_ID);
  }
}
