import { rfc3339 } from './rfc3339.ts';
import type { StandingHold } from './standing-holds.ts';

/** A hold as `--json` prints it. Every member is always there; times are RFC 3339 in UTC. */
export const holdJson = ({ scope, why, since, until, probe, who, reason }: StandingHold) => ({
  scope,
  why,
  since: rfc3339(since),
  until: rfc3339(until),
  probe: probe === undefined ? null : typeof probe === 'number' ? 'later' : probe,
  probeAt: typeof probe === 'number' ? rfc3339(probe) : null,
  who: who ?? null,
  reason: reason ?? null,
});
