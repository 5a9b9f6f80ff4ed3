import type { Lane } from '../../../functions/contract/reset-request.ts';
import type { SharedMembers } from '../../sending/request-body.ts';
import { type Io, wrongUsage } from '../../terminal/io.ts';
import { problemOf } from '../../validation.ts';

export interface EnqueueOptions {
  addresses?: readonly string[];
  file?: string;
  /** Default: `interactive` for addresses, `bulk` for a file. */
  lane?: Lane;
  requestId?: string;
  campaign?: string;
  requestedBy?: string;
  reason?: string;
  /** RFC 3339. */
  notAfter?: string;
  skipInvalid?: boolean;
  /** Prefix of a file's request ids: `RUN:LINE`. The same run and line are the same request, however often they are sent. */
  run?: string;
  fromLine?: number;
  yes?: boolean;
  json?: boolean;
}

export function sharedMembers({ clock }: Pick<Io, 'clock'>, options: EnqueueOptions): SharedMembers {
  const shared: SharedMembers = {};
  const given = [
    ['campaignId', '--campaign', options.campaign],
    ['requestedBy', '--requested-by', options.requestedBy],
    ['reason', '--reason', options.reason],
    ['notAfter', '--not-after', options.notAfter],
  ] as const;
  for (const [member, option, value] of given) {
    if (value === undefined) continue;
    const problem = problemOf(member, value);
    if (problem !== undefined) throw wrongUsage(`${option} ${problem}.`);
    shared[member] = value;
  }
  if (shared.notAfter !== undefined && Date.parse(shared.notAfter) < clock.now()) {
    throw wrongUsage('--not-after has passed, so the reset would never be made; give a later time.');
  }
  return shared;
}
