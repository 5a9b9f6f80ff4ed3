import type { FoundDeployment } from '../deployment/find-deployment.ts';
import { plain, time } from '../terminal/text.ts';
import { holdWords, type StandingHold } from './standing-holds.ts';

/** What a way out names beside the hold itself. */
export interface WayOutNames {
  deployment: Pick<FoundDeployment, 'secretArn'>;
  /** A command line to paste. */
  command(line: string): string;
}

/** What ends a hold: one step or command, as the end of a sentence. The one place that says it. */
export function wayOutOf({ why, scope, who, until }: StandingHold, { deployment, command }: WayOutNames): string {
  const release = command('budget release');
  switch (why) {
    case 'outage':
      return `if the API is down, nothing: the first probe that succeeds ends it; if the API works, ${release}`;
    case 'credential': {
      const secret = deployment.secretArn === undefined ? 'the secret' : `secret ${plain(deployment.secretArn)}`;
      return `put a valid token into ${secret}; the function picks it up on its own`;
    }
    case 'brake':
      return `fix the URL, the token's owner or the file that is sent, then ${release}`;
    case 'operator':
      return `ask ${plain(who ?? 'the operator')} why, then ${command(`lane resume ${scope}`)}`;
    case 'retry-after':
      return `wait${until === undefined ? '' : ` until ${time(until)}`}, or ${release}`;
  }
}

/** Headings of `docs/runbook.md`. */
const RUNBOOK: Record<StandingHold['why'], string> = {
  outage: 'Outage',
  credential: 'Credential',
  brake: 'Brake',
  operator: 'Operator',
  'retry-after': 'The API asks for a pause',
};

/** "docs/runbook.md, Outage": where more is said of it. */
export const runbookOf = ({ why }: StandingHold): string => runbookAt(RUNBOOK[why]);
export const runbookAt = (heading: string): string => `docs/runbook.md, ${heading}`;

/** A hold that still stands, and what ends it: a line of its own. */
export const stillHeld = (hold: StandingHold, names: WayOutNames, now: number): string =>
  `Still held: ${holdWords(hold, now)} (${runbookOf(hold)}). Next: ${wayOutOf(hold, names)}`;
