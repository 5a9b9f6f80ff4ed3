import type { Result } from './contest.ts';

const COLUMNS: readonly { title: string; cell: (result: Result) => string }[] = [
  { title: '', cell: ({ name }) => name },
  {
    title: 'drained in',
    cell: ({ drainedMs, left }) =>
      drainedMs === undefined ? `not in time, ${left} left` : `${(drainedMs / 1000).toFixed(1)} s`,
  },
  {
    title: 'of the quota',
    cell: ({ drainedMs, leastMs }) => (drainedMs === undefined ? '–' : percent(leastMs, drainedMs, 0)),
  },
  { title: 'calls', cell: ({ calls }) => String(calls) },
  { title: 'of them 429', cell: ({ calls, refused }) => percent(refused, calls, 1) },
  {
    title: 'second resets',
    cell: ({ secondResets, unexplainedSecondResets }) =>
      unexplainedSecondResets === 0 ? String(secondResets) : `${secondResets}, ${unexplainedSecondResets} unexplained`,
  },
  { title: 'wrong dead letters', cell: ({ wrongDeadLetters }) => String(wrongDeadLetters) },
  { title: 'lost', cell: ({ lost }) => String(lost) },
  { title: 'CPU', cell: ({ cpuSeconds }) => (cpuSeconds === undefined ? '–' : `${cpuSeconds.toFixed(1)} s`) },
];

export function tableOf(results: readonly Result[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    row(COLUMNS.map(({ title }) => title)),
    row(COLUMNS.map((_, index) => (index === 0 ? '---' : '--:'))),
    ...results.map((result) => row(COLUMNS.map(({ cell }) => cell(result)))),
  ].join('\n');
}

const percent = (part: number, whole: number, digits: number): string =>
  whole === 0 ? '–' : `${((100 * part) / whole).toFixed(digits)}%`;
