import type { Context } from '../../deployment/connect.ts';
import { sharedMembers } from '../../sending/shared-members.ts';
import { type ExitCode, wrongUsage } from '../../terminal/io.ts';
import { enqueueAddresses, type GivenAddress, MOST_ADDRESSES } from './addresses.ts';
import { enqueueFile } from './file.ts';
import type { EnqueueOptions } from './options.ts';
import { readAddresses } from './standard-input.ts';

const STANDARD_INPUT = '-';

/** Sends reset requests to a lane, from addresses or from a file. */
export async function enqueue(context: Context, options: EnqueueOptions): Promise<ExitCode> {
  const { addresses = [], file } = options;
  const hasAddresses = addresses.length > 0;
  if (hasAddresses === (file !== undefined)) throw wrongUsage('Give either addresses or --file FILE.');
  const shared = sharedMembers(context, options);
  if (file !== undefined) return enqueueFile(context, options, file, shared);
  return enqueueAddresses(context, options, await given(context, options), shared);
}

async function given(context: Context, { addresses = [], yes }: EnqueueOptions): Promise<readonly GivenAddress[]> {
  if (!addresses.includes(STANDARD_INPUT)) {
    return addresses.map((email, index) => ({ name: `address ${index + 1}`, email }));
  }
  if (addresses.length > 1) throw wrongUsage('Give either addresses or "-", which reads them from standard input.');
  return readAddresses(context, { yes, most: MOST_ADDRESSES });
}
