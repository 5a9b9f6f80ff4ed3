import { brakeOff, release } from '../../../functions/call-budget/operator.ts';
import type { BudgetState } from '../../../functions/call-budget/state.ts';
import { LANES, type Lane } from '../../../functions/contract/reset-request.ts';
import { carryOut, NOTHING_CHANGED } from '../../changes/carry-out.ts';
import { changeBudget } from '../../changes/change-budget.ts';
import { tell } from '../../changes/tell.ts';
import type { Duration } from '../../changes/when.ts';
import { type Connection, type Context, placeOf } from '../../deployment/connect.ts';
import { budgetFigures, budgetJson } from '../../queries/budget-figures.ts';
import { holdsNow } from '../../queries/holds-now.ts';
import { holdJson, holdWords, type StandingHold } from '../../queries/standing-holds.ts';
import { stillHeld } from '../../queries/way-out.ts';
import { requireConsent } from '../../terminal/confirm.ts';
import { CommandFailed, EXIT, type ExitCode, wrongUsage } from '../../terminal/io.ts';
import { time } from '../../terminal/text.ts';

export interface ReleaseOptions {
  brakeOff?: Duration;
  lane?: Lane;
  yes?: boolean;
  json?: boolean;
}

/** Ends every hold but an operator's, and switches the brake off for a time if asked to. */
export async function releaseBudget(context: Context, options: ReleaseOptions): Promise<ExitCode> {
  const { lane, yes, json, brakeOff: off } = options;
  if (lane !== undefined && off === undefined) {
    throw wrongUsage('--lane says whose brake is switched off; give --brake-off DURATION with it.');
  }
  requireConsent(context, yes);
  const connection = await context.connect();
  const { state, holds, holdsOf } = await holdsNow(connection);
  const names = { deployment: connection.deployment, command: context.command };
  const held = holds.filter(({ why }) => why !== 'operator');
  const told = (actionId: string | null, after: BudgetState | undefined, words: string) => {
    const standing = after === undefined ? [] : holdsOf(after);
    const now = connection.now();
    const released = actionId === null ? [] : held.map(holdJson);
    const budget = budgetJson(budgetFigures(after, connection.deployment.ceiling, now));
    const data = { actionId, changed: actionId !== null, released, ...budget, holds: standing.map(holdJson) };
    return tell(context, json, data, [words, ...standing.map((hold) => stillHeld(hold, names, now))]);
  };
  if (held.length === 0 && off === undefined) {
    await told(null, state, 'There is nothing to release.');
    return EXIT.done;
  }

  const { result, actionId } = await carryOut(
    context,
    connection,
    {
      command: `budget release${off === undefined ? '' : ` --brake-off ${off.typed}`}${lane === undefined ? '' : ` --lane ${lane}`}`,
      about: aboutRelease(context, connection, holds, options),
      yes,
      undone: NOTHING_CHANGED,
    },
    (action) =>
      changeBudget(context, connection, action, (before, now) => {
        // Whoever was not asked means all that stands.
        if (!yes) refuseOthers(held, holdsOf(before));
        const released = release(before, now);
        return off === undefined ? released : brakeOff(released, lane ?? 'all', now + off.ms);
      }),
  );
  await told(actionId, result, held.length === 0 ? 'The brake is switched off.' : 'Released.');
  return EXIT.done;
}

function aboutRelease(
  context: Context,
  connection: Connection,
  holds: readonly StandingHold[],
  { brakeOff: off, lane }: ReleaseOptions,
): string[] {
  const now = connection.now();
  const names = { deployment: connection.deployment, command: context.command };
  const held = holds.filter(({ why }) => why !== 'operator');
  const has = (why: StandingHold['why']) => held.some((hold) => hold.why === why);
  const braked = LANES.filter((one) => held.some(({ why, scope }) => why === 'brake' && scope === one));
  const offLanes = off === undefined ? [] : lane === undefined ? [...LANES] : [lane];
  const tillSuccess = braked.filter((one) => !offLanes.includes(one));
  return [
    held.length === 0
      ? `About to switch a brake off in ${placeOf(connection)}; nothing is held.`
      : `About to release what holds ${placeOf(connection)}:`,
    ...held.map((hold) => `  ${holdWords(hold, now)}`),
    ...(held.length === 0 ? [] : ['Calls begin within 10 s; what is hidden is back within 20 minutes.']),
    ...tillSuccess.map((one) => `The brake of lane ${one} stays off until its next success.`),
    ...(off === undefined
      ? []
      : [
          `The brake of ${offLanes.map((one) => `lane ${one}`).join(' and ')} is off until ${time(now + off.ms)}: whoever is rejected is dead-lettered, however many in a row.`,
        ]),
    ...(has('outage') ? ['Outage holds stay off for an hour.'] : []),
    ...(has('credential') ? ['A token that is still rejected holds all lanes again with the first call.'] : []),
    ...(has('retry-after') ? ['The API has asked for that pause: it may refuse all calls until then.'] : []),
    ...holds.filter(({ why }) => why === 'operator').map((hold) => stillHeld(hold, names, now)),
  ];
}

/** What has come about since the question was asked was not agreed to. */
function refuseOthers(agreed: readonly StandingHold[], standing: readonly StandingHold[]): void {
  const other = standing.find(
    ({ why, scope }) => why !== 'operator' && !agreed.some((hold) => hold.why === why && hold.scope === scope),
  );
  if (other === undefined) return;
  throw new CommandFailed(
    `${NOTHING_CHANGED} Meanwhile another hold has begun (${other.why}); look at it, and give the command again.`,
  );
}
