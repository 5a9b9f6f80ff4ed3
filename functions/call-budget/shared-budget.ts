import type { Clock, EpochMs } from '../common/clock.ts';
import type { Telemetry } from '../common/telemetry.ts';
import type { Lane } from '../contract/reset-request.ts';
import { LedgerUnreachable } from '../ledger/ledger.ts';
import type { CallBudget, HeldBy, HoldCause, Ruling, Shown, Ticket, Turn } from './call-budget.ts';
import {
  type Holds,
  heldBy,
  type Life,
  latestLife,
  lifeOf,
  NO_LIFE,
  type Passage,
  type ProbeOptions,
  passage,
} from './holds.ts';
import { nextPermit, type Pace, type Permit } from './permits.ts';
import { type BudgetStore, SharedItem } from './shared-item.ts';
import {
  afterCall,
  afterPermits,
  type BudgetState,
  blindRuling,
  type Ceiling,
  metBy,
  OWN,
  paceAt,
  rulingOn,
  withKnownLife,
} from './state.ts';

export interface SharedBudgetOptions extends ProbeOptions {
  store: BudgetStore;
  /** The deployed ceiling. */
  ceiling: Ceiling;
  /** Permits of the burst that only `interactive` may take. */
  reserve: number;
  clock: Clock;
  random(): number;
  telemetry: Telemetry;
}

/** Whoever waits looks at the budget this often: a hold that ends early, an operator's pause and another ceiling are noticed within seconds. */
const LOOK_MS = 2_000;
/**
 * A permit may be taken this many intervals before its time, and no longer before: those that are wanted by then share a write. A hold of which
 * only another copy has heard comes too late for them, and a single request can wait so much longer behind a campaign.
 */
const AHEAD_INTERVALS = 5;
const LONGEST_AHEAD_MS = 300;
/** A permit is good for this long after its time. */
const STALE_MS = 500;
const MAX_REPORT_TRIES = 10;
/** A success that is judged by an older sight might not reset the rejections that others have counted since. */
const CALM_SIGHT_MS = 5_000;

/** A turn that is asked for. */
interface Asked extends Pick<Ticket, 'lane' | 'key' | 'history'> {
  latest: EpochMs;
}

/** What a look at the item shows to be next for whoever is first in line. */
type Move =
  | { kind: 'held'; until: EpochMs; why: HoldCause | 'pace'; standsBack: boolean }
  | { kind: 'too-late'; at: EpochMs }
  | { kind: 'too-early'; at: EpochMs; aheadMs: number }
  | {
      kind: 'taken';
      next: BudgetState;
      permits: readonly OwnPermit[];
      way: Exclude<Passage, { kind: 'held' }>;
    };

/** A permit that this copy has taken: its number, and when it may be used. */
interface OwnPermit {
  number: number;
  at: EpochMs;
}

/** Permits and holds that all copies of the function share through one item: at most one write per permit in calm, none for a success. */
export function sharedBudget(options: SharedBudgetOptions): CallBudget {
  return new SharedBudget(options);
}

class SharedBudget implements CallBudget {
  readonly #options: SharedBudgetOptions;
  readonly #item: SharedItem;
  /** What this copy knows of the API's life; it is written along with permits. */
  #life: Life = NO_LIFE;
  /** Permits taken by the same write as another's, for those who wait behind it. */
  #inHand: { lane: Lane; permits: readonly OwnPermit[] } = { lane: 'interactive', permits: [] };
  /** Turns asked for and not yet given, per lane. */
  readonly #waiting: Record<Lane, number> = { interactive: 0, bulk: 0 };
  /** Turns are given in the order in which they were asked for: each waits for the one before. */
  #line: Promise<unknown> = Promise.resolve();

  constructor(options: SharedBudgetOptions) {
    this.#options = options;
    this.#item = new SharedItem(options.store, options.clock, options.random);
  }

