import type { Connection, Context } from '../../deployment/connect.ts';
import { readingOf } from '../../queries/reading.ts';
import { ledgerCounts } from '../../queries/situation/ledger-counts.ts';
import type { Totals } from '../../queries/situation/running-totals.ts';
import { type Situation, situationOf, unreadIn } from '../../queries/situation/situation.ts';
import { situationJson } from '../../queries/situation/situation-json.ts';
import { verdictOn } from '../../queries/situation/verdict.ts';
import { countWithProgress } from '../../terminal/count-with-progress.ts';
import { CommandFailed, EXIT, type ExitCode, print, wrongUsage } from '../../terminal/io.ts';
import { pageText } from '../../terminal/page.ts';
import { printJson } from '../../terminal/text.ts';
import { pageLines } from './page.ts';
import { totalsLines } from './totals-lines.ts';
import { watch } from './watch.ts';

export interface StatusOptions {
  watch?: boolean;
  /** All requests by state. @default true */
  totals?: boolean;
  json?: boolean;
}

/** Tells how the deployment stands: a verdict, and all that it is made of; at last the totals, which take long in a large ledger. */
export async function status(context: Context, options: StatusOptions): Promise<ExitCode> {
  const { stdout } = context;
  const { json = false, totals = true } = options;
  if (options.watch && !json && !stdout.isTTY) {
    throw wrongUsage('--watch redraws a terminal, and there is none; add --json for one line of JSON per refresh.');
  }
  const connection = await context.connect();
  if (options.watch) return watch(context, connection, { json, withTotals: totals });

  const situation = await situationOf(connection);
  const verdict = verdictOn(situation, {
    deployment: connection.deployment,
    command: context.command,
    isWatched: false,
  });
  const blindness = blindnessOf(situation);
  if (json) {
    const told = totals && blindness === undefined ? await count(context, connection) : LEFT_OUT;
    await printJson(context, situationJson(connection, situation, verdict, told));
    if (blindness === undefined) return exitCodeOf(situation, told);
  }
  if (blindness !== undefined) {
    throw new CommandFailed(`Nothing of ${connection.deployment.name} can be read. ${blindness}`);
  }
  await print(stdout, pageText(pageLines(connection, situation, verdict), context));
  if (!totals) return exitCodeOf(situation, LEFT_OUT);
  const told = await count(context, connection);
  await print(stdout, pageText(totalsLines(told, situation), context));
  return exitCodeOf(situation, told);
}

const LEFT_OUT: Totals = { kind: 'left out' };
/** Ctrl-C leaves the totals out, as all else is told. */
async function count(context: Context, { ledger, now }: Connection): Promise<Totals> {
  const counts = await countWithProgress(context, (watch) => readingOf(ledgerCounts(ledger, now, undefined, watch)));
  if (counts === undefined) return LEFT_OUT;
  return counts.ok ? { kind: 'counted', counts: counts.value } : { kind: 'failed', why: counts.why, counts: undefined };
}

/** Why nothing can be read: no credentials, say, or the wrong region. A page that says it eight times tells no more. */
function blindnessOf({ budget, lanes, deadLetterQueue, recent, actions }: Situation): string | undefined {
  const others = [lanes.interactive, lanes.bulk, deadLetterQueue, recent, actions];
  return budget.ok || others.some(({ ok }) => ok) ? undefined : budget.why;
}

/** Held is told, and that is what was asked. */
function exitCodeOf(situation: Situation, totals: Totals): ExitCode {
  if (!situation.budget.ok) return EXIT.failed;
  return unreadIn(situation).length > 0 || totals.kind === 'failed' ? EXIT.partly : EXIT.done;
}
