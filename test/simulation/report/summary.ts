import { timeText } from '../engine/history.ts';
import type { Simulation } from '../simulation.ts';
import { costOf, totalOf } from './cost.ts';
import { percentilesOf, refusedShare, steadyUse, usedShare } from './figures.ts';

export const number = (value: number, digits = 0): string =>
  Number.isFinite(value)
    ? value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: digits })
    : '–';
export const percent = (share: number): string => `${number(share * 100, 1)}%`;
export const dollars = (value: number): string => `$${value < 1 ? value.toFixed(4) : number(value, 2)}`;

/** Seconds where they tell more, else days, hours and minutes. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  if (ms < 60_000) return `${number(ms / 1000, ms < 100 ? 2 : 1)} s`;
  if (ms < 600_000 && ms % 60_000 !== 0) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  const minutes = Math.round(ms / 60_000);
  const parts = [
    [Math.floor(minutes / 1440), 'd'],
    [Math.floor(minutes / 60) % 24, 'h'],
    [minutes % 60, 'min'],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

export type Row = readonly [what: string, figure: string];

/** A run in figures, for the terminal and the page alike. */
export function rowsOf(world: Simulation): Row[] {
  const { measures, requests, deadLetters, lambda, options, violations } = world;
  const resets = measures.total('resets');
  const calls = measures.total('calls');
  const use = steadyUse(world);
  const waits = percentilesOf(world);
  const lines = costOf(world);
  const letters = [...deadLetters.byReason].map(([reason, count]) => `${reason} ${number(count)}`).join(', ');
  const rows: Row[] = [
    ['simulated time', duration(world.timeMs)],
    ['requests', number(requests.count)],
    ['resets made', number(resets)],
    ['dead letters', letters || 'none'],
    [
      'calls',
      `${number(calls)}: refused ${number(measures.total('refused'))}, unavailable ${number(measures.total('unavailable'))}, unauthorized ${number(measures.total('unauthorized'))}, unknown ${number(measures.total('unknown'))}, failed ${number(measures.total('failed'))}`,
    ],
    [
      'quota',
      `${number(options.api.perMinute)} a minute + ${options.api.burst} (${options.api.model}); configured ${number(options.budget.perMinute)} + ${options.budget.burst}`,
    ],
    ['quota used, steady state', `${percent(usedShare(use))}, refused ${percent(refusedShare(use))} of calls`],
  ];
  for (const lane of ['interactive', 'bulk'] as const) {
    const { count, p50Ms, p95Ms, mostMs } = waits[lane];
    if (count > 0)
      rows.push([
        `wait, ${lane}`,
        `median ${duration(p50Ms)}, 95% within ${duration(p95Ms)}, longest ${duration(mostMs)}`,
      ]);
  }
  const holds = measures.holds.map(
    ({ why, fromMs, toMs }) => `${why} at ${timeText(fromMs)} for ${duration(toMs - fromMs)}`,
  );
  if (holds.length > 0)
    rows.push([
      'holds',
      [...holds.slice(0, 5), ...(holds.length > 5 ? [`and ${holds.length - 5} more`] : [])].join('; '),
    ]);
  rows.push(
    [
      'Lambda',
      `${number(lambda.used.invocations)} invocations, ${number(lambda.used.coldStarts)} cold, ${number(lambda.used.billedMs / 1000)} s billed, ${number(lambda.used.billedMs / 1000 / resets, 2)} s a reset`,
    ],
    ['cost', `${dollars(totalOf(lines))}, ${dollars((totalOf(lines) / resets) * 1000)} for 1,000 resets`],
    ['promises', violations.length === 0 ? 'kept' : `broken: ${violations.map(({ promise }) => promise).join(', ')}`],
  );
  return rows;
}

export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(index === row.length - 1 ? 0 : (widths[index] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function costTable(world: Simulation): string {
  const resets = world.measures.total('resets');
  return table([
    ['per 1,000 resets', 'count', 'dollars'],
    ...costOf(world).map(({ what, count, dollars: sum }) => [
      what,
      number((count / resets) * 1000, 1),
      dollars((sum / resets) * 1000),
    ]),
  ]);
}
