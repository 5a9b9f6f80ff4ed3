import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsOn, standingHolds } from '../../../cli/queries/standing-holds.ts';
import type { CallHistory, Shown, Ticket } from '../../../functions/call-budget/call-budget.ts';
import type { BudgetItem } from '../../../functions/call-budget/dynamo-store.ts';
import { passage } from '../../../functions/call-budget/holds.ts';
import { brakeOff, clearCeiling, pause, release, resume, setCeiling } from '../../../functions/call-budget/operator.ts';
import { nextPermit } from '../../../functions/call-budget/permits.ts';
import {
  afterCall,
  afterPermits,
  type BudgetState,
  type Ceiling,
  freshBudget,
  paceAt,
} from '../../../functions/call-budget/state.ts';
import { checkBudgetItem } from '../../../functions/call-budget/stored-state.ts';
import { LANES, type Lane } from '../../../functions/contract/reset-request.ts';
import { counts, has, unreadable } from '../../support/cli/a-situation.ts';
import { NOON } from '../../support/virtual-clock.ts';

const CEILING: Ceiling = { quota: 'known', perMinute: 60, burst: 10 };
const RESERVE = 3;
const EMPTY = { interactive: has(counts()), bulk: has(counts()) };
const SECOND_MS = 1000;
const HOUR_MS = 3600 * SECOND_MS;
/** Shorter pauses after a refusal are no hold that is told. */
const ORDINARY_PAUSE_MS = 16 * SECOND_MS;

const SHOWN: Shown[] = [
  { kind: 'succeeded', status: 200 },
  { kind: 'throttled', status: 429 },
  { kind: 'throttled', status: 429, retryAfterMs: HOUR_MS },
  { kind: 'unavailable', status: 503 },
  { kind: 'unknown' },
  { kind: 'unauthorized', status: 401 },
  { kind: 'rejected', status: 404, detail: '' },
  { kind: 'rejected', status: 302, detail: '' },
  { kind: 'server-error', status: 500, detail: '' },
  { kind: 'no-token' },
  { kind: 'nothing' },
];

