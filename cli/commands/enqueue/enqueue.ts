import type { Context } from '../../deployment/connect.ts';
import { sharedMembers } from '../../sending/shared-members.ts';
import { type ExitCode, wrongUsage } from '../../terminal/io.ts';
import { enqueueAddresses, type GivenAddress, MOST_ADDRESSES } from './addresses.ts';
import type { EnqueueOptions } from './options.ts';
import { readAddresses } from './standard-input.ts';

const STANDARD_INPUT = '-';

/** Sends reset requests for single addresses to a lane. */
export async function enqueue(context: Context, options: EnqueueOptions): Promise<ExitCode> {
  const shared = sharedMembers(context, options);
  return enqueueAddresses(context, options, await given(context, options), shared);
}

async function given(context: Context, { addresses = [], yes }: EnqueueOptions): Promise<readonly GivenAddress[]> {
  if (!addresses.includes(STANDARD_INPUT)) {
    return addresses.map((email, index) => ({ name: `address ${index + 1}`, email }));
  }
  if (addresses.length > 1) throw wrongUsage('Give either addresses or "-", which reads them from standard input.');
  return readAddresses(context, { yes, most: MOST_ADDRESSES });
}
