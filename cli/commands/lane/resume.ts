import { resume } from '../../../functions/call-budget/operator.ts';
import { carryOut, NOTHING_CHANGED } from '../../changes/carry-out.ts';
import { changeBudget } from '../../changes/change-budget.ts';
import { tell } from '../../changes/tell.ts';
import { type Context, placeOf } from '../../deployment/connect.ts';
import { holdsNow } from '../../queries/holds-now.ts';
import { holdJson, holdWords, type StandingHold, scopeWords } from '../../queries/standing-holds.ts';
import { stillHeld } from '../../queries/way-out.ts';
import { requireConsent } from '../../terminal/confirm.ts';
import { CommandFailed, EXIT, type ExitCode } from '../../terminal/io.ts';
import { concerns, pauseOf, type Scope } from './scope.ts';

export interface ResumeOptions {
  yes?: boolean;
  json?: boolean;
}

/** Ends the pause that the same word made, and says what holds all the same. */
export async function resumeLane(context: Context, scope: Scope, { yes, json }: ResumeOptions): Promise<ExitCode> {
  requireConsent(context, yes);
  const connection = await context.connect();
  const { holds, holdsOf } = await holdsNow(connection);
  const names = { deployment: connection.deployment, command: context.command };
  const ended = pauseOf(holds, scope);
  const told = (actionId: string | null, all: readonly StandingHold[], words: string) => {
    const standing = all.filter((hold) => concerns(hold, scope));
    const data = {
      actionId,
      changed: actionId !== null,
      lane: scope,
      ended: ended === undefined ? null : holdJson(ended),
    };
    return tell(context, json, { ...data, holds: standing.map(holdJson) }, [
      words,
      ...standing.map((hold) => stillHeld(hold, names, connection.now())),
    ]);
  };
  if (ended === undefined) {
    await told(
      null,
      holds,
      `${scope === 'all' ? 'The lanes are not paused together' : `Lane ${scope} is not paused`}.`,
    );
    return EXIT.done;
  }

  const now = connection.now();
  const others = holds.filter((hold) => hold !== ended && concerns(hold, scope));
  const { result, actionId } = await carryOut(
    context,
    connection,
    {
      command: `lane resume ${scope}`,
      about: [
        `About to resume ${scopeWords(scope)} of ${placeOf(connection)}: ${holdWords(ended, now)}.`,
        'Where nothing else holds, calls begin within 10 s; what is hidden is back within 20 minutes.',
        ...others.map((hold) => stillHeld(hold, names, now)),
      ],
      yes,
      undone: NOTHING_CHANGED,
    },
    (action) =>
      changeBudget(context, connection, action, (state) => {
        const standing = state.holds.byOperator[scope];
        if (standing !== undefined && standing.since !== ended.since) {
          throw new CommandFailed(
            `${NOTHING_CHANGED} Meanwhile it was paused anew; look at it, and give the command again.`,
          );
        }
        return standing === undefined ? state : resume(state, scope);
      }),
  );
  await told(actionId, holdsOf(result), `Resumed: ${scopeWords(scope)}.`);
  return EXIT.done;
}
