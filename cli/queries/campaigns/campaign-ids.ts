import { NO_CAMPAIGN } from '../../../functions/contract/reset-request.ts';
import type { LedgerReader } from '../../../functions/ledger/dynamo/reader.ts';

/** Cancelled for good by `verify`, so that its requests go through queue, function and ledger and end there without a call. */
export const VERIFY_CAMPAIGN = 'resets-verify';

/** `none`, under which requests without a campaign are kept, then the campaigns, last seen first; at most so many of these. */
export async function campaignIds(
  ledger: Pick<LedgerReader, 'campaigns'>,
  most = Number.POSITIVE_INFINITY,
): Promise<string[]> {
  const ids = [NO_CAMPAIGN as string];
  for await (const { campaignId } of ledger.campaigns()) {
    if (ids.length > most) break;
    ids.push(campaignId);
  }
  return ids;
}
