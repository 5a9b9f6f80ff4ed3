import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { pageOf } from './report/page.ts';
import { costTable, number, rowsOf, table } from './report/summary.ts';
import { CASES, type Case, optionsOf } from './scenarios/cases.ts';
import { type Options, optionsWith, type QuotaModel } from './scenarios/options.ts';
import { explain, runSeed, runSeeds } from './scenarios/seeds.ts';
import { BUDGETS, type BudgetFactory } from './world/budget.ts';
import { World } from './world/world.ts';

const USAGE = `The worker on a virtual clock. One seed makes one history.

  --seeds N [--from S]        N worlds of faults, every promise checked
  --seed N [--history]        one of them, with what happened to each request
  --jobs N --per-minute R     a healthy run of N bulk requests: how long, at what cost
      [--burst B] [--model token-bucket|fixed-window|sliding-window] [--retry-after]
      [--ceiling R]           the quota that the worker is told, where it differs
      [--copies C] [--single-every SECONDS] [--failing SHARE]
  --case NAME                 a case, or all whose name begins so, against its aim
  --cases                     all of them
  --list                      their names

  --budget NAME               ${BUDGETS.map(({ name }) => name).join(' or ')}
  --report FILE               where the page with plots goes (a single run; reports/simulation.html)`;

const { values } = parseArgs({
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
    'single-every': { type: 'string', default: '0' },
    failing: { type: 'string', default: '0' },
    case: { type: 'string' },
    cases: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    budget: { type: 'string' },
    report: { type: 'string', default: 'reports/simulation.html' },
  },
});

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function numberIn(
  name: 'seeds' | 'from' | 'seed' | 'jobs' | 'per-minute' | 'burst' | 'ceiling' | 'copies' | 'single-every' | 'failing',
): number {
  const value = Number(values[name]);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} wants a number.`);
  return value;
}

function budgetNamed(): BudgetFactory {
  const budget = values.budget === undefined ? BUDGETS[0] : BUDGETS.find(({ name }) => name === values.budget);
  if (!budget) throw new Error(`--budget is one of ${BUDGETS.map(({ name }) => name).join(', ')}.`);
  return budget;
}

async function seeds(budget: BudgetFactory): Promise<boolean> {
  const started = performance.now();
  const result = await runSeeds(numberIn('from'), numberIn('seeds'), budget, async (world) => {
    if (world.violations.length > 0) say(await explain(world, budget));
  });
  const seconds = (performance.now() - started) / 1000;
  say(
    `${number(result.seeds)} worlds in ${number(seconds, 1)} s: ${number(result.jobs)} requests, ${number(result.calls)} calls, ${number(result.resets)} resets, ${number(result.letters)} dead letters, ${number(result.deaths)} sandboxes killed.`,
  );
  const broken = result.broken.map(({ options, violations }) => `${options.seed} (${violations[0]?.promise})`);
  say(broken.length === 0 ? 'Every promise was kept.' : `Broken in ${broken.length}: ${broken.join(', ')}`);
  return broken.length === 0;
}

async function seed(budget: BudgetFactory): Promise<boolean> {
  const world = await runSeed(numberIn('seed'), budget, values.history ? 'all' : undefined);
  if (values.history) say(world.history.lines.join('\n'));
  show(world);
  if (world.violations.length > 0) say(await explain(world, budget));
  return world.violations.length === 0;
}

async function size(budget: BudgetFactory): Promise<boolean> {
  const started = performance.now();
  const world = new World(sizeOptions(budget));
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

function sizeOptions(budget: BudgetFactory): Options {
  const [perMinute, burst] = [numberIn('per-minute'), numberIn('burst')];
  return optionsWith(budget, {
    producers: { bulkJobs: numberIn('jobs'), singleEveryMs: numberIn('single-every') * 1000 },
    worker: { copies: numberIn('copies') },
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
function show(world: World): void {
  say(table(rowsOf(world)));
  mkdirSync(dirname(values.report), { recursive: true });
  writeFileSync(values.report, pageOf(world));
  say(`page: ${values.report}\n`);
}

async function cases(budget: BudgetFactory, chosen: readonly Case[]): Promise<boolean> {
  const rows: string[][] = [];
  let areMet = true;
  for (const one of chosen) {
    const world = new World(optionsOf(one, budget, values.seed === undefined ? 1 : numberIn('seed')));
    await world.run();
    const { figure, isMet } = one.judge(world);
    const broken = world.violations.map(({ promise, what }) => `; broken: ${promise} (${what})`).join('');
    const isGood = isMet && world.violations.length === 0;
    areMet &&= isGood;
    rows.push([isGood ? 'met' : 'MISSED', one.name, one.aim, figure + broken]);
    if (process.stderr.isTTY) process.stderr.write(`\x1b[K${rows.length} of ${chosen.length}  ${one.name}\r`);
    if (chosen.length === 1) show(world);
  }
  if (process.stderr.isTTY) process.stderr.write('\x1b[K');
  say(table([['', 'case', 'aim', 'measured'], ...rows]));
  return areMet;
}

async function main(): Promise<boolean> {
  const budget = budgetNamed();
  if (values.list) {
    say(table(CASES.map(({ name, aim }) => [name, aim])));
    return true;
  }
  if (values.cases) return cases(budget, CASES);
  if (values.case !== undefined) {
    const wanted = values.case;
    const exact = CASES.filter(({ name }) => name === wanted);
    const chosen = exact.length > 0 ? exact : CASES.filter(({ name }) => name.startsWith(wanted));
    if (chosen.length === 0) throw new Error(`No case is named ${wanted}; --list names them.`);
    return cases(budget, chosen);
  }
  if (values.seeds !== undefined) return seeds(budget);
  if (values.jobs !== undefined) return size(budget);
  if (values.seed !== undefined) return seed(budget);
  say(USAGE);
  return false;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
