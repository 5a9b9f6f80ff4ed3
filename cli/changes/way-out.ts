import type { Context } from '../deployment/connect.ts';
import { holdWords, RUNBOOK, type StandingHold } from '../queries/standing-holds.ts';

/** A hold that still stands, and what ends it: a line of its own. */
export function stillHeld(hold: StandingHold, { command }: Pick<Context, 'command'>, now: number): string {
  return `Still held: ${holdWords(hold, now)}. ${wayOut(hold, command)}`;
}

function wayOut({ why, scope }: StandingHold, command: Context['command']): string {
  const runbook = `Runbook: ${RUNBOOK[why]}.`;
  switch (why) {
    case 'operator':
      return `It ends with: ${command(`lane resume ${scope}`)}`;
    case 'credential':
      return `It ends when the secret holds a token that the API accepts. ${runbook}`;
    case 'outage':
      return `It ends with the first probe that succeeds. ${runbook}`;
    case 'brake':
      return `It ends with the first request of the lane that succeeds, or, once the cause is fixed, with: ${command('budget release')}`;
    case 'retry-after':
      return `It ends then, or with: ${command('budget release')}`;
  }
}
