import { clearCeiling } from '../../../functions/call-budget/operator.ts';
import { carryOut, NOTHING_CHANGED } from '../../changes/carry-out.ts';
import { changeBudget } from '../../changes/change-budget.ts';
import { tell } from '../../changes/tell.ts';
import { type Context, placeOf } from '../../deployment/connect.ts';
import { budgetFigures, budgetJson } from '../../queries/budget-figures.ts';
import { requireConsent } from '../../terminal/confirm.ts';
import { EXIT, type ExitCode } from '../../terminal/io.ts';
import { ceilingWords } from './ceiling-words.ts';
import { deployedCeiling } from './deployed-ceiling.ts';

export interface ClearOptions {
  yes?: boolean;
  json?: boolean;
}

/** Goes back to the deployed ceiling. */
export async function clearBudget(context: Context, { yes, json }: ClearOptions): Promise<ExitCode> {
  requireConsent(context, yes);
  const connection = await context.connect();
  const deployed = deployedCeiling(connection);
  const before = await connection.budget.read();
  const told = (actionId: string | null, state: typeof before, words: string) => {
    const figures = budgetFigures(state, deployed, connection.now());
    const data = { actionId, changed: actionId !== null, before: before?.ceiling ?? null, ...budgetJson(figures) };
    return tell(context, json, data, [words]);
  };
  if (before?.ceiling === undefined) {
    await told(null, before, `No ceiling is set; the deployed one is in force: ${ceilingWords(deployed)}.`);
    return EXIT.done;
  }

  const quota = deployed.quota === 'known' ? 'It is used whole' : 'The quota under it is found out anew';
  const { result, actionId } = await carryOut(
    context,
    connection,
    {
      command: 'budget clear',
      about: [
        `About to clear the ceiling of ${placeOf(connection)}: ${ceilingWords(before.ceiling)}.`,
        `The deployed one comes into force within 10 s: ${ceilingWords(deployed)}. ${quota}.`,
      ],
      yes,
      undone: NOTHING_CHANGED,
    },
    (action) => changeBudget(context, connection, action, (state, now) => clearCeiling(state, deployed, now)),
  );
  await told(actionId, result, `Cleared; the deployed ceiling is in force: ${ceilingWords(deployed)}.`);
  return EXIT.done;
}
