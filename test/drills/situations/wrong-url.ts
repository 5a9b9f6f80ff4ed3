import { METRICS } from '../../../functions/common/telemetry.ts';
import { startDoor } from '../door.ts';
import { people } from '../people.ts';
import type { Drill } from '../stage.ts';

/** As many in a row as turn the brake on, and some that it keeps. */
const REQUESTS = 40;

export function wrongUrl(): Drill {
  const door = startDoor();
  return {
    title: 'The deployed URL is wrong',
    heading: 'Brake',
    options: async () => ({ apiBaseUrl: await door.url }),
    async play(stage) {
      try {
        door.leadTo(`${stage.system.simulator.baseUrl}/no/such/path`);
        await stage.sends('bulk', people(REQUESTS));
        stage.tells(`the function is deployed with a path that the API does not have; a file of ${REQUESTS} is sent`);
        await stage.rings(METRICS.brakeHeld, 'bulk');
        await stage.runs('Brake', 'look', /^npx resets dlq list/, { shows: /404/ });

        door.leadTo(stage.system.simulator.baseUrl);
        stage.tells('the right URL is deployed (played here: the local run has no deployment)');
        await stage.runs('Brake', 'do', /^npx resets budget release$/, { shows: /brake/ });
        await stage.sends('bulk', people(1));
        await stage.resets(1);
        await stage.stops(METRICS.brakeHeld, 'bulk');
        await stage.runs('Brake', 'worked', /^npx resets status$/, { shows: /^(Working|Waiting|Idle)/ });
        const letters = await stage.system.deadLetters();
        stage.tells(`the wrong URL cost ${letters.length} dead letters of ${REQUESTS} requests`);
      } finally {
        door.close();
      }
    },
  };
}
