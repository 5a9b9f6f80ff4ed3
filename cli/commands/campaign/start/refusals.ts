import { type CampaignItem, reachedAt, type SentCampaign } from '../../../../functions/ledger/items.ts';
import type { Roster } from '../../../campaigns/roster.ts';
import type { ResetBefore } from '../../../campaigns/sieve.ts';
import type { Connection, Context } from '../../../deployment/connect.ts';
import { counted as countOf, number, plain, time } from '../../../terminal/text.ts';
import type { Wanted } from './options.ts';

/** More would keep everybody else in that lane waiting. */
const MOST_INTERACTIVE = 1_000;
const RECENT_MS = 30 * 24 * 60 * 60_000;

const counted = (rows: number): string => countOf(rows, 'address', 'addresses');

/** Why the id cannot be used, before the file is read; undefined if it can. */
export function idRefusal(
  { campaignId }: Pick<Wanted, 'campaignId'>,
  item: CampaignItem | undefined,
  idKey: Uint8Array | undefined,
  connection: Pick<Connection, 'deployment'>,
): string | undefined {
  if (item === undefined) return undefined;
  if (item.state === 'cancelled') {
    const others = item.sent && idKey ? `, and leave out with --not-in ${campaignId} who was reset in it` : '';
    return `Campaign ${campaignId} was cancelled at ${time(reachedAt(item))}, and stays cancelled; give another --id${others}.`;
  }
  if (item.sent === undefined) {
    return `Campaign ${campaignId} has been in use by other systems since ${time(item.firstSeenAt)}, so that its counts would not add up; give another --id.`;
  }
  if (idKey === undefined) {
    return `The key of campaign ${campaignId} is gone, so that its request ids cannot be made again: people would be reset twice. Put item campaign-key#${campaignId} back into table ${connection.deployment.ledgerTableName} (point-in-time recovery has it); another --id would reset everybody of the file again.`;
  }
  return undefined;
}

/** Why what the file and the options ask for is not what the campaign was started with; undefined if it is. */
export function differenceRefusal(
  wanted: Pick<Wanted, 'campaignId' | 'lane' | 'shared' | 'notAfter' | 'canary'>,
  sent: SentCampaign,
  set: { rows: number; setDigest: string },
): string | undefined {
  const { campaignId, shared } = wanted;
  const options = [
    ['--lane', wanted.lane, sent.lane],
    ['--not-after', told(wanted.notAfter), told(sent.notAfter)],
    ['--reason', shared.reason, sent.reason],
    ['--requested-by', shared.requestedBy, sent.requestedBy],
    // With another one, or none, the rest would be sent although the canary has stopped it.
    ['--canary', wanted.canary?.size, sent.canary],
  ] as const;
  const others = options.flatMap(([option, now, then]) =>
    now === then ? [] : [then === undefined ? `without ${option}` : `with ${option} ${plain(JSON.stringify(then))}`],
  );
  if (others.length > 0) {
    return `Campaign ${campaignId} was started ${others.join(', ')}; give the same as then, or another --id.`;
  }
  if (set.setDigest === sent.setDigest) return undefined;
  return `Campaign ${campaignId} was started with other addresses: ${number(sent.rows)} of ${plain(sent.file)} then, ${number(set.rows)} now. Give the file and the lists as they were, or another --id with --not-in ${campaignId}.`;
}

const told = (epochMs: number | undefined): string | undefined => (epochMs === undefined ? undefined : time(epochMs));

/** Why nobody can tell any more whom another campaign reset; undefined if the ledger still can. */
export function forgottenRefusal({ campaignId, forgotten }: Pick<ResetBefore, 'campaignId' | 'forgotten'>) {
  if (forgotten === 0) return undefined;
  return `Of those whom campaign ${campaignId} of --not-in reset the ledger has forgotten ${number(forgotten)}, who would be reset again; take them out of the file by a report of that time, or exclude them, and leave out --not-in ${campaignId}.`;
}

/** Why so many rows are not sent; undefined if they are. */
export function rowsRefusal(
  { lane }: Pick<Wanted, 'lane'>,
  { rows, leftOut, path }: { rows: number; leftOut: number; path: string },
): string | undefined {
  if (rows === 0 && leftOut === 0) return `${path} has a header and no row below it; give a file with addresses.`;
  if (rows === 0) return `No row of ${path} is left to send; see above what was left out, and why.`;
  if (lane === 'interactive' && rows > MOST_INTERACTIVE) {
    return `These are ${counted(rows)}, and lane interactive takes at most ${countOf(MOST_INTERACTIVE, 'row')} of a campaign, since everybody else in it would wait; leave out --lane interactive.`;
  }
  return undefined;
}

/** Why the same people must not be sent under another id; undefined if there is no such campaign of the last 30 days. */
export async function sameSetRefusal(
  context: Pick<Context, 'command'>,
  connection: Pick<Connection, 'ledger' | 'campaigns' | 'now'>,
  { notIn }: Pick<Wanted, 'notIn'>,
  roster: Roster,
): Promise<string | undefined> {
  for await (const item of connection.ledger.campaigns()) {
    if (reachedAt(item) < connection.now() - RECENT_MS) return undefined;
    const { campaignId: other, sent } = item;
    if (sent?.rows !== roster.size || notIn.includes(other)) continue;
    const idKey = await connection.campaigns.idKey(other);
    if (idKey === undefined || roster.setDigest(idKey) !== sent.setDigest) continue;
    return `The same ${counted(sent.rows)} were sent as campaign ${other} at ${time(sent.startedAt)}: ${context.command(`campaign status ${other}`)} tells how it went. --not-in ${other} leaves out who was reset in it, and --again resets all of them again.`;
  }
  return undefined;
}
