import type { Context } from '../../deployment/connect.ts';
import { sharedMembers } from '../../sending/shared-members.ts';
import { type ExitCode, wrongUsage } from '../../terminal/io.ts';
import { enqueueAddresses } from './addresses.ts';
import { enqueueFile } from './file.ts';
import type { EnqueueOptions } from './options.ts';

/** Sends reset requests to a lane, from addresses or from a file. */
export async function enqueue(context: Context, options: EnqueueOptions): Promise<ExitCode> {
  const { addresses = [], file } = options;
  const hasAddresses = addresses.length > 0;
  if (hasAddresses === (file !== undefined)) throw wrongUsage('Give either addresses or --file FILE.');
  const shared = sharedMembers(context, options);
  if (file !== undefined) return enqueueFile(context, options, file, shared);
  return enqueueAddresses(context, options, addresses, shared);
}
