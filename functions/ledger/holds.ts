import type { CallReport, EpochMs } from '../reset-worker/ports.ts';
import { LEASE_MS } from '../reset-worker/retry-policy.ts';

/** One refused connection is bad luck; of three different requests it is an outage. */
const OUTAGE_REQUESTS = 3;
const FIRST_OUTAGE_MS = 5_000;
const LONGEST_OUTAGE_MS = 60_000;
/** The secret is read at most this often after a 401, so an earlier probe could learn nothing. */
export const CREDENTIAL_HOLD_MS = 30_000;

/** A time in which nobody calls; at its end one call probes. */
export interface Hold {
  why: 'outage' | 'credential';
  until: EpochMs;
  lengthMs: number;
}

export interface Holds {
  hold?: Hold;
  /** A probe is under way; were it never heard of again, the next may go then. */
  probeEnd?: EpochMs;
  /** Requests that found the API unavailable since its last success. */
  suspects: readonly string[];
}

export const NO_HOLDS: Holds = { suspects: [] };

export type Passage =
  | { kind: 'free' }
  /** This call is the probe; `holds` remembers that it is under way. */
  | { kind: 'probe'; holds: Holds }
  | { kind: 'held'; until: EpochMs; why: Hold['why'] };

/** Whether a call may be made now. */
export function passage(holds: Holds, now: EpochMs): Passage {
  const { hold, probeEnd } = holds;
  if (!hold) return { kind: 'free' };
  if (now < hold.until) return { kind: 'held', until: hold.until, why: hold.why };
  if (probeEnd !== undefined && now < probeEnd) return { kind: 'held', until: probeEnd, why: hold.why };
  return { kind: 'probe', holds: { ...holds, probeEnd: now + LEASE_MS } };
}

/** What a call showed: a hold begins, goes on for twice as long (up to a minute), or ends. */
export function afterReport(holds: Holds, report: CallReport, now: EpochMs): Holds {
  const { hold } = holds;
  const probed = hold !== undefined && now >= hold.until ? hold : undefined;
  switch (report.kind) {
    case 'success':
      return NO_HOLDS;
    case 'throttled':
    case 'answered':
      return probed ? NO_HOLDS : holds;
    case 'unused':
      return withoutProbe(holds);
    case 'unanswered':
      return probed?.why === 'outage' ? longer(probed, holds.suspects, now) : withoutProbe(holds);
    case 'unavailable':
      return probed ? longer(probed, holds.suspects, now) : suspected(holds, report.key, now);
  }
}

/** A hold for want of an accepted token. One that stands already is not lengthened. */
export function heldForCredential(holds: Holds, now: EpochMs): Holds & { hold: Hold } {
  const { hold } = holds;
  if (hold?.why === 'credential' && now < hold.until) return { ...holds, hold };
  return {
    suspects: holds.suspects,
    hold: { why: 'credential', until: now + CREDENTIAL_HOLD_MS, lengthMs: CREDENTIAL_HOLD_MS },
  };
}

function suspected(holds: Holds, key: string, now: EpochMs): Holds {
  if (holds.hold || holds.suspects.includes(key)) return holds;
  const suspects = [...holds.suspects, key];
  return suspects.length < OUTAGE_REQUESTS ? { suspects } : outage(suspects, FIRST_OUTAGE_MS, now);
}

function longer(hold: Hold, suspects: readonly string[], now: EpochMs): Holds {
  const lengthMs = hold.why === 'outage' ? hold.lengthMs * 2 : FIRST_OUTAGE_MS;
  return outage(suspects, Math.min(lengthMs, LONGEST_OUTAGE_MS), now);
}

const outage = (suspects: readonly string[], lengthMs: number, now: EpochMs): Holds => ({
  suspects,
  hold: { why: 'outage', until: now + lengthMs, lengthMs },
});

const withoutProbe = ({ hold, suspects }: Holds): Holds => (hold ? { hold, suspects } : { suspects });
