import type { Clock, EpochMs } from '../common/clock.ts';
import type { Telemetry } from '../common/telemetry.ts';
import type { Lane } from '../contract/reset-request.ts';
import { LedgerUnreachable } from '../ledger/ledger.ts';
import type { CallBudget, Ticket, Turn } from './call-budget.ts';
import { type HoldCause, passage } from './holds.ts';
import { nextPermit, type Pace, type Permit } from './permits.ts';
import { afterCall, afterPermits, type BudgetState, type Ceiling, freshBudget, heldUntil, paceAt } from './state.ts';

export type BudgetWrite = { kind: 'written' } | { kind: 'conflict'; current: BudgetState | undefined };

/** Where the budget is kept. Every method may throw {@link LedgerUnreachable}. */
export interface BudgetStore {
  /** Consistently. */
  read(): Promise<BudgetState | undefined>;
  /** Writes if the item is still at the revision before that of `next`, or is not there and `next` has revision 1. */
  write(next: BudgetState): Promise<BudgetWrite>;
}

export interface SharedBudgetOptions {
  store: BudgetStore;
  /** The deployed ceiling. */
  ceiling: Ceiling;
  /** Permits of the burst that only `interactive` may take. */
  reserve: number;
  /** How long a probe may be under way. */
  leaseMs: number;
  clock: Clock;
  random(): number;
  telemetry: Telemetry;
}

/** While held, the budget is looked at this often: a hold that ends early is noticed, and an operator's begins, within seconds. */
const LOOK_MS = 2_000;
/** A permit may be taken this many intervals before its time, so that several copies need not all wake for each one; and no longer before. */
const AHEAD_INTERVALS = 2;
const LONGEST_AHEAD_MS = 300;
const FRESH_MS = 30;
/** A permit is good for this long after its time. */
const STALE_MS = 500;
/** After a write that met another's. */
const FIRST_CONFLICT_PAUSE_MS = 20;
const MAX_CONFLICT_PAUSE_MS = 1_000;
/** What a report has to say is dropped after so many conflicts: others have said the same. */
const MAX_REPORT_TRIES = 10;

