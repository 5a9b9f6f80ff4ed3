import { METRICS } from '../../../functions/common/telemetry.ts';
import { people } from '../people.ts';
import type { Drill } from '../stage.ts';

const HEADING = 'The ledger is out of reach';
const REQUESTS = 10;

export const ledgerUnreachable: Drill = {
  title: 'The ledger is out of reach',
  heading: HEADING,
  options: () => ({}),
  async play(stage) {
    const { faults, simulator } = stage.system;
    faults.add({ operation: 'dynamodb:*', kind: 'deny', times: Number.POSITIVE_INFINITY });
    await stage.sends('interactive', people(REQUESTS));
    stage.tells(`a permission of the table is taken away; ${REQUESTS} single requests come in`);
    await stage.counts(METRICS.ledgerUnreachable, 'interactive', 1);
    await stage.runs(HEADING, 'look', /^npx resets status$/, { fails: true, shows: /^(Unknown|Nobody)/ });
    await stage.runs(HEADING, 'look', /describe-table/, { fails: true, shows: /AccessDenied/ });
    if (simulator.statistics().calls > 0) throw new Error('A call was made without the ledger.');

    faults.clear();
    stage.tells('the change is undone; no call was made meanwhile');
    await stage.runs(HEADING, 'look', /describe-table/, { shows: /ACTIVE/ });
    await stage.runs(HEADING, 'worked', /^npx resets verify$/, { shows: /lane|ledger/ });
    await stage.resets(REQUESTS);
    await stage.staysAway(METRICS.ledgerUnreachable, 'interactive', 5000);
  },
};
