import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressFile, type AddressFileOptions, type Row } from '../../../cli/addresses/address-file.ts';
import { failureIn, fileOf } from '../../support/cli/command-line.ts';

const opened = async (content: string | Buffer, options?: AddressFileOptions): Promise<AddressFile> =>
  AddressFile.open(await fileOf(content), options);
const read = async (content: string | Buffer, options?: AddressFileOptions): Promise<Row[]> =>
  Array.fromAsync((await opened(content, options)).rows());
const brief = (row: Row): [number, string] => [row.line, row.kind === 'address' ? row.email : row.kind];
const found = async (content: string, options?: AddressFileOptions): Promise<[number, string][]> =>
  (await read(content, options)).map(brief);

const BOM = '\ufeff';

describe('A file of addresses', () => {
  it.each<[claim: string, content: string, rows: [number, string][]]>([
    [
      'a list has one address per line',
      'a@b.de\nc@d.de\n',
      [
        [1, 'a@b.de'],
        [2, 'c@d.de'],
      ],
    ],
    [
      'the last line needs no line break',
      'a@b.de\nc@d.de',
      [
        [1, 'a@b.de'],
        [2, 'c@d.de'],
      ],
    ],
    [
      'CRLF, LF and CR may be mixed',
      'a@b.de\r\nc@d.de\re@f.de\n',
      [
        [1, 'a@b.de'],
        [2, 'c@d.de'],
        [3, 'e@f.de'],
      ],
    ],
    ['a byte order mark is no part of the first address', `${BOM}a@b.de\n`, [[1, 'a@b.de']]],
    ['a byte order mark does not hide the header', `${BOM}email\na@b.de\n`, [[2, 'a@b.de']]],
    ['a byte order mark does not hide a quoted header', `${BOM}"email",name\na@b.de,J\n`, [[2, 'a@b.de']]],
    [
      'blank lines count as lines and are left out',
      '\n\na@b.de\n  \nc@d.de\n',
      [
        [3, 'a@b.de'],
        [5, 'c@d.de'],
      ],
    ],
    ['spaces around an address are no part of it', '  a@b.de\t\n', [[1, 'a@b.de']]],
    ['the column is found by its header, whatever its capitals', 'name,EMail\nJ,a@b.de\n', [[2, 'a@b.de']]],
    ['semicolons separate too', 'name;email\n"x;y";a@b.de\n', [[2, 'a@b.de']]],
    ['tabs separate too', 'email\tname\na@b.de\tJ\n', [[2, 'a@b.de']]],
    ['a quoted header is found', '"Name" , "Email"\nJ,a@b.de\n', [[2, 'a@b.de']]],
    ['quoted cells may hold commas', 'email,name\n"a@b.de","Roe, J"\n', [[2, 'a@b.de']]],
    [
      'a cell with line breaks does not shift the lines after it, and its row is named by its first',
      'name,email\n"a\nb",a@b.de\nJ,c@d.de\n',
      [
        [2, 'a@b.de'],
        [4, 'c@d.de'],
      ],
    ],
    ['a row of nothing but separators is no fault', 'name,email\n,\nJ,a@b.de\n', [[3, 'a@b.de']]],
    [
      'a row without an address is invalid',
      'name,email\nJ,\nK\n',
      [
        [2, 'invalid'],
        [3, 'invalid'],
      ],
    ],
    [
      'an address against the rule is invalid',
      "o'brien@b.de\na@b.de\n",
      [
        [1, 'invalid'],
        [2, 'a@b.de'],
      ],
    ],
    [
      'separators behind the address of a list are no fault',
      'a@b.de,\nc@d.de;;\n',
      [
        [1, 'a@b.de'],
        [2, 'c@d.de'],
      ],
    ],
    [
      'a list may have its addresses in quotes',
      '"a@b.de"\n"c@d.de"\n',
      [
        [1, 'a@b.de'],
        [2, 'c@d.de'],
      ],
    ],
    [
      "old Mac's line ends are lines",
      'email,name\ra@b.de,J\rc@d.de,K\r',
      [
        [2, 'a@b.de'],
        [3, 'c@d.de'],
      ],
    ],
    [
      'CRLF within quotes is one line',
      'name,email\r\n"a\r\nb\r\nc",a@b.de\r\n\r\n"d\r\ne",c@d.de\r\nJ,e@f.de\r\n',
      [
        [2, 'a@b.de'],
        [6, 'c@d.de'],
        [8, 'e@f.de'],
      ],
    ],
    [
      "a quote before a formula's first character is taken off, as reports put it there",
      "email,name\n'-a@b.de,'=1+1\n",
      [[2, '-a@b.de']],
    ],
    [
      'a row that runs on over others within quotes is invalid, and its neighbours are not',
      'name,email\nJ,a@b.de\n"K,c@d.de\nL",e@f.de\nM,g@h.de\n',
      [
        [2, 'a@b.de'],
        [3, 'invalid'],
        [5, 'g@h.de'],
      ],
    ],
    [
      'two addresses in one line of a list are invalid',
      'a@b.de\nc@d.de,e@f.de\n',
      [
        [1, 'a@b.de'],
        [2, 'invalid'],
      ],
    ],
    [
      "a stray quote is one line's fault",
      'a@b.de\nc"d@e.de\nf@g.de\n',
      [
        [1, 'a@b.de'],
        [2, 'invalid'],
        [3, 'f@g.de'],
      ],
    ],
    ['a header without rows has none', 'email\n', []],
  ])('%s', async (_claim, content, rows) => {
    expect(await found(content)).toEqual(rows);
  });

  it('the problem of a line quotes the rule and never the address', async () => {
    const [row] = await read('jane roe@example.com\n');
    expect(row).toMatchObject({ kind: 'invalid', line: 1, problem: 'is not an address that the API accepts' });
  });

  it('each row has its cells, for whoever writes it down again', async () => {
    const file = await opened("Name;Email;Site\n Roe ;a@b.de;'=x\n");
    expect(file.header).toEqual(['Name', 'Email', 'Site']);
    expect(await Array.fromAsync(file.rows())).toMatchObject([{ cells: ['Roe', 'a@b.de', '=x'] }]);
  });

  it('the rows of a list have their address as the only cell, and no header', async () => {
    const file = await opened('a@b.de\n');
    expect(file.header).toBeUndefined();
    expect(await Array.fromAsync(file.rows())).toMatchObject([{ cells: ['a@b.de'] }]);
  });

  it('every record has the line that it begins in, whatever stands in the cells before it', async () => {
    const cell = fc.stringMatching(/^[a z,;"\r\n]{0,8}$/);
    const lineEnd = fc.constantFrom('\n', '\r\n');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, lineEnd, fc.nat(2)), { minLength: 1, maxLength: 20 }), async (rows) => {
        let text = 'note,email\n';
        const lines = rows.map(([note, end, blanks], index) => {
          text += end.repeat(blanks);
          const line = (text.match(/\r\n|\r|\n/g)?.length ?? 0) + 1;
          text += `"${note.replaceAll('"', '""')}",user${index}@b.de${end}`;
          return [line, `user${index}@b.de`];
        });
        expect(await found(text)).toEqual(lines);
      }),
      { numRuns: 100 },
    );
  });

  it('rows are told in the same way wherever a block of the file ends', async () => {
    const count = 4_000;
    const content = Array.from({ length: count }, (_, index) => `"Roe, ""J"" ${index}\r\n",user${index}@b.de\r\n`);
    const rows = await found(`name,email\r\n${content.join('')}`);
    expect(rows).toEqual(Array.from({ length: count }, (_, index) => [2 * index + 2, `user${index}@b.de`]));
  });
});

