import { METRICS } from '../../../functions/common/telemetry.ts';
import { VARIABLES } from '../../../functions/contract/function-environment.ts';
import { people } from '../people.ts';
import type { Drill } from '../stage.ts';

const REQUESTS = 300;
const CAMPAIGN = 'wrong-list';
const HEADING = 'A wrong campaign was started';

export const wrongCampaign: Drill = {
  title: 'A wrong campaign was started',
  heading: HEADING,
  // Slow enough to be stopped midway.
  options: () => ({ environment: { [VARIABLES.callsPerMinute]: '120', [VARIABLES.callBurst]: '10' } }),
  async play(stage) {
    const { simulator } = stage.system;
    await stage.sends('bulk', people(REQUESTS), { campaignId: CAMPAIGN });
    stage.tells(`a list of ${REQUESTS} is sent that should not be; somebody calls`);
    await stage.resets(10);
    await stage.runs(HEADING, 'do', /lane pause/, { shows: /paused|wrong-list/i });
    await stage.rings(METRICS.operatorHeld, 'bulk');
    const { resets } = simulator.statistics();
    await stage.runs(HEADING, 'do', /campaign cancel/, { fill: { CAMPAIGN }, shows: /^(Cancelled|Resumed)/ });
    await stage.sends('bulk', people(1));
    await stage.resets(resets + 1);
    await stage.stops(METRICS.operatorHeld, 'bulk');
    await stage.runs(HEADING, 'worked', /^npx resets campaign status/, { fill: { CAMPAIGN }, shows: /wrong-list/ });
    if (simulator.statistics().resets > resets + 1)
      throw new Error('Somebody of the campaign was reset after the pause.');
    const states = (await stage.system.ledgerItems()).filter(({ campaign }) => campaign === CAMPAIGN);
    const count = (state: string) => states.filter((item) => item.state === state).length;
    stage.tells(
      `${count('succeeded')} of ${REQUESTS} were reset, ${count('cancelled')} are dropped so far, nobody more is called`,
    );
  },
};
