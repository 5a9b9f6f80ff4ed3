import { describe, expect, it } from 'vitest';
import { type CastEvent, castOf, type Run, svgOf } from './formats.ts';

const SIZE = { columns: 100, rows: 30 };

describe('a recording as an asciicast', () => {
  const eventsOf = (...events: CastEvent[]): unknown[] =>
    castOf(SIZE, 'A title', events)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('begins with its version, size and title, and holds no date', () => {
    expect(eventsOf()).toEqual([
      { version: 3, term: { cols: 100, rows: 30, type: 'xterm-256color' }, title: 'A title' },
    ]);
  });

  it('gives the seconds since the last event, and joins what is shown in one picture, so that the pieces in which it came do not matter', () => {
    const [, ...events] = eventsOf(
      { at: 0.081, kind: 'output', text: 'a' },
      { at: 0.12, kind: 'output', text: 'b' },
      { at: 0.121, kind: 'output', text: 'c' },
    );
    expect(events).toEqual([
      [0.12, 'o', 'ab'],
      [0.04, 'o', 'c'],
    ]);
  });

  it('joins nothing over a marker', () => {
    const [, ...events] = eventsOf(
      { at: 1, kind: 'output', text: 'a' },
      { at: 1, kind: 'marker', text: 'The canary' },
      { at: 1, kind: 'output', text: 'b' },
    );
    expect(events).toEqual([
      [1, 'o', 'a'],
      [0, 'm', 'The canary'],
      [0, 'o', 'b'],
    ]);
  });
});

describe('a screen as a picture', () => {
  const run = (text: string, more: Partial<Run> = {}): Run => ({
    column: 0,
    width: text.length,
    text,
    look: {},
    ...more,
  });
  const picture = (...rows: Run[][]) => svgOf(100, rows, { title: 'A <title>', description: 'What it "shows"' });

  it('is as wide as the terminal and as high as its rows, with title and description', () => {
    const svg = picture([run('a')], [], [run('b')]);
    expect(svg).toContain('viewBox="0 0 872 89" width="872" height="89"');
    expect(svg).toContain(
      '<title id="title">A &lt;title&gt;</title>\n<desc id="desc">What it &quot;shows&quot;</desc>',
    );
    expect(svg).toContain('<rect width="872" height="89" rx="8" fill="#0d1117"/>');
  });

  it('keeps rows and columns in any font, and blank rows between them', () => {
    const svg = picture([run('ab'), run('漢', { column: 10, width: 2 })], [run('   ')], [run('c')]);
    expect(svg.match(/<t(ext|span) [^>]*>/g)).toEqual([
      '<text y="30" xml:space="preserve">',
      '<tspan x="16" textLength="16.8" lengthAdjust="spacingAndGlyphs">',
      '<tspan x="100" textLength="16.8" lengthAdjust="spacingAndGlyphs">',
      '<text y="68" xml:space="preserve">',
      '<tspan x="16" textLength="8.4" lengthAdjust="spacingAndGlyphs">',
    ]);
  });

  it('holds the text as it can be copied, escaped', () => {
    expect(picture([run('a  <b> & "c"')])).toContain('>a  &lt;b&gt; &amp; &quot;c&quot;</tspan>');
  });

  it.each<[claim: string, look: Run['look'], drawn: string]>([
    ['a colour', { colour: 2 }, ' fill="#3fb950">x'],
    ['bold', { bold: true }, ' font-weight="bold">x'],
    ['dim', { dim: true }, ' fill-opacity=".7">x'],
    ['italic', { italic: true }, ' font-style="italic">x'],
    ['underlined', { underline: true }, ' text-decoration="underline">x'],
    ['all at once', { colour: 9, bold: true }, ' fill="#ffa198" font-weight="bold">x'],
    ['a background', { background: 1 }, '<rect x="16" y="16" width="8.4" height="19" fill="#ff7b72"/>\n<text'],
  ])('shows %s', (_claim, look, drawn) => {
    expect(picture([run('x', { look })])).toContain(drawn);
  });

  it('refuses a colour that it does not know', () => {
    expect(() => picture([run('x', { look: { colour: 16 } })])).toThrow(/sixteen colours of a terminal, and not 16/);
  });
});
