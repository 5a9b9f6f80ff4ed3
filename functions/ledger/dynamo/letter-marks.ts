import type { RequestItem, State } from '../items.ts';
import { type Change, inState } from './changes.ts';
import { all, hasFailureId, is } from './conditions.ts';
import { requestTable, type TableOptions } from './table.ts';

/**
 * What an operator's commands write of a dead letter, by its request's key and its failure id: only while the request is still `failed` with
 * that failure. They leave the item's end as it is, which outlasts letter and copy.
 * @returns (each) whether it is so now, by this write or an earlier one like it. If not, the letter is left alone.
 * @throws LedgerUnreachable (each): it may be so or not.
 */
export interface LetterMarks {
  /** A copy of the letter has been sent to its lane. */
  redriven(key: string, failureId: string): Promise<boolean>;
  /** For good: a message of the request is acknowledged from now on. */
  discarded(key: string, failureId: string): Promise<boolean>;
  /** The letter is no longer in the queue. A copy on its way still runs. */
  gone(key: string, failureId: string): Promise<boolean>;
}

export function letterMarks(options: TableOptions): LetterMarks {
  const table = requestTable(options);
  const mark = async (
    key: string,
    failureId: string,
    change: Change,
    isOwn: (item: RequestItem) => boolean,
  ): Promise<boolean> => {
    const result = await table.updateOnce(key, change, all(is('failed'), hasFailureId(failureId)), isOwn);
    return 'own' in result;
  };
  const end = (state: State) => (key: string, failureId: string) =>
    mark(
      key,
      failureId,
      { set: inState(state, options.now()), remove: ['gone'] },
      (item) => item.state === state && item.failureId === failureId,
    );
  return {
    redriven: end('redriven'),
    discarded: end('discarded'),
    // The state stays, and with it the place in the index; the first time is the one that counts.
    gone: (key, failureId) => mark(key, failureId, { set: {}, setIfMissing: { gone: options.now() } }, () => false),
  };
}
