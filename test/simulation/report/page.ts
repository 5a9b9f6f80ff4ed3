import type { SeriesName } from '../engine/measures.ts';
import type { Simulation } from '../simulation.ts';
import { costOf, PRICES, PRICES_OF, totalOf } from './cost.ts';
import { percentile, waitsOf } from './figures.ts';
import { escaped, type Line, plotSvg } from './plot.ts';
import { dollars, duration, number, rowsOf } from './summary.ts';

const MINUTE_MS = 60_000;
/** Points across a plot: more than these nobody sees. */
const POINTS = 300;
const COLOURS = {
  quota: '#555',
  calls: '#3b6fb5',
  resets: '#2a8a57',
  refused: '#c0392b',
  interactive: '#b5693b',
  bulk: '#3b6fb5',
};

/** The whole run on one page that opens without a network. */
export function pageOf(world: Simulation): string {
  const { options } = world;
  const title = `${number(world.requests.count)} password resets at ${number(options.api.perMinute)} a minute`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<h1>${escaped(title)}</h1>
<p>A simulation of the worker on a virtual clock, seed ${options.seed}. What is given here was simulated, not measured in an account.</p>
<table>${rowsOf(world)
    .map(([what, figure]) => `<tr><th>${escaped(what)}</th><td>${escaped(figure)}</td></tr>`)
    .join('')}</table>
<h2>Calls and resets against the quota</h2>
${ratesPlot(world)}
<p>Grey bands are times in which calls were held: ${holdsText(world)}.</p>
${trouble(world)}
<h2>How long requests waited</h2>
${waitsPlot(world)}
<h2>Cost per 1,000 resets</h2>
${costTable(world)}
<p>List prices of ${PRICES_OF}, us-east-1, arm64, without any free tier. Logs, storage, alarms and the secret's monthly price are left out.</p>
</html>
`;
}

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 980px; margin: 2rem auto; padding: 0 1rem; color: #222; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; } th, td { text-align: left; vertical-align: top; padding: 0.2rem 1rem 0.2rem 0; border-bottom: 1px solid #eee; }
th { font-weight: 600; white-space: nowrap; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; } svg text { font-size: 12px; fill: #444; } svg .title { font-size: 13px; font-weight: 600; }
svg .grid { stroke: #e4e4e4; } svg .band { fill: #999; opacity: 0.25; }
`;

const SECOND_MS = 1_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Steps that a clock's face has. */
const STEPS_MS = [
  ...[10, 30].map((seconds) => seconds * SECOND_MS),
  ...[1, 2, 5, 10, 20, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 5, 10].map((days) => days * DAY_MS),
];
const MARKS = 8;
/** Seconds, for an axis by powers. */
const WAIT_MARKS = [0.01, 0.1, 1, 10, 60, 600, 3_600, 6 * 3_600, 86_400, 5 * 86_400];

function marksOf({ timeMs }: Simulation): number[] {
  const step = STEPS_MS.find((candidate) => timeMs / candidate <= MARKS) ?? DAY_MS * 30;
  return Array.from({ length: Math.floor(timeMs / step) + 1 }, (_, index) => index * step);
}

const markText = (ms: number): string => (ms === 0 ? '0' : duration(ms).replace(/\.0 s$/, ' s'));

/** A series as a rate a minute, over at most so many points. */
function rateLine(world: Simulation, name: SeriesName, label: string, colour: string): Line {
  const { sliceMs, series } = world.measures;
  const slices = Math.max(1, Math.ceil(world.timeMs / sliceMs));
  // A window of the quota is a minute: shorter points would show its edges as noise.
  const width = Math.max(Math.ceil(slices / POINTS), Math.min(slices, Math.ceil(MINUTE_MS / sliceMs)));
  const points: [number, number][] = [];
  for (let from = 0; from < slices; from += width) {
    let sum = 0;
    for (let slice = from; slice < from + width; slice += 1) sum += series[name][slice] ?? 0;
    const endMs = Math.min((from + width) * sliceMs, world.timeMs);
    points.push([(from * sliceMs + endMs) / 2, (sum * MINUTE_MS) / Math.max(1, endMs - from * sliceMs)]);
  }
  return { name: label, colour, points, isArea: name === 'resets' };
}

function quotaLine(world: Simulation): Line {
  const { api } = world.options;
  const factorAt = (timeMs: number): number =>
    api.phases.reduce(
      (factor, phase) =>
        phase.kind === 'quota' && timeMs >= phase.fromMs && timeMs < phase.toMs ? factor * phase.factor : factor,
      1,
    );
  const edges = api.phases.flatMap(({ fromMs, toMs }) => [fromMs - 1, fromMs, toMs - 1, toMs]);
  const times = [0, ...edges, world.timeMs]
    .filter((time) => time >= 0 && time <= world.timeMs)
    .sort((one, other) => one - other);
  return {
    name: 'quota',
    colour: COLOURS.quota,
    isDashed: true,
    points: times.map((time) => [time, api.perMinute * factorAt(time)]),
  };
}

const bandsOf = (world: Simulation) =>
  world.measures.holds.map(({ why, fromMs, toMs }) => ({ from: fromMs, to: Math.min(toMs, world.timeMs), name: why }));

function ratesPlot(world: Simulation): string {
  return plotSvg({
    title: 'A minute',
    xTitle: 'time since the start',
    yTitle: 'calls a minute',
    xText: markText,
    xMarks: marksOf(world),
    bands: bandsOf(world),
    lines: [
      rateLine(world, 'resets', 'resets', COLOURS.resets),
      rateLine(world, 'calls', 'calls', COLOURS.calls),
      quotaLine(world),
    ],
  });
}

/** Calls that came to nothing, where there were any. */
function trouble(world: Simulation): string {
  const names = (['refused', 'unavailable', 'unauthorized', 'unknown', 'failed'] as const).filter(
    (name) => world.measures.total(name) > 0,
  );
  const colours = [COLOURS.refused, '#d68910', '#7d3c98', '#117a8b', '#777'];
  if (names.length === 0) return '<p>Every call made its reset.</p>';
  const lines = names.map((name, index) => rateLine(world, name, name, colours[index] ?? '#777'));
  return plotSvg({
    title: 'Calls that made no reset, a minute',
    xTitle: 'time since the start',
    yTitle: 'calls a minute',
    xText: markText,
    xMarks: marksOf(world),
    lines,
    bands: bandsOf(world),
  });
}

function holdsText(world: Simulation): string {
  const byCause = new Map<string, number>();
  for (const { why, fromMs, toMs } of world.measures.holds) byCause.set(why, (byCause.get(why) ?? 0) + toMs - fromMs);
  if (byCause.size === 0) return 'there were none';
  return [...byCause].map(([why, ms]) => `${escaped(why)} for ${duration(ms)}`).join(', ');
}

function waitsPlot(world: Simulation): string {
  const lines = (['interactive', 'bulk'] as const).flatMap((lane): Line[] => {
    const waits = waitsOf(world, lane);
    if (waits.length === 0) return [];
    const points: [number, number][] = [];
    for (let share = 0; share <= 100; share += 1)
      points.push([Math.max(1, percentile(waits, share / 100)) / 1000, share]);
    return [{ name: lane, colour: COLOURS[lane], points }];
  });
  return plotSvg({
    title: 'Requests reset within a time of being sent, per cent of those that were',
    xTitle: 'wait',
    yTitle: '% of requests',
    xText: (seconds) => markText(seconds * 1000),
    xMarks: WAIT_MARKS,
    yMost: 100,
    isLogX: true,
    lines,
  });
}

/** What costs less than a hundredth of a cent is given by the million. */
const priceText = (unitPrice: number, unit: string): string =>
  unitPrice < 1e-5
    ? `$${number(unitPrice * 1e6, 3)} a million: ${escaped(unit)}`
    : `$${unitPrice.toFixed(10).replace(/0+$/, '')} a ${escaped(unit)}`;

function costTable(world: Simulation): string {
  const resets = Math.max(1, world.measures.total('resets'));
  const lines = costOf(world);
  const cells = lines.map(({ what, count, dollars: sum, price }) => {
    const { unit, source, dollars: unitPrice } = PRICES[price];
    return `<tr><th>${escaped(what)}</th><td class="number">${number((count / resets) * 1000, 1)}</td><td class="number">${dollars((sum / resets) * 1000)}</td><td>${priceText(unitPrice, unit)} (${escaped(source)})</td></tr>`;
  });
  const total = totalOf(lines);
  return `<table><tr><th></th><td class="number">count</td><td class="number">cost</td><td>price</td></tr>${cells.join('')}<tr><th>all</th><td></td><td class="number">${dollars((total / resets) * 1000)}</td><td>${dollars(total)} for the whole run</td></tr></table>`;
}
