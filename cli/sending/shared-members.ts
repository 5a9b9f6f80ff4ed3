import { type Io, wrongUsage } from '../terminal/io.ts';
import { problemOf } from '../validation.ts';
import type { SharedMembers } from './request-body.ts';

/** As they are typed. */
export interface MemberOptions {
  campaign?: string | undefined;
  requestedBy?: string;
  reason?: string;
  /** RFC 3339. */
  notAfter?: string;
}

/** @throws CommandFailed (wrong usage) that names the option. */
export function sharedMembers({ clock }: Pick<Io, 'clock'>, options: MemberOptions): SharedMembers {
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
