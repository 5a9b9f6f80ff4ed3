import { LANES, type Lane } from '../../functions/contract/reset-request.ts';
import type { QueueCounts } from '../deployment/queues.ts';
import { counted } from '../terminal/text.ts';
import type { LedgerCounts } from './ledger-counts.ts';

/** What `resets status` was told. All but the ledger's counts is approximate, as SQS counts. */
export interface Situation {
  lanes: Record<Lane, QueueCounts>;
  deadLetterQueue: QueueCounts;
  ledger: LedgerCounts;
}

export interface Verdict {
  kind: 'token-rejected' | 'not-moving' | 'working' | 'waiting' | 'idle';
  sentence: string;
  /** The next command or step, if there is any. */
  next: string | undefined;
}

/** The one thing to know, and what to do about it. The gravest fault wins. */
export function verdictOf(situation: Situation): Verdict {
  const { lanes, ledger } = situation;
  const sum = (pick: (lane: QueueCounts) => number): number =>
    LANES.reduce((total, lane) => total + pick(lanes[lane]), 0);
  const waiting = sum((lane) => lane.waiting + lane.delayed);
  const inFlight = sum((lane) => lane.inFlight);
  const letters = lettersOf(situation);
  const next = letters > 0 ? 'resets dlq list' : undefined;

  if (isMostly('401', ledger.waitingAfter)) {
    return {
      kind: 'token-rejected',
      sentence: 'Held up: the API does not accept the token (401). Requests wait; none is dead-lettered for it.',
      next: 'put a valid token into the secret; the function reads it by itself',
    };
  }
  if (waiting > 0 && inFlight === 0) {
    return {
      kind: 'not-moving',
      sentence: `Not moving: ${counted(waiting, 'message')} wait${waiting === 1 ? 's' : ''} and none is in flight.`,
      next: 'resets status --watch; if it stays so, look whether the function and its event sources are enabled',
    };
  }
  if (ledger.states.calling > ledger.unconfirmed || waiting > 0) {
    return {
      kind: 'working',
      sentence: `Working: ${counted(waiting, 'message')} waiting, ${inFlight} in flight.`,
      next: next ?? 'resets status --watch',
    };
  }
  if (inFlight > 0) {
    return {
      kind: 'waiting',
      sentence: `Waiting for a turn or a later try: ${counted(inFlight, 'message')} in flight, no call under way.`,
      next: next ?? 'resets status --watch',
    };
  }
  return {
    kind: 'idle',
    sentence: letters > 0 ? `Idle, with ${counted(letters, 'dead letter')} to decide on.` : 'Idle: nothing is queued.',
    next,
  };
}

/** Whichever knows of more: the queue forgets after 14 days, and the ledger does not know what SQS moved itself. */
const lettersOf = ({ deadLetterQueue: { waiting, inFlight, delayed }, ledger }: Situation): number =>
  Math.max(waiting + inFlight + delayed, ledger.states.failed);

const isMostly = (status: string, { lookedAt, statuses }: LedgerCounts['waitingAfter']): boolean =>
  lookedAt > 0 && (statuses[status] ?? 0) * 2 > lookedAt;
