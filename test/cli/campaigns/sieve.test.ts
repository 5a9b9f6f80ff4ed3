import { delimiter } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AddressFile } from '../../../cli/addresses/address-file.ts';
import { requestIdFor } from '../../../cli/campaigns/request-ids.ts';
import { Roster } from '../../../cli/campaigns/roster.ts';
import { readExcludes, resetIn, type Sieve, type SiftedRow, sift } from '../../../cli/campaigns/sieve.ts';
import type { RequestItem } from '../../../functions/ledger/items.ts';
import { aCampaign, anItem } from '../../support/builders.ts';
import { failureIn, fileOf, memoryCampaigns, memoryReader } from '../../support/cli/command-line.ts';
import { NOON } from '../../support/virtual-clock.ts';

const aRoster = (): Roster => new Roster('breach-7', new Uint8Array(32).fill(7));

async function sifted(content: string, sieve: Partial<Sieve> = {}): Promise<SiftedRow[]> {
  const where = content.includes('site') ? [{ column: 'site', value: 'x' }] : [];
  const file = await AddressFile.open(await fileOf(content), { where });
  return Array.fromAsync(sift(file, { roster: aRoster(), excluded: [], resetIn: [], ...sieve }));
}

describe('The sieve of a campaign', () => {
  it('takes each address once, whatever its capitals, and adds it to the roster with its line', async () => {
    const roster = aRoster();
    const rows = await sifted('Ann@b.de\nbob@b.de\nANN@b.de\n', { roster });
    const ann = requestIdFor('breach-7', roster.digestOf('ann@b.de'));
    expect(rows).toEqual([
      { kind: 'taken', line: 1, cells: ['Ann@b.de'], email: 'Ann@b.de', requestId: ann },
      expect.objectContaining({ kind: 'taken', line: 2 }),
      { kind: 'duplicate', line: 3, cells: ['ANN@b.de'], firstLine: 1 },
    ]);
    expect([...roster.inFileOrder()]).toEqual([
      { email: 'Ann@b.de', line: 1 },
      { email: 'bob@b.de', line: 2 },
    ]);
  });

  it('tells the first of the causes that keep a row out: condition, rule, exclusion, repetition, reset before', async () => {
    const roster = aRoster();
    const excluded = await readExcludes({ env: {} }, [await fileOf('vip@b.de\n', 'vip.txt')], roster);
    const before = {
      campaignId: 'spring',
      forgotten: 0,
      has: (email: string) => ['vip@b.de', 'old@b.de'].includes(email),
    };
    const rows = await sifted(
      [
        'email,site',
        'vip@b.de,y',
        'nobody,y',
        'nobody,x',
        'VIP@b.de,x',
        'vip@b.de,x',
        'a@b.de,x',
        'a@b.de,x',
        'old@b.de,x',
        'old@b.de,x',
        '',
      ].join('\n'),
      { roster, excluded, resetIn: [before] },
    );
    expect(rows.map(({ kind }) => kind)).toEqual([
      'other',
      'other',
      'invalid',
      'excluded',
      'excluded',
      'taken',
      'duplicate',
      'reset before',
      'reset before',
    ]);
    expect(rows[3]).toMatchObject({ file: expect.stringMatching(/vip\.txt$/) });
    expect(rows[7]).toMatchObject({ campaignId: 'spring' });
    expect(roster.size).toBe(1);
  });
});

