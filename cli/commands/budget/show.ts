import { minutesUntil } from '../../../functions/call-budget/minutes.ts';
import { freshBudget } from '../../../functions/call-budget/state.ts';
import { type Context, placeOf } from '../../deployment/connect.ts';
import { type BudgetFigures, budgetFigures, budgetJson, tenths } from '../../queries/budget-figures.ts';
import { holdsNow } from '../../queries/holds-now.ts';
import { rfc3339 } from '../../queries/rfc3339.ts';
import { holdJson, holdWords } from '../../queries/standing-holds.ts';
import { EXIT, type ExitCode, print } from '../../terminal/io.ts';
import { counted, listing, painter, printJson, relative, time } from '../../terminal/text.ts';
import { ceilingWords } from './ceiling-words.ts';

export interface ShowOptions {
  json?: boolean;
}

/** So many minutes of the clock are told one by one, the present one included. */
const TOLD_MINUTES = 10;

/** Tells how often the API may be called now, why, and how it went in the last minutes. */
export async function showBudget(context: Context, { json }: ShowOptions): Promise<ExitCode> {
  const connection = await context.connect();
  const { state, holds } = await holdsNow(connection);
  const { deployment, account, region } = connection;
  const now = connection.now();
  const figures = budgetFigures(state, deployment.ceiling, now);
  const minutes = minutesUntil((state ?? freshBudget(now)).minutes, now).slice(0, TOLD_MINUTES);
  if (json) {
    await printJson(context, {
      at: rfc3339(now),
      deployment: deployment.name,
      account,
      region,
      ...budgetJson(figures),
      byMinute: minutes.map(({ at, calls, refusals }) => ({ at: rfc3339(at), calls, refusals })),
      holds: holds.map(holdJson),
    });
    return EXIT.done;
  }
  const paint = painter(context.stdout, context.env);
  await print(context.stdout, paint('bold', `Call budget of ${placeOf(connection)}`));
  const rows: [string, string][] = [
    ...rowsOf(figures, now),
    ...(holds.length === 0 ? [['held', 'nothing'] as [string, string]] : []),
    ...holds.map((hold): [string, string] => ['held', holdWords(hold, now)]),
    ...minutes.map(({ at, calls, refusals }, age): [string, string] => [
      age === 0 ? 'calls by minute' : '',
      `${time(at).slice(11, 16)}  ${counted(calls, 'call')}${refusals === 0 ? '' : `, ${refusals} refused (429)`}`,
    ]),
  ];
  for (const line of listing(rows)) await print(context.stdout, line.trimEnd());
  return EXIT.done;
}

function rowsOf({ pace, deployed, set, learned, brakeOff, outageOffUntil }: BudgetFigures, now: number) {
  const rows: [string, string][] = [
    [
      'rate now',
      pace === undefined
        ? 'not known: the outputs of the deployment do not tell its ceiling'
        : `${tenths(pace.perMinute)} calls a minute, ${pace.burst} at once, of which ${pace.reserve} only for interactive`,
    ],
    ['set', set === undefined ? 'nothing' : `${ceilingWords(set)}; it wins until budget clear`],
    ['deployed', deployed === undefined ? 'not known' : `${ceilingWords(deployed)}, ${quotaWords(deployed.quota)}`],
    [
      'learned',
      learned === undefined
        ? 'nothing: the API has refused no call'
        : `the API admits about ${tenths(learned)} calls a minute, as of its last refusal`,
    ],
    ...brakeOff.map(({ lane, until }): [string, string] => [
      'brake off',
      `lane ${lane}, until ${until === undefined ? 'its next success' : `${time(until)} (${relative(until, now)})`}`,
    ]),
  ];
  if (outageOffUntil !== undefined) {
    rows.push(['outage hold off', `until ${time(outageOffUntil)} (${relative(outageOffUntil, now)})`]);
  }
  return rows;
}

const quotaWords = (quota: 'known' | 'ceiling'): string =>
  quota === 'known' ? 'known to be the quota' : 'a guess from above: the quota is found out';
