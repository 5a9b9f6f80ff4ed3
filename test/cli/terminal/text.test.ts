import { describe, expect, it } from 'vitest';
import { layoutFor } from '../../../cli/terminal/table.ts';
import { ago, cut, hasColour, jsonText, maskedAddress, painter, plain, relative } from '../../../cli/terminal/text.ts';
import { Sink } from '../../support/cli/command-line.ts';

describe('Foreign text', () => {
  it.each([
    ['colour codes are shown, not obeyed', '\u001b[31mred', '\\u001b[31mred'],
    ['a window title is not set', '\u001b]0;title\u0007', '\\u001b]0;title\\u0007'],
    ['eight-bit controls are shown', '\u009b31m', '\\u009b31m'],
    ['line breaks become spaces', 'a\r\nb\tc', 'a b c'],
    ['direction marks are shown', 'a\u202eb', 'a\\u202eb'],
    ['letters of any script stay', 'Grüße, 你好', 'Grüße, 你好'],
  ])('%s', (_claim, text, shown) => {
    expect(plain(text)).toBe(shown);
  });

  it('is harmless in JSON, and reads back as it was', () => {
    const value = { text: '\u001b[31m\u009b\u202eGrüße\n' };
    const text = jsonText(value, 2);
    expect(text).toContain('"\\u001b[31m\\u009b\\u202eGrüße\\n"');
    expect(text.split('\n')).toHaveLength(3);
    expect(JSON.parse(text)).toEqual(value);
  });

  it.each([
    ['ann@example.org', 'a…@example.org'],
    ['a@example.org', 'a…@example.org'],
    ['"a@b"@example.org', '"…@example.org'],
    ['@example.org', '…@example.org'],
    ['🙂x@example.org', '🙂…@example.org'],
    ['a@b\u001b.de', 'a…@b\\u001b.de'],
    ['no address', '…'],
  ])('of an address shows the first character and the domain: %s', (email, shown) => {
    expect(maskedAddress(email)).toBe(shown);
  });

  it('is cut by characters, not by halves of them', () => {
    expect(cut('🙂🙂🙂', 2)).toBe('🙂…');
    expect(cut('🙂🙂', 2)).toBe('🙂🙂');
  });
});

describe('Colour', () => {
  it.each([
    ['a terminal has it', true, {}, true],
    ['a pipe has none', false, {}, false],
    ['NO_COLOR switches it off', true, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR does not', true, { NO_COLOR: '' }, true],
    ['a dumb terminal has none', true, { TERM: 'dumb' }, false],
  ])('%s', (_claim, isTTY, env, expected) => {
    const stream = Object.assign(new Sink(), { isTTY });
    expect(hasColour(stream, env)).toBe(expected);
    expect(painter(stream, env)('red', 'x')).toBe(expected ? '\u001b[31mx\u001b[39m' : 'x');
  });
});

describe('Relative times', () => {
  it.each([
    [-1_000, '1 s ago'],
    [90_000, 'in 90 s'],
    [3 * 60_000, 'in 3 min'],
    [-3 * 3_600_000, '3 h ago'],
    [-5 * 86_400_000, '5 d ago'],
  ])('%d ms reads %s', (ms, words) => {
    expect(relative(1e12 + ms, 1e12)).toBe(words);
  });

  it.each([
    [-90_000, '90 s ago'],
    [400, '0 s ago'],
    [2_500, '0 s ago'],
    [3_600_000, 'in 60 min'],
  ])('%d ms of what has happened reads %s, as clocks differ a little', (ms, words) => {
    expect(ago(1e12 + ms, 1e12)).toBe(words);
  });
});

describe('A table', () => {
  const rows = async function* (count: number) {
    for (let index = 0; index < count; index += 1) {
      yield { at: 'noon', id: `id-${index}`, reason: 'rejected', lane: '', detail: 'x'.repeat(300) };
    }
  };
  const laidOut = async (stream: Sink, count: number): Promise<string[]> =>
    (await Array.fromAsync(layoutFor(stream, (_, text) => text)(rows(count)))).flat();

  it('is cut to the terminal in its last column alone', async () => {
    const stream = Object.assign(new Sink(), { isTTY: true, columns: 80 });
    const lines = await laidOut(stream, 2);
    expect(lines).toHaveLength(3);
    expect(lines[1]).toHaveLength(80);
    expect(lines[1]).toMatch(/^noon {2}id-0 {2}rejected.*…$/);
  });

  it('takes two lines a row where the terminal is narrow, and keeps the ids whole', async () => {
    const stream = Object.assign(new Sink(), { isTTY: true, columns: 40 });
    const lines = await laidOut(stream, 2);
    expect(lines).toEqual([
      'noon  id-0  rejected',
      `    ${'x'.repeat(35)}…`,
      'noon  id-1  rejected',
      `    ${'x'.repeat(35)}…`,
    ]);
  });

  it('is not cut in a pipe', async () => {
    expect((await laidOut(new Sink(), 1))[1]).toContain('x'.repeat(300));
  });

  it('lays out every row once, however many there are', async () => {
    for (const count of [0, 1, 99, 100, 101, 250]) {
      const ids = (await laidOut(new Sink(), count)).slice(1).map((line) => line.split(/ +/)[1]);
      expect(ids).toEqual(Array.from({ length: count }, (_, index) => `id-${index}`));
    }
  });
});