describe('Excluded accounts', () => {
  const names = async (paths: string[], standing?: string): Promise<string[]> =>
    (await readExcludes({ env: { RESETS_EXCLUDE: standing } }, paths, aRoster())).map(({ name }) => name);

  it('are those of all lists that are given and of all that RESETS_EXCLUDE names, each list once', async () => {
    const [one, two, three] = [await fileOf('a@b.de\n'), await fileOf('email\nb@b.de\n'), await fileOf('c@b.de\n')];
    expect(await names([one], [two, three, one].join(delimiter))).toEqual([two, three, one]);
    expect(await names([], '')).toEqual([]);
    expect(await names([])).toEqual([]);
  });

  it('are found whatever their capitals', async () => {
    const roster = aRoster();
    const [list] = await readExcludes({ env: {} }, [await fileOf('name,email\nJ,Vip@B.de\n')], roster);
    expect(list?.has(roster.digestOf('vip@b.DE'))).toBe(true);
    expect(list?.has(roster.digestOf('ann@b.de'))).toBe(false);
  });

  it('may have addresses that only the API refuses, since these are never reset', async () => {
    const path = await fileOf("o'brien@b.de\na@b.de\n");
    expect(await names([path])).toEqual([path]);
  });

  it('in a column of another name are told to be renamed, since no option reaches that list', async () => {
    const { message } = await failureIn(names([await fileOf('name,account\nJ,vip@b.de\n')]));
    expect(message).toMatch(
      /^--exclude: .* has no column "email", but "name", "account"; rename the one with the addresses\.$/,
    );
  });

  it('that are misspelt stop everything: the line is named, and not what it says', async () => {
    const { message } = await failureIn(names([await fileOf('a@b.de\nvip@b,de\n')]));
    expect(message).toMatch(/^--exclude: line 2 of .*addresses\.csv has more than one address/);
    const other = await failureIn(names([await fileOf('a@b.de\nvip.b.de\n')]));
    expect(other.message).toMatch(
      /line 2 of .* is not an address that the API accepts, and so excludes nobody; correct it/,
    );
    expect(other.message).not.toContain('vip');
  });

  it.each<[claim: string, paths: string[], standing: string | undefined, message: RegExp]>([
    ['of RESETS_EXCLUDE', [], '/nowhere/vip.txt', /^RESETS_EXCLUDE: The file \/nowhere\/vip\.txt does not exist/],
    ['of --exclude', ['/nowhere/vip.txt'], undefined, /^--exclude: The file \/nowhere\/vip\.txt does not exist/],
  ])('in a list %s that is missing are an error, never none', async (_claim, paths, standing, message) => {
    expect((await failureIn(names(paths, standing))).message).toMatch(message);
  });

  it('in an empty list are an error, never none', async () => {
    expect((await failureIn(names([await fileOf('')]))).message).toMatch(/^--exclude: .* is empty/);
  });
});

describe('Who was reset in another campaign', () => {
  const spring = new Roster('spring', new Uint8Array(32).fill(1));
  const requestOf = (email: string, values: Partial<Parameters<typeof anItem>[0]> = {}): RequestItem =>
    anItem({
      key: requestIdFor('spring', spring.digestOf(email)),
      campaignId: 'spring',
      state: 'succeeded',
      at: NOON,
      ...values,
    });

  async function connectionTo(...items: RequestItem[]) {
    const { campaigns } = memoryCampaigns();
    await campaigns.keepIdKey('spring', new Uint8Array(32).fill(1));
    return { ledger: memoryReader(...items), campaigns };
  }

  it('is told by the address, under the key of that campaign: only who succeeded', async () => {
    const connection = await connectionTo(
      requestOf('ann@b.de'),
      requestOf('bob@b.de', { state: 'failed', reason: 'rejected' }),
      anItem({ key: 'spring:of-another-system', campaignId: 'spring', state: 'succeeded', at: NOON }),
    );
    const { campaignId, has } = await resetIn(connection, 'spring');
    expect([campaignId, has('ANN@b.de'), has('bob@b.de'), has('eve@b.de')]).toEqual(['spring', true, false, false]);
  });

  it('is told as it was before a time, by clocks that differ by seconds', async () => {
    const connection = await connectionTo(
      requestOf('ann@b.de', { at: NOON + 4_999 }),
      requestOf('bob@b.de', { at: NOON + 5_000 }),
    );
    const { has } = await resetIn(connection, 'spring', NOON);
    expect([has('ann@b.de'), has('bob@b.de')]).toEqual([true, false]);
  });

  it('says how many more there were than the ledger still knows', async () => {
    const { ledger, campaigns } = await connectionTo(
      requestOf('ann@b.de'),
      requestOf('bob@b.de', { at: NOON + 60_000 }),
    );
    const forgotten = async (succeeded: number): Promise<number> => {
      const item = { ...aCampaign('spring'), totals: { succeeded } as never };
      return (await resetIn({ ledger: { ...ledger, findCampaign: async () => item }, campaigns }, 'spring', NOON))
        .forgotten;
    };
    // Those who were reset later are not left out, and known all the same.
    expect([await forgotten(2), await forgotten(1), await forgotten(1_002)]).toEqual([0, 0, 1_000]);
  });

  it('is not told where the ledger does not know the campaign', async () => {
    const { message } = await failureIn(resetIn(await connectionTo(), 'spring'));
    expect(message).toMatch(/^--not-in: the ledger knows no campaign spring; "campaign list --all"/);
  });

  it.each([
    [undefined, /^--not-in: campaign spring was not sent from a file, so nobody can tell/],
    [{}, /^--not-in: campaign spring has lost the key of its request ids, so nobody can tell/],
  ])('is not told without the key of its request ids (sent: %j)', async (sent, message) => {
    const ledger = {
      ...memoryReader(requestOf('ann@b.de')),
      findCampaign: async () => ({ ...aCampaign('spring'), ...(sent === undefined ? {} : { sent: sent as never }) }),
    };
    expect((await failureIn(resetIn({ ledger, campaigns: memoryCampaigns().campaigns }, 'spring'))).message).toMatch(
      message,
    );
  });
});
