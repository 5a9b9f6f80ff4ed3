import type { Lane } from '../../functions/contract/reset-request.ts';
import type { Connection } from '../deployment/connect.ts';
import type { QueueCounts } from '../deployment/queues.ts';
import { known, type Reading, readingOf } from './reading.ts';

/** Of each lane; one that could not be counted may have messages. */
export type LaneCounts = Record<Lane, Reading<QueueCounts>>;

export async function laneCounts({
  queues,
  deployment: { laneQueueUrls },
}: Pick<Connection, 'queues' | 'deployment'>): Promise<LaneCounts> {
  const [interactive, bulk] = await Promise.all([
    readingOf(queues.counts(laneQueueUrls.interactive)),
    readingOf(queues.counts(laneQueueUrls.bulk)),
  ]);
  return { interactive, bulk };
}

/** All messages of a queue, whether or not somebody has them in hand. */
export const queued = ({ waiting, inFlight, delayed }: QueueCounts): number => waiting + inFlight + delayed;

/** Undefined where one of the lanes could not be counted. */
export function queuedIn(lanes: readonly Lane[], counts: LaneCounts): number | undefined {
  return lanes.reduce<number | undefined>((sum, lane) => {
    const found = known(counts[lane]);
    return sum === undefined || found === undefined ? undefined : sum + queued(found);
  }, 0);
}
