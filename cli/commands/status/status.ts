import { FAILURE_REASONS } from '../../../functions/contract/dead-letter.ts';
import { LANES } from '../../../functions/contract/reset-request.ts';
import type { Connection, Context } from '../../deployment/connect.ts';
import { type Diagnosis, diagnose } from '../../queries/diagnosis.ts';
import { COUNTED_STATES, type LedgerCounts } from '../../queries/ledger-counts.ts';
import { type Situation, situationReader, unexplained } from '../../queries/situation.ts';
import { EXIT, type ExitCode, print, wrongUsage } from '../../terminal/io.ts';
import { screenOn } from '../../terminal/screen.ts';
import { counted, jsonText, number, type Painter, painter, printJson, time } from '../../terminal/text.ts';

export interface StatusOptions {
  watch?: boolean;
  json?: boolean;
}

const REFRESH_MS = 2000;

/** Tells how the deployment stands: a diagnosis, the lanes, the dead letters, and what became of all requests. */
export async function status(context: Context, { watch, json }: StatusOptions): Promise<ExitCode> {
  if (watch && !json && !context.stdout.isTTY) {
    throw wrongUsage('--watch redraws a terminal, and there is none; add --json for one line of JSON per refresh.');
  }
  const connection = await context.connect();
  const look = situationReader(context, connection);
  if (watch) return watchUntilInterrupted(context, connection, look, json ?? false);
  const situation = await look();
  if (json) await printJson(context, statusJson(situation, connection, context.clock.now()));
  else await print(context.stdout, render(context, connection, situation));
  return EXIT.done;
}

async function watchUntilInterrupted(
  context: Context,
  connection: Connection,
  look: () => Promise<Situation>,
  json: boolean,
): Promise<ExitCode> {
  const { stdout, clock } = context;
  const screen = screenOn(context);
  try {
    await context.graceful(async (interrupted) => {
      while (!interrupted.aborted) {
        const situation = await look();
        if (json) await print(stdout, jsonText(statusJson(situation, connection, clock.now())));
        else screen.draw(`${render(context, connection, situation)}\n\n${time(clock.now())}, Ctrl-C to stop.`);
        await clock.sleep(REFRESH_MS, interrupted);
      }
    });
  } finally {
    screen.end();
  }
  return EXIT.done;
}

/** What `--json` prints. The queues' counts are approximate, as SQS counts. */
const statusJson = (situation: Situation, { deployment }: Connection, now: number) => ({
  at: new Date(now).toISOString(),
  deployment: deployment.name,
  verdict: diagnose(situation),
  lanes: situation.lanes,
  deadLetters: {
    byReason: situation.ledger.deadLetters,
    queue: situation.deadLetterQueue,
    unexplained: unexplained(situation),
  },
  requests: { ...situation.ledger.states, unconfirmed: situation.ledger.unconfirmed },
  waitingAfter: situation.ledger.waitingAfter,
});

const COLOURS: Record<Diagnosis['kind'], Parameters<Painter>[0]> = {
  'token-rejected': ['bold', 'red'],
  'not-moving': ['bold', 'yellow'],
  working: ['bold', 'green'],
  waiting: ['bold', 'cyan'],
  idle: 'bold',
};

function render(context: Context, { deployment }: Connection, situation: Situation): string {
  const paint = painter(context.stdout, context.env);
  const { lanes, deadLetterQueue, ledger } = situation;
  const { kind, sentence, next } = diagnose(situation);
  const lines = [
    paint(COLOURS[kind], sentence),
    ...(next === null ? [] : [`Next: ${next}`]),
    '',
    paint('bold', `Lanes of ${deployment.name} (SQS counts approximately)`),
    ...grid(
      ['', 'waiting', 'in flight', 'delayed'],
      LANES.map((lane) => [lane, lanes[lane].waiting, lanes[lane].inFlight, lanes[lane].delayed]),
    ),
    '',
    paint('bold', 'Dead letters'),
    ...deadLetterLines(situation),
    `  in the queue: ${number(deadLetterQueue.waiting)} visible, ${number(deadLetterQueue.inFlight)} in flight${estimate(unexplained(situation))}`,
    '',
    paint('bold', 'Requests so far'),
    ...grid([], nonZero(COUNTED_STATES.map((state) => [state, ledger.states[state]]))),
    ...(ledger.unconfirmed > 0
      ? [
          `  ${number(ledger.unconfirmed)} of calling ${ledger.unconfirmed === 1 ? 'is' : 'are'} unconfirmed: the reset may have gone through; if its message is still queued, it is tried again`,
        ]
      : []),
    ...waitingLines(ledger.waitingAfter, ledger.states.waiting),
  ];
  return lines.join('\n');
}

const nonZero = (rows: readonly [string, number][]): [string, number][] => {
  const some = rows.filter(([, count]) => count > 0);
  return some.length > 0 ? some : [['none', 0]];
};

const deadLetterLines = ({ ledger }: Situation): string[] =>
  ledger.states.failed === 0
    ? ['  none in the ledger']
    : grid([], nonZero(FAILURE_REASONS.map((reason) => [reason, ledger.deadLetters[reason]])));

/** The two are counted at different times and kept for different times, so the difference is only a hint. */
function estimate(difference: number): string {
  if (difference > 0) {
    return `; an estimated ${counted(difference, 'letter')} more than the ledger knows of: sent just now, or moved there by SQS itself (not-processed)`;
  }
  if (difference < 0) {
    return `; an estimated ${counted(-difference, 'letter')} fewer than the ledger knows of: older than the queue keeps them, or removed from it`;
  }
  return '';
}

function waitingLines({ lookedAt, statuses }: LedgerCounts['waitingAfter'], waiting: number): string[] {
  if (lookedAt === 0) return [];
  const answers = Object.entries(statuses)
    .sort(([, one], [, other]) => other - one)
    .map(([answer, count]) => `${answer === 'none' ? 'no answer' : answer} ×${number(count)}`);
  const looked = lookedAt < waiting ? ` (of the newest ${number(lookedAt)})` : '';
  return [`  last answers to those waiting: ${answers.join(', ')}${looked}`];
}

/** A table with a name first and numbers after it. */
function grid(header: readonly string[], rows: readonly (readonly [string, ...number[]])[]): string[] {
  const cells = rows.map(([name, ...counts]) => [name, ...counts.map(number)]);
  const all = header.length > 0 ? [[...header], ...cells] : cells;
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map(
    (row) =>
      `  ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`,
  );
}
