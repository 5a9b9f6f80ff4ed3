import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RequestItem, STATES } from '../../../functions/ledger/items.ts';
import { addressTag, isRedriveOf, type Standing, standingOf } from '../../../functions/ledger/standing.ts';
import { anItem, EMAIL, KEY } from '../../support/builders.ts';
import { NOON } from '../../support/virtual-clock.ts';

const ADDRESS = addressTag(KEY, EMAIL);
const LEASE_MS = 30_000;
const NO_PAST = { unknowns: 0, failedCalls: 0, heldCalls: 0 };
const ENDED = { kind: 'ended' } as const;
const anew = { kind: 'callable', past: { unknowns: 0, failedCalls: 0, heldCalls: 0 } } as const;
const counts = { calls: 9, failedCalls: 7, throttled: 6, heldCalls: 5, unknowns: 2 };
const stands = (item: RequestItem | undefined, message: Parameters<typeof standingOf>[1] = {}, leaseMs = LEASE_MS) =>
  standingOf(item, message, NOON, leaseMs);

describe('where a request stands', () => {
  const failing = anItem({ state: 'failing', finishedAt: NOON - LEASE_MS, ...counts });
  const failingNow = anItem({ state: 'failing', finishedAt: NOON });
  it.each<[string, RequestItem | undefined, string | undefined, Standing]>([
    ['new', undefined, undefined, anew],
    ['new, though its message claims a redrive', undefined, 'failure-0', anew],
    ['succeeded', anItem({ state: 'succeeded' }), undefined, ENDED],
    ['succeeded, redriven', anItem({ state: 'succeeded', failureId: 'failure-0' }), 'failure-0', ENDED],
    ['cancelled', anItem({ state: 'cancelled' }), undefined, ENDED],
    ['cancelled, redriven', anItem({ state: 'cancelled', failureId: 'failure-0' }), 'failure-0', ENDED],
    ['failed', anItem({ state: 'failed' }), undefined, ENDED],
    ['failed, with another failure’s id', anItem({ state: 'failed' }), 'failure-1', ENDED],
    ['failed, redriven', anItem({ state: 'failed', serverErrorPermit: 4, ...counts }), 'failure-0', anew],
    ['discarded', anItem({ state: 'discarded' }), undefined, ENDED],
    ['discarded, with another failure’s id', anItem({ state: 'discarded' }), 'failure-1', ENDED],
    ['discarded, redriven', anItem({ state: 'discarded', serverErrorPermit: 4, ...counts }), 'failure-0', ENDED],
    [
      'redriven, and its copy received',
      anItem({ state: 'redriven', serverErrorPermit: 4, ...counts }),
      'failure-0',
      anew,
    ],
    ['redriven, a copy without a failure id', anItem({ state: 'redriven' }), undefined, ENDED],
    ['redriven, with another failure’s id', anItem({ state: 'redriven' }), 'failure-1', ENDED],
    ['failed and gone, redriven', anItem({ state: 'failed', gone: NOON, ...counts }), 'failure-0', anew],
    ['failing for a lease', failing, undefined, { kind: 'resume-letter', item: failing }],
    ['failing for a lease, with another failure’s id', failing, 'failure-1', { kind: 'resume-letter', item: failing }],
    ['failing, redriven: its letter was sent', failing, 'failure-0', { kind: 'letter-sent', item: failing }],
    ['failing just now, redriven', failingNow, 'failure-0', { kind: 'letter-sent', item: failingNow }],
    [
      'failing for a millisecond less than a lease: its letter is probably being sent',
      anItem({ state: 'failing', finishedAt: NOON - LEASE_MS + 1 }),
      undefined,
      { kind: 'busy', until: NOON + 1 },
    ],
    [
      'waiting for later',
      anItem({ notBefore: NOON + 1 }),
      undefined,
      { kind: 'not-due', until: NOON + 1, past: NO_PAST },
    ],
    [
      'waiting, due',
      anItem({ notBefore: NOON, ...counts }),
      undefined,
      { kind: 'callable', past: { unknowns: 2, failedCalls: 7, heldCalls: 5 } },
    ],
    [
      'waiting, due, put back for a 5xx before',
      anItem({ notBefore: NOON, serverErrorPermit: 4, ...counts }),
      undefined,
      { kind: 'callable', past: { unknowns: 2, failedCalls: 7, heldCalls: 5, serverErrorPermit: 4 } },
    ],
    [
      'waiting, redriven too',
      anItem({ notBefore: NOON + 1 }),
      'failure-0',
      { kind: 'not-due', until: NOON + 1, past: NO_PAST },
    ],
    ['calling', anItem({ state: 'calling', leaseEnd: NOON + 1 }), undefined, { kind: 'busy', until: NOON + 1 }],
    [
      'calling, its lease ended: a call that was perhaps made',
      anItem({ state: 'calling', leaseEnd: NOON, serverErrorPermit: 4, ...counts }),
      undefined,
      {
        kind: 'not-due',
        until: NOON - LEASE_MS + 900_000,
        past: { unknowns: 3, failedCalls: 8, heldCalls: 5, serverErrorPermit: 4 },
      },
    ],
    [
      'calling, the first call that was lost with its process',
      anItem({ state: 'calling', leaseEnd: NOON }),
      undefined,
      { kind: 'callable', past: { unknowns: 1, failedCalls: 1, heldCalls: 0 } },
    ],
    [
      'calling, the second one: not before 15 minutes after it began',
      anItem({ state: 'calling', leaseEnd: NOON + LEASE_MS - 900_000 + 1, unknowns: 1 }),
      undefined,
      { kind: 'not-due', until: NOON + 1, past: { unknowns: 2, failedCalls: 1, heldCalls: 0 } },
    ],
    [
      'calling, the second one, 15 minutes after it began',
      anItem({ state: 'calling', leaseEnd: NOON + LEASE_MS - 900_000, unknowns: 1 }),
      undefined,
      { kind: 'callable', past: { unknowns: 2, failedCalls: 1, heldCalls: 0 } },
    ],
  ])('%s', (_, item, failureId, standing) => {
    const message = { addressTag: ADDRESS, ...(failureId === undefined ? {} : { failureId }) };
    expect(stands(item, message)).toStrictEqual(standing);
  });

  it('failing is left to its sender for as long as a lease is here', () => {
    const item = anItem({ state: 'failing', finishedAt: NOON - 12_000 });
    expect(stands(item, {}, 12_001)).toEqual({ kind: 'busy', until: NOON + 1 });
    expect(stands(item, {}, 12_000)).toEqual({ kind: 'resume-letter', item });
  });

  it.each(STATES)('is the same for nobody else’s address, in state %s', (state) => {
    const item = anItem({ state });
    const message = { addressTag: (ADDRESS + 1) % 65_536, failureId: 'failure-0' };
    expect(stands(item, message)).toEqual({ kind: 'other-address' });
  });

  it.each([
    ['the message', anItem({ state: 'succeeded' }), {}],
    ['the ledger', (({ addressTag: _, ...rest }) => rest)(anItem({ state: 'succeeded' })), { addressTag: 1 }],
  ])('has no address to compare where %s has none', (_, item, message) => {
    expect(stands(item, message)).toEqual(ENDED);
  });

  it('compares an address whose bits are all nought', () => {
    expect(stands(anItem({ addressTag: 0 }), { addressTag: 1 })).toEqual({ kind: 'other-address' });
    expect(stands(anItem({ addressTag: 1 }), { addressTag: 0 })).toEqual({ kind: 'other-address' });
    expect(stands(anItem({ addressTag: 0, state: 'succeeded' }), { addressTag: 0 })).toEqual(ENDED);
  });

  it('is free where a lease or a time is missing, rather than held for ever', () => {
    const { leaseEnd: _, ...calling } = anItem({ state: 'calling' });
    expect(stands(calling, {})).toEqual({ kind: 'callable', past: { unknowns: 1, failedCalls: 1, heldCalls: 0 } });
    const { notBefore: __, ...waiting } = anItem();
    expect(stands(waiting, {})).toEqual(anew);
    const { finishedAt: ___, ...unfinished } = anItem({ state: 'failing' });
    expect(stands(unfinished)).toEqual({ kind: 'resume-letter', item: unfinished });
  });
});

