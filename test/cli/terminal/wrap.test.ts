import { describe, expect, it } from 'vitest';
import { wrap } from '../../../cli/terminal/wrap.ts';

const RED = '\u001b[31m';
const PLAIN = '\u001b[39m';

describe('A line in rows', () => {
  it.each<[claim: string, line: string, columns: number, rows: string[]]>([
    ['fits if it is as long as the terminal is wide', 'ab cd', 5, ['ab cd']],
    ['is broken between words', 'one two three', 8, ['one two', 'three']],
    ['is broken within a word that is longer than a row', 'abcdefgh', 3, ['abc', 'def', 'gh']],
    ['a space at the end of a row is not carried over', 'abc def', 3, ['abc', 'def']],
    ['is not broken in its indentation', '    abcdef', 6, ['    ab', 'cdef']],
    ['keeps the spaces of a table', '  bulk     12', 40, ['  bulk     12']],
    ['colours take no room, and go on in the next row', `${RED}one two${PLAIN}`, 4, [`${RED}one`, `two${PLAIN}`]],
    ['wide characters take two columns', '你好你', 4, ['你好', '你']],
    ['marks above a letter take none', 'e\u0301e\u0301e', 3, ['e\u0301e\u0301e']],
    ['nothing is one row', '', 10, ['']],
  ])('%s', (_claim, line, columns, rows) => {
    expect(wrap(line, columns)).toEqual(rows);
  });
});
