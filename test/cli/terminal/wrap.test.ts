import { describe, expect, it } from 'vitest';
import { wrap } from '../../../cli/terminal/wrap.ts';

describe('wrap', () => {
  it.each<[claim: string, line: string, columns: number, parts: string[]]>([
    ['what fits stays as it is, spaces and all', '  a   b ', 8, ['  a   b ']],
    ['nothing is one line', '', 10, ['']],
    ['words stay whole', 'one two three', 9, ['one two', '    three']],
    ['a word that is too long is cut', 'abcdefghij', 4, ['abcd', '  ef', '  gh', '  ij']],
    ['an indented line goes on indented', '  rate: 60 a minute', 12, ['  rate: 60 a', '    minute']],
    ['wide characters take two columns', '密码 密码 密', 6, ['密码', '   密', '   码', '   密']],
  ])('%s', (_claim, line, columns, parts) => {
    expect(wrap(line, columns, 4)).toEqual(parts);
  });

  it('no part is wider than the terminal, however narrow', () => {
    for (let columns = 1; columns < 30; columns += 1) {
      for (const part of wrap('  Held: brake on lane bulk, since 2026-11-23T12:00:00Z', columns, 4)) {
        expect(part.length).toBeLessThanOrEqual(columns);
      }
    }
  });
});
