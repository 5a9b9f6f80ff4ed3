import type { Lane } from '../../../functions/contract/reset-request.ts';
import type { Context } from '../../deployment/connect.ts';
import type { SharedMembers } from '../../sending/send-to-lane.ts';
import { type ExitCode, wrongUsage } from '../../terminal/io.ts';
import { problemOf } from '../../validation.ts';
import { enqueueAddresses } from './addresses.ts';
import { enqueueFile } from './file.ts';

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
  /** Begins the request ids of a file: `RUN:LINE`. The same run and line are the same request, however often they are sent. */
  run?: string;
  fromLine?: number;
  yes?: boolean;
  json?: boolean;
}

export interface EnqueueResult {
  exitCode: ExitCode;
  sent: number;
  /** Of the addresses, in their order; a file's are `RUN:LINE`. */
  requestIds: string[];
}

/** Sends reset requests to a lane, from addresses or from a file. */
export async function enqueue(context: Context, options: EnqueueOptions): Promise<EnqueueResult> {
  const addresses = options.addresses ?? [];
  const isEither = addresses.length > 0 || options.file !== undefined;
  const isBoth = addresses.length > 0 && options.file !== undefined;
  if (!isEither || isBoth) throw wrongUsage('Give either addresses or --file FILE.');
  const shared = sharedMembers(context, options);
  if (options.file !== undefined) return enqueueFile(context, options, options.file, shared);
  return enqueueAddresses(context, options, addresses, shared);
}

function sharedMembers(context: Context, options: EnqueueOptions): SharedMembers {
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
  if (shared.notAfter !== undefined && Date.parse(shared.notAfter) < context.clock.now()) {
    throw wrongUsage('--not-after has passed, so that the reset would never be made; give a later time.');
  }
  return shared;
}
