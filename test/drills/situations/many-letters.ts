import { METRICS } from '../../../functions/common/telemetry.ts';
import { VARIABLES } from '../../../functions/contract/function-environment.ts';
import { people } from '../people.ts';
import type { Drill } from '../stage.ts';

const LETTERS = 300;
const HEADING = 'Dead letters are waiting';

export const manyLetters: Drill = {
  title: `${LETTERS} dead letters`,
  heading: HEADING,
  options: () => ({
    environment: { [VARIABLES.callsPerMinute]: '6000', [VARIABLES.callBurst]: '600' },
    simulator: { quota: undefined },
  }),
  async play(stage) {
    await stage.sends('interactive', people(1));
    await stage.resets(1);
    // However they come, more than 20 of them may be rejected in a row.
    await stage.runs('Brake', 'do', /--brake-off/, { shows: /brake/i });
    const unknown = people(LETTERS, 'notfoundx1');
    const known = people(LETTERS);
    const mixed = known.flatMap((email, index) => [email, ...unknown.slice(index, index + 1)]);
    await stage.sends('interactive', mixed);
    stage.tells(`${LETTERS} users are not in the tenant yet, ${known.length} are; single requests come in for all`);
    await stage.counts(METRICS.deadLetters, 'interactive', LETTERS);
    await stage.runs(HEADING, 'look', /dlq list/, { shows: /rejected/ });

    stage.tells('the users are created: the cause is fixed');
    await stage.runs(HEADING, 'do', /receive-message/);
    await stage.runs(HEADING, 'do', /campaign start/, { shows: /sent/i });
    await stage.runs(HEADING, 'do', /delete-message-batch/, { shows: /Successful/ });
    await stage.resets(LETTERS + known.length + 1);
    await stage.until('no letter is left', async () => (await stage.system.deadLetters()).length === 0);
    stage.tells('ENDS  the dead-letter queue is empty');
    await stage.runs(HEADING, 'worked', /^npx resets status$/, { shows: /^(Working|Waiting|Idle)/ });
  },
};
