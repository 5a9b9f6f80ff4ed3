import type { Lane } from '../../functions/contract/reset-request.ts';
import type { Connection } from '../deployment/connect.ts';
import type { QueueCounts } from '../deployment/queues.ts';
import type { Io } from '../terminal/io.ts';
import { type LedgerCounts, ledgerCounts } from './ledger-counts.ts';

/** How a deployment stands. All but the ledger's counts is approximate, as SQS counts. */
export interface Situation {
  lanes: Record<Lane, QueueCounts>;
  deadLetterQueue: QueueCounts;
  ledger: LedgerCounts;
}

/** Counting a large ledger costs read units: it takes at most this share of the time. */
const COUNTING_SHARE = 1 / 20;

/** @returns a function that counts the queues on every call, and the ledger again only as often as its size permits. */
export function situationReader({ clock }: Pick<Io, 'clock'>, connection: Connection): () => Promise<Situation> {
  const { deployment, queues, ledger } = connection;
  let counts: LedgerCounts | undefined;
  let nextCountAt = 0;
  const count = async (): Promise<LedgerCounts> => {
    const begin = clock.now();
    if (counts !== undefined && begin < nextCountAt) return counts;
    counts = await ledgerCounts(ledger, begin, counts);
    nextCountAt = clock.now() + (clock.now() - begin) / COUNTING_SHARE;
    return counts;
  };
  return async () => {
    const [interactive, bulk, deadLetterQueue, found] = await Promise.all([
      queues.counts(deployment.laneQueueUrls.interactive),
      queues.counts(deployment.laneQueueUrls.bulk),
      queues.counts(deployment.deadLetterQueueUrl),
      count(),
    ]);
    return { lanes: { interactive, bulk }, deadLetterQueue, ledger: found };
  };
}

/** The queue forgets after 14 days, and the ledger does not know what SQS moved itself. */
const inDeadLetterQueue = ({ deadLetterQueue: { waiting, inFlight, delayed } }: Situation): number =>
  waiting + inFlight + delayed;

/** As many dead letters as the queue or the ledger knows of, whichever knows more. */
export const deadLetters = (situation: Situation): number =>
  Math.max(inDeadLetterQueue(situation), situation.ledger.states.failed);

/** Messages in the dead-letter queue beyond those that the ledger knows of; below zero if the queue holds fewer. An estimate. */
export const unexplained = (situation: Situation): number =>
  inDeadLetterQueue(situation) - situation.ledger.states.failed;
