import { LANES, type Lane, MAX_QUEUED_MS } from '../../functions/contract/reset-request.ts';
import type { Connection } from '../deployment/connect.ts';
import { budgetFigures, tenths } from '../queries/budget-figures.ts';
import { RECENT_MINUTES } from '../queries/campaigns/campaign-row.ts';
import { type LaneCounts, laneCounts, queuedIn } from '../queries/lane-counts.ts';
import { known, type Reading, readingOf } from '../queries/reading.ts';
import { rfc3339 } from '../queries/rfc3339.ts';
import { recentResets } from '../queries/situation/recent-resets.ts';
import { holdJson, holdsOn, holdWords, type StandingHold, standingHolds } from '../queries/standing-holds.ts';
import { type WayOutNames, wayOutOf } from '../queries/way-out.ts';
import { counted, number, type Painter, relative, time } from '../terminal/text.ts';
import { CANARY_MS } from './canary.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Rows that are about to be sent. */
export interface Sending {
  lane: Lane;
  rows: number;
  /** Milliseconds since the epoch. */
  notAfter?: number | undefined;
  /** How many of them are watched before the rest is sent. */
  canary?: number | undefined;
}

/** When the rows of a campaign would be through. */
export interface Outlook {
  /** Messages queued that go first; undefined where they could not be counted. */
  ahead: number | undefined;
  /** Calls a minute; undefined where no rate is known. */
  perMinute: number | undefined;
  /** Whether the rate is what the call budget allows, or what the last minutes made of it. */
  basis: 'ceiling' | 'observed';
  /** Until the last row is called, holds and tries again not counted. */
  finishMs: number | undefined;
  /** What keeps the lane from being called now. */
  holds: Reading<StandingHold[]>;
}

/**
 * Reckons with the whole rate also for `bulk`: the permits that are kept for `interactive` make its bursts smaller, and what they are not
 * used for is its own in the long run.
 */
export async function outlookFor(
  connection: Connection,
  { lane, rows }: Pick<Sending, 'lane' | 'rows'>,
): Promise<Outlook> {
  const { ledger, budget, deployment, now } = connection;
  const [counts, state, recent] = await Promise.all([
    laneCounts(connection),
    readingOf(budget.read()),
    readingOf(recentResets(ledger, now)),
  ]);
  const at = now();
  const holds: Reading<StandingHold[]> = state.ok
    ? { ok: true, value: standingHolds(state.value, counts, at) }
    : { ok: false, why: state.why };
  const allowed = budgetFigures(known(state), deployment.ceiling, at).pace?.perMinute;
  const isBusy = known(holds)?.length === 0 && waitsForAMinute(counts, allowed);
  const observed = isBusy ? known(recent)?.perMinute : undefined;
  const isSlower = observed !== undefined && observed < (allowed ?? Number.POSITIVE_INFINITY);
  const perMinute = isSlower ? observed : allowed;
  const ahead = queuedIn(lane === 'bulk' ? LANES : [lane], counts);
  return {
    ahead,
    perMinute,
    basis: isSlower ? 'observed' : 'ceiling',
    finishMs: perMinute === undefined ? undefined : lasts((ahead ?? 0) + rows, perMinute),
    holds: holds.ok ? { ok: true, value: holdsOn(lane, holds.value) } : holds,
  };
}

/** Three resets of a deployment with little to do are no measure: as many must wait as a minute takes. */
function waitsForAMinute(counts: LaneCounts, perMinute = 0): boolean {
  const waiting = LANES.reduce((sum, lane) => sum + (known(counts[lane])?.waiting ?? 0), 0);
  return waiting > 0 && waiting >= perMinute;
}

const lasts = (calls: number, perMinute: number): number => (calls / perMinute) * MINUTE_MS;

/** What the preview tells of time, one or two sentences a line. */
export function outlookLines(
  outlook: Outlook,
  sending: Sending,
  told: WayOutNames & { now: number; paint: Painter },
): string[] {
  const { now, paint } = told;
  const warnings = [
    lateWarning(outlook, sending, now),
    interactiveWarning(outlook, sending, now),
    canaryWarning(outlook, sending, now),
    ...holdWarnings(outlook, sending, told),
  ];
  return [
    finishLine(outlook, sending, now),
    ...warnings.flatMap((words) => (words === undefined ? [] : [paint('yellow', words)])),
  ];
}

function finishLine(outlook: Outlook, sending: Sending, now: number): string {
  const { finishMs } = outlook;
  if (finishMs === undefined) {
    return `When the last row is called cannot be told: the outputs of the deployment do not tell its ceiling, and none is set. To be called: ${work(outlook, sending)}.`;
  }
  const at = now + finishMs;
  return `The last row is called ${relative(at, now)} (about ${time(at)}): ${work(outlook, sending)}, ${rate(outlook)}.`;
}

