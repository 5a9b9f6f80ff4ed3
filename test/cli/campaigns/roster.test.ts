import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DigestList } from '../../../cli/campaigns/digest-list.ts';
import { digesterOf, digestIn, newIdKey, requestIdFor } from '../../../cli/campaigns/request-ids.ts';
import { Roster } from '../../../cli/campaigns/roster.ts';
import { requestKey } from '../../../functions/ledger/items.ts';

const ID_KEY = new Uint8Array(32).fill(7);
const people = (count: number): string[] => Array.from({ length: count }, (_, index) => `user${index}@example.com`);

function rosterOf(emails: readonly string[], idKey: Uint8Array = ID_KEY): Roster {
  const roster = new Roster('spring', idKey);
  for (const [index, email] of emails.entries()) roster.add(email, index + 1);
  return roster;
}

describe('A request id of a campaign', () => {
  it.each(['jane@example.com', 'JANE@Example.com', `${'x'.repeat(1000)}@example.com`])(
    'is made of the HMAC of the lower-cased address (%.20s)',
    (email) => {
      const expected = createHmac('sha256', ID_KEY).update(email.toLowerCase()).digest().subarray(0, 16);
      expect(digesterOf(ID_KEY)(email).toString('hex')).toBe(expected.toString('hex'));
    },
  );

  it('leads back to its digest, and an id of another system does not', () => {
    const digest = digesterOf(newIdKey())('jane@example.com');
    const id = requestIdFor('spring', digest);
    expect(id).toMatch(/^spring:[0-9a-f]{32}$/);
    expect(digestIn('spring', requestKey(id))).toEqual(digest);
    expect(digestIn('spring', requestKey('spring:order-1'))).toBeUndefined();
    expect(digestIn('spring', requestKey(`summer:${digest.toString('hex')}`))).toBeUndefined();
  });
});

describe('A list of digests', () => {
  it('is sorted by all of their bytes', () => {
    const digests = ['00000020ff', '00000001aa', 'ffffffff01', '00000001a9', '0000001f00', 'ffffffff00', '00000001ab'];
    const list = new DigestList();
    for (const start of digests) list.push(Buffer.from(start.padEnd(32, '0'), 'hex'));
    expect([...list.sorted()].map((index) => digests[index])).toEqual([...digests].sort());
  });
});

describe('A roster', () => {
  it('keeps each address once, whatever its capitals: the first line stays', () => {
    const roster = rosterOf(['Jane@example.com']);
    expect(roster.add('jane@EXAMPLE.com', 2)).toBe(1);
    expect(roster.size).toBe(1);
    expect(roster.lineOf(roster.digestOf('JANE@example.com'))).toBe(1);
    expect(roster.lineOf(roster.digestOf('joe@example.com'))).toBeUndefined();
    expect([roster.has('JANE@example.com'), roster.has('joe@example.com')]).toEqual([true, false]);
    expect(roster.person(0)).toMatchObject({ email: 'Jane@example.com', line: 1 });
  });

  it('gives every person once, in the order of the request ids', () => {
    // More than a block of each kind.
    const emails = people(70_000);
    const roster = rosterOf(emails);
    const all = emails.map((_, place) => roster.person(place));
    expect(new Set(all.map(({ email }) => email))).toEqual(new Set(emails));
    const ids = all.map(({ requestId }) => requestId);
    expect(ids).toEqual([...ids].sort());
    expect(all.every(({ email, line }) => emails[line - 1] === email)).toBe(true);
    expect(emails.every((email, index) => roster.add(email, 0) === index + 1)).toBe(true);
  });

  it('spreads people who stand next to each other in the file, or a clump of unknown users would pull the brake', () => {
    const clump = new Set(people(300));
    const roster = rosterOf(people(5_000));
    let [run, longest] = [0, 0];
    for (let place = 0; place < roster.size; place += 1) {
      run = clump.has(roster.person(place).email) ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    expect(longest).toBeLessThan(10);
  });

  it('finds the place of a request id, and of one that is not there the next', () => {
    const roster = rosterOf(people(1_000));
    for (const place of [0, 1, 500, 999]) expect(roster.placeOf(roster.person(place).requestId)).toBe(place);
    expect(roster.placeOf('spring:')).toBe(0);
    expect(roster.placeOf('spring:g')).toBe(1_000);
  });

  it('has a digest that tells its set of addresses, whatever their order and capitals', () => {
    const many = people(5_000);
    const [first, ...others] = many;
    const same = rosterOf([...others, String(first).toUpperCase()]);
    expect(rosterOf([String(first), ...others]).setDigest()).toBe(same.setDigest());
    expect(rosterOf(others).setDigest()).not.toBe(same.setDigest());
    const ids = many.map((_, place) => same.person(place).requestId.slice('spring:'.length));
    expect(same.setDigest()).toBe(
      createHash('sha256')
        .update(Buffer.from(ids.join(''), 'hex'))
        .digest('hex'),
    );
    const otherKey = newIdKey();
    expect(rosterOf(many, otherKey).setDigest()).toBe(same.setDigest(otherKey));
  });
});
