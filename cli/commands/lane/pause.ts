import { pause } from '../../../functions/call-budget/operator.ts';
import { LANES } from '../../../functions/contract/reset-request.ts';
import { carryOut, NOTHING_CHANGED } from '../../changes/carry-out.ts';
import { changeBudget } from '../../changes/change-budget.ts';
import { tell } from '../../changes/tell.ts';
import { momentAhead, type When } from '../../changes/when.ts';
import { type Context, placeOf } from '../../deployment/connect.ts';
import { holdsNow } from '../../queries/holds-now.ts';
import { holdJson, holdWords, type StandingHold, scopeWords } from '../../queries/standing-holds.ts';
import { requireConsent } from '../../terminal/confirm.ts';
import { CommandFailed, EXIT, type ExitCode, wrongUsage } from '../../terminal/io.ts';
import { cut, plain, relative, time } from '../../terminal/text.ts';
import { reasonProblem } from '../../validation.ts';
import { concerns, pauseOf, type Scope } from './scope.ts';

export interface PauseOptions {
  reason?: string;
  until?: When;
  yes?: boolean;
  json?: boolean;
}

/** Characters. The worker writes the budget with every permit, and pays for each kB of it; the action keeps all of the reason. */
const KEPT_REASON = 128;

/** Lets nobody call in scope until the end that was given, or until it is resumed. */
export async function pauseLane(context: Context, scope: Scope, options: PauseOptions): Promise<ExitCode> {
  const { reason, until: typed, yes, json } = options;
  const problem = reason === undefined ? undefined : reasonProblem(reason);
  if (problem !== undefined) throw wrongUsage(`--reason ${problem}.`);
  requireConsent(context, yes);
  const connection = await context.connect();
  const { holds, holdsOf } = await holdsNow(connection);
  const now = connection.now();
  const until = typed === undefined ? undefined : momentAhead('--until', typed, now);
  const end = until === undefined ? 'until it is resumed' : `until ${time(until)} (${relative(until, now)})`;
  const given = {
    ...(until === undefined ? {} : { until }),
    ...(reason === undefined ? {} : { why: cut(reason, KEPT_REASON) }),
  };

  const agreed = pauseOf(holds, scope);
  let replaced = agreed;

  const { result, actionId } = await carryOut(
    context,
    connection,
    {
      command: `lane pause ${scope}${typed === undefined ? '' : ` --until ${typed.typed}`}`,
      about: [
        `About to pause ${scopeWords(scope)} of ${placeOf(connection)}, ${end}.`,
        meaningOf(scope),
        ...holds.filter((hold) => concerns(hold, scope)).map((hold) => standsAlready(hold, scope, now)),
      ],
      details: {
        ...(reason === undefined ? {} : { reason }),
        ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
      },
      yes,
      undone: NOTHING_CHANGED,
    },
    (action) =>
      changeBudget(context, connection, action, (state, since) => {
        if (until !== undefined && until <= since) {
          throw new CommandFailed(`${NOTHING_CHANGED} The pause would be over by now; give a later --until.`);
        }
        replaced = pauseOf(holdsOf(state), scope);
        // Whoever was not asked means what stands, whatever it is.
        if (!yes) refuseOther(agreed, replaced);
        return pause(state, scope, { since, who: action.who, ...given });
      }),
  );
  await tell(
    context,
    json,
    {
      actionId,
      changed: true,
      lane: scope,
      replaced: replaced === undefined ? null : holdJson(replaced),
      holds: holdsOf(result).map(holdJson),
    },
    [`Paused: ${scopeWords(scope)}, ${end}. Resume with: ${context.command(`lane resume ${scope}`)}`],
  );
  return EXIT.done;
}

/** A pause that began while the question was open is another operator's, who may mean it to last longer. */
function refuseOther(agreed: StandingHold | undefined, standing: StandingHold | undefined): void {
  if (standing === undefined || standing.since === agreed?.since) return;
  throw new CommandFailed(
    `${NOTHING_CHANGED} Meanwhile it was paused by ${plain(standing.who ?? 'another operator')}; look at it, and give the command again.`,
  );
}

function meaningOf(scope: Scope): string {
  const others = LANES.filter((lane) => lane !== scope);
  const [whose, rest] =
    scope === 'all'
      ? ['of any lane begins', 'Messages wait.']
      : [`of lane ${scope} begins`, `Its messages wait; lane ${others.join()} is left as it is.`];
  return `No call ${whose} later than 10 s from now. ${rest} A request that has waited for 12 days is dead-lettered as expired, paused or not.`;
}

function standsAlready(hold: StandingHold, scope: Scope, now: number): string {
  const isReplaced = hold.why === 'operator' && hold.scope === scope;
  return `${isReplaced ? 'This replaces' : 'Held already, beside it'}: ${holdWords(hold, now)}.`;
}
