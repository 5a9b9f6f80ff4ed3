import type { FailureReason } from '../../../functions/contract/dead-letter.ts';
import { type Lane, NO_CAMPAIGN } from '../../../functions/contract/reset-request.ts';
import type { LedgerReader, Selection } from '../../../functions/ledger/dynamo/reader.ts';
import { type RequestItem, requestIdOf } from '../../../functions/ledger/items.ts';
import type { Context } from '../../deployment/connect.ts';
import { campaignIds } from '../../queries/campaigns/campaign-ids.ts';
import { mapConcurrently } from '../../queries/map-concurrently.ts';
import { requestJson } from '../../queries/request-json.ts';
import { EXIT, type ExitCode, print, wrongUsage } from '../../terminal/io.ts';
import { layoutFor } from '../../terminal/table.ts';
import { counted, jsonText, number, painter, plain, time } from '../../terminal/text.ts';
import { problemOf } from '../../validation.ts';

export interface DlqListOptions {
  reason?: FailureReason;
  /** The API's last HTTP status. */
  status?: number;
  /** A campaign's id, or `none`. */
  campaign?: string;
  lane?: Lane;
  /** At most this many; `Infinity` lists all. */
  limit?: number;
  json?: boolean;
}

export const DEFAULT_LIMIT = 100;

/** Lists dead letters, newest first, from the ledger only: no message is received, so none is hidden from anybody. */
export async function dlqList(context: Context, options: DlqListOptions): Promise<ExitCode> {
  const { campaign, limit = DEFAULT_LIMIT } = options;
  const problem = campaign === undefined ? undefined : problemOf('campaignId', campaign);
  if (problem !== undefined) throw wrongUsage(`--campaign ${problem}.`);
  const { ledger } = await context.connect();
  const selections = await selectionsOf(ledger, options);
  const counts = await mapConcurrently(selections, (selection) => ledger.count(selection));
  const total = counts.reduce((sum, count) => sum + count, 0);
  // Of a campaign without dead letters no page need be read.
  const items = firstOf(ledger.list(...selections.filter((_, index) => counts[index] !== 0)), limit);
  if (options.json) await printAsJson(context, items, total);
  else await printAsTable(context, items, total);
  return EXIT.done;
}

async function selectionsOf(ledger: LedgerReader, options: DlqListOptions): Promise<Selection[]> {
  const campaigns = options.campaign === undefined ? await campaignIds(ledger) : [options.campaign];
  const narrowed = {
    ...(options.reason === undefined ? {} : { reason: options.reason }),
    ...(options.lane === undefined ? {} : { lane: options.lane }),
    ...(options.status === undefined ? {} : { lastStatus: options.status }),
  };
  return campaigns.map((campaign) => ({ campaign, state: 'failed' as const, ...narrowed }));
}

async function* firstOf(items: AsyncIterable<RequestItem>, limit: number): AsyncGenerator<RequestItem> {
  let listed = 0;
  for await (const item of items) {
    yield item;
    listed += 1;
    if (listed >= limit) return;
  }
}

/** One document, written as it is read: `{"total", "deadLetters": […]}`. */
async function printAsJson(context: Context, items: AsyncIterable<RequestItem>, total: number): Promise<void> {
  const now = context.clock.now();
  context.stdout.write(`{\n  "total": ${total},\n  "deadLetters": [`);
  let separator = '';
  for await (const item of items) {
    await print(context.stdout, separator);
    context.stdout.write(`    ${jsonText(requestJson(item, now))}`);
    separator = ',';
  }
  await print(context.stdout, separator === '' ? ']\n}' : '\n  ]\n}');
}

async function printAsTable(context: Context, items: AsyncIterable<RequestItem>, total: number): Promise<void> {
  const paint = painter(context.stdout, context.env);
  const layout = layoutFor(context.stdout, paint);
  let listed = 0;
  for await (const lines of layout(rowsOf(items))) {
    for (const line of lines) await print(context.stdout, line);
  }
  const summary =
    total === 0
      ? 'No dead letters match.'
      : listed < total
        ? `The newest ${number(listed)} of ${counted(total, 'dead letter')}; --limit all lists them all.`
        : `${counted(total, 'dead letter')}.`;
  await print(context.stderr, summary);

  async function* rowsOf(all: AsyncIterable<RequestItem>): AsyncGenerator<DeadLetterRow> {
    for await (const item of all) {
      listed += 1;
      yield rowOf(item);
    }
  }
}

type DeadLetterRow = ReturnType<typeof rowOf>;

const rowOf = (item: RequestItem) => ({
  'failed at': item.finishedAt === undefined ? '' : time(item.finishedAt),
  'request id': plain(requestIdOf(item.pk)),
  reason: plain(item.reason ?? ''),
  status: item.lastStatus === undefined ? '' : String(item.lastStatus),
  calls: String(item.calls),
  unknowns: String(item.unknowns),
  lane: item.lane,
  campaign: item.campaign === NO_CAMPAIGN ? '' : plain(item.campaign),
  detail: plain(item.detail ?? ''),
});
