import { type Lane, NO_CAMPAIGN } from '../../../../functions/contract/reset-request.ts';
import type { Condition } from '../../../addresses/address-file.ts';
import { DEFAULT_MAX_FAILURES, type MaxFailures } from '../../../campaigns/max-failures.ts';
import { VERIFY_CAMPAIGN } from '../../../queries/campaigns/campaign-ids.ts';
import type { SharedMembers } from '../../../sending/request-body.ts';
import { type MemberOptions, sharedMembers } from '../../../sending/shared-members.ts';
import { type Io, wrongUsage } from '../../../terminal/io.ts';
import { number, shellWord } from '../../../terminal/text.ts';
import { mayHoldAddress, problemOf, reasonProblem } from '../../../validation.ts';

export interface StartOptions extends Omit<MemberOptions, 'campaign'> {
  id: string;
  emailColumn?: string;
  where?: readonly Condition[];
  /** Files. */
  exclude?: readonly string[];
  /** Campaigns. */
  notIn?: readonly string[];
  /** @default bulk */
  lane?: Lane;
  canary?: number;
  maxFailures?: MaxFailures;
  continue?: boolean;
  again?: boolean;
  dryRun?: boolean;
  plan?: string;
  /** A file that is made. */
  leftOut?: string;
  yes?: boolean;
  json?: boolean;
}

/** What the options ask for, once they are found to be in order. */
export interface Wanted {
  campaignId: string;
  lane: Lane;
  /** The members of each message, with the campaign. */
  shared: SharedMembers;
  /** Milliseconds since the epoch. */
  notAfter: number | undefined;
  where: readonly Condition[];
  exclude: readonly string[];
  notIn: readonly string[];
  /** How many are sent and watched first, and how many of them may fail. */
  canary: { size: number; max: MaxFailures } | undefined;
}

/** All of a canary are read again every two seconds, and more than this are not called in its ten minutes. */
const LARGEST_CANARY = 10_000;

/** @throws CommandFailed (wrong usage) that names the option. */
export function wantedOf(io: Pick<Io, 'clock'>, options: StartOptions): Wanted {
  const { id, where = [], exclude = [], notIn = [], lane = 'bulk', canary, reason } = options;
  checkId('--id', id);
  if (id.startsWith('-')) {
    throw wrongUsage('--id begins with a hyphen, and other commands would take it for an option; give another id.');
  }
  for (const other of notIn) {
    checkId('--not-in', other);
    if (other === id) {
      throw wrongUsage('--not-in names the campaign itself; nobody of it is reset twice, so leave that out.');
    }
  }
  if (canary === undefined && options.maxFailures !== undefined) {
    throw wrongUsage('--max-failures is for a canary; give --canary N with it.');
  }
  if (canary !== undefined && options.maxFailures !== undefined && options.maxFailures.of(canary) >= canary) {
    throw wrongUsage(
      `--max-failures ${options.maxFailures.typed} is the whole canary, which could then stop nothing; give fewer, or no --canary.`,
    );
  }
  if (canary !== undefined && canary > LARGEST_CANARY) {
    throw wrongUsage(`--canary is at most ${number(LARGEST_CANARY)}; give fewer, such as 50.`);
  }
  // It is kept with the campaign without an end.
  const problem = reason === undefined ? undefined : reasonProblem(reason);
  if (problem !== undefined) throw wrongUsage(`--reason ${problem}.`);
  if (where.some(({ column }) => mayHoldAddress(column))) {
    throw wrongUsage('--where names a column that seems to hold an address, and it is kept; rename the column.');
  }
  const shared = sharedMembers(io, { ...options, campaign: id });
  return {
    campaignId: id,
    lane,
    shared,
    notAfter: shared.notAfter === undefined ? undefined : Date.parse(shared.notAfter),
    where,
    exclude,
    notIn: [...new Set(notIn)],
    canary: canary === undefined ? undefined : { size: canary, max: options.maxFailures ?? DEFAULT_MAX_FAILURES },
  };
}

function checkId(option: string, id: string): void {
  const problem = problemOf('campaignId', id);
  if (problem !== undefined) throw wrongUsage(`${option} ${problem}.`);
  if (id === NO_CAMPAIGN) {
    throw wrongUsage(`${option} "${NO_CAMPAIGN}" is no campaign: it stands for requests without one; give another id.`);
  }
  if (id === VERIFY_CAMPAIGN) {
    throw wrongUsage(`${option} ${VERIFY_CAMPAIGN} is kept for verify, and cancelled for good; give another id.`);
  }
}

/** The same command as it goes on with the campaign, without what was there for the start alone. No address stands in it. */
export function commandOf(path: string, { maxFailures, ...options }: StartOptions): string {
  const word = (text: string): string => (mayHoldAddress(text) ? '…' : shellWord(text));
  const of = (option: string, values: readonly (string | number | undefined)[] = []): string[] =>
    values.flatMap((value) => (value === undefined ? [] : [option, word(String(value))]));
  return [
    'campaign start',
    word(path),
    ...of('--id', [options.id]),
    ...of('--email-column', [options.emailColumn]),
    ...of(
      '--where',
      options.where?.map(({ column, value }) => `${column}=${value}`),
    ),
    ...of('--exclude', options.exclude),
    ...of('--not-in', options.notIn),
    ...of('--reason', [options.reason]),
    ...of('--requested-by', [options.requestedBy]),
    ...of('--not-after', [options.notAfter]),
    ...of('--lane', [options.lane]),
    ...of('--canary', [options.canary]),
    ...of('--max-failures', [maxFailures?.typed]),
  ].join(' ');
}
