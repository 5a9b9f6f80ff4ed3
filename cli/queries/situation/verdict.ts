import { LANES, type Lane } from '../../../functions/contract/reset-request.ts';
import type { QueueCounts } from '../../deployment/queues.ts';
import { counted, number, relative } from '../../terminal/text.ts';
import { RECENT_MINUTES } from '../campaigns/campaign-row.ts';
import { queued, queuedIn } from '../lane-counts.ts';
import { known } from '../reading.ts';
import { holdWords, type StandingHold } from '../standing-holds.ts';
import { runbookAt, runbookOf, type WayOutNames, wayOutOf } from '../way-out.ts';
import { areAllInHand, holdsIn, type Situation, timeLeftMs } from './situation.ts';

interface Told {
  /** What is the case. */
  sentence: string;
  /** What it means for users. */
  meaning: string;
  /** "docs/runbook.md, Outage". */
  runbook: string | undefined;
  /** One command or step. */
  next: string | undefined;
}

/** The one thing to know of a deployment. */
export type Verdict = Told &
  (
    | { kind: 'unknown' }
    /** Of several holds the first is told, and the others are listed. */
    | { kind: 'held'; holds: readonly StandingHold[] }
    | { kind: 'not-moving' }
    | { kind: 'working' }
    /** In flight only, and nothing was reset lately: for a turn or a later try. */
    | { kind: 'waiting' }
    | { kind: 'idle' }
  );

/** What a verdict needs to name the next step. */
export interface Surroundings extends WayOutNames {
  /** Whoever sees it watches already. */
  isWatched: boolean;
}

/** The gravest is told: a hold outranks all else, and no next step points at dead letters while one stands. */
export function verdictOn(situation: Situation, surroundings: Surroundings): Verdict {
  const { budget } = situation;
  if (!budget.ok) return holdsUnread(budget.why, surroundings);
  const [hold, ...others] = holdsIn(situation);
  if (hold !== undefined) return held([hold, ...others], situation, surroundings);
  const counts: [Lane, QueueCounts | undefined][] = LANES.map((lane) => [lane, known(situation.lanes[lane])]);
  const unread = counts.flatMap(([lane, found]) => (found === undefined ? [lane] : []));
  if (unread.length > 0) return lanesUnread(unread, surroundings);
  const stuck = counts.filter(([, found]) => found !== undefined && found.waiting > 0 && found.inFlight === 0);
  if (stuck.length > 0)
    return notMoving(
      stuck.map(([lane]) => lane),
      situation,
    );
  const waiting = counts.reduce((sum, [, found]) => sum + (found?.waiting ?? 0), 0);
  const inFlight = counts.reduce((sum, [, found]) => sum + (found?.inFlight ?? 0), 0);
  const resets = known(situation.recent)?.resets;
  if (waiting > 0 || (inFlight > 0 && (resets ?? 0) > 0))
    return working({ waiting, inFlight }, situation, surroundings);
  const open = queuedIn(LANES, situation.lanes) ?? 0;
  return open > 0 ? waitingOnly(open, situation, surroundings) : idle(situation, surroundings);
}

const holdsUnread = (why: string, { command }: Surroundings): Verdict => ({
  kind: 'unknown',
  sentence: `Unknown: the holds cannot be read. ${why}`,
  meaning: 'Nobody can tell whether users wait: the work may be held.',
  runbook: runbookAt('The holds cannot be read'),
  next: `put that right, then ${command('status')}`,
});

const lanesUnread = (lanes: readonly Lane[], { command }: Surroundings): Verdict => ({
  kind: 'unknown',
  sentence: `Unknown: nothing is held, but ${lanes.map((lane) => `lane ${lane}`).join(' and ')} could not be counted.`,
  meaning: 'Calls may be made; whether users wait there cannot be told.',
  runbook: undefined,
  next: `put right what is said below, then ${command('status')}`,
});

function held(
  holds: readonly [StandingHold, ...StandingHold[]],
  situation: Situation,
  surroundings: Surroundings,
): Verdict {
  const [hold] = holds;
  const words =
    hold.why === 'credential' && situation.secret.kind === 'empty'
      ? 'the secret has no value yet, so there is no token to call with'
      : holdWords(hold, situation.at);
  return {
    kind: 'held',
    holds,
    sentence: `Held: ${words}.`,
    meaning: heldMeaning(holds, situation),
    runbook: runbookOf(hold),
    next: wayOutOf(hold, surroundings),
  };
}

