import { METRICS } from '../../../functions/common/telemetry.ts';
import { people } from '../people.ts';
import type { Drill } from '../stage.ts';

/** Longer than any other word here, so that a search for it finds only it. */
const NEW_TOKEN = 'the-token-of-the-drill';

export const tokenExpired: Drill = {
  title: 'The token expires',
  heading: 'Credential',
  options: () => ({}),
  async play(stage) {
    const { simulator } = stage.system;
    await simulator.change({ expired: true });
    await stage.sends('interactive', people(20));
    stage.tells('the token expires; 20 single requests come in');
    await stage.rings(METRICS.credentialHeld, 'interactive');
    await stage.runs('The work is held', 'look', /^npx resets status$/, {
      shows: /^(Held: no accepted token|Runbook)/,
    });

    await simulator.change({ expired: false, tokens: [NEW_TOKEN] });
    stage.writes('token.txt', NEW_TOKEN);
    stage.tells("a new token is made in the vendor's console and saved as token.txt");
    await stage.runs('Credential', 'do', /put-secret-value/, { shows: /VersionStages|AWSCURRENT/ });
    await stage.resets(1);
    await stage.sends('interactive', people(1));
    await stage.stops(METRICS.credentialHeld, 'interactive');
    await stage.runs('Credential', 'worked', /^npx resets status$/, { shows: /^(Working|Waiting|Idle)/ });
  },
};