  turn(...[lane, key, latest, history]: Parameters<CallBudget['turn']>): Promise<Turn> {
    this.#waiting[lane] += 1;
    const turn = this.#line
      .then(() => this.#headOfLine({ lane, key, latest, history }))
      .finally(() => {
        this.#waiting[lane] -= 1;
      });
    this.#line = turn.catch(() => undefined);
    return turn;
  }

  async #headOfLine(asked: Asked): Promise<Turn> {
    const { clock, random } = this.#options;
    const { latest } = asked;
    let wasLate = false;
    for (let conflicts = 0; ; ) {
      const inHand = this.#takeInHand(asked);
      if (inHand) {
        if (inHand.at > clock.now()) await clock.sleep(inHand.at - clock.now());
        if (clock.now() - inHand.at <= STALE_MS && this.#isFree(asked)) return granted(asked, inHand);
      }
      const move = await this.#item.change((state) => this.#moveOf(state, asked));
      const now = clock.now();
      switch (move?.kind) {
        case undefined:
          await this.#item.pauseAfterConflict(conflicts);
          conflicts += 1;
          break;
        case 'held': {
          const none: Turn = { kind: 'none', retryAt: move.until, why: move.why, standsBack: move.standsBack };
          if (now >= latest || move.standsBack) return none;
          // Waiting here, not in the queue, is what slows the intake: batches are fetched as fast as they are given back.
          await clock.sleep(Math.min(move.until, latest, now + LOOK_MS * (1 + random() / 2)) - now);
          if (clock.now() >= latest) return none;
          this.#item.forget();
          break;
        }
        case 'too-late':
          if (now >= latest) return { kind: 'none', retryAt: move.at, why: 'pace', standsBack: false };
          await clock.sleep(Math.min(latest - now, LOOK_MS));
          break;
        case 'too-early':
          await clock.sleep(Math.min(move.at - move.aheadMs - now + random() * move.aheadMs, LOOK_MS));
          break;
        case 'taken': {
          const { way } = move;
          const [permit, ...more] = move.permits as [OwnPermit, ...OwnPermit[]];
          if (permit.at > now) await clock.sleep(permit.at - now);
          // What was heard of since may forbid the call.
          if (way.kind === 'free' && !this.#isFree(asked)) break;
          // After a standstill others have used the time: such a permit is wasted, or it would come on top of theirs. Late a second time, it
          // is the table that is slow, and a call late is better than none.
          if (clock.now() - permit.at > STALE_MS && way.kind === 'free' && !wasLate) {
            wasLate = true;
            break;
          }
          this.#inHand = {
            lane: asked.lane,
            permits: more.map(({ number, at }) => ({ number, at: Math.max(at, clock.now()) })),
          };
          return granted(asked, permit, way.kind === 'probe' ? way.by : undefined);
        }
      }
    }
  }

  /** Made after the look at the item: a read may take seconds, and a permit counted from before it would be used late, beside the next one. */
  #moveOf(item: BudgetState, asked: Asked): Move & { next?: BudgetState } {
    const { clock, ceiling, reserve } = this.#options;
    const { lane, latest } = asked;
    const now = clock.now();
    const state = this.#withKnownLife(item);
    const way = passage(state.holds, asked, now, this.#options);
    if (way.kind === 'held') return way;
    if (now < state.quietUntil) return { kind: 'held', until: state.quietUntil, why: 'pace', standsBack: false };
    const pace = paceAt(state, ceiling, reserve, now);
    const permit = nextPermit(state.arrival, pace, lane, now);
    if (permit.at > latest) return { kind: 'too-late', at: permit.at };
    const aheadMs = Math.min(AHEAD_INTERVALS / pace.rate, LONGEST_AHEAD_MS);
    if (permit.at - now > aheadMs) return { kind: 'too-early', at: permit.at, aheadMs };
    const holds: Holds = way.kind === 'probe' ? way.holds : state.holds;
    const wanted = way.kind === 'free' ? this.#waiting[lane] : 1;
    const permits = permitsUntil(Math.min(now + aheadMs, latest), permit, pace, lane, now, wanted);
    const arrival = permits.at(-1)?.arrival ?? permit.arrival;
    return {
      kind: 'taken',
      next: afterPermits(state, { count: permits.length, arrival, holds }, ceiling, now),
      permits: permits.map(({ at }, index) => ({ at, number: state.granted + 1 + index })),
      way,
    };
  }

  /** Whether nothing that was seen last forbids a call now. */
  #isFree(asked: Asked): boolean {
    const now = this.#options.clock.now();
    const seen = this.#item.seenWithin(Number.POSITIVE_INFINITY);
    if (seen === undefined) return true;
    return (
      now >= seen.quietUntil && passage(this.#withKnownLife(seen).holds, asked, now, this.#options).kind === 'free'
    );
  }

  /** The next permit in hand, unless the last look is an old one or forbids a call. Those whose time has passed are wasted. */
  #takeInHand(asked: Asked): OwnPermit | undefined {
    const { lane, latest } = asked;
    if (this.#inHand.lane !== lane || this.#inHand.permits.length === 0) return undefined;
    const now = this.#options.clock.now();
    const [permit, ...more] = this.#inHand.permits.filter(({ at }) => now - at <= STALE_MS);
    const seen = this.#item.seenWithin(LONGEST_AHEAD_MS);
    if (!permit || !seen || now > latest || permit.at > latest || !this.#isFree(asked)) return undefined;
    this.#inHand = { lane, permits: more };
    return permit;
  }

  /** A copy knows of no permit that the item never gave, unless the item was lost and begun again: then its life was that one's. */
  #withKnownLife(item: BudgetState): BudgetState {
    if (this.#life.permit > item.granted) this.#life = NO_LIFE;
    return withKnownLife(item, this.#life);
  }

  async report(ticket: Ticket, shown: Shown): Promise<Ruling> {
    const ruling = await this.#tell(ticket, shown);
    // Not before: what this copy knows already would be no news to the item, and would not be written.
    this.#life = latestLife(this.#life, lifeOf(ticket, shown) ?? NO_LIFE);
    return ruling;
  }

  heldBy(...[lane, since]: Parameters<CallBudget['heldBy']>): HeldBy | undefined {
    const seen = this.#item.seenSince(since);
    return seen && heldBy(this.#withKnownLife(seen).holds, lane, this.#options.clock.now());
  }

  async #tell(ticket: Ticket, shown: Shown): Promise<Ruling> {
    const { clock, ceiling, telemetry } = this.#options;
    // In calm, which is nearly always, a look of a while ago shows that there is nothing to say.
    const lastSeen = this.#item.seenWithin(CALM_SIGHT_MS);
    const isGood = shown.kind === 'succeeded' || shown.kind === 'nothing';
    if (isGood && lastSeen && afterCall(lastSeen, ticket, shown, ceiling, clock.now()) === lastSeen) return OWN;
    try {
      for (let tries = 0; tries < MAX_REPORT_TRIES; tries += 1) {
        const told = await this.#item.change((before) => {
          const known = this.#withKnownLife(before);
          const after = afterCall(known, ticket, shown, ceiling, clock.now());
          return { before, after, ...(after === known ? {} : { next: after }) };
        });
        if (told) {
          announce(told.before, told.after, ticket, shown, telemetry);
          return rulingOn(told.after, ticket, shown, clock.now());
        }
        await this.#item.pauseAfterConflict(tries);
      }
    } catch (error) {
      if (!(error instanceof LedgerUnreachable)) throw error;
      telemetry.event('LEDGER_UNREACHABLE', { lane: ticket.lane, requestId: ticket.key, why: error.why });
    }
    return blindRuling(shown, clock.now());
  }
}

const granted = (
  { lane, key, history }: Asked,
  { number, at }: OwnPermit,
  probe?: Ticket['probe'],
): Extract<Turn, { kind: 'granted' }> => ({
  kind: 'granted',
  ticket: { lane, key, permit: number, grantedAt: at, history, ...(probe === undefined ? {} : { probe }) },
});

/** A permit and those that follow it until a time, at most as many as are wanted: they come with the same write. */
function permitsUntil(
  until: EpochMs,
  first: Permit,
  pace: Pace,
  lane: Lane,
  now: EpochMs,
  wanted: number,
): readonly Permit[] {
  const permits = [first];
  for (let last = first; permits.length < wanted; permits.push(last)) {
    last = nextPermit(last.arrival, pace, lane, now);
    if (last.at > until) break;
  }
  return permits;
}

/** Says once that a hold begins, by the copy that began it. */
function announce(before: BudgetState, after: BudgetState, ticket: Ticket, shown: Shown, telemetry: Telemetry): void {
  for (const scope of ['all', ticket.lane] as const) {
    const hold = after.holds.byScope[scope];
    if (!hold || hold.until === before.holds.byScope[scope]?.until) continue;
    if (hold.why === 'outage') telemetry.event('OUTAGE_HELD', { delayMs: hold.lengthMs, ...metBy(shown) });
    if (hold.why === 'brake') telemetry.event('BRAKE_HELD', { lane: ticket.lane, delayMs: hold.lengthMs });
    if (hold.why === 'credential') telemetry.event('CREDENTIAL_HELD', { delayMs: hold.lengthMs });
  }
}