/** "40,000 rows behind 1,000 messages". */
function work({ ahead }: Outlook, { rows }: Pick<Sending, 'rows'>): string {
  const behind =
    ahead === undefined
      ? ', and what is queued before them, which could not be counted'
      : ahead === 0
        ? ''
        : ` behind ${counted(ahead, 'message')} that ${ahead === 1 ? 'is' : 'are'} queued`;
  return `${counted(rows, 'row')}${behind}`;
}

const rate = ({ perMinute, basis }: Outlook): string =>
  basis === 'ceiling'
    ? `at ${number(tenths(perMinute) ?? 0)} calls a minute, as the call budget allows`
    : `at ${number(tenths(perMinute) ?? 0)} a minute, as in the last ${RECENT_MINUTES} minutes, which is slower than the call budget allows`;

/** The rows that are not called by `notAfter`. */
function lateWarning(
  { perMinute, ahead = 0, finishMs }: Outlook,
  { rows, notAfter }: Sending,
  now: number,
): string | undefined {
  if (perMinute === undefined || notAfter === undefined || now + (finishMs ?? 0) <= notAfter) return undefined;
  const inTime = Math.floor(((notAfter - now) / MINUTE_MS) * perMinute) - ahead;
  const late = rows - Math.max(0, inTime);
  return `Warning: about ${number(late)} of them will not be called before --not-after, ${time(notAfter)}, and will end as expired.`;
}

function interactiveWarning({ perMinute }: Outlook, { lane, rows }: Sending, now: number): string | undefined {
  if (lane !== 'interactive') return undefined;
  const called = perMinute === undefined ? '' : `, and are called ${relative(now + lasts(rows, perMinute), now)}`;
  return `Warning: single requests that come after these rows wait behind them${called}.`;
}

/** Those of a canary that are open after ten minutes count as failed. */
function canaryWarning({ perMinute, ahead = 0 }: Outlook, { canary }: Sending, now: number): string | undefined {
  if (perMinute === undefined || canary === undefined) return undefined;
  const canaryMs = lasts(ahead + canary, perMinute);
  if (canaryMs <= CANARY_MS) return undefined;
  const why = lasts(canary, perMinute) > CANARY_MS ? 'make it smaller' : 'wait until less is queued';
  return `Warning: the last of the canary is called ${relative(now + canaryMs, now)}, and those open after ${CANARY_MS / MINUTE_MS} min count as failed: ${why}.`;
}

function holdWarnings(
  { holds }: Outlook,
  { lane, canary }: Sending,
  told: WayOutNames & { now: number },
): (string | undefined)[] {
  if (!holds.ok) return [`Warning: whether lane ${lane} is held cannot be told. ${holds.why}`];
  return holds.value.map((hold) => {
    const waits = canary === undefined ? '' : ', and its canary waits';
    return `Held: ${holdWords(hold, told.now)}. Nobody is called until it ends; the campaign can be sent all the same${waits}. Next: ${wayOutOf(hold, told)}`;
  });
}

/** Why so many rows must not be sent now, in one line, if they must not: the last would wait for more than 12 days. */
export function outlookRefusal(
  outlook: Outlook,
  sending: Pick<Sending, 'rows'>,
  { command }: Pick<WayOutNames, 'command'>,
): string | undefined {
  const { perMinute, finishMs, ahead = 0, basis } = outlook;
  if (perMinute === undefined || finishMs === undefined || finishMs <= MAX_QUEUED_MS) return undefined;
  const days = (ms: number): string => `${number(Math.round((ms / DAY_MS) * 10) / 10)} days`;
  const room = Math.floor((MAX_QUEUED_MS / MINUTE_MS) * perMinute) - ahead;
  const split = room > 0 ? `Split the file: at most ${counted(room, 'row')} now` : 'Wait until less is queued';
  const least = Math.ceil((ahead + sending.rows) / (MAX_QUEUED_MS / MINUTE_MS));
  const faster =
    basis === 'ceiling'
      ? `or, if the API allows more, ${command(`budget set ${least}`)}`
      : `or find out what slows the calls down: ${command('status')}`;
  return `${work(outlook, sending)}, ${rate(outlook)}, take ${days(finishMs)}, and a request that has waited for ${days(MAX_QUEUED_MS)} is given up as expired. ${split}; ${faster}`;
}

/** As `--json` prints it. Every member is always there; the rate is rounded to a tenth. */
export const outlookJson = ({ ahead, perMinute, basis, finishMs, holds }: Outlook, now: number) => ({
  ahead: ahead ?? null,
  perMinute: tenths(perMinute),
  basis: perMinute === undefined ? null : basis,
  finishSeconds: finishMs === undefined ? null : Math.round(finishMs / 1000),
  finishAt: finishMs === undefined ? null : rfc3339(now + Math.round(finishMs)),
  holds: holds.ok ? holds.value.map(holdJson) : null,
});