describe('a redrive', () => {
  it.each([
    ['failure-0', 'failure-0', true],
    ['failure-0', 'failure-1', false],
    ['failure-0', undefined, false],
    [undefined, undefined, false],
  ])('of failure %s is known by the message’s failure id %s: %s', (ofItem, ofMessage, is) => {
    const { failureId: _, ...item } = anItem({ state: 'failed' });
    expect(isRedriveOf({ ...item, ...(ofItem === undefined ? {} : { failureId: ofItem }) }, ofMessage)).toBe(is);
  });
});

describe('the bits of an address', () => {
  it('are the first 16 of SHA-256(key, lower-cased address)', () => {
    const hex = createHash('sha256').update('order-1\njane.roe@example.com').digest('hex');
    expect(addressTag('order-1', 'Jane.Roe@Example.COM')).toBe(Number.parseInt(hex.slice(0, 4), 16));
  });

  it('differ by key, so that one person’s requests cannot be joined by them', () => {
    const bits = new Set(Array.from({ length: 200 }, (_, index) => addressTag(`order-${index}`, EMAIL)));
    expect(bits.size).toBeGreaterThan(190);
  });

  it('are 16 at most', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, email) => {
        const bits = addressTag(key, email);
        expect(Number.isInteger(bits) && bits >= 0 && bits < 65_536).toBe(true);
      }),
    );
  });
});
