import type { Ruling, Ticket, Verdict } from '../../call-budget/call-budget.ts';
import { standBackMs } from '../../call-budget/holds.ts';
import type { EpochMs } from '../../common/clock.ts';
import { type FailureReason, MAX_DETAIL_LENGTH } from '../../contract/dead-letter.ts';
import { MAX_QUEUED_MS } from '../../contract/reset-request.ts';
import type { RequestItem } from '../../ledger/items.ts';
import { unknownWaitMs } from '../../ledger/lease.ts';
import type { Failure, Spent, WaitUpdate } from '../../ledger/ledger.ts';
import type { PastCalls } from '../../ledger/standing.ts';
import { isHtmlPage } from './answers.ts';
import type { DeferralCause } from './outcome.ts';
import { backoffMs, MAX_FAILED_CALLS, MAX_UNKNOWNS, putBackMs, SHORT_WAIT_MS } from './retry-policy.ts';

/** What is given back while held is looked at this often: a hold may be lifted early, and nothing can reach a hidden message. */
export const LONGEST_HELD_HIDE_MS = 2 * 60_000;

/** A request ends without another try; the letter comes next. */
export type GiveUp = Omit<Failure, 'failureId'>;

/** Why a request is given up before a call, if it is. */
export function giveUpBeforeCall(
  past: PastCalls,
  request: { sentAt: EpochMs; notAfter?: EpochMs },
  now: EpochMs,
): GiveUp | undefined {
  const giveUp = (reason: FailureReason, detail: string): GiveUp => ({
    reason,
    detail: withUnknowns(detail, past.unknowns),
    spent: {},
  });
  if (past.unknowns >= MAX_UNKNOWNS) return giveUp('outcome-unknown', 'the last call had no answer');
  if (past.failedCalls >= MAX_FAILED_CALLS) {
    return giveUp(past.unknowns > 0 ? 'outcome-unknown' : 'retries-exhausted', `${past.failedCalls} calls failed`);
  }
  if (request.notAfter !== undefined && request.notAfter < now) return giveUp('expired', 'notAfter has passed');
  return now - request.sentAt >= MAX_QUEUED_MS ? giveUp('expired', 'queued for 12 days') : undefined;
}

/** Until when a message without a turn is hidden. */
export function hiddenUntil(
  turn: { retryAt: EpochMs; standsBack: boolean },
  { lane }: Pick<Ticket, 'lane'>,
  now: EpochMs,
): EpochMs {
  const isLong = turn.standsBack && lane === 'bulk';
  return isLong ? turn.retryAt : Math.min(turn.retryAt, now + LONGEST_HELD_HIDE_MS);
}

/** What a call was, for the decision on what comes after it. */
export interface CallMade {
  verdict: Exclude<Verdict, { kind: 'succeeded' }>;
  ruling: Ruling;
  /** As it was claimed for the call. */
  item: RequestItem;
  ticket: Ticket;
  answeredAt: EpochMs;
  /** When the last call of this invocation may start. */
  latestStart: EpochMs;
  /** Whether a short wait may be slept in this invocation. */
  maySleep: boolean;
  /** Outages are probed with an address of nobody's: no request leaves the probe to others. */
  probesByAddress: boolean;
}

export type NextStep =
  | { kind: 'give-up'; failure: GiveUp }
  /** Another call of this invocation, when the wait is over. */
  | { kind: 'try-again'; update: WaitUpdate }
  /** The message is hidden until `shownAt`, which can be later than the ledger allows the next call. */
  | { kind: 'wait'; update: WaitUpdate; cause: DeferralCause; shownAt: EpochMs; attempted: boolean };

/** What comes after a call that did not succeed. */
export function afterFailedCall(call: CallMade, random: () => number): NextStep {
  const { verdict, ruling, item } = call;
  switch (verdict.kind) {
    case 'unauthorized':
      return waitOut(call, {}, 'credential');
    case 'rejected': {
      const spent: Spent = isHtmlPage(verdict) ? { unknowns: 1 } : {};
      if (ruling.fault === 'ours') return waitOut(call, spent, 'brake');
      // Perhaps the call without an answer made the reset, and this answer only says that it is made.
      const reason = item.unknowns > 0 ? 'outcome-unknown' : 'rejected';
      return giveUp(call, reason, verdict.detail, { ...spent, failedCalls: 1 });
    }
    case 'server-error': {
      if (ruling.fault === 'ours') return putBack(call, { heldCalls: 1, unknowns: 1 });
      // Put back for a 5xx before, it is known to be at fault itself; its unknown outcomes are mostly those answers.
      const reason = item.unknowns > 0 && item.serverErrorPermit === undefined ? 'outcome-unknown' : 'server-error';
      return giveUp(call, reason, verdict.detail, { failedCalls: 1 });
    }
    case 'throttled':
      return backOff(call, { throttled: 1 }, random);
    case 'unavailable':
      if (ruling.fault === 'own') return backOff(call, { failedCalls: 1 }, random);
      // Nothing was done, so there is no harm in a quick second try while nobody is held.
      return ruling.why === 'no-life' ? backOff(call, { heldCalls: 1 }, random) : putBack(call, { heldCalls: 1 });
    case 'unknown':
      if (ruling.fault === 'own') return backOff(call, { failedCalls: 1, unknowns: 1 }, random);
      return putBack(call, { heldCalls: 1, unknowns: 1 });
  }
}