const lane = fc.constantFrom(...LANES);
const scope = fc.constantFrom<'all' | Lane>('all', ...LANES);
const history = fc.constantFrom<CallHistory>(
  { unknowns: 0, heldCalls: 0 },
  { unknowns: 1, heldCalls: 0 },
  { unknowns: 0, heldCalls: 2 },
);
const laterMs = fc.oneof(
  fc.constantFrom(0, 5 * SECOND_MS, 30 * SECOND_MS, 300 * SECOND_MS, HOUR_MS),
  fc.integer({ min: -2000, max: 40_000 }),
);
const calls = fc.record({ calls: lane, history, shown: fc.constantFrom(...SHOWN), times: fc.constantFrom(1, 3, 20) });
const step = fc.oneof(
  { weight: 4, arbitrary: calls },
  { weight: 3, arbitrary: fc.record({ laterMs }) },
  fc.record({ pauses: scope, forMs: fc.option(fc.integer({ min: 1, max: 60_000 })) }),
  fc.record({ resumes: scope }),
  fc.record({ releases: fc.constant(true) }),
  fc.record({ brakeOff: scope }),
  fc.record({ sets: fc.integer({ min: 1, max: 600 }) }),
  fc.record({ clears: fc.constant(true) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What a worker and operators make of the budget. */
function lived(steps: readonly Step[], probesByAddress: boolean): { state: BudgetState; now: number } {
  let state = freshBudget(NOON);
  let now = NOON;
  let made = 0;
  const call = (of: Lane, was: CallHistory, shown: Shown): void => {
    made += 1;
    const asked = { lane: of, key: `call-${made}`, history: was };
    const way = passage(state.holds, asked, now, { leaseMs: 30_000, probesByAddress });
    if (way.kind === 'held' || now < state.quietUntil) return;
    const permit = nextPermit(state.arrival, paceAt(state, CEILING, RESERVE, now), of, now);
    const holds = way.kind === 'probe' ? way.holds : state.holds;
    state = afterPermits(state, { count: 1, arrival: permit.arrival, holds }, CEILING, now);
    const probe = way.kind === 'probe' ? { probe: way.by } : {};
    const ticket: Ticket = { ...asked, permit: state.granted, grantedAt: now, ...probe };
    state = afterCall(state, ticket, shown, CEILING, now);
  };
  for (const one of steps) {
    if ('laterMs' in one) now += one.laterMs;
    else if ('calls' in one) for (let n = 0; n < one.times; n += 1) call(one.calls, one.history, one.shown);
    else if ('pauses' in one) {
      const until = one.forMs === null ? {} : { until: now + one.forMs };
      state = pause(state, one.pauses, { since: now, who: 'sam', ...until });
    } else if ('resumes' in one) state = resume(state, one.resumes);
    else if ('releases' in one) state = release(state, now);
    else if ('brakeOff' in one) state = brakeOff(state, one.brakeOff, now + HOUR_MS);
    else if ('sets' in one) state = setCeiling(state, { perMinute: one.sets, burst: 10 }, CEILING, now);
    else state = clearCeiling(state, CEILING, now);
  }
  return { state, now };
}

const world = fc.record({ steps: fc.array(step, { maxLength: 60 }), probesByAddress: fc.boolean() });

describe('whatever has come about', () => {
  it('what the worker says of a request is what is told of its lane: held, to be probed, or free', () => {
    const seen = { held: 0, probe: 0, free: 0 };
    fc.assert(
      fc.property(world, laterMs, ({ steps, probesByAddress }, afterMs) => {
        const { state, now } = lived(steps, probesByAddress);
        const at = now + afterMs;
        for (const of of LANES) {
          const asked = { lane: of, key: 'somebody', history: { unknowns: 0, heldCalls: 0 } };
          const way = passage(state.holds, asked, at, { leaseMs: 30_000, probesByAddress });
          seen[way.kind] += 1;
          // Its message, or one that could not be counted, is in its lane; the other lane is empty.
          for (const messages of [has(counts({ waiting: 1 })), has(counts({ inFlight: 1 })), unreadable]) {
            const lanes = { ...EMPTY, [of]: messages };
            const told = holdsOn(of, standingHolds(state, lanes, at));
            const whys = told.map(({ why }) => why);
            if (way.kind === 'held') expect(whys).toContain(way.why);
            if (way.kind === 'probe') expect(told.map(({ probe }) => probe)).toContain('due');
            if (way.kind === 'free') expect(whys.filter((why) => why !== 'retry-after')).toEqual([]);
            const quietMs = state.quietUntil - at;
            expect(whys.includes('retry-after')).toBe(quietMs > ORDINARY_PAUSE_MS);
          }
        }
      }),
      { numRuns: 1000 },
    );
    // Worlds in which nothing happens would show nothing.
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
  });

  it('of an empty lane only what would keep its next message from being called at once is told', () => {
    fc.assert(
      fc.property(world, laterMs, ({ steps, probesByAddress }, afterMs) => {
        const { state, now } = lived(steps, probesByAddress);
        const at = now + afterMs;
        const told = standingHolds(state, EMPTY, at);
        for (const of of LANES) {
          const asked = { lane: of, key: 'somebody', history: { unknowns: 0, heldCalls: 0 } };
          const way = passage(state.holds, asked, at, { leaseMs: 30_000, probesByAddress });
          const whys = holdsOn(of, told).flatMap(({ why }) => (why === 'retry-after' ? [] : [why]));
          // The probe address is called for all lanes, also by a message whose own lane is held.
          if (way.kind !== 'probe' || way.by === 'request') expect(whys.length > 0).toBe(way.kind === 'held');
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('an item of the worker’s is never taken for one that was changed by hand', () => {
    fc.assert(
      fc.property(world, ({ steps, probesByAddress }) => {
        const { state } = lived(steps, probesByAddress);
        const { revision } = state;
        const stored: BudgetItem = JSON.parse(JSON.stringify({ pk: 'budget', revision, writer: 'w', state }));
        expect(() => checkBudgetItem(stored)).not.toThrow();
      }),
      { numRuns: 1000 },
    );
  });
});
