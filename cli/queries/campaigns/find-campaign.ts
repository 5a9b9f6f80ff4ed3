import { NO_CAMPAIGN } from '../../../functions/contract/reset-request.ts';
import type { CampaignItem } from '../../../functions/ledger/items.ts';
import type { Connection, Context } from '../../deployment/connect.ts';
import { CommandFailed, wrongUsage } from '../../terminal/io.ts';
import { problemOf } from '../../validation.ts';

/** @throws CommandFailed where no campaign can have this id: wrong usage. */
export function requireCampaignId(id: string): void {
  const problem = problemOf('campaignId', id);
  if (problem !== undefined) throw wrongUsage(`The campaign id ${problem}.`);
  if (id === NO_CAMPAIGN) throw wrongUsage(`"${NO_CAMPAIGN}" is no campaign: it stands for requests without one.`);
}

/** @throws CommandFailed where the ledger knows no such campaign, with the way to those that it knows. */
export async function findCampaign(
  { command }: Pick<Context, 'command'>,
  { ledger }: Pick<Connection, 'ledger'>,
  id: string,
): Promise<CampaignItem> {
  const item = await ledger.findCampaign(id);
  if (item !== undefined) return item;
  throw new CommandFailed(
    `The ledger knows no campaign ${id}: it was not started from a file, and the worker has received none of its requests. Those it knows: ${command('campaign list')}`,
  );
}

/** The key under which a campaign's request ids are made. @throws CommandFailed where it has none, with why. */
export async function idKeyOf(
  { campaigns }: Pick<Connection, 'campaigns'>,
  { campaignId, sent }: CampaignItem,
): Promise<Uint8Array> {
  const idKey = await campaigns.idKey(campaignId);
  if (idKey !== undefined) return idKey;
  throw new CommandFailed(
    sent === undefined
      ? `Campaign ${campaignId} was not sent from a file, so no request id can be told from an address.`
      : `The id key of campaign ${campaignId} is no longer in the ledger, so no request id can be told from an address.`,
  );
}