/** The request waits for the end of a hold that is none of its fault. */
function waitOut(call: CallMade, spent: Spent, cause: DeferralCause): NextStep {
  const until = Math.max(untilOf(call), call.answeredAt + leastWaitMs(call, spent));
  return orGiveUp(call, spent, {
    kind: 'wait',
    update: update(call, until, spent),
    cause,
    shownAt: until,
    attempted: false,
  });
}

/** What an outage took, or so it seems, comes again when it is over. */
function putBack(call: CallMade, spent: Spent): NextStep {
  const { ruling, item, verdict, ticket, answeredAt, probesByAddress } = call;
  const unknowns = item.unknowns + (spent.unknowns ?? 0);
  const asked = answeredAt + Math.max(retryAfterOf(verdict), leastWaitMs(call, spent));
  const why = ruling.fault === 'ours' ? ruling.why : undefined;
  const notBefore = Math.max(asked, why === 'no-life' ? answeredAt + putBackMs(unknowns) : untilOf(call));
  const standMs = why === 'outage' && !probesByAddress ? standBackMs({ unknowns, heldCalls: item.heldCalls + 1 }) : 0;
  const shownAt = hiddenUntil({ retryAt: untilOf(call) + standMs, standsBack: true }, ticket, answeredAt);
  return orGiveUp(call, spent, {
    kind: 'wait',
    update: {
      ...update(call, notBefore, spent),
      ...(verdict.kind === 'server-error' ? { serverErrorPermit: ticket.permit } : {}),
    },
    cause: 'outage',
    shownAt: Math.max(notBefore, shownAt),
    attempted: false,
  });
}

function backOff(call: CallMade, spent: Spent, random: () => number): NextStep {
  const { item, verdict, answeredAt, latestStart, maySleep } = call;
  const failures = item.failedCalls + item.throttled + (spent.heldCalls ? item.heldCalls : 0) + 1;
  const delayMs = Math.max(backoffMs(failures, retryAfterOf(verdict), random), leastWaitMs(call, spent));
  const notBefore = answeredAt + delayMs;
  const waiting = update(call, notBefore, spent);
  if (maySleep && delayMs <= SHORT_WAIT_MS && notBefore <= latestStart)
    return orGiveUp(call, spent, { kind: 'try-again', update: waiting });
  const attempted = spent.failedCalls !== undefined;
  return orGiveUp(call, spent, { kind: 'wait', update: waiting, cause: 'backoff', shownAt: notBefore, attempted });
}

/** The next step, unless this call was one too many. */
function orGiveUp(call: CallMade, spent: Spent, step: NextStep): NextStep {
  const { item } = call;
  const unknowns = item.unknowns + (spent.unknowns ?? 0);
  const failedCalls = item.failedCalls + (spent.failedCalls ?? 0);
  if (unknowns < MAX_UNKNOWNS && failedCalls < MAX_FAILED_CALLS) return step;
  return giveUp(call, unknowns > 0 ? 'outcome-unknown' : 'retries-exhausted', `${item.calls} calls failed`, spent);
}

function giveUp({ item, verdict }: CallMade, reason: FailureReason, words: string, spent: Spent): NextStep {
  const detail = withUnknowns(words, item.unknowns + (spent.unknowns ?? 0));
  return { kind: 'give-up', failure: { reason, detail, spent, ...statusOf(verdict, 'status') } };
}

const update = ({ verdict }: CallMade, notBefore: EpochMs, spent: Spent): WaitUpdate => ({
  notBefore,
  spent,
  ...statusOf(verdict, 'lastStatus'),
});

const untilOf = ({ ruling, answeredAt }: CallMade): EpochMs => (ruling.fault === 'ours' ? ruling.until : answeredAt);

/** Counted from an unknown outcome, not from what comes after it. */
const leastWaitMs = ({ item }: CallMade, spent: Spent): number =>
  spent.unknowns === undefined ? 0 : unknownWaitMs(item.unknowns + spent.unknowns);

const retryAfterOf = (verdict: Verdict): number => ('retryAfterMs' in verdict ? (verdict.retryAfterMs ?? 0) : 0);

const statusOf = <Name extends string>({ status }: Verdict, name: Name): { [Key in Name]?: number } =>
  (status === undefined ? {} : { [name]: status }) as { [Key in Name]?: number };

/** What a person must know before a redrive is never cut off; the API's words are. */
function withUnknowns(detail: string, unknowns: number): string {
  if (unknowns === 0) return detail.slice(0, MAX_DETAIL_LENGTH).toWellFormed();
  const note = `calls of unknown outcome: ${unknowns}`;
  if (detail === '') return note;
  return `${detail.slice(0, MAX_DETAIL_LENGTH - note.length - 2).toWellFormed()}; ${note}`;
}
