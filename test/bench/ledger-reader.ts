import { BatchWriteCommand, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { FAILURE_REASONS } from '../../functions/contract/dead-letter.ts';
import { ledgerReader } from '../../functions/ledger/dynamo/reader.ts';
import type { RequestItem } from '../../functions/ledger/items.ts';
import { anItem } from '../support/builders.ts';
import { startLedgerTable, TABLE } from '../support/ledger/ledger-table.ts';
import { NOON } from '../support/virtual-clock.ts';

const ITEMS = 200_000;
const CAMPAIGN = 'breach-7';
/** As many a second as the design is meant for at most. */
const INTERVAL_MS = 100;
/** Of each hundred, those that are dead-lettered, for all reasons in turn; the others have succeeded. */
const FAILED = 10;
const BATCH = 25;
const WRITERS = 8;
const PAGE = 100;
const FIVE_MINUTES_MS = 5 * 60_000;
const RUNS = 15;
const MOST_NEW = 1_000;

/** How long a local table of one large campaign takes for what people look at again and again. */
export async function measureLedgerReader(): Promise<string> {
  const table = await startLedgerTable();
  try {
    const { client } = table;
    await write(client, 0, ITEMS);
    const reader = ledgerReader(client, TABLE);
    const now = NOON + ITEMS * INTERVAL_MS;
    const lastMinutes = () => reader.count({ campaign: CAMPAIGN, state: 'succeeded', from: now - FIVE_MINUTES_MS });
    const page = async () => {
      const items: RequestItem[] = [];
      for await (const item of reader.list({ campaign: CAMPAIGN, state: 'failed' })) {
        items.push(item);
        if (items.length === PAGE) break;
      }
      return items.length;
    };
    const recent = await median(lastMinutes);
    const newest = await median(page);
    const whole = await timed(() => reader.countSucceeded(CAMPAIGN));
    await write(client, ITEMS, MOST_NEW);
    const refresh = await median(() => reader.countSucceeded(CAMPAIGN, whole.result));
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

async function write(client: DynamoDBDocumentClient, from: number, count: number): Promise<void> {
  const batches = Array.from({ length: Math.ceil(count / BATCH) }, (_, index) => from + index * BATCH).values();
  const writer = async (): Promise<void> => {
    for (const first of batches) {
      const puts = Array.from({ length: BATCH }, (_, index) => ({ PutRequest: { Item: itemAt(first + index) } }));
      await client.send(new BatchWriteCommand({ RequestItems: { [TABLE]: puts } }));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
}

function itemAt(index: number): RequestItem {
  const known = {
    key: `${CAMPAIGN}-${index}`,
    campaignId: CAMPAIGN,
    lane: 'bulk',
    at: NOON + index * INTERVAL_MS,
  } as const;
  if (index % 100 >= FAILED) return anItem({ ...known, state: 'succeeded' });
  const reason = FAILURE_REASONS[index % FAILURE_REASONS.length] ?? 'rejected';
  return anItem({ ...known, state: 'failed', reason });
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const startedAt = performance.now();
  const result = await work();
  return { result, ms: performance.now() - startedAt };
}

async function median<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await timed(work));
  runs.sort((one, other) => one.ms - other.ms);
  const middle = runs[Math.floor(RUNS / 2)];
  if (middle === undefined) throw new Error('Nothing was measured.');
  return middle;
}

if (import.meta.main) console.log(await measureLedgerReader());
