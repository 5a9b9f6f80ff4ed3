import type { Lane } from '../../../functions/contract/reset-request.ts';
import type { ActionItem, CampaignItem, RequestItem } from '../../../functions/ledger/items.ts';
import type { Connection } from '../../deployment/connect.ts';
import { firstOf } from '../first-of.ts';
import { laneCounts } from '../lane-counts.ts';
import { known, type Reading, readingOf } from '../reading.ts';
import { type RecentResets, recentlyReset } from '../situation/recent-resets.ts';
import type { Totals } from '../situation/running-totals.ts';
import { holdsOn, type StandingHold, standingHolds } from '../standing-holds.ts';
import { type CampaignCounts, failedIn, haveAllEnded, openIn } from './campaign-counts.ts';
import { standingOf } from './campaign-standing.ts';
import { ownRequests } from './own-requests.ts';

const MINUTE_MS = 60_000;

/** One campaign at a time of AWS's clock: all that is told of it but the counts, which may take long. */
export interface CampaignView {
  at: number;
  item: CampaignItem;
  recent: Reading<RecentResets>;
  /** Of its lane; none where no request tells the lane. */
  holds: Reading<StandingHold[]>;
  /** Of whoever sends it, or sent it last. */
  sending: Reading<ActionItem | undefined>;
  /** Its request that changed last. */
  newest: Reading<RequestItem | undefined>;
}

/** Reads every source on its own: of one that fails it is said why. */
export async function campaignView(connection: Connection, item: CampaignItem): Promise<CampaignView> {
  const { ledger, now } = connection;
  const { sent } = item;
  const own = ownRequests(item);
  const [recent, newest, sending] = await Promise.all([
    readingOf(recentlyReset(ledger, [own], now()).then((reset) => sinceItsStart(reset, item, now()))),
    readingOf(newestOf(connection, own)),
    readingOf(actionOf(connection, item)),
  ]);
  const lane = sent?.lane ?? known(newest)?.lane;
  const holds =
    lane === undefined ? (newest.ok ? { ok: true as const, value: [] } : newest) : await holdsNow(connection, lane);
  return { at: now(), item, recent, holds, sending, newest };
}

/** A shorter time is no measure. */
const SHORTEST_MS = 10_000;

/** One that was started in these minutes has not had all of them. */
function sinceItsStart(recent: RecentResets, { sent }: CampaignItem, now: number): RecentResets {
  if (recent.perMinute === undefined || sent === undefined) return recent;
  const elapsedMs = Math.max(SHORTEST_MS, now - sent.startedAt);
  return { ...recent, perMinute: Math.max(recent.perMinute, (recent.resets * MINUTE_MS) / elapsedMs) };
}

async function newestOf({ ledger }: Connection, own: ReturnType<typeof ownRequests>): Promise<RequestItem | undefined> {
  const states = ['succeeded', 'failed', 'cancelled', 'waiting', 'calling'] as const;
  const { items } = await firstOf(ledger.list(...states.map((state) => ({ ...own, state, withGone: true }))), 1);
  return items[0];
}

const actionOf = async ({ ledger }: Connection, { sentBy }: CampaignItem): Promise<ActionItem | undefined> =>
  sentBy === undefined ? undefined : ledger.findAction(sentBy);

async function holdsNow(connection: Connection, lane: Lane): Promise<Reading<StandingHold[]>> {
  const [state, counts] = await Promise.all([readingOf(connection.budget.read()), laneCounts(connection)]);
  if (!state.ok) return state;
  return { ok: true, value: holdsOn(lane, standingHolds(state.value, counts, connection.now())) };
}

/** How many of its rows SQS is known to have taken. */
export const sentRowsOf = ({ sent, sentAt, sentRows = 0 }: CampaignItem): number =>
  sentAt === undefined ? sentRows : (sent?.rows ?? 0);

export const countsOf = (totals: Totals<CampaignCounts>): CampaignCounts | undefined =>
  'counts' in totals ? totals.counts : undefined;

/** Whether its rows have ended, as far as they are counted, or as it was kept. */
export const hasEnded = (item: CampaignItem, counts: CampaignCounts | undefined): boolean =>
  counts === undefined ? item.totals !== undefined : haveAllEnded(counts, item);

/**
 * Until its last request ends, at the rate of the last minutes; undefined where something is held or not known, nothing was reset lately,
 * or nobody sends the rest.
 * What fails takes its turn like what succeeds.
 */
export function campaignTimeLeftMs(
  { recent, holds, item, sending, at }: CampaignView,
  counts: CampaignCounts,
): number | undefined {
  const perMinute = known(recent)?.perMinute;
  if (known(holds)?.length !== 0 || item.state === 'cancelled' || perMinute === undefined) return undefined;
  if (standingOf(item, sending, at, false) === 'not all sent') return undefined;
  const { succeeded } = counts;
  const endedPerSuccess = succeeded === 0 ? 1 : (succeeded + failedIn(counts)) / succeeded;
  return ((openIn(counts) + counts.notSent) / (perMinute * endedPerSuccess)) * 60_000;
}

/** What should have been read of it and was not. */
export function unreadOf(
  { recent, holds, sending, newest }: CampaignView,
  totals: Totals<CampaignCounts>,
): { what: string; why: string }[] {
  const readings: [string, Reading<unknown>][] = [
    ['resets of the last minutes', recent],
    ['holds', holds],
    ['action that sends it', sending],
    ['newest request', newest],
    ['counts', totals.kind === 'failed' ? { ok: false, why: totals.why } : { ok: true, value: totals }],
  ];
  return readings.flatMap(([what, reading]) => (reading.ok ? [] : [{ what, why: reading.why }]));
}

/** Until when the ledger keeps its last requests, as it stands. */
export function keptUntil(newest: CampaignView['newest']): number | undefined {
  const item = known(newest);
  return item && item.expiresAt * 1000;
}
