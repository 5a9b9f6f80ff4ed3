import { METRICS } from '../../../functions/common/telemetry.ts';
import { people } from '../people.ts';
import type { Drill } from '../stage.ts';

export const outage: Drill = {
  title: 'The API is down',
  heading: 'Outage',
  options: () => ({}),
  async play(stage) {
    const { simulator } = stage.system;
    await simulator.change({ outage: 503 });
    await stage.sends('interactive', people(20));
    stage.tells('the API answers 503; 20 single requests come in');
    await stage.rings(METRICS.outageHeld, 'interactive');
    await stage.runs('The work is held', 'look', /^npx resets status$/, { shows: /^(Held: outage|Runbook)/ });

    await simulator.change({ outage: null });
    stage.tells('the API is back, and its owner says so: the operator need not wait for the next probe');
    await stage.runs('Outage', 'do', /^npx resets budget release$/, { shows: /outage/ });
    await stage.sends('interactive', people(1));
    await stage.resets(1);
    await stage.stops(METRICS.outageHeld, 'interactive');
  },
};
