import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AddressFile } from '../../../cli/addresses/address-file.ts';
import { LeftOutFile } from '../../../cli/campaigns/left-out-file.ts';
import { Roster } from '../../../cli/campaigns/roster.ts';
import type { Sieve } from '../../../cli/campaigns/sieve.ts';
import { leftOutCount, type Survey, surveyJson, surveyLines, surveyOf } from '../../../cli/campaigns/survey.ts';
import { failureIn, fileOf, onTerminal, testIo } from '../../support/cli/command-line.ts';

const ROSTER_KEY = new Uint8Array(32);
const FILE = `email,site
ann@b.de,x
bob@b.de,x
nobody,x
o'brien@b.de,x
ANN@b.de,x
vip@b.de,x
old@b.de,x
far@b.de,y
`;
const vipDigest = new Roster('r', ROSTER_KEY).digestOf('vip@b.de');
const SIEVE: Pick<Sieve, 'excluded' | 'resetIn'> = {
  excluded: [
    { name: 'vip.txt', has: (digest) => vipDigest.equals(digest) },
    { name: 'none.txt', has: () => false },
  ],
  resetIn: [{ campaignId: 'spring', forgotten: 0, has: (email) => email === 'old@b.de' }],
};

async function surveyed(content: string, sieve: Partial<Sieve> = {}, leftOut?: LeftOutFile): Promise<Survey> {
  const where = content.includes('site') ? [{ column: 'site', value: 'x' }] : [];
  const file = await AddressFile.open(await fileOf(content), { where });
  const roster = new Roster('r', ROSTER_KEY);
  return surveyOf(testIo(), file, { roster, excluded: [], resetIn: [], ...sieve }, leftOut);
}

const list = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => `${line(index)}\n`).join('');
const linesOf = (survey: Survey, leftOut?: string): string[] =>
  surveyLines(testIo(), { path: 'people.csv' }, survey, leftOut);

describe('The survey of a file', () => {
  it('counts each row once: taken, or left out for one cause', async () => {
    const survey = await surveyed(FILE, SIEVE);
    expect(survey).toEqual({
      taken: 2,
      other: 1,
      invalidCount: 2,
      invalid: [
        { line: 4, problem: 'is not an address that the API accepts' },
        { line: 5, problem: 'is not an address that the API accepts' },
      ],
      byHandCount: 1,
      byHand: [{ line: 5, email: "o'brien@b.de" }],
      duplicateCount: 1,
      duplicates: [{ line: 6, firstLine: 2 }],
      excluded: [
        { file: 'vip.txt', count: 1 },
        { file: 'none.txt', count: 0 },
      ],
      resetBefore: [{ campaignId: 'spring', count: 1 }],
      sample: ['ann@b.de', 'bob@b.de'],
    });
    expect(survey.taken + leftOutCount(survey)).toBe(8);
  });

  it('reads as rows taken, and what is left out and why, addresses masked', async () => {
    expect(linesOf(await surveyed(FILE, SIEVE))).toEqual([
      'people.csv: 2 rows taken, 6 left out.',
      '  Taken: a…@b.de, b…@b.de',
      '  1 invalid line:',
      '    line 4 is not an address that the API accepts',
      '  1 address to reset by hand, since the API takes only letters A to Z, digits and . _ % + - before the @, and letters, digits, . and - behind it; mail may reach them:',
      '    line 5 o…@b.de',
      '  1 duplicate, of which the first stays:',
      '    line 6 repeats line 2',
      '  1 row excluded by vip.txt',
      '  0 rows excluded by none.txt',
      '  1 row reset in spring before',
      '  1 row that --where does not take',
    ]);
  });

  it('without any list of excluded accounts says so, in yellow for a person', async () => {
    const survey = await surveyed('a@b.de\n');
    expect(linesOf(survey)).toEqual([
      'people.csv: 1 row taken, 0 left out.',
      '  Taken: a…@b.de',
      "No list of excluded accounts: break-glass accounts and the token's owner are reset too, if they are in the file; --exclude FILE or RESETS_EXCLUDE leaves them out.",
    ]);
    expect(surveyLines(onTerminal(testIo()), { path: 'f' }, survey).at(-1)).toContain('\u001b[33mNo list');
  });

  it('names the first twenty lines of a cause, and where all are', async () => {
    const content = list(25, (index) => `nobody${index}`) + list(22, (index) => `o'brien${index}@b.de`);
    const lines = linesOf(await surveyed(`email\n${content}${'a@b.de\n'.repeat(8)}`));
    expect(lines.filter((line) => line.includes('is not an address'))).toHaveLength(20);
    expect(lines.filter((line) => line.includes('o…@b.de'))).toHaveLength(20);
    expect(lines.filter((line) => line.includes('repeats'))).toHaveLength(5);
    const more = lines.filter((line) => line.includes('more'));
    expect(more.map((line) => line.trim())).toEqual([
      'and 5 more; --left-out FILE has them all',
      'and 2 more; --left-out FILE has them all',
      'and 2 more; --left-out FILE has them all',
    ]);
    expect(linesOf(await surveyed(content), 'left.csv')).toEqual(
      expect.arrayContaining([
        '    and 5 more; left.csv has them all',
        '  left.csv has each row that is left out, and why.',
      ]),
    );
  });

  it('shows five of those taken', async () => {
    const lines = linesOf(await surveyed(list(6, (index) => `${index}x@b.de`)));
    expect(lines[1]).toBe('  Taken: 0…@b.de, 1…@b.de, 2…@b.de, 3…@b.de, 4…@b.de, …');
  });

  it('names at most 10,000 lines of each kind, and counts all', async () => {
    const survey = await surveyed(`a@b.de\n${'nobody\n'.repeat(10_001)}${'a@b.de\n'.repeat(10_001)}`);
    expect([survey.invalidCount, survey.invalid.length]).toEqual([10_001, 10_000]);
    expect([survey.duplicateCount, survey.duplicates.length]).toEqual([10_001, 10_000]);
  });

  it('has no whole address as JSON', async () => {
    const json = surveyJson(await surveyed(FILE, SIEVE));
    expect(json).toMatchObject({
      leftOutCount: 6,
      byHand: [{ line: 5, email: 'o…@b.de' }],
      sample: ['a…@b.de', 'b…@b.de'],
    });
    expect(JSON.stringify(json)).not.toMatch(/ann@|bob@|brien/);
  });
});

