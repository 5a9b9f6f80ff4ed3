import { describe, expect, it } from 'vitest';
import { screenOn } from '../../../cli/terminal/screen.ts';
import { onTerminal, Sink, testIo } from '../../support/cli/command-line.ts';
import { EmulatedScreen } from '../../support/cli/emulated-screen.ts';

const terminal = ({ columns, rows }: { columns: number; rows: number }) => {
  const io = onTerminal(testIo());
  Object.assign(io.stdout, { columns, rows });
  const seen = (): EmulatedScreen => {
    const screen = new EmulatedScreen(columns || 80, rows || 24);
    screen.write(io.stdout.text);
    return screen;
  };
  return { io, screen: screenOn(io), seen };
};

const lines = (count: number): string => Array.from({ length: count }, (_, index) => `line ${index + 1}`).join('\n');

describe('A screen', () => {
  it('draws over what it drew before', () => {
    const { screen, seen } = terminal({ columns: 20, rows: 5 });
    screen.draw('a longer line\nanother\nand a third');
    screen.draw('short');
    expect(seen().text).toBe('short');
    screen.end();
  });

  it('cuts what is higher than the terminal from below, and says how much is missing', () => {
    const { screen, seen } = terminal({ columns: 20, rows: 4 });
    screen.draw(lines(10));
    expect(seen().text.split('\n')).toEqual(['line 1', 'line 2', 'line 3', '… 7 rows more']);
    screen.end();
  });

  it('shows the first line where there is room for one', () => {
    const { screen, seen } = terminal({ columns: 20, rows: 1 });
    screen.draw(lines(3));
    expect(seen().text).toBe('line 1');
    screen.end();
  });

  it('fills a terminal to its last corner and does not scroll', () => {
    const { screen, seen } = terminal({ columns: 4, rows: 2 });
    screen.draw('abcd\nefgh');
    screen.draw('abcd\nefgh');
    expect(seen().text).toBe('abcd\nefgh');
    screen.end();
  });

  it('takes a terminal that does not know its size for one of 80 columns and 24 rows', () => {
    const { screen, seen } = terminal({ columns: 0, rows: 0 });
    screen.draw(`${'x'.repeat(81)}\n${lines(30)}`);
    expect(seen().text.split('\n')).toHaveLength(24);
    screen.end();
  });

  it('leaves the last page whole on the terminal, below what was there', () => {
    const { io, screen, seen } = terminal({ columns: 20, rows: 3 });
    io.stdout.write('before\r\n');
    screen.draw('first');
    screen.draw('one\r\ntwo\r\nthree\r\nfour');
    screen.end();
    expect(seen()).toMatchObject({ text: 'before\none\ntwo\nthree\nfour', isSecond: false, cursorIsVisible: true });
  });

  it('that was never drawn on writes nothing at its end', () => {
    const { io, screen } = terminal({ columns: 20, rows: 3 });
    screen.end();
    expect(io.stdout.text).toBe('');
  });

  it('listens to nothing after its end', () => {
    const { io, screen } = terminal({ columns: 20, rows: 3 });
    const listeners = () =>
      ['exit', 'SIGTSTP', 'SIGCONT'].reduce((sum, event) => sum + process.listenerCount(event), 0) +
      io.stdout.listenerCount('resize');
    const before = listeners();
    screen.draw('x');
    expect(listeners()).toBe(before + 4);
    screen.end();
    expect(listeners()).toBe(before);
  });

  it.each([
    ['a pipe', { isTTY: false }, {}],
    ['a dumb terminal', { isTTY: true }, { TERM: 'dumb' }],
  ])('on %s prints one text after the other', (_what, stream, env) => {
    const stdout = Object.assign(new Sink(), stream);
    const screen = screenOn({ stdout, env });
    screen.draw('one');
    screen.draw('two');
    screen.end();
    expect(stdout.text).toBe('one\n\ntwo\n\n');
  });
});
