import { LANES } from '../../../functions/contract/reset-request.ts';
import type { ActionItem } from '../../../functions/ledger/items.ts';
import type { Connection } from '../../deployment/connect.ts';
import { actionState, isSilent, nameOf } from '../../queries/actions.ts';
import { type BudgetFigures, budgetFigures, CALL_MINUTES, tenths } from '../../queries/budget-figures.ts';
import { RECENT_MINUTES } from '../../queries/campaigns/campaign-row.ts';
import { queued, queuedIn } from '../../queries/lane-counts.ts';
import { known, type Reading } from '../../queries/reading.ts';
import { areAllInHand, holdsIn, type Situation, timeLeftMs } from '../../queries/situation/situation.ts';
import type { Verdict } from '../../queries/situation/verdict.ts';
import { holdWords } from '../../queries/standing-holds.ts';
import { entry, type PageLine, section } from '../../terminal/page.ts';
import { ago, counted, number, plain, relative, time } from '../../terminal/text.ts';

const COLOURS: Record<Verdict['kind'], NonNullable<PageLine['style']>> = {
  unknown: ['bold', 'red'],
  held: ['bold', 'red'],
  'not-moving': ['bold', 'yellow'],
  working: ['bold', 'green'],
  waiting: ['bold', 'cyan'],
  idle: 'bold',
};

/** All but the totals: the verdict first, and below it what it was made of. */
export function pageLines(connection: Connection, situation: Situation, verdict: Verdict): PageLine[] {
  const { deployment, account, region } = connection;
  return [
    ...verdictLines(verdict, situation.at),
    ...section(`Lanes of ${deployment.name}, account ${account}, region ${region} (SQS counts approximately)`),
    ...laneLines(situation),
    ...section('Resets'),
    ...recentLines(situation),
    ...section('Calls'),
    ...callLines(situation),
    ...section('Dead letters'),
    ...letterLines(situation),
    ...section('Last actions'),
    ...actionLines(situation),
  ];
}

function verdictLines(verdict: Verdict, now: number): PageLine[] {
  const { kind, sentence, meaning, runbook, next } = verdict;
  const others = verdict.kind === 'held' ? verdict.holds.slice(1) : [];
  return [
    { text: sentence, style: COLOURS[kind] },
    { text: meaning },
    ...(runbook === undefined ? [] : [{ text: `Runbook: ${runbook}` }]),
    ...(next === undefined ? [] : [{ text: `Next: ${next}` }]),
    ...others.map((hold) => ({ text: `Also held: ${holdWords(hold, now)}.`, style: 'red' as const })),
  ];
}

/** What is shown of a source, or why it could not be read. */
const read = <T>(reading: Reading<T>, name: string, lines: (value: T) => PageLine[]): PageLine[] =>
  reading.ok ? lines(reading.value) : [unread(name, reading.why)];

const unread = (name: string, why: string): PageLine => ({
  text: `  ${name}could not be read: ${why}`,
  style: 'yellow',
});

