import { LANES } from '../../functions/contract/reset-request.ts';
import type { QueueCounts } from '../deployment/queues.ts';
import { counted } from '../terminal/text.ts';
import type { LedgerCounts } from './ledger-counts.ts';
import { deadLetters, type Situation } from './situation.ts';

export interface Diagnosis {
  kind: 'token-rejected' | 'not-moving' | 'working' | 'waiting' | 'idle';
  sentence: string;
  /** The next command or step. */
  next: string | null;
}

/** The one thing to know, and what to do about it. The gravest fault wins. */
export function diagnose(situation: Situation): Diagnosis {
  const { lanes, ledger } = situation;
  const sum = (pick: (lane: QueueCounts) => number): number =>
    LANES.reduce((total, lane) => total + pick(lanes[lane]), 0);
  const waiting = sum((lane) => lane.waiting + lane.delayed);
  const inFlight = sum((lane) => lane.inFlight);
  const letters = deadLetters(situation);
  const next = letters > 0 ? 'resets dlq list' : null;

  if (isMostly('401', ledger.waitingAfter)) {
    return {
      kind: 'token-rejected',
      sentence: 'Held up: the API rejects the token (401). Requests wait; none is dead-lettered for it.',
      next: 'put a valid token into the secret; the function picks it up on its own',
    };
  }
  if (waiting > 0 && inFlight === 0) {
    return {
      kind: 'not-moving',
      sentence: `Not moving: ${counted(waiting, 'message')} wait${waiting === 1 ? 's' : ''} and none is in flight.`,
      next: 'resets status --watch; if that lasts, check that the function and its event sources are enabled',
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

const isMostly = (status: string, { lookedAt, statuses }: LedgerCounts['waitingAfter']): boolean =>
  lookedAt > 0 && (statuses[status] ?? 0) * 2 > lookedAt;
