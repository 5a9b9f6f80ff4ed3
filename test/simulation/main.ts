import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { exitAtClosedPipe } from '../../cli/terminal/process-io.ts';
import { pageOf } from './report/page.ts';
import { costTable, number, rowsOf, table } from './report/summary.ts';
import { type Case, optionsOf } from './scenarios/case.ts';
import { CASES, casesNamed } from './scenarios/cases.ts';
import { optionsWith } from './scenarios/healthy.ts';
import { explain, runSeed, runSeeds } from './scenarios/seeds.ts';
import { Simulation } from './simulation.ts';
import type { Options, QuotaModel } from './world/options.ts';

const USAGE = `The worker on a virtual clock. One seed makes one history.

  --seeds N [--from S]        N worlds of faults, every promise checked
  --seed N [--history]        one of them, with what happened to each request
  --jobs N --per-minute R     a healthy run of N bulk requests: how long, at what cost
      [--burst B] [--model token-bucket|fixed-window|sliding-window] [--retry-after]
      [--ceiling R]           the quota that the worker is told, where it differs
      [--copies C] [--single-every SECONDS] [--failing SHARE]
      [--interactive-copies C]
  --cases [NAME ...]          the cases of these names, or whose names begin so, against their aims; all where none is named
  --list                      their names

  --report FILE               where the page with plots goes (a single run; reports/simulation.html)`;

const ARGUMENTS = {
  allowPositionals: true,
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    history: { type: 'boolean', default: false },
    jobs: { type: 'string' },
    'per-minute': { type: 'string', default: '60' },
    burst: { type: 'string', default: '10' },
    ceiling: { type: 'string' },
    model: { type: 'string', default: 'token-bucket' },
    'retry-after': { type: 'boolean', default: false },
    copies: { type: 'string', default: '2' },
    'interactive-copies': { type: 'string', default: '5' },
    'single-every': { type: 'string', default: '0' },
    failing: { type: 'string', default: '0' },
    cases: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    report: { type: 'string', default: 'reports/simulation.html' },
  },
} as const satisfies ParseArgsConfig;

const { values, positionals } = readArguments();

/** A mistake of whoever types is one line, and no stack trace. */
function readArguments() {
  try {
    return parseArgs(ARGUMENTS);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return process.exit(2);
  }
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);

type NumberName =
  | 'seeds'
  | 'from'
  | 'seed'
  | 'jobs'
  | 'per-minute'
  | 'burst'
  | 'ceiling'
  | 'copies'
  | 'interactive-copies'
  | 'single-every'
  | 'failing';

function numberIn(name: NumberName): number {
  const value = Number(values[name]);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} wants a number.`);
  return value;
}

async function seeds(): Promise<boolean> {
  const started = performance.now();
  const result = await runSeeds(numberIn('from'), numberIn('seeds'), async (world) => {
    if (world.violations.length > 0) say(await explain(world));
  });
  const seconds = (performance.now() - started) / 1000;
  say(
    `${number(result.seeds)} worlds in ${number(seconds, 1)} s: ${number(result.jobs)} requests, ${number(result.calls)} calls, ${number(result.resets)} resets, ${number(result.letters)} dead letters, ${number(result.deaths)} sandboxes killed.`,
  );
  const broken = result.broken.map(({ options, violations }) => `${options.seed} (${violations[0]?.promise})`);
  say(broken.length === 0 ? 'Every promise was kept.' : `Broken in ${broken.length}: ${broken.join(', ')}`);
  return broken.length === 0;
}

async function seed(): Promise<boolean> {
  const world = await runSeed(numberIn('seed'), values.history ? { watched: 'all' } : {});
  if (values.history) say(world.history.lines.join('\n'));
  show(world);
  if (world.violations.length > 0) say(await explain(world));
  return world.violations.length === 0;
}

async function size(): Promise<boolean> {
  const started = performance.now();
  const world = new Simulation(sizeOptions());
  await world.run();
  const seconds = (performance.now() - started) / 1000;
  show(world);
  say(costTable(world));
  const memory = process.resourceUsage().maxRSS / 1024 ** 2;
  say(
    `\nsimulated in ${number(seconds, 1)} s: ${number(world.requests.count / seconds)} jobs a second, ${number(memory, 2)} GiB of memory at most`,
  );
  return world.violations.length === 0;
}

function sizeOptions(): Options {
  const [perMinute, burst] = [numberIn('per-minute'), numberIn('burst')];
  return optionsWith({
    producers: { bulkJobs: numberIn('jobs'), singleEveryMs: numberIn('single-every') * 1000 },
    worker: { copies: { interactive: numberIn('interactive-copies'), bulk: numberIn('copies') } },
    budget: { perMinute: values.ceiling === undefined ? perMinute : numberIn('ceiling'), burst },
    api: {
      perMinute,
      burst,
      model: values.model as QuotaModel,
      retryAfter: values['retry-after'],
      failingUsers: numberIn('failing'),
    },
  });
}

/** The figures, and the page. */
function show(world: Simulation): void {
  say(table(rowsOf(world)));
  mkdirSync(dirname(values.report), { recursive: true });
  writeFileSync(values.report, pageOf(world));
  say(`page: ${values.report}\n`);
}

/** Each case as it is done: all of them take minutes. */
async function cases(chosen: readonly Case[]): Promise<boolean> {
  const width = Math.max(...chosen.map(({ name }) => name.length));
  const missed: string[] = [];
  for (const one of chosen) {
    const world = new Simulation(optionsOf(one, values.seed === undefined ? 1 : numberIn('seed')));
    await world.run();
    const { figure, isMet } = one.judge(world);
    const broken = world.violations.slice(0, 1).map(({ promise, what }) => `; broken: ${promise} (${what})`);
    const isGood = isMet && broken.length === 0;
    if (!isGood) missed.push(one.name);
    say(`${isGood ? 'met   ' : 'MISSED'}  ${one.name.padEnd(width)}  ${figure}${broken.join('')}`);
    if (!isGood) say(`        ${' '.repeat(width)}  aim: ${one.aim}`);
    if (chosen.length === 1) show(world);
  }
  say(
    `${chosen.length - missed.length} of ${chosen.length} met${missed.length === 0 ? '.' : `; missed: ${missed.join(', ')}`}`,
  );
  return missed.length === 0;
}

async function main(): Promise<boolean> {
  if (values.help) {
    say(USAGE);
    return true;
  }
  if (values.list) {
    say(table(CASES.map(({ name, aim }) => [name, aim])));
    return true;
  }
  if (values.cases) return cases(casesNamed(positionals));
  if (values.seeds !== undefined) return seeds();
  if (values.jobs !== undefined) return size();
  if (values.seed !== undefined) return seed();
  say(USAGE);
  return false;
}

exitAtClosedPipe();
try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
