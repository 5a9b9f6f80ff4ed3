import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fingerprintOf, type Row, readAddressFile } from '../../../cli/addresses/enqueued-file.ts';
import { failureIn, fileOf } from '../../support/cli/command-line.ts';

const read = async (content: string | Buffer): Promise<Row[]> =>
  Array.fromAsync(readAddressFile(await fileOf(content)));
const found = async (content: string): Promise<[number, string][]> =>
  (await read(content)).map((row) => [row.line, row.kind === 'address' ? row.email : row.kind]);

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
      'two addresses in one line of a list are invalid',
      'a@b.de\nc@d.de,e@f.de\n',
      [
        [1, 'a@b.de'],
        [2, 'invalid'],
      ],
    ],
    [
      'an address twice is a duplicate, whatever its capitals',
      'a@b.de\nA@B.de\n',
      [
        [1, 'a@b.de'],
        [2, 'duplicate'],
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
    ['an empty file has no rows', '', []],
    ['a header without rows has none', 'email\n', []],
  ])('%s', async (_claim, content, rows) => {
    expect(await found(content)).toEqual(rows);
  });

  it('a duplicate names the line that it repeats', async () => {
    expect((await read('x@y.de\na@b.de\nA@b.de\n'))[2]).toEqual({ kind: 'duplicate', line: 3, firstLine: 2 });
  });

  it('the problem of a line quotes the rule and never the address', async () => {
    const [row] = await read('jane roe@example.com\n');
    expect(row).toEqual({ kind: 'invalid', line: 1, problem: 'is not an address that the API accepts' });
  });

  it.each<[claim: string, content: string | Buffer, message: RegExp]>([
    ['several columns need a header', 'J,a@b.de\n', /names none of them "email"/],
    ['two email columns are ambiguous', 'email,Email\na@b.de,c@d.de\n', /exactly one column named "email"; it has 2/],
    ['UTF-16 is refused', Buffer.from('\ufeffa@b.de\n', 'utf16le'), /is not UTF-8 text/],
    ['a binary file is refused', Buffer.from([0x50, 0x4b, 3, 4, 0, 0]), /is not UTF-8 text/],
    [
      'a quote that is never closed is refused with its place',
      'email\na@b.de\n"c@d.de\ne@f.de\n',
      /after line 2 has a quote that is never closed/,
    ],
    [
      'the row at fault is named, though rows before it are still unread',
      `email\n${'a@b.de\n'.repeat(400)}"q@x.de\n${'a@b.de\n'.repeat(200)}"z@b.de"\n`,
      /after line 401 has a quote that is not closed, or is followed by other text in line 603/,
    ],
    [
      'a quote that is never closed does not swallow a long file',
      `email\n"a@b.de\n${'x@y.de\n'.repeat(20_000)}"\nc@d.de\n`,
      /after line 1 is longer than 64 KiB: it has a quote/,
    ],
    [
      'a line that is too long is said to be so, and not to have a quote',
      `email\na@b.de\n${'x'.repeat(200_000)}\n`,
      /after line 2 is longer than 64 KiB\.$/,
    ],
    [
      'a header of another name is told how it has to be called',
      'name,E-Mail Address\nJ,a@b.de\n',
      /names a column "e-mail address" and none "email"; rename/,
    ],
    ['so is that of a list', 'E-Mail\na@b.de\n', /names a column "e-mail" and none "email"; rename/],
    ['a first line that is no header is not quoted', 'Jane,jane@b.de\n', /^(?!.*jane).*names none of them/i],
  ])('%s', async (_claim, content, message) => {
    const failure = await failureIn(read(content));
    expect(failure.message).toMatch(message);
    expect(failure.exitCode).toBe(1);
  });

  it('a file that does not exist is named', async () => {
    expect((await failureIn(Array.fromAsync(readAddressFile('/nowhere/x.csv')))).message).toMatch(
      /^The file \/nowhere\/x\.csv does not exist/,
    );
  });

  it('a pipe is refused at once, though nobody writes to it', async () => {
    const pipe = join(dirname(await fileOf('')), 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect((await failureIn(fingerprintOf(pipe))).message).toMatch(/pipe is not a regular file/);
  });

  it('standard input is refused as wrong usage', async () => {
    expect(await failureIn(fingerprintOf('-'))).toEqual({
      message: 'Standard input is not read by --file, since a file is read twice; save it as a file first.',
      exitCode: 2,
    });
  });

  it('a file of addresses must be a regular file, since it is read twice', async () => {
    expect((await failureIn(fingerprintOf(tmpdir()))).message).toMatch(/not a regular file/);
  });
});
