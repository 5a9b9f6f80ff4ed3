import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { detailWithCut, letterOf } from '../../../../functions/reset-worker/core/letter.ts';
import { aMessage, anItem, KEY } from '../../../support/builders.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const KIB = 1024;
const letterWith = (body: string) => letterOf(anItem({ state: 'failing' }), KEY, aMessage({ body }), NOON);

describe('a letter', () => {
  it('holds the original body and what the ledger knows', () => {
    const item = anItem({ state: 'failing', campaignId: 'c1', lane: 'bulk', calls: 3, finishedAt: NOON - 5 });
    expect(letterOf(item, KEY, aMessage({ lane: 'interactive' }), NOON)).toEqual({
      body: aMessage().body,
      reason: 'rejected',
      failureId: 'failure-0',
      status: 404,
      detail: 'no such user',
      requestId: KEY,
      campaignId: 'c1',
      lane: 'bulk',
      calls: 3,
      firstSentAt: NOON - 1000,
      failedAt: NOON - 5,
    });
  });

  it('has no campaign and no status where there was none', () => {
    const { lastStatus: _, ...item } = anItem({ state: 'failing' });
    const letter = letterOf(item, KEY, aMessage(), NOON);
    expect(letter).not.toHaveProperty('campaignId');
    expect(letter).not.toHaveProperty('status');
  });

  it('made again later is the same letter', () => {
    const item = anItem({ state: 'failing', finishedAt: NOON });
    expect(letterOf(item, KEY, aMessage(), NOON + 3_600_000)).toEqual(letterOf(item, KEY, aMessage(), NOON));
  });

  it('is whole where the item lacks what it should have', () => {
    const { reason: _, failureId: __, detail: ___, finishedAt: ____, ...item } = anItem({ state: 'failing' });
    expect(letterOf(item, KEY, aMessage(), NOON)).toMatchObject({
      reason: 'invalid-request',
      failureId: KEY,
      detail: '',
      failedAt: NOON,
    });
  });
});

describe('a body', () => {
  it('of 256 kB goes whole; of a byte more its first 4 kB go', () => {
    const body = 'x'.repeat(256 * KIB);
    expect(letterWith(body).body).toBe(body);
    expect(letterWith(`${body}x`).body).toBe('x'.repeat(4 * KIB));
  });

  it('is measured in bytes of UTF-8', () => {
    expect(letterWith('é'.repeat(128 * KIB)).body).toHaveLength(128 * KIB);
    expect(letterWith('é'.repeat(128 * KIB + 1)).body).toBe('é'.repeat(2 * KIB));
  });

  it.each([
    ['é', 2],
    ['€', 3],
    ['😀', 4],
  ])('cut through %s ends at the character’s boundary, at every offset of its %i bytes', (character, size) => {
    expect(Buffer.byteLength(character)).toBe(size);
    for (let offset = 0; offset < size; offset += 1) {
      const body = `${'x'.repeat(offset)}${character.repeat(200 * KIB)}`;
      const whole = Math.floor((4 * KIB - offset) / size);
      const kept = `${'x'.repeat(offset)}${character.repeat(whole)}`;
      expect(letterWith(body).body).toBe(kept);
      expect(detailWithCut('', body)).toContain(`first ${offset + whole * size} of ${Buffer.byteLength(body)} bytes`);
    }
  });

  it('cut after a byte order mark keeps it: these are the first 4 kB as they were', () => {
    const body = `\uFEFF${'x'.repeat(300 * KIB)}`;
    expect(letterWith(body).body).toBe(body.slice(0, 4 * KIB - 2));
    expect(detailWithCut('', body)).toContain('first 4096 of ');
  });

  it('that is cut is named by length and SHA-256 in the detail, which keeps to 256 characters', () => {
    const body = 'é'.repeat(512 * KIB);
    const hash = createHash('sha256').update(body).digest('hex');
    const named = `first 4096 of 1048576 bytes, SHA-256 ${hash}: the body has too much`;
    expect(detailWithCut('the body has too much', body)).toBe(named);
    expect(detailWithCut('y'.repeat(300), body)).toBe(
      `${named.slice(0, named.indexOf(': ') + 2)}${'y'.repeat(300)}`.slice(0, 256),
    );
  });

  it('that was cut before keeps the length and SHA-256 that its last letter named', () => {
    const note = `first 4096 of 1048576 bytes, SHA-256 ${'0123456789abcdef'.repeat(4)}: `;
    expect(detailWithCut('the body is not JSON', 'x', `${note}the body has too much`)).toBe(
      `${note}the body is not JSON`,
    );
    expect(detailWithCut('the body is not JSON', 'x', `${note}${note}`)).toBe(`${note}the body is not JSON`);
    expect(detailWithCut('y'.repeat(256), 'x', note)).toHaveLength(256);
  });

  it.each([
    '',
    'the body is not JSON',
    `said: first 4096 of 1048576 bytes, SHA-256 ${'0'.repeat(64)}: no`,
    `first 4096 of 1048576 bytes, SHA-256 ${'0'.repeat(63)}: no`,
    `first 4096 of 1048576 bytes, SHA-256 ${'z'.repeat(64)}: no`,
    `first  of 1048576 bytes, SHA-256 ${'0'.repeat(64)}: no`,
    `first 4096 of  bytes, SHA-256 ${'0'.repeat(64)}: no`,
    `first 4096 of 1048576 bytes, SHA-256 ${'0'.repeat(64)}`,
  ])('whose last letter said “%s” was not cut before', (before) => {
    expect(detailWithCut('problem', 'x', before)).toBe('problem');
  });

  it('that is cut now is named by what it is now', () => {
    const body = 'x'.repeat(300 * KIB);
    const before = `first 1 of 2 bytes, SHA-256 ${'0'.repeat(64)}: `;
    expect(detailWithCut('problem', body, before)).toBe(detailWithCut('problem', body));
  });

  it('that goes whole leaves the detail as it is, to 256 characters', () => {
    expect(detailWithCut('problem', 'x'.repeat(256 * KIB))).toBe('problem');
    expect(detailWithCut('y'.repeat(257), 'x')).toBe('y'.repeat(256));
  });
});