/** Permits and holds shared by all copies of the function through one item: one conditional write a permit, none for a success in calm. */
export function sharedBudget({
  store,
  ceiling,
  reserve,
  leaseMs,
  clock,
  random,
  telemetry,
}: SharedBudgetOptions): CallBudget {
  /** The item as last seen. Old news costs a conflict, never a permit. */
  let seen: BudgetState | undefined;
  let seenAt: EpochMs = 0;
  /** Permits taken by the same write as another's, for those who wait behind it. */
  let inHand: { lane: Lane; count: number; at: EpochMs } = { lane: 'interactive', count: 0, at: 0 };
  /** Turns asked for and not yet given, a lane each. */
  const waiting: Record<Lane, number> = { interactive: 0, bulk: 0 };
  /** Turns are given in the order in which they were asked for: each waits for the one before. */
  let line: Promise<unknown> = Promise.resolve();

  /** Other copies have probably written since: a read is cheaper than a write in vain. */
  const look = async (): Promise<BudgetState> => {
    if (seen === undefined || clock.now() - seenAt > FRESH_MS) {
      seen = (await store.read()) ?? freshBudget(clock.now());
      seenAt = clock.now();
    }
    return seen;
  };

  const commit = async (next: BudgetState): Promise<boolean> => {
    const revised = { ...next, revision: next.revision + 1 };
    seen = undefined;
    const result = await store.write(revised);
    seen = result.kind === 'written' ? revised : result.current;
    seenAt = clock.now();
    return result.kind === 'written';
  };

  const pauseAfterConflict = (conflicts: number): Promise<void> =>
    clock.sleep(random() * Math.min(MAX_CONFLICT_PAUSE_MS, FIRST_CONFLICT_PAUSE_MS * 2 ** conflicts));

  const isInHand = (lane: Lane, now: EpochMs): boolean =>
    inHand.lane === lane && inHand.count > 0 && now - inHand.at <= STALE_MS;

  const headOfLine = async (lane: Lane, key: string, latest: EpochMs): Promise<Turn> => {
    let wasLate = false;
    for (let conflicts = 0; ; ) {
      const state = await look();
      // After the look: a read may take seconds, and a permit counted from before it would be used late, beside the next one.
      const now = clock.now();
      const way = passage(state.holds, lane, key, now, leaseMs);
      const held: { until: EpochMs; why: HoldCause | 'pace' } | undefined =
        way.kind === 'held' ? way : now < state.quietUntil ? { until: state.quietUntil, why: 'pace' } : undefined;
      if (held) {
        const none: Turn = { kind: 'none', retryAt: held.until, why: held.why };
        if (now >= latest || (way.kind === 'held' && way.standsBack)) return none;
        // Waiting here, not in the queue, is what slows the intake: batches are fetched as fast as they are given back.
        await clock.sleep(Math.min(held.until, latest, now + LOOK_MS * (1 + random() / 2)) - now);
        if (clock.now() >= latest) return none;
        seen = undefined;
        continue;
      }
      if (way.kind === 'free' && now <= latest && isInHand(lane, now)) {
        inHand.count -= 1;
        return { kind: 'granted', ticket: { lane, key, probe: false, grantedAt: inHand.at } };
      }
      const pace = paceAt(state, ceiling, reserve, now);
      const permit = nextPermit(state.arrival, pace, lane, now);
      if (permit.at > latest) {
        if (latest > now) await clock.sleep(latest - now);
        return { kind: 'none', retryAt: permit.at, why: 'pace' };
      }
      const aheadMs = Math.min(AHEAD_INTERVALS / pace.rate, LONGEST_AHEAD_MS);
      if (permit.at - now > aheadMs) {
        await clock.sleep(permit.at - aheadMs - now + random() * aheadMs);
        continue;
      }
      const holds = way.kind === 'probe' ? way.holds : state.holds;
      const more = way.kind === 'free' ? dueNow(permit.arrival, pace, lane, now, waiting[lane] - 1) : [];
      const arrival = more.at(-1)?.arrival ?? permit.arrival;
      if (!(await commit(afterPermits(state, 1 + more.length, arrival, holds, now)))) {
        await pauseAfterConflict(conflicts);
        conflicts += 1;
        continue;
      }
      if (permit.at > clock.now()) await clock.sleep(permit.at - clock.now());
      // After a standstill others have used the time: such a permit is wasted, or it would come on top of theirs. Late a second time, it is
      // the table that is slow, and a call late is better than none.
      if (clock.now() - permit.at > STALE_MS && way.kind === 'free' && !wasLate) {
        wasLate = true;
        continue;
      }
      inHand = { lane, count: more.length, at: clock.now() };
      return {
        kind: 'granted',
        ticket: {
          lane,
          key,
          probe: way.kind === 'probe',
          grantedAt: permit.at,
        },
      };
    }
  };

  return {
    turn(lane, key, latest) {
      waiting[lane] += 1;
      const turn = line
        .then(() => headOfLine(lane, key, latest))
        .finally(() => {
          waiting[lane] -= 1;
        });
      line = turn.catch(() => undefined);
      return turn;
    },

    async report(ticket, report) {
      // In calm, which is nearly always, even an old look shows that there is nothing to say.
      if (seen && afterCall(seen, ticket, report, ceiling, clock.now()) === seen) return rulingOf(seen, ticket, report);
      try {
        for (let tries = 0; tries < MAX_REPORT_TRIES; tries += 1) {
          const state = await look();
          const next = afterCall(state, ticket, report, ceiling, clock.now());
          if (next === state || (await commit(next))) {
            announce(state, next, ticket, telemetry);
            return rulingOf(next, ticket, report);
          }
          await pauseAfterConflict(tries);
        }
      } catch (error) {
        if (!(error instanceof LedgerUnreachable)) throw error;
        telemetry.event('LEDGER_UNREACHABLE', {
          lane: ticket.lane,
          requestId: ticket.key,
          why: error.why,
        });
      }
      return {};
    },
  };

  function rulingOf(state: BudgetState, ticket: Ticket, report: Parameters<CallBudget['report']>[1]) {
    const until = heldUntil(state, ticket.lane, report);
    return until === undefined ? {} : { heldUntil: until };
  }
}

/** The permits after one that are due already, at most as many as are wanted: they come with the same write. */
function dueNow(arrival: EpochMs, pace: Pace, lane: Lane, now: EpochMs, wanted: number): Permit[] {
  const due: Permit[] = [];
  for (let last = arrival; due.length < wanted; ) {
    const permit = nextPermit(last, pace, lane, now);
    if (permit.at > now) break;
    due.push(permit);
    last = permit.arrival;
  }
  return due;
}

/** Says once that a hold begins, by the copy that began it. */
function announce(before: BudgetState, after: BudgetState, ticket: Ticket, telemetry: Telemetry): void {
  for (const scope of ['all', ticket.lane] as const) {
    const hold = after.holds.holds[scope];
    if (!hold || hold.until === before.holds.holds[scope]?.until) continue;
    if (hold.why === 'outage') telemetry.event('OUTAGE_HELD', { delayMs: hold.lengthMs });
    if (hold.why === 'brake')
      telemetry.event('BRAKE_HELD', {
        lane: ticket.lane,
        delayMs: hold.lengthMs,
      });
    if (hold.why === 'credential') telemetry.event('CREDENTIAL_HELD', { delayMs: hold.lengthMs });
  }
}
