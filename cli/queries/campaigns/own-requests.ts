import type { Selection } from '../../../functions/ledger/dynamo/reader.ts';
import type { CampaignItem } from '../../../functions/ledger/items.ts';
import { ownIds } from '../../campaigns/request-ids.ts';

/** The requests of a campaign's file; of a campaign from other systems alone, all of them. */
export const ownRequests = ({ campaignId: campaign, sent }: CampaignItem): Pick<Selection, 'campaign' | 'ids'> =>
  sent === undefined ? { campaign } : { campaign, ids: ownIds(campaign) };
