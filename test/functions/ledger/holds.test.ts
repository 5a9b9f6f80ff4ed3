import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterReport,
  CREDENTIAL_HOLD_MS,
  type Hold,
  type Holds,
  heldForCredential,
  NO_HOLDS,
  passage,
} from '../../../functions/ledger/holds.ts';
import type { CallReport } from '../../../functions/reset-worker/ports.ts';
import { NOON } from '../../support/virtual-clock.ts';

const LEASE_MS = 30_000;
const outage = (until: number, lengthMs = 5000): Hold => ({ why: 'outage', until, lengthMs });
const credential = (until: number): Hold => ({ why: 'credential', until, lengthMs: 30_000 });
const unavailable = (key: string): CallReport => ({ kind: 'unavailable', key });
/** Held until a moment ago, with the probe under way. */
const probing = (hold: Hold): Holds => ({ hold, probeEnd: NOON + 20_000, suspects: ['a', 'b', 'c'] });

describe('passage', () => {
  it.each<[string, Holds, object]>([
    ['is free without a hold', NO_HOLDS, { kind: 'free' }],
    ['is free with suspects alone', { suspects: ['a', 'b'] }, { kind: 'free' }],
    ['is held', { hold: outage(NOON + 1), suspects: [] }, { kind: 'held', until: NOON + 1, why: 'outage' }],
    [
      'is held for a token',
      { hold: credential(NOON + 1), suspects: [] },
      { kind: 'held', until: NOON + 1, why: 'credential' },
    ],
    [
      'is held while another probes',
      { hold: outage(NOON - 9), probeEnd: NOON + 1, suspects: [] },
      { kind: 'held', until: NOON + 1, why: 'outage' },
    ],
    [
      'is a probe at the hold’s end',
      { hold: outage(NOON), suspects: ['a'] },
      { kind: 'probe', holds: { hold: outage(NOON), probeEnd: NOON + LEASE_MS, suspects: ['a'] } },
    ],
    [
      'is a probe again where the last one was never heard of',
      { hold: outage(NOON - 9), probeEnd: NOON, suspects: [] },
      { kind: 'probe', holds: { hold: outage(NOON - 9), probeEnd: NOON + LEASE_MS, suspects: [] } },
    ],
  ])('%s', (_, holds, way) => {
    expect(passage(holds, NOON)).toEqual(way);
  });
});

