import { VARIABLES } from '../../../functions/contract/function-environment.ts';
import { RINGS } from '../metrics.ts';
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
    await stage.rings(RINGS.operatorHeld, 'bulk');
    const calls = simulator.statistics().calls;
    await stage.runs(HEADING, 'do', /campaign cancel/, { fill: { CAMPAIGN }, shows: /cancel|resume/i });
    await stage.sends('bulk', people(1));
    await stage.stops(RINGS.operatorHeld, 'bulk');
    await stage.until('another request of the lane is reset', () => simulator.statistics().calls === calls + 1);
    await stage.runs(HEADING, 'worked', /^npx resets campaign list$/, { shows: /wrong-list/ });
    const states = (await stage.system.ledgerItems()).filter(({ campaign }) => campaign === CAMPAIGN);
    const count = (state: string) => states.filter((item) => item.state === state).length;
    stage.tells(
      `${count('succeeded')} of ${REQUESTS} were reset, ${count('cancelled')} are dropped so far, nobody more is called`,
    );
  },
};
