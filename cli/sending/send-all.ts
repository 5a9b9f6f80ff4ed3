import { BATCH_SIZE } from '../deployment/batch-size.ts';
import type { Queues, SendResult } from '../deployment/queues.ts';
import { CommandFailed, type Io } from '../terminal/io.ts';
import { Frontier } from './frontier.ts';

/** Batches under way at once; a batch takes 10 to 20 ms, so this is several thousand messages per second. */
const BATCHES_AT_ONCE = 8;
/** Tries of an entry that SQS says it could not accept for now. */
const MAX_TRIES = 5;
const FIRST_PAUSE_MS = 200;

export interface Outgoing {
  /** For the operator: "line 7". */
  name: string;
  body: string;
}

/** Where sending ended. `leading` is how many of the messages SQS has taken from the first on, without a gap; `why` is a whole sentence. */
export type SendReport =
  | { end: 'all-sent'; sent: number; leading: number }
  | { end: 'stopped'; sent: number; leading: number }
  | { end: 'failed'; sent: number; leading: number; why: string };

export interface Sending {
  queues: Pick<Queues, 'sendBatch'>;
  clock: Pick<Io['clock'], 'sleep'>;
  queueUrl: string;
  outgoing: AsyncIterable<Outgoing> | Iterable<Outgoing>;
  /** Given when the operator interrupts it, or another one aborts it. */
  stopped: AbortSignal;
  /** SQS has taken one. @param index its place among the messages, counted from 0. @param leading so many are taken from the first on. */
  onSent?: (index: number, messageId: string, leading: number) => void;
}

/** Sends until all is sent, SQS refuses one for good, or it is stopped; then waits for what is under way. */
export async function sendAll(sending: Sending): Promise<SendReport> {
  const { stopped, outgoing } = sending;
  const underWay = new Set<Promise<void>>();
  const frontier = new Frontier();
  let sent = 0;
  let isCutShort = false;
  let why: string | undefined;

  const send = async (batch: readonly Numbered[]): Promise<void> => {
    const rest = await sendBatch(sending, batch, (index, messageId) => {
      sent += 1;
      frontier.done(index);
      sending.onSent?.(index, messageId, frontier.leading);
    });
    if (rest.length > 0) isCutShort = true;
    for (const { why: whyNot } of rest) why ??= whyNot;
  };

  try {
    for await (const batch of inBatches(outgoing)) {
      if (underWay.size >= BATCHES_AT_ONCE) await Promise.race(underWay);
      if (stopped.aborted || why !== undefined) {
        isCutShort = true;
        break;
      }
      const work = send(batch).finally(() => underWay.delete(work));
      underWay.add(work);
    }
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    why ??= error.message;
  } finally {
    await Promise.all(underWay);
  }

  const { leading } = frontier;
  if (why !== undefined) return { end: 'failed', sent, leading, why };
  return { end: isCutShort ? 'stopped' : 'all-sent', sent, leading };
}

interface Numbered extends Outgoing {
  /** Counted from 0. */
  index: number;
}

async function* inBatches(outgoing: AsyncIterable<Outgoing> | Iterable<Outgoing>): AsyncGenerator<Numbered[]> {
  let batch: Numbered[] = [];
  let index = 0;
  for await (const { name, body } of outgoing) {
    batch.push({ name, body, index });
    index += 1;
    if (batch.length < BATCH_SIZE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** One that was not sent; `why` is a whole sentence, and missing if only an interruption kept it from another try. */
interface Unsent {
  outgoing: Numbered;
  why?: string;
}

async function sendBatch(
  { queues, clock, queueUrl, stopped }: Sending,
  batch: readonly Numbered[],
  onSent: (index: number, messageId: string) => void,
): Promise<Unsent[]> {
  const refused: Unsent[] = [];
  let rest: Unsent[] = batch.map((outgoing) => ({ outgoing }));
  for (let tries = 0; rest.length > 0; tries += 1) {
    if (tries > 0) {
      if (tries === MAX_TRIES) return [...refused, ...rest];
      await clock.sleep(FIRST_PAUSE_MS * 2 ** (tries - 1), stopped);
      if (stopped.aborted) return [...refused, ...rest.map(({ outgoing }) => ({ outgoing }))];
    }
    let results: SendResult[];
    try {
      results = await queues.sendBatch(
        queueUrl,
        rest.map(({ outgoing }) => outgoing.body),
      );
    } catch (error) {
      // The SDK has already retried.
      if (!(error instanceof CommandFailed)) throw error;
      return [...refused, ...rest.map(({ outgoing }) => ({ outgoing, why: error.message }))];
    }
    const again: Unsent[] = [];
    for (const [index, result] of results.entries()) {
      const outgoing = rest[index]?.outgoing;
      if (outgoing === undefined) continue;
      if (result.ok) onSent(outgoing.index, result.messageId);
      else if (result.senderFault) refused.push({ outgoing, why: notTaken(outgoing, result.why) });
      else again.push({ outgoing, why: notTaken(outgoing, result.why) });
    }
    rest = again;
  }
  return refused;
}

const notTaken = ({ name }: Outgoing, why: string): string => `SQS did not accept ${name}: ${why.replace(/\.$/, '')}.`;