describe('The columns of a file', () => {
  it('--email-column names the one with the addresses, whatever its capitals', async () => {
    expect(await found('email,Work Mail\nx@y.de,a@b.de\n', { emailColumn: 'work mail' })).toEqual([[2, 'a@b.de']]);
  });

  it('--where takes the rows whose cells are just these, after trimming', async () => {
    const content = 'email,Site,Team\na@b.de, Berlin ,red\nc@d.de,berlin,red\ne@f.de,Berlin,blue\n,Bonn,\nb@b.de\n';
    const where = [
      { column: 'site', value: 'Berlin' },
      { column: 'Team', value: ' red' },
    ];
    expect(await found(content, { where })).toEqual([
      [2, 'a@b.de'],
      [3, 'other'],
      [4, 'other'],
      [5, 'other'],
      [6, 'other'],
    ]);
  });

  const site = [{ column: 'Site', value: 'x' }];
  it.each<[claim: string, content: string, options: AddressFileOptions, message: RegExp]>([
    [
      'an unknown column of --where',
      'email,Team\n',
      { where: site },
      /has no column "Site", but "email", "Team"; choose/,
    ],
    [
      'an address in the header',
      'email,2024,jane.roe@example.org\n',
      { where: site },
      /but "email", "2024", "j…@example\.org"; choose/,
    ],
    ['a doubled column of --where', 'email,site,Site\n', { where: site }, /has 2 columns named "Site"; rename/],
    ['--where in a list', 'a@b.de\n', { where: site }, /list without a header, and --where needs one/],
    ['--email-column in a list', 'a@b.de\n', { emailColumn: 'mail' }, /list without a header, and --email-column/],
    [
      'an unknown --email-column',
      'a,b\n',
      { emailColumn: 'x' },
      /has no column "x", but "a", "b"; give --email-column/,
    ],
    ['two email columns', 'email,Email\na@b.de,c@d.de\n', {}, /has 2 columns named "email"; rename/],
    [
      'a header of another name',
      'name,E-Mail Address\nJ,a@b.de\n',
      {},
      /has no column "email", but "name", "E-Mail Address"; give --email/,
    ],
    [
      'a quoted header of another name',
      '"name";"Mail"\n"J";"a@b.de"\n',
      {},
      /has no column "email", but "name", "Mail"; give/,
    ],
    ['a list with a header of another name', 'E-Mail\na@b.de\n', {}, /has no column "email", but "E-Mail"; give/],
    ['a header of many columns', `${'abcdefghijkl'.split('').join(';')}\n`, {}, /"i", "j" and 2 more; give/],
    ['a header with control characters', 'a\u001b[2J,b\nx@y.de,\n', {}, /but "a\\u001b\[2J", "b"/],
  ])('%s: refused in one line with the way on', async (_claim, content, options, message) => {
    const failure = await failureIn(opened(content, options));
    expect(failure.message).toMatch(message);
    expect(failure.message).not.toContain('\n');
    expect(failure.exitCode).toBe(1);
  });

  it.each(['Jane,jane@b.de\n', 'Jane;Roe;+49 30 123\n'])(
    'a first line that is no header is not quoted (%j)',
    async (line) => {
      const { message } = await failureIn(opened(`${line}x,y@z.de\n`));
      expect(message).toMatch(/several columns, and its first line is no header; add a header/);
      expect(message).not.toMatch(/jane|roe/i);
    },
  );

  it('a first line of one word is as likely a name as a header, and becomes an invalid line of a list', async () => {
    expect(await found('jroe\na@b.de\n')).toEqual([
      [1, 'invalid'],
      [2, 'a@b.de'],
    ]);
  });
});

