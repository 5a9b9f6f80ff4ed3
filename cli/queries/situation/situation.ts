import type { BudgetState } from '../../../functions/call-budget/state.ts';
import { LANES } from '../../../functions/contract/reset-request.ts';
import type { ActionItem } from '../../../functions/ledger/items.ts';
import { isDenied } from '../../deployment/aws-errors.ts';
import type { Connection } from '../../deployment/connect.ts';
import type { DeployedCeiling } from '../../deployment/find-deployment.ts';
import type { QueueCounts } from '../../deployment/queues.ts';
import { CommandFailed } from '../../terminal/io.ts';
import { type LaneCounts, laneCounts, queuedIn } from '../lane-counts.ts';
import { known, type Reading, readingOf } from '../reading.ts';
import { type StandingHold, standingHolds } from '../standing-holds.ts';
import { type RecentResets, recentResets } from './recent-resets.ts';

/** Whether there is a token. Not every operator may ask; that is no fault, and other reasons are. */
export type SecretCheck =
  | { kind: 'has a value' }
  | { kind: 'empty' }
  | { kind: 'not checked'; why: string; isFault: boolean };

/** How a deployment stands at a time of AWS's clock: all that is told but the totals, which may take long. Queues count approximately. */
export interface Situation {
  at: number;
  lanes: LaneCounts;
  deadLetterQueue: Reading<QueueCounts>;
  /** Undefined if nothing was ever called. */
  budget: Reading<BudgetState | undefined>;
  ceiling: DeployedCeiling | undefined;
  recent: Reading<RecentResets>;
  /** The last few, newest first. */
  actions: Reading<ActionItem[]>;
  secret: SecretCheck;
}

const ACTIONS_TOLD = 5;

/** Reads every source on its own: of one that fails it is said why. */
export async function situationOf(connection: Connection): Promise<Situation> {
  const { deployment, queues, ledger, budget, now } = connection;
  const [lanes, deadLetterQueue, state, recent, actions, secret] = await Promise.all([
    laneCounts(connection),
    readingOf(queues.counts(deployment.deadLetterQueueUrl)),
    readingOf(budget.read()),
    readingOf(recentResets(ledger, now)),
    readingOf(lastActions(connection)),
    checkSecret(connection),
  ]);
  return {
    at: now(),
    lanes,
    deadLetterQueue,
    budget: state,
    ceiling: deployment.ceiling,
    recent,
    actions,
    secret,
  };
}

async function lastActions({ ledger }: Pick<Connection, 'ledger'>): Promise<ActionItem[]> {
  const actions: ActionItem[] = [];
  for await (const action of ledger.actions(ACTIONS_TOLD)) {
    actions.push(action);
    if (actions.length === ACTIONS_TOLD) break;
  }
  return actions;
}

async function checkSecret({ secret }: Pick<Connection, 'secret'>): Promise<SecretCheck> {
  if (secret === undefined) {
    return { kind: 'not checked', why: 'The outputs do not name the secret.', isFault: false };
  }
  try {
    return { kind: (await secret.hasValue()) ? 'has a value' : 'empty' };
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return { kind: 'not checked', why: error.message, isFault: !isDenied(error) };
  }
}

/** What keeps requests from being called, the gravest first; a secret that never got a value holds them before the first one is sent. */
export function holdsIn(situation: Situation): StandingHold[] {
  const { budget, lanes, secret, at } = situation;
  const holds = standingHolds(known(budget), lanes, at);
  const isKnown = holds.some(({ why }) => why === 'credential');
  return secret.kind === 'empty' && !isKnown ? [{ scope: 'all', why: 'credential' }, ...holds] : holds;
}

/** Whether none waits to be received, and some are in hand: being called, or put back until a time of their own, which may be hours. */
export function areAllInHand({ lanes }: Situation): boolean {
  const counts = LANES.map((lane) => known(lanes[lane]));
  const isInHand = (count: QueueCounts | undefined) => count !== undefined && count.waiting + count.delayed === 0;
  return counts.every(isInHand) && counts.some((count) => (count?.inFlight ?? 0) > 0);
}

/**
 * Until the lanes are empty, at the rate of the last minutes; undefined where something is held, not known, or nothing was reset lately. Of
 * those in hand the rate tells nothing.
 */
export function timeLeftMs(situation: Situation): number | undefined {
  const count = queuedIn(LANES, situation.lanes);
  const perMinute = known(situation.recent)?.perMinute;
  if (!situation.budget.ok || holdsIn(situation).length > 0) return undefined;
  if (count === 0) return 0;
  if (areAllInHand(situation)) return undefined;
  return count === undefined || perMinute === undefined ? undefined : (count / perMinute) * 60_000;
}

/** The sources that should have been read and were not. */
export function unreadIn({
  lanes,
  deadLetterQueue,
  budget,
  recent,
  actions,
  secret,
}: Situation): { what: string; why: string }[] {
  const readings: [string, Reading<unknown>][] = [
    ['holds and call budget', budget],
    ...LANES.map((lane): [string, Reading<unknown>] => [`lane ${lane}`, lanes[lane]]),
    ['dead-letter queue', deadLetterQueue],
    ['resets of the last minutes', recent],
    ['last actions', actions],
    [
      'secret',
      secret.kind === 'not checked' && secret.isFault ? { ok: false, why: secret.why } : { ok: true, value: secret },
    ],
  ];
  return readings.flatMap(([what, reading]) => (reading.ok ? [] : [{ what, why: reading.why }]));
}
