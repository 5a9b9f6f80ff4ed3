import type { Io } from './io.ts';
import { number, type Painter, painter } from './text.ts';

/** A line of the page. */
export interface PageLine {
  text: string;
  style?: Parameters<Painter>[0];
  /** In place of it on a terminal that is too narrow for columns. */
  narrow?: string;
}

/** A terminal breaks what is longer than it is wide, but columns would then not be read. */
export function pageText(lines: readonly PageLine[], { stdout, env }: Pick<Io, 'stdout' | 'env'>): string {
  const columns = stdout.isTTY ? stdout.columns || 80 : Number.POSITIVE_INFINITY;
  const paint = painter(stdout, env);
  const shown = lines.map(({ text, style, narrow }) => {
    const fitting = narrow !== undefined && text.length > columns ? narrow : text;
    return style === undefined ? fitting : paint(style, fitting);
  });
  return shown.join('\n');
}

export const section = (title: string): PageLine[] => [{ text: '' }, { text: title, style: 'bold' }];

const ENTRY_NAMES = 15;
export const entry = (name: string, value: string): PageLine => ({
  text: `  ${name.padEnd(ENTRY_NAMES)}  ${value}`,
  narrow: `  ${name}: ${value}`,
});

/** Those that are not zero, in columns. */
export function numbers(rows: readonly (readonly [string, number])[]): PageLine[] {
  const some = rows.filter(([, count]) => count > 0).map(([name, count]) => [name, number(count)] as const);
  if (some.length === 0) return [{ text: '  none' }];
  const [names, counts] = [0, 1].map((at) => Math.max(...some.map((row) => row[at]?.length ?? 0)));
  return some.map(([name, count]) => ({
    text: `  ${name.padEnd(names ?? 0)}  ${count.padStart(counts ?? 0)}`,
    narrow: `  ${name}: ${count}`,
  }));
}