describe('an outage', () => {
  const told = (...reports: CallReport[]): Holds =>
    reports.reduce<Holds>((holds, report) => afterReport(holds, report, NOON), NO_HOLDS);

  it.each<[string, CallReport[], number | undefined]>([
    ['one request', [unavailable('a')], undefined],
    ['one request, however often', Array(9).fill(unavailable('a')), undefined],
    ['two requests', [unavailable('a'), unavailable('b'), unavailable('a')], undefined],
    ['three requests', [unavailable('a'), unavailable('b'), unavailable('c')], 5000],
    [
      'three, with a success between',
      [unavailable('a'), { kind: 'success' }, unavailable('b'), unavailable('c')],
      undefined,
    ],
    ['three, with a 429 between', [unavailable('a'), unavailable('b'), { kind: 'throttled' }, unavailable('c')], 5000],
    ['three, with a 404 between', [unavailable('a'), unavailable('b'), { kind: 'answered' }, unavailable('c')], 5000],
    [
      'three, with an unused turn between',
      [unavailable('a'), unavailable('b'), { kind: 'unused' }, unavailable('c')],
      5000,
    ],
    [
      'three, with no answer between',
      [unavailable('a'), unavailable('b'), { kind: 'unanswered' }, unavailable('c')],
      5000,
    ],
    ['three without an answer', Array(3).fill({ kind: 'unanswered' }), undefined],
  ])('is not concluded lightly: %s', (_, reports, lengthMs) => {
    expect(told(...reports).hold).toEqual(lengthMs === undefined ? undefined : outage(NOON + lengthMs, lengthMs));
  });

  it('doubles with each failed probe, to a minute, and a success ends it', () => {
    let holds = told(unavailable('a'), unavailable('b'), unavailable('c'));
    let now = NOON;
    const lengths = [holds.hold?.lengthMs];
    for (let probe = 0; probe < 6; probe += 1) {
      now = holds.hold?.until ?? 0;
      const way = passage(holds, now);
      if (way.kind !== 'probe') throw new Error('It should be time for a probe.');
      holds = afterReport(way.holds, unavailable('d'), now);
      expect(holds.hold?.until).toBe(now + (holds.hold?.lengthMs ?? 0));
      expect(holds.probeEnd).toBeUndefined();
      lengths.push(holds.hold?.lengthMs);
    }
    expect(lengths).toEqual([5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
    expect(afterReport(holds, { kind: 'success' }, now)).toEqual(NO_HOLDS);
  });
});

describe('a report during a hold', () => {
  const before = { hold: outage(NOON + 1000), suspects: ['a', 'b', 'c'] };

  it.each<CallReport>([
    unavailable('d'),
    { kind: 'unanswered' },
    { kind: 'throttled' },
    { kind: 'answered' },
    { kind: 'unused' },
  ])('of a call begun before it (%o) changes nothing', (report) => {
    expect(afterReport(before, report, NOON)).toEqual(before);
  });

  it('of a success ends it at once', () => {
    expect(afterReport(before, { kind: 'success' }, NOON)).toEqual(NO_HOLDS);
  });
});

describe('a probe', () => {
  it.each<[string, Hold, CallReport, Holds]>([
    ['that was served ends an outage', outage(NOON), { kind: 'success' }, NO_HOLDS],
    ['that was throttled ends an outage: the API is there', outage(NOON), { kind: 'throttled' }, NO_HOLDS],
    ['that was refused ends an outage: the API is there', outage(NOON), { kind: 'answered' }, NO_HOLDS],
    [
      'that met it again doubles an outage',
      outage(NOON),
      unavailable('d'),
      { hold: outage(NOON + 10_000, 10_000), suspects: ['a', 'b', 'c'] },
    ],
    [
      'without an answer doubles an outage',
      outage(NOON),
      { kind: 'unanswered' },
      { hold: outage(NOON + 10_000, 10_000), suspects: ['a', 'b', 'c'] },
    ],
    [
      'that was not made leaves the next one to be',
      outage(NOON),
      { kind: 'unused' },
      { hold: outage(NOON), suspects: ['a', 'b', 'c'] },
    ],
    ['that was served ends a hold for the token', credential(NOON), { kind: 'success' }, NO_HOLDS],
    ['that was refused for another reason ends a hold for the token', credential(NOON), { kind: 'answered' }, NO_HOLDS],
    [
      'that met an outage turns a hold for the token into that',
      credential(NOON),
      unavailable('d'),
      { hold: outage(NOON + 5000), suspects: ['a', 'b', 'c'] },
    ],
    [
      'without an answer leaves a hold for the token to the next probe',
      credential(NOON),
      { kind: 'unanswered' },
      { hold: credential(NOON), suspects: ['a', 'b', 'c'] },
    ],
  ])('%s', (_, hold, report, after) => {
    expect(afterReport(probing(hold), report, NOON)).toEqual(after);
  });

  it('that was not made leaves no trace where no hold stands', () => {
    expect(afterReport({ suspects: ['a'] }, { kind: 'unused' }, NOON)).toEqual({ suspects: ['a'] });
  });
});

describe('a hold for want of a token', () => {
  it('lasts as long as the secret is not read again', () => {
    expect(CREDENTIAL_HOLD_MS).toBe(30_000);
    expect(heldForCredential({ suspects: ['a'] }, NOON)).toEqual({ hold: credential(NOON + 30_000), suspects: ['a'] });
  });

  it('is not lengthened by calls that were under way', () => {
    const holds: Holds = { hold: credential(NOON + 1), suspects: [] };
    expect(heldForCredential(holds, NOON)).toEqual(holds);
  });

  it('begins anew after a probe that was not accepted', () => {
    expect(heldForCredential(probing(credential(NOON)), NOON)).toEqual({
      hold: credential(NOON + 30_000),
      suspects: ['a', 'b', 'c'],
    });
  });

  it('takes the place of an outage', () => {
    expect(heldForCredential({ hold: outage(NOON + 60_000), suspects: [] }, NOON).hold).toEqual(
      credential(NOON + 30_000),
    );
  });
});

describe('whatever is reported', () => {
  it('a hold ends within a minute of its last report, and one call at a time probes', () => {
    const report = fc.oneof(
      fc.constantFrom<CallReport>(
        { kind: 'success' },
        { kind: 'answered' },
        { kind: 'unanswered' },
        { kind: 'unused' },
        { kind: 'throttled' },
      ),
      fc.constantFrom('a', 'b', 'c', 'd').map(unavailable),
    );
    const step = fc.oneof(
      report,
      fc.constant('credential' as const),
      fc.constant('pass' as const),
      fc.integer({ min: 1, max: 70_000 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let holds: Holds = NO_HOLDS;
        let now = NOON;
        for (const one of steps) {
          if (typeof one === 'number') now += one;
          else if (one === 'credential') holds = heldForCredential(holds, now);
          else if (one === 'pass') {
            const way = passage(holds, now);
            if (way.kind !== 'probe') continue;
            holds = way.holds;
            expect(passage(holds, now)).toMatchObject({ kind: 'held', until: now + LEASE_MS });
          } else holds = afterReport(holds, one, now);
          const way = passage(holds, now);
          if (way.kind === 'held') expect(way.until - now).toBeLessThanOrEqual(60_000);
          expect(new Set(holds.suspects).size).toBe(holds.suspects.length);
          expect(holds.suspects.length).toBeLessThanOrEqual(3);
        }
      }),
    );
  });
});
