import type { Queues, ReceivedMessage } from '../deployment/queues.ts';
import { CommandFailed, type Io } from '../terminal/io.ts';

/** A dead letter in hand: hidden from everybody else until the scan ends, or it is removed. */
export interface LetterInHand extends Pick<ReceivedMessage, 'messageId' | 'body' | 'attributes'> {
  /** For good. */
  remove(): Promise<void>;
}

/** What a scan needs, and what ends it early. */
export interface LetterScan extends Pick<Io, 'clock'> {
  queues: Pick<Queues, 'receive' | 'hide' | 'remove'>;
  queueUrl: string;
  stopped: AbortSignal;
}

/** A run that is killed hides its letters for no longer. */
const HIDDEN_SECONDS = 60;
const RENEWED_EVERY_MS = 20_000;
/** By then every letter that somebody else held has been there to be received. */
const NOTHING_NEW_MS = (HIDDEN_SECONDS + 5) * 1000;

/**
 * Receives dead letters and shows each once, until the looker has seen enough or for a while nothing new has come. The letters seen are held
 * meanwhile, since SQS would give them again instead of others, and let go at the end, whatever ends it.
 * @param look is given one letter at a time. @returns whether it has seen enough.
 */
export async function scanLetters(
  { clock, queues, queueUrl, stopped }: LetterScan,
  look: (letter: LetterInHand) => Promise<boolean>,
): Promise<'enough' | 'nothing-new' | 'stopped'> {
  /** Receipt handles by message id. */
  const held = new Map<string, string>();
  const hide = (seconds: number) => queues.hide(queueUrl, [...held.values()], seconds).catch(soonVisible);
  const renewal = clock.every(RENEWED_EVERY_MS, () => hide(HIDDEN_SECONDS));
  try {
    for (let newAt = clock.now(); clock.now() - newAt < NOTHING_NEW_MS; ) {
      if (stopped.aborted) return 'stopped';
      const received = await queues.receive(queueUrl, HIDDEN_SECONDS);
      const unseen = received.filter(({ messageId }) => !held.has(messageId));
      for (const { messageId, receiptHandle } of received) held.set(messageId, receiptHandle);
      for (const { messageId, receiptHandle, body, attributes } of unseen) {
        newAt = clock.now();
        const remove = async (): Promise<void> => {
          await queues.remove(queueUrl, receiptHandle);
          held.delete(messageId);
        };
        if (await look({ messageId, body, attributes, remove })) return 'enough';
      }
    }
    return 'nothing-new';
  } finally {
    await renewal.stop();
    await hide(0);
  }
}

/** What could not be held or let go is there for everybody within a minute. */
function soonVisible(error: unknown): void {
  if (!(error instanceof CommandFailed)) throw error;
}
