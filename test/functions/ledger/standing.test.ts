import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestItem } from '../../../functions/ledger/items.ts';
import { addressBits, isRedriveOf, type Standing, standingOf } from '../../../functions/ledger/standing.ts';
import { anItem, EMAIL, KEY } from '../../support/builders.ts';
import { NOON } from '../../support/virtual-clock.ts';

const ADDRESS = addressBits(KEY, EMAIL);
const ENDED = { kind: 'ended' } as const;
const anew = { kind: 'callable', unknowns: 0, failedCalls: 0 } as const;
const counts = { calls: 9, failedCalls: 7, unknowns: 2 };

describe('where a request stands', () => {
  const failing = anItem({ state: 'failing', ...counts });
  it.each<[string, RequestItem | undefined, string | undefined, Standing]>([
    ['new', undefined, undefined, anew],
    ['new, though its message claims a redrive', undefined, 'failure-0', anew],
    ['succeeded', anItem({ state: 'succeeded' }), undefined, ENDED],
    ['succeeded, redriven', anItem({ state: 'succeeded', failureId: 'failure-0' }), 'failure-0', ENDED],
    ['cancelled', anItem({ state: 'cancelled' }), undefined, ENDED],
    ['cancelled, redriven', anItem({ state: 'cancelled', failureId: 'failure-0' }), 'failure-0', ENDED],
    ['failed', anItem({ state: 'failed' }), undefined, ENDED],
    ['failed, with another failure’s id', anItem({ state: 'failed' }), 'failure-1', ENDED],
    ['failed, redriven', anItem({ state: 'failed', ...counts }), 'failure-0', anew],
    ['discarded', anItem({ state: 'discarded' }), undefined, ENDED],
    ['discarded, with another failure’s id', anItem({ state: 'discarded' }), 'failure-1', ENDED],
    ['discarded, redriven', anItem({ state: 'discarded', ...counts }), 'failure-0', anew],
    ['failing', failing, undefined, { kind: 'resume-letter', item: failing }],
    ['failing, redriven', failing, 'failure-0', { kind: 'resume-letter', item: failing }],
    ['waiting for later', anItem({ notBefore: NOON + 1 }), undefined, { kind: 'not-due', until: NOON + 1 }],
    [
      'waiting, due',
      anItem({ notBefore: NOON, ...counts }),
      undefined,
      { kind: 'callable', unknowns: 2, failedCalls: 7 },
    ],
    ['waiting, redriven too', anItem({ notBefore: NOON + 1 }), 'failure-0', { kind: 'not-due', until: NOON + 1 }],
    ['calling', anItem({ state: 'calling', leaseEnd: NOON + 1 }), undefined, { kind: 'busy', until: NOON + 1 }],
    [
      'calling, its lease ended',
      anItem({ state: 'calling', leaseEnd: NOON, ...counts }),
      undefined,
      { kind: 'callable', unknowns: 3, failedCalls: 8 },
    ],
  ])('%s', (_, item, failureId, standing) => {
    const message = { address: ADDRESS, ...(failureId === undefined ? {} : { failureId }) };
    expect(standingOf(item, message, NOON)).toEqual(standing);
  });

  it.each(['calling', 'waiting', 'succeeded', 'failing', 'failed', 'cancelled', 'discarded'] as const)(
    'is the same for nobody else’s address, in state %s',
    (state) => {
      const item = anItem({ state });
      const message = { address: (ADDRESS + 1) % 65_536, failureId: 'failure-0' };
      expect(standingOf(item, message, NOON)).toEqual({ kind: 'other-address' });
    },
  );

  it.each([
    ['the message', anItem({ state: 'succeeded' }), {}],
    ['the ledger', (({ address: _, ...rest }) => rest)(anItem({ state: 'succeeded' })), { address: 1 }],
  ])('has no address to compare where %s has none', (_, item, message) => {
    expect(standingOf(item, message, NOON)).toEqual(ENDED);
  });

  it('compares an address whose bits are all nought', () => {
    expect(standingOf(anItem({ address: 0 }), { address: 1 }, NOON)).toEqual({ kind: 'other-address' });
    expect(standingOf(anItem({ address: 1 }), { address: 0 }, NOON)).toEqual({ kind: 'other-address' });
    expect(standingOf(anItem({ address: 0, state: 'succeeded' }), { address: 0 }, NOON)).toEqual(ENDED);
  });

  it('is free where a lease or a time is missing, rather than held for ever', () => {
    const { leaseEnd: _, ...calling } = anItem({ state: 'calling' });
    expect(standingOf(calling, {}, NOON)).toEqual({ kind: 'callable', unknowns: 1, failedCalls: 1 });
    const { notBefore: __, ...waiting } = anItem();
    expect(standingOf(waiting, {}, NOON)).toEqual(anew);
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
    expect(addressBits('order-1', 'Jane.Roe@Example.COM')).toBe(Number.parseInt(hex.slice(0, 4), 16));
  });

  it('differ by key, so that one person’s requests cannot be joined by them', () => {
    const bits = new Set(Array.from({ length: 200 }, (_, index) => addressBits(`order-${index}`, EMAIL)));
    expect(bits.size).toBeGreaterThan(190);
  });

  it('are 16 at most', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, email) => {
        const bits = addressBits(key, email);
        expect(Number.isInteger(bits) && bits >= 0 && bits < 65_536).toBe(true);
      }),
    );
  });
});