describe('The file of rows that are left out', () => {
  const aPath = async (): Promise<string> => join(dirname(await fileOf('')), 'left.csv');

  it('has each with its outcome and cause, addresses only of those to reset by hand, and is for its owner alone', async () => {
    const path = await aPath();
    await surveyed(FILE, SIEVE, await LeftOutFile.create(path));
    expect(await readFile(path, 'utf8')).toBe(`line,outcome,cause,address
4,invalid,is not an address that the API accepts,
5,by hand,is not an address that the API accepts,o'brien@b.de
6,duplicate,repeats line 2,
7,excluded,is excluded by vip.txt,
8,reset before,was reset in campaign spring,
9,other,is none of those that --where takes,
`);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('has no cell that a spreadsheet takes for a formula', async () => {
    const path = await aPath();
    await surveyed("email\n=1'+x@b.de\n", {}, await LeftOutFile.create(path));
    expect(await readFile(path, 'utf8')).toContain(",'=1'+x@b.de\n");
  });

  it('is whole, however many rows there are', async () => {
    const path = await aPath();
    await surveyed(`a@b.de\n${'a@b.de\n'.repeat(2_500)}`, {}, await LeftOutFile.create(path));
    expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(2_501);
  });

  it('is never written over one that is there', async () => {
    const path = await aPath();
    await writeFile(path, 'mine');
    const { message } = await failureIn(LeftOutFile.create(path));
    expect(message).toMatch(
      /^--left-out: .*left\.csv exists already, and no file is written over; give another name\.$/,
    );
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  it('is refused in one line where it cannot be made', async () => {
    expect((await failureIn(LeftOutFile.create('/nowhere/left.csv'))).message).toMatch(
      /^--left-out: \/nowhere\/left\.csv cannot be made \(ENOENT\); check its folder/,
    );
  });

  it('is gone again if the file could not be read to its end', async () => {
    const path = await aPath();
    await failureIn(surveyed('email\nnobody\n"open\n', {}, await LeftOutFile.create(path)));
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});
