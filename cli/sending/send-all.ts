import { BATCH_SIZE } from '../deployment/batch-size.ts';
import type { Queues, SendResult } from '../deployment/queues.ts';
import { CommandFailed, type Io } from '../terminal/io.ts';

/** Batches under way at once; a batch takes 10 to 20 ms, so this is several thousand messages per second. */
const BATCHES_AT_ONCE = 8;
/** Tries of an entry that SQS says it could not accept for now. */
const MAX_TRIES = 5;
const FIRST_PAUSE_MS = 200;

export interface Outgoing {
  /** Its place in the file, or among the addresses given, counted from 1. */
  line: number;
  /** For the operator: "line 7". */
  name: string;
  body: string;
}

/** Where sending ended. `why` is a whole sentence, `firstUnsentLine` is the lowest line that was not sent: all before it were. */
export type SendReport =
  | { end: 'all-sent'; sent: number }
  | { end: 'stopped'; sent: number; firstUnsentLine: number }
  | { end: 'failed'; sent: number; firstUnsentLine: number | undefined; why: string };

export interface Sending {
  queues: Pick<Queues, 'sendBatch'>;
  clock: Pick<Io['clock'], 'sleep'>;
  queueUrl: string;
  outgoing: AsyncIterable<Outgoing> | Iterable<Outgoing>;
  /** Given when the operator interrupts it, or another one aborts it. */
  stopped: AbortSignal;
  onSent?: (outgoing: Outgoing, messageId: string) => void;
}

/** Sends until all is sent, SQS refuses one for good, or it is stopped; then waits for what is under way. */
export async function sendAll(sending: Sending): Promise<SendReport> {
  const { stopped, outgoing } = sending;
  const underWay = new Set<Promise<void>>();
  let sent = 0;
  let firstUnsentLine: number | undefined;
  let why: string | undefined;

  const unsent = (line: number): void => {
    firstUnsentLine = Math.min(firstUnsentLine ?? line, line);
  };
  const send = async (batch: readonly Outgoing[]): Promise<void> => {
    const rest = await sendBatch(sending, batch, (one, messageId) => {
      sent += 1;
      sending.onSent?.(one, messageId);
    });
    for (const { outgoing: one, why: whyNot } of rest) {
      unsent(one.line);
      why ??= whyNot;
    }
  };

  try {
    for await (const batch of inBatches(outgoing)) {
      // A batch that was read but not sent tells where to continue.
      if (underWay.size >= BATCHES_AT_ONCE) await Promise.race(underWay);
      if (stopped.aborted || why !== undefined) {
        unsent(batch[0].line);
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

  if (why !== undefined) return { end: 'failed', sent, firstUnsentLine, why };
  if (firstUnsentLine !== undefined) return { end: 'stopped', sent, firstUnsentLine };
  return { end: 'all-sent', sent };
}

type Batch = readonly [Outgoing, ...Outgoing[]];

async function* inBatches(outgoing: AsyncIterable<Outgoing> | Iterable<Outgoing>): AsyncGenerator<Batch> {
  let batch: Outgoing[] = [];
  for await (const one of outgoing) {
    batch.push(one);
    if (batch.length < BATCH_SIZE) continue;
    yield batch as unknown as Batch;
    batch = [];
  }
  if (batch.length > 0) yield batch as unknown as Batch;
}

/** One that was not sent; `why` is a whole sentence, and missing if only an interruption kept it from another try. */
interface Unsent {
  outgoing: Outgoing;
  why?: string;
}

async function sendBatch(
  { queues, clock, queueUrl, stopped }: Sending,
  batch: readonly Outgoing[],
  onSent: (outgoing: Outgoing, messageId: string) => void,
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
      if (result.ok) onSent(outgoing, result.messageId);
      else if (result.senderFault) refused.push({ outgoing, why: notTaken(outgoing, result.why) });
      else again.push({ outgoing, why: notTaken(outgoing, result.why) });
    }
    rest = again;
  }
  return refused;
}

const notTaken = ({ name }: Outgoing, why: string): string => `SQS did not accept ${name}: ${why.replace(/\.$/, '')}.`;
