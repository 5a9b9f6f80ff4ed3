import type { HoldCause } from '../../functions/call-budget/call-budget.ts';
import type { Scope } from '../../functions/call-budget/holds.ts';
import type { BudgetState } from '../../functions/call-budget/state.ts';
import { LANES, type Lane } from '../../functions/contract/reset-request.ts';
import { ago, plain, relative, time } from '../terminal/text.ts';
import { type LaneCounts, queuedIn } from './lane-counts.ts';
import { rfc3339 } from './rfc3339.ts';

/** Why nobody calls: a hold of the worker's, an operator's pause, or a `Retry-After` of the API. Times are milliseconds since the epoch. */
export interface StandingHold {
  scope: Scope;
  why: HoldCause | 'retry-after';
  since?: number;
  /** When it ends on its own. A hold of the worker's has none: a probe ends it. */
  until?: number;
  /** Of a hold of the worker's: one is under way, is due with the next message that is received, or may go at a time. */
  probe?: 'under way' | 'due' | number;
  /** Of an operator's. */
  who?: string;
  reason?: string;
}

/** Pauses after a refusal without a `Retry-After` are shorter, and are no news. */
const ORDINARY_PAUSE_MS = 16_000;

/**
 * What keeps messages from being called now, the gravest first. A worker's hold stands until its probe ends it; one whose end has come and
 * whose lanes have no message is history, since nobody is there to probe.
 * @param counts undefined: each lane may have messages, as one may that could not be counted.
 */
export function standingHolds(
  state: BudgetState | undefined,
  counts: LaneCounts | undefined,
  now: number,
): StandingHold[] {
  if (state === undefined) return [];
  const { byScope, byOperator } = state.holds;
  const hasMessages = (lane: Lane): boolean => counts === undefined || queuedIn([lane], counts) !== 0;
  const scopes: Scope[] = ['all', ...LANES];
  const ofOperators = scopes.flatMap((scope): StandingHold[] => {
    const hold = byOperator[scope];
    if (hold === undefined || (hold.until !== undefined && hold.until <= now)) return [];
    const { since, until, who, why: reason } = hold;
    return [
      {
        scope,
        why: 'operator',
        since,
        who,
        ...(until === undefined ? {} : { until }),
        ...(reason === undefined ? {} : { reason }),
      },
    ];
  });
  const ofWorker = scopes.flatMap((scope): StandingHold[] => {
    const hold = byScope[scope];
    if (hold === undefined) return [];
    const { why, since, until, probeEnd = 0 } = hold;
    const probe = now < until ? until : now < probeEnd ? 'under way' : 'due';
    const isHistory =
      probe === 'due' && !LANES.some((lane) => (scope === 'all' || scope === lane) && hasMessages(lane));
    return isHistory ? [] : [{ scope, why, since, probe }];
  });
  const quiet: StandingHold[] =
    state.quietUntil - now > ORDINARY_PAUSE_MS ? [{ scope: 'all', why: 'retry-after', until: state.quietUntil }] : [];
  const all = [...ofWorker, ...ofOperators, ...quiet];
  return [...all.filter(({ scope }) => scope === 'all'), ...all.filter(({ scope }) => scope !== 'all')];
}

/** Those that keep a request of this lane. */
export const holdsOn = (lane: Lane, holds: readonly StandingHold[]): StandingHold[] =>
  holds.filter(({ scope }) => scope === 'all' || scope === lane);

export const scopeWords = (scope: Scope): string => (scope === 'all' ? 'all lanes' : `lane ${scope}`);

/** "brake on lane bulk, since 2026-11-23T12:00:00Z (5 min ago); next probe in 12 s": a part of a sentence. */
export function holdWords(hold: StandingHold, now: number): string {
  const { scope, since, until, who, reason } = hold;
  const what: Record<StandingHold['why'], string> = {
    outage: 'outage',
    credential: 'no accepted token',
    brake: 'brake',
    operator: `paused by ${plain(who ?? 'an operator')}${reason === undefined ? '' : ` ("${plain(reason)}")`}`,
    'retry-after': 'the API asked for a pause',
  };
  const begun = since === undefined ? '' : `, since ${time(since)} (${ago(since, now)})`;
  const end = until === undefined ? '' : `, until ${time(until)} (${relative(until, now)})`;
  return `${what[hold.why]} on ${scopeWords(scope)}${begun}${end}${probeWords(hold, now)}`;
}

function probeWords({ probe }: StandingHold, now: number): string {
  if (probe === undefined) return '';
  if (typeof probe === 'number') return `; next probe ${relative(probe, now)}`;
  return probe === 'due' ? '; a probe is due with the next message' : '; a probe is under way';
}

/** A hold as `--json` prints it. Every member is always there; times are RFC 3339 in UTC, and that of the next probe stands in `probe`. */
export const holdJson = ({ scope, why, since, until, probe, who, reason }: StandingHold) => ({
  scope,
  why,
  since: rfc3339(since),
  until: rfc3339(until),
  probe: typeof probe === 'number' ? rfc3339(probe) : (probe ?? null),
  who: who ?? null,
  reason: reason ?? null,
});
