import type { FailureReason } from '../../functions/contract/dead-letter.ts';
import type { Lane } from '../../functions/contract/reset-request.ts';
import type { Connection, Context } from '../deployment/connect.ts';
import type { StandingHold } from '../queries/standing-holds.ts';
import type { MaxFailures } from './max-failures.ts';

/** Those of a canary that are open after so long, holds not counted, count as failed. */
export const CANARY_MS = 10 * 60_000;

/** The first requests of a campaign, which are sent and watched before the rest. */
export interface Canary {
  campaignId: string;
  requestIds: readonly string[];
  lane: Lane;
  max: MaxFailures;
  /** Given when the operator interrupts the command, or another one aborts it. */
  stopped: AbortSignal;
  /** The command that goes on with the campaign, to be pasted. */
  wayOn: string;
}

/** Failed requests of one cause. */
export interface FailureGroup {
  /** What became of them, where they did not end for a reason of the worker's. */
  cause: FailureReason | 'cancelled' | 'discarded';
  status: number | undefined;
  detail: string | undefined;
  count: number;
}

export interface CanaryResult {
  /** `interrupted`: nothing was decided. */
  end: 'passed' | 'stopped' | 'interrupted';
  /** Of `stopped`: why. */
  why?: 'failures' | 'time' | 'cancelled' | 'brake';
  size: number;
  reset: number;
  failed: number;
  /** Those of the failed that count towards the brake. */
  rejected: number;
  open: number;
  /** The most that may fail. */
  allowed: number;
  /** The largest first. */
  groups: readonly FailureGroup[];
  /** The brake that stopped it. */
  brake?: StandingHold;
  /** An operator has switched the lane's brake off. */
  isBrakeOff: boolean;
}

/**
 * Watches a canary in the ledger until it is decided, and tells its progress on stderr.
 * @throws CommandFailed where the ledger can't be read for more than a minute.
 */
export async function watchCanary(_context: Context, _connection: Connection, _canary: Canary): Promise<CanaryResult> {
  throw new Error('To be written.');
}
