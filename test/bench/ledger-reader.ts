import { ledgerReader } from '../../functions/ledger/dynamo/reader.ts';
import type { RequestItem } from '../../functions/ledger/items.ts';
import { startLedgerTable, TABLE } from '../support/ledger/ledger-table.ts';
import { NOON } from '../support/virtual-clock.ts';
import { CAMPAIGN, INTERVAL_MS, writeCampaign } from './large-campaign.ts';
import { median, timed } from './timed.ts';

const ITEMS = 200_000;
const PAGE = 100;
const FIVE_MINUTES_MS = 5 * 60_000;
const RUNS = 15;
const MOST_NEW = 1_000;

/** How long a local table of one large campaign takes for what people look at again and again. */
export async function measureLedgerReader(): Promise<string> {
  const table = await startLedgerTable();
  try {
    const { client } = table;
    const place = { client, tableName: TABLE };
    await writeCampaign(place, { first: 0, count: ITEMS, endsAt: NOON });
    const reader = ledgerReader(client, TABLE);
    const lastMinutes = () => reader.count({ campaign: CAMPAIGN, state: 'succeeded', from: NOON - FIVE_MINUTES_MS });
    const page = async () => {
      const items: RequestItem[] = [];
      for await (const item of reader.list({ campaign: CAMPAIGN, state: 'failed' })) {
        items.push(item);
        if (items.length === PAGE) break;
      }
      return items.length;
    };
    const recent = await median(lastMinutes, RUNS);
    const newest = await median(page, RUNS);
    const whole = await timed(() => reader.countSucceeded(CAMPAIGN));
    await writeCampaign(place, { first: ITEMS, count: MOST_NEW, endsAt: NOON + MOST_NEW * INTERVAL_MS });
    const refresh = await median(() => reader.countSucceeded(CAMPAIGN, whole.result), RUNS);
    return [
      `ledger        a campaign of ${ITEMS} in the local table (aim: under 50 ms each)`,
      `              ${recent.result} resets of the last five minutes counted in ${recent.ms.toFixed(0)} ms`,
      `              the newest ${newest.result} dead letters in ${newest.ms.toFixed(0)} ms`,
      `              all ${whole.result.count} resets counted in ${whole.ms.toFixed(0)} ms, again after ${MOST_NEW} more requests in ${refresh.ms.toFixed(0)} ms`,
    ].join('\n');
  } finally {
    await table.stop();
  }
}

if (import.meta.main) console.log(await measureLedgerReader());
