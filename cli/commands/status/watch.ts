import type { Connection, Context } from '../../deployment/connect.ts';
import { type LedgerCounts, ledgerCounts } from '../../queries/situation/ledger-counts.ts';
import { RunningTotals, type Totals } from '../../queries/situation/running-totals.ts';
import { situationOf } from '../../queries/situation/situation.ts';
import { situationJson } from '../../queries/situation/situation-json.ts';
import { verdictOn } from '../../queries/situation/verdict.ts';
import { unlessInterrupted } from '../../terminal/interruption.ts';
import { EXIT, type ExitCode, print } from '../../terminal/io.ts';
import { type PageLine, pageText } from '../../terminal/page.ts';
import { screenOn } from '../../terminal/screen.ts';
import { jsonText, time } from '../../terminal/text.ts';
import { pageLines } from './page.ts';
import { totalsLines } from './totals-lines.ts';

const REFRESH_MS = 2000;

/** Looks again and again until it is interrupted, which is how it is meant to end. A look that fails is shown, and the next one follows. */
export async function watch(
  context: Context,
  connection: Connection,
  { json, withTotals }: { json: boolean; withTotals: boolean },
): Promise<ExitCode> {
  const { clock, stdout } = context;
  const { deployment } = connection;
  await context.graceful(async (interrupted) => {
    const { ledger, now } = connection;
    const running = withTotals
      ? new RunningTotals<LedgerCounts>((before, on) => ledgerCounts(ledger, now, before, on), clock, interrupted)
      : undefined;
    const screen = json ? undefined : screenOn(context);
    try {
      while (!interrupted.aborted) {
        running?.refresh();
        const situation = await unlessInterrupted(situationOf(connection), interrupted);
        if (situation === undefined) break;
        const verdict = verdictOn(situation, { deployment, command: context.command, isWatched: true });
        const totals: Totals = running?.look() ?? { kind: 'left out' };
        if (screen) {
          const lines = pageLines(connection, situation, verdict);
          const more = running ? totalsLines(totals, situation) : [];
          const footer: PageLine[] = [{ text: '' }, { text: `${time(situation.at)}, Ctrl-C to stop.` }];
          screen.draw(pageText([...lines, ...more, ...footer], context));
        } else await print(stdout, jsonText(situationJson(connection, situation, verdict, totals)));
        await clock.sleep(REFRESH_MS, interrupted);
      }
    } finally {
      screen?.end();
    }
  });
  return EXIT.done;
}