function laneLines({ lanes }: Situation): PageLine[] {
  const columns = ['waiting', 'in flight', 'delayed'] as const;
  const found = LANES.map((lane) => {
    const counts = known(lanes[lane]);
    return counts && [counts.waiting, counts.inFlight, counts.delayed].map(number);
  });
  const names = Math.max(...LANES.map((lane) => lane.length));
  const widths = columns.map((name, at) => Math.max(name.length, ...found.map((cells) => cells?.[at]?.length ?? 0)));
  const row = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(names)}${cells.map((cell, at) => `  ${cell.padStart(widths[at] ?? 0)}`).join('')}`;
  const rows = LANES.flatMap((lane, index) => {
    const cells = found[index];
    const named = columns.map((name, at) => `${cells?.[at]} ${name}`).join(', ');
    return read(lanes[lane], `${lane.padEnd(names)}  `, () => [
      { text: row(lane, cells ?? []), narrow: `  ${lane}: ${named}` },
    ]);
  });
  return [{ text: row('', columns), narrow: '' }, ...rows];
}

function recentLines(situation: Situation): PageLine[] {
  return read(situation.recent, '', ({ resets, perMinute }) => [
    entry(
      `last ${RECENT_MINUTES} minutes`,
      `${number(resets)}${perMinute === undefined ? '' : `, about ${rate(perMinute)} a minute`}`,
    ),
    entry('time left', timeLeft(situation)),
  ]);
}

function timeLeft(situation: Situation): string {
  const leftMs = timeLeftMs(situation);
  if (leftMs === 0) return 'none, nothing is queued';
  if (leftMs !== undefined) return `about ${relative(situation.at + leftMs, situation.at).replace(/^in /, '')}`;
  if (!situation.budget.ok || queuedIn(LANES, situation.lanes) === undefined) return 'not known';
  if (holdsIn(situation).length > 0) return 'not known while requests are held';
  return areAllInHand(situation)
    ? 'not known, as all are in hand: being called, or put back for a later try'
    : 'not known, as nothing was reset lately';
}

const rate = (perMinute: number): string => (tenths(perMinute) ?? 0).toLocaleString('en');

function callLines({ budget, ceiling, at, secret }: Situation): PageLine[] {
  return [
    ...read(budget, '', (state) => budgetLines(budgetFigures(state, ceiling, at), at)),
    entry(
      'secret',
      secret.kind === 'not checked'
        ? `not checked: ${secret.why}`
        : secret.kind === 'empty'
          ? 'has no value'
          : secret.kind,
    ),
  ];
}

function budgetLines(
  { pace, deployed, set, learned, calls, refusals, brakeOff, outageOffUntil }: BudgetFigures,
  now: number,
): PageLine[] {
  const ceiling = ({ perMinute, burst }: { perMinute: number; burst: number }): string =>
    `${number(perMinute)} a minute, burst ${number(burst)}`;
  const isGuess = (set ?? deployed)?.quota === 'ceiling';
  const until = (end: number | undefined): string =>
    end === undefined ? 'until its next success' : `until ${time(end)} (${relative(end, now)})`;
  return [
    entry(
      'rate now',
      pace === undefined
        ? 'not known'
        : `${rate(pace.perMinute)} a minute, burst ${number(pace.burst)} (${number(pace.reserve)} of it kept for interactive)`,
    ),
    entry(
      'ceiling',
      deployed === undefined
        ? 'deployed: not known, since the outputs do not tell it'
        : `deployed: ${ceiling(deployed)}, ${deployed.quota === 'known' ? "the API's quota" : 'a guess from above'}`,
    ),
    ...(set === undefined ? [] : [entry('', `set by an operator, and in force: ${ceiling(set)}`)]),
    ...(learned === undefined ? [] : [entry('learned', `${rate(learned)} a minute, from refusals`)]),
    ...(learned === undefined && isGuess ? [entry('learned', 'nothing yet: no call was refused')] : []),
    entry(`last ${CALL_MINUTES} minutes`, `${counted(calls, 'call')}, ${counted(refusals, 'refusal')}`),
    ...brakeOff.map(({ lane, until: end }) => entry('brake', `switched off on lane ${lane}, ${until(end)}`)),
    ...(outageOffUntil === undefined ? [] : [entry('outage hold', `switched off ${until(outageOffUntil)}`)]),
  ];
}

const letterLines = ({ deadLetterQueue }: Situation): PageLine[] =>
  read(deadLetterQueue, 'the queue ', (counts) => [
    entry(
      'in the queue',
      queued(counts) === 0
        ? 'none'
        : `${number(counts.waiting + counts.delayed)} visible, ${number(counts.inFlight)} in flight`,
    ),
  ]);

function actionLines({ actions, at }: Situation): PageLine[] {
  return read(actions, '', (items) => (items.length === 0 ? [{ text: '  none' }] : actionRows(items, at)));
}

function actionRows(items: readonly ActionItem[], now: number): PageLine[] {
  const rows = items.map((item) => {
    const state = actionState(item, now);
    const atLeast = isSilent(item, now) ? 'at least ' : '';
    const ofPlanned =
      item.planned === 1 || item.done === item.planned
        ? ''
        : ` (${atLeast}${number(item.done)} of ${number(item.planned)})`;
    return [ago(item.startedAt, now), plain(nameOf(item)), plain(item.command), `${state}${ofPlanned}`];
  });
  const widths = [0, 1, 2].map((at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows.map((row) => ({
    text: `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd(),
    narrow: `  ${row.join(' · ')}`,
  }));
}
