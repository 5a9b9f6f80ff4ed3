import { setCeiling } from '../../../functions/call-budget/operator.ts';
import { smallBurst } from '../../../functions/contract/quota.ts';
import { carryOut, NOTHING_CHANGED } from '../../changes/carry-out.ts';
import { changeBudget } from '../../changes/change-budget.ts';
import { tell } from '../../changes/tell.ts';
import { type Context, placeOf } from '../../deployment/connect.ts';
import type { DeployedCeiling } from '../../deployment/find-deployment.ts';
import { budgetFigures, budgetJson } from '../../queries/budget-figures.ts';
import { requireConsent } from '../../terminal/confirm.ts';
import { EXIT, type ExitCode, wrongUsage } from '../../terminal/io.ts';
import { painter } from '../../terminal/text.ts';
import { ceilingWords } from './ceiling-words.ts';
import { deployedCeiling } from './deployed-ceiling.ts';

export interface SetOptions {
  burst?: number;
  yes?: boolean;
  json?: boolean;
}

/** Sets a ceiling in place of the deployed one. */
export async function setBudget(context: Context, perMinute: number, options: SetOptions): Promise<ExitCode> {
  const { yes, json } = options;
  requireConsent(context, yes);
  const connection = await context.connect();
  const deployed = deployedCeiling(connection);
  const ceiling = { perMinute, burst: options.burst ?? deployed.burst };
  if (ceiling.burst <= deployed.reserve) {
    throw wrongUsage(
      `--burst must be above ${deployed.reserve}, the permits that are kept for lane interactive: lane bulk may use only the rest.`,
    );
  }
  const before = await connection.budget.read();
  const told = (actionId: string | null, state: typeof before, words: string) => {
    const figures = budgetFigures(state, deployed, connection.now());
    const data = { actionId, changed: actionId !== null, before: before?.ceiling ?? null, ...budgetJson(figures) };
    return tell(context, json, data, [words]);
  };
  if (before?.ceiling?.perMinute === perMinute && before.ceiling.burst === ceiling.burst) {
    await told(null, before, `Set already: ${ceilingWords(ceiling)}.`);
    return EXIT.done;
  }

  const { result, actionId } = await carryOut(
    context,
    connection,
    {
      command: `budget set ${perMinute} --burst ${ceiling.burst}`,
      about: [
        `About to set the ceiling of ${placeOf(connection)}: ${ceilingWords(ceiling)}.`,
        `Now: ${before?.ceiling === undefined ? `${ceilingWords(deployed)} (deployed)` : `${ceilingWords(before.ceiling)} (set; deployed ${ceilingWords(deployed)})`}.`,
        'It is used whole within 10 s, in place of what was learned, until budget clear, deployments included.',
        ...warningsOn(ceiling, deployed).map((words) => painter(context.stderr, context.env)('yellow', words)),
      ],
      yes,
      undone: NOTHING_CHANGED,
    },
    (action) => changeBudget(context, connection, action, (state, now) => setCeiling(state, ceiling, deployed, now)),
  );
  await told(
    actionId,
    result,
    `Set: ${ceilingWords(ceiling)}. Back to the deployed one with: ${context.command('budget clear')}`,
  );
  return EXIT.done;
}

function warningsOn(ceiling: { perMinute: number; burst: number }, deployed: DeployedCeiling): string[] {
  const small = smallBurst({ ...ceiling, reserve: deployed.reserve });
  return [
    ...(ceiling.perMinute > deployed.perMinute
      ? [
          'Warning: this is more than is deployed; whatever goes beyond the quota of the API is refused, and slows all calls down.',
        ]
      : []),
    ...(small === undefined ? [] : [`Warning: ${small}`]),
  ];
}