/** Who waits, whether anybody is given up for it, and whether the other lane goes on. */
function heldMeaning(holds: readonly [StandingHold, ...StandingHold[]], situation: Situation): string {
  const isHeld = (lane: Lane): boolean => holds.some(({ scope }) => scope === 'all' || scope === lane);
  const lanes = LANES.filter(isHeld);
  const [other] = LANES.filter((lane) => !isHeld(lane));
  const place = other === undefined ? '' : ` in lane ${lanes.join()}`;
  const count = queuedIn(lanes, situation.lanes);
  const who =
    count === undefined
      ? `All who are queued${place} wait`
      : count === 0
        ? `Nobody waits${place} yet`
        : `${counted(count, 'request')} wait${count === 1 ? 's' : ''}${place}`;
  // Such a call may have made its reset: it is not repeated without an end, hold or not.
  const givenUp =
    holds[0].why === 'outage'
      ? 'none is dead-lettered for it before its third unknown outcome'
      : 'none is dead-lettered for it';
  return `${who}; ${givenUp}${other === undefined ? '' : `; lane ${other} goes on`}.`;
}

function notMoving(lanes: readonly Lane[], situation: Situation): Verdict {
  const count = lanes.reduce((sum, lane) => sum + (known(situation.lanes[lane])?.waiting ?? 0), 0);
  const place = lanes.map((lane) => `lane ${lane}`).join(' and ');
  return {
    kind: 'not-moving',
    sentence: `Not moving: ${counted(count, 'message')} wait${count === 1 ? 's' : ''} in ${place} and none is in flight.`,
    meaning: 'Nothing is held, but nothing receives these requests; none is dead-lettered for it.',
    runbook: runbookAt('Nothing moves'),
    next: 'if that lasts longer than a minute, check that the function and its event sources are enabled',
  };
}

function working(
  { waiting, inFlight }: Pick<QueueCounts, 'waiting' | 'inFlight'>,
  situation: Situation,
  surroundings: Surroundings,
): Verdict {
  const recent = known(situation.recent);
  const leftMs = timeLeftMs(situation);
  const isFruitless = recent?.resets === 0;
  const lately =
    recent === undefined
      ? ''
      : `; ${isFruitless ? 'none' : number(recent.resets)} reset in the last ${RECENT_MINUTES} minutes`;
  return {
    kind: 'working',
    sentence: `Working: ${counted(waiting, 'message')} waiting, ${number(inFlight)} in flight${lately}.`,
    meaning: isFruitless
      ? 'Nothing is held, but no user has got a reset lately.'
      : areAllInHand(situation)
        ? 'Nothing is held; these requests are being called, or tried again later on their own.'
        : leftMs === undefined
          ? 'Nothing is held; users get their resets in turn.'
          : `Nothing is held; at this rate the lanes are empty ${relative(situation.at + leftMs, situation.at)}.`,
    runbook: isFruitless ? runbookAt('Read the log') : undefined,
    next:
      pointingAtLetters(situation, surroundings) ??
      (isFruitless ? "if that lasts, read the function's log" : watching(surroundings)),
  };
}

const waitingOnly = (open: number, situation: Situation, surroundings: Surroundings): Verdict => ({
  kind: 'waiting',
  sentence: `Waiting for a turn or a later try: ${counted(open, 'message')} in hand, and none waits to be received.`,
  meaning: 'Nothing is held; these requests are tried again on their own.',
  runbook: undefined,
  next: pointingAtLetters(situation, surroundings) ?? watching(surroundings),
});

function idle(situation: Situation, surroundings: Surroundings): Verdict {
  const letters = lettersIn(situation);
  return {
    kind: 'idle',
    sentence: letters > 0 ? `Idle, with ${counted(letters, 'dead letter')} to decide on.` : 'Idle: nothing is queued.',
    meaning: letters > 0 ? 'These users get no reset unless somebody decides so; nobody else waits.' : 'Nobody waits.',
    runbook: letters > 0 ? runbookAt('Dead letters are waiting') : undefined,
    next: pointingAtLetters(situation, surroundings),
  };
}

/** By the queue's own count: what the ledger knows of may have been removed from it. */
function lettersIn({ deadLetterQueue }: Situation): number {
  const counts = known(deadLetterQueue);
  return counts === undefined ? 0 : queued(counts);
}

const pointingAtLetters = (situation: Situation, { command }: Surroundings): string | undefined =>
  lettersIn(situation) > 0 ? command('dlq list') : undefined;

const watching = ({ command, isWatched }: Surroundings): string | undefined =>
  isWatched ? undefined : command('status --watch');