describe('An address that only the API refuses', () => {
  it.each([
    "o'brien@example.org",
    'jörg@example.org',
    'jane@bücher.example',
    'jane@xn--bcher-kva.xn--p1ai',
    '"jane roe"@example.org',
    'a&b@example.org',
  ])('is told as one to reset by hand: %s', async (email) => {
    expect(await read(`${email}\nx@y.de\n`)).toMatchObject([{ kind: 'invalid', byHand: email }, { kind: 'address' }]);
  });

  it.each([
    'jane',
    'jane@',
    '@b.de',
    'jane@localhost',
    'jane roe@b.de',
    "o'brien@b..de",
    'ö@-b.de',
    `ö${'x'.repeat(64)}@b.de`,
    'ö..x@b.de',
    'Jane <ö@b.de>',
  ])('is not what mail cannot reach either: %s', async (email) => {
    const [row] = await read(`x@y.de\n${email}\n`).then((rows) => rows.slice(1));
    expect(row).toMatchObject({ kind: 'invalid' });
    expect(row).not.toHaveProperty('byHand');
  });
});

describe('A file that cannot be read', () => {
  const rows = (count: number): string => 'a@b.de,J\n'.repeat(count);
  it.each<[claim: string, content: string | Buffer, message: RegExp]>([
    ['an empty file', '', /is empty: it has no address\. Give a CSV file/],
    ['a file of blanks', '\ufeff \r\n\n', /is empty/],
    ['UTF-16 with its mark', Buffer.from('\ufeffa@b.de\n', 'utf16le'), /is UTF-16 text; save it as "CSV UTF-8"/],
    ['UTF-16 of another script', Buffer.from('\ufeff地址\n王@例子', 'utf16le'), /is UTF-16 text/],
    ['UTF-16 without a mark', Buffer.from('email\na@b.de\n', 'utf16le'), /is UTF-16 text/],
    ['UTF-16, the larger byte first', Buffer.from('email\na@b.de\n', 'utf16le').swap16(), /is UTF-16 text/],
    ['a spreadsheet', Buffer.from([0x50, 0x4b, 3, 4, 0, 0]), /is a spreadsheet or an archive; save the sheet/],
    ['a binary file', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0]), /is not text; save it/],
    [
      'a quote that is never closed',
      `email,name\n${rows(400)}a@b.de,"J\n${rows(200)}`,
      /: line 402 opens a quote that is never closed; close it, or take it out\.$/,
    ],
    [
      'an open quote that the next one closes',
      `email,name\n${rows(400)}a@b.de,"J\n${rows(200)}a@b.de,"K"\na@b.de,"L"\n`,
      /: line 402 opens a quote that is closed in line 603 with other text behind it; close it where/,
    ],
    [
      'an open quote behind cells with line breaks',
      `email,name,note\n${rows(10)}"a@b.de","x""\r\ny","J\r\n${rows(10)}`,
      /: line 13 opens a quote that is never closed/,
    ],
    [
      'a quote that is open in a long file',
      `email\n"a@b.de\n${rows(20_000)}"\n`,
      /: line 2 opens a quote that is never closed/,
    ],
    ['an open quote in the header', `"email,name\n${rows(20)}`, /: line 1 opens a quote that is never closed/],
    [
      'a million characters in a line',
      `email\na@b.de\n\n${'x'.repeat(1_000_000)}\n`,
      /: line 4 is longer than 64 KiB, which/,
    ],
    ['a million characters in the first line', `${'x'.repeat(1_000_000)}\n`, /: line 1 is longer than 64 KiB/],
    [
      'a million characters in many quoted cells',
      `email\n${'"x",'.repeat(250_000)}\n`,
      /: line 2 is longer than 64 KiB/,
    ],
  ])('%s: one line that names the place and the way out', async (_claim, content, message) => {
    const failure = await failureIn(read(content));
    expect(failure.message).toMatch(message);
    expect(failure.message).not.toContain('\n');
    expect(failure.exitCode).toBe(1);
  });

  it('the rows before the fault are told first', async () => {
    const file = await opened(`email,name\n${rows(400)}a@b.de,"J"x\n${rows(400)}`);
    let count = 0;
    const counting = async () => {
      for await (const _row of file.rows()) count += 1;
    };
    await failureIn(counting());
    expect(count).toBe(400);
  });

  it('a file that does not exist is named', async () => {
    expect((await failureIn(AddressFile.open('/nowhere/x.csv'))).message).toMatch(
      /^The file \/nowhere\/x\.csv does not exist/,
    );
  });

  it('a pipe is refused at once, though nobody writes to it', async () => {
    const pipe = join(dirname(await fileOf('')), 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect((await failureIn(AddressFile.open(pipe))).message).toMatch(/pipe is not a regular file/);
  });

  it('a directory is refused', async () => {
    expect((await failureIn(AddressFile.open(tmpdir()))).message).toMatch(/is a directory; give one file/);
  });

  it('standard input is refused as wrong usage', async () => {
    expect(await failureIn(AddressFile.open('-'))).toEqual({
      message: 'Standard input is not read, since the file is read more than once; save it as a file first.',
      exitCode: 2,
    });
  });
});

describe('A file that was opened', () => {
  it('gives its rows again', async () => {
    const file = await opened('a@b.de\n');
    expect(await Array.fromAsync(file.rows())).toEqual(await Array.fromAsync(file.rows()));
  });

  it('tells whether it has changed since: longer, of the same length and newer, or gone', async () => {
    const file = await opened('a@b.de\n');
    expect(await file.changed()).toBe(false);
    await appendFile(file.path, 'c@d.de\n');
    expect(await file.changed()).toBe(true);
    const other = await opened('a@b.de\n');
    await writeFile(other.path, 'x@b.de\n');
    await utimes(other.path, 1, 1);
    expect(await other.changed()).toBe(true);
    const gone = await opened('a@b.de\n');
    await rm(gone.path);
    expect(await gone.changed()).toBe(true);
  });

  it('has the SHA-256 of its bytes', async () => {
    const file = await opened('a@b.de\n');
    expect(await file.sha256()).toBe(createHash('sha256').update('a@b.de\n').digest('hex'));
  });
});
