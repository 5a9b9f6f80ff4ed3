import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { LETTER_ATTRIBUTES } from '../../../../functions/contract/dead-letter.ts';
import { LANES, type Lane } from '../../../../functions/contract/reset-request.ts';
import type { Ports } from '../../../../functions/reset-worker/core/ports.ts';
import { processBatch } from '../../../../functions/reset-worker/core/process-batch.ts';
import type { Chance } from '../../engine/chance.ts';
import type { Engine, Timer } from '../../engine/engine.ts';
import type { Options } from '../options.ts';
import type { Requests } from '../requests.ts';
import type { Delivery, Messages } from './queue.ts';
import { Sandbox } from './sandbox.ts';

/** Nothing where the sandbox died: Lambda then leaves the whole batch in its queue. */
export type Response = SQSBatchResponse | undefined;

export interface LambdaParts {
  engine: Engine;
  chance: Chance;
  options: Options['worker'];
  faultsEnd: number;
  messages: Messages;
  requests: Requests;
  /** The production core's ports, fresh for each process. */
  portsOf: (sandbox: Sandbox) => Ports;
}

interface Process {
  sandbox: Sandbox;
  ports: Ports;
  idleEnd?: Timer;
}

const ARN_PREFIX = 'arn:aws:sqs:us-east-1:123456789012:';

/** The function: as many sandboxes as there are invocations at once, each kept for the next one until it idles too long or dies. */
export class Lambda {
  readonly used = { invocations: 0, coldStarts: 0, billedMs: 0, deaths: 0 };
  readonly #parts: LambdaParts;
  readonly #idle: Process[] = [];
  #sandboxes = 0;

  constructor(parts: LambdaParts) {
    this.#parts = parts;
  }

  invoke(lane: Lane, deliveries: readonly Delivery[], onEnd: (response: Response) => void): void {
    const { engine, chance, options } = this.#parts;
    this.used.invocations += 1;
    const process = this.#idle.pop();
    if (process) {
      if (process.idleEnd) engine.callOff(process.idleEnd);
      this.#run(process, lane, deliveries, onEnd);
      return;
    }
    this.used.coldStarts += 1;
    const coldMs = chance.latency(options.coldStart.medianMs, options.coldStart.p99Ms);
    // The start of a process is billed as its work is.
    this.used.billedMs += coldMs;
    engine.after(coldMs, () => this.#run(this.#start(), lane, deliveries, onEnd));
  }

  #start(): Process {
    const { engine, chance, options } = this.#parts;
    this.#sandboxes += 1;
    const skewMs = Math.round(chance.between(-options.skewMs, options.skewMs));
    const sandbox = new Sandbox(engine, this.#sandboxes, skewMs, chance, options.earlyTimers);
    return { sandbox, ports: this.#parts.portsOf(sandbox) };
  }

  #run(process: Process, lane: Lane, deliveries: readonly Delivery[], onEnd: (response: Response) => void): void {
    const { engine, options } = this.#parts;
    const { sandbox } = process;
    const start = engine.now;
    sandbox.invocationEnd = start + options.timeoutMs;
    sandbox.stalledMs = 0;
    const accidents = this.#accidents(sandbox);
    const timeUp = engine.after(options.timeoutMs, () => sandbox.kill());
    const end = (response: Response): void => {
      for (const accident of accidents) engine.callOff(accident);
      engine.callOff(timeUp);
      this.used.billedMs += engine.now - start;
      onEnd(response);
    };
    sandbox.onDeath = () => {
      this.used.deaths += 1;
      end(undefined);
    };
    const finish = (response: Response): void => {
      sandbox.onDeath = () => undefined;
      sandbox.freeze();
      process.idleEnd = engine.after(options.idleMs, () => this.#retire(process));
      this.#idle.push(process);
      end(response);
    };
    sandbox.thaw();
    const event: SQSEvent = { Records: deliveries.map((delivery) => this.#recordOf(lane, delivery)) };
    processBatch(process.ports, event, laneOf, options.timeoutMs).then(finish, () => finish(undefined));
  }

  /** What befalls a sandbox within one invocation: mostly nothing. */
  #accidents(sandbox: Sandbox): Timer[] {
    const { engine, chance, options, faultsEnd } = this.#parts;
    if (engine.now >= faultsEnd) return [];
    const timers: Timer[] = [];
    // Squared: most invocations are short, so early moments are the interesting ones.
    const moment = (): number => chance.next() ** 2 * options.timeoutMs;
    if (chance.hits(options.killedInInvocation)) timers.push(engine.after(moment(), () => sandbox.kill()));
    if (chance.hits(options.stalls)) {
      timers.push(engine.after(moment(), () => sandbox.stall(chance.whole(1, options.longestStallMs))));
    }
    return timers;
  }

  #retire(process: Process): void {
    const at = this.#idle.indexOf(process);
    if (at >= 0) this.#idle.splice(at, 1);
    process.sandbox.kill();
  }

  #recordOf(lane: Lane, { message, receipt }: Delivery): SQSRecord {
    const { messages, requests } = this.#parts;
    const { requestId, failureId } = messages.carried.get(message) ?? {};
    return {
      messageId: messages.idOf(message),
      receiptHandle: `${message}:${receipt}`,
      body: requests.bodyOf(messages.request.get(message)),
      attributes: {
        SentTimestamp: String(messages.sentAt.get(message)),
        ApproximateReceiveCount: String(messages.receives.get(message)),
        ApproximateFirstReceiveTimestamp: String(messages.receivedAt.get(message)),
        SenderId: 'AIDAPRODUCER',
      },
      messageAttributes: {
        ...attribute(LETTER_ATTRIBUTES.requestId, requestId),
        ...attribute(LETTER_ATTRIBUTES.failureId, failureId),
      },
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: `${ARN_PREFIX}${lane}`,
      awsRegion: 'us-east-1',
    };
  }
}

const attribute = (name: string, value: string | undefined) =>
  value === undefined ? {} : { [name]: { dataType: 'String' as const, stringValue: value } };

function laneOf(queueArn: string): Lane {
  const lane = LANES.find((candidate) => queueArn === ARN_PREFIX + candidate);
  if (!lane) throw new Error('The event source is neither lane’s queue.');
  return lane;
}

export function deliveryOf(receiptHandle: string): Delivery {
  const [message, receipt] = receiptHandle.split(':');
  return { message: Number(message), receipt: Number(receipt) };
}
