import { FAILURE_REASONS } from '../../../../functions/contract/dead-letter.ts';
import { reachedAt } from '../../../../functions/ledger/items.ts';
import { type Connection, type Context, placeOf } from '../../../deployment/connect.ts';
import { actionState, nameOf } from '../../../queries/actions.ts';
import { tenths } from '../../../queries/budget-figures.ts';
import { type CampaignCounts, failedIn, openIn } from '../../../queries/campaigns/campaign-counts.ts';
import { RECENT_MINUTES } from '../../../queries/campaigns/campaign-row.ts';
import { isStoppedByCanary, standingOf } from '../../../queries/campaigns/campaign-standing.ts';
import {
  type CampaignView,
  campaignTimeLeftMs,
  countsOf,
  hasEnded,
  keptUntil,
  sentRowsOf,
  unreadOf,
} from '../../../queries/campaigns/campaign-view.ts';
import { campaignSentence, percent, waitingWord } from '../../../queries/campaigns/sentence.ts';
import { known } from '../../../queries/reading.ts';
import type { Totals } from '../../../queries/situation/running-totals.ts';
import { runbookOf, wayOutOf } from '../../../queries/way-out.ts';
import { entry, type PageLine, section } from '../../../terminal/page.ts';
import { ago, counted, lasting, number, plain, relative, time } from '../../../terminal/text.ts';

/** The sentence to paste first, with what to do next, and below it what it was made of. */
export function campaignLines(
  { command }: Pick<Context, 'command'>,
  connection: Connection,
  view: CampaignView,
  totals: Totals<CampaignCounts>,
  { isWatched = false } = {},
): PageLine[] {
  const counts = countsOf(totals);
  const next = nextOf(view, counts, { command, connection, isWatched });
  return [
    { text: campaignSentence(view, totals), style: styleOf(view, counts) },
    ...next.map((text) => ({ text })),
    ...(counts === undefined ? [] : countLines(counts, view)),
    ...section('Resets'),
    ...paceLines(view, counts),
    ...section(`Campaign of ${placeOf(connection)}`),
    ...aboutLines(view),
    ...unreadOf(view, totals).map(({ what, why }) => ({
      text: `  ${what} could not be read: ${why}`,
      style: 'yellow' as const,
    })),
  ];
}

const isOpen = ({ item }: CampaignView, counts: CampaignCounts | undefined): boolean =>
  item.state !== 'cancelled' &&
  !hasEnded(item, counts) &&
  (counts === undefined || openIn(counts) + counts.notSent > 0);

function styleOf(view: CampaignView, counts: CampaignCounts | undefined): NonNullable<PageLine['style']> {
  if (!isOpen(view, counts)) return 'bold';
  return ['bold', known(view.holds)?.length === 0 ? 'green' : 'red'];
}

interface Names {
  command: Context['command'];
  connection: Connection;
  isWatched: boolean;
}

/** One step, as in `status`: a hold outranks all else. */
function nextOf(view: CampaignView, counts: CampaignCounts | undefined, names: Names): string[] {
  const { item, at } = view;
  const { command, connection, isWatched } = names;
  const [hold] = known(view.holds) ?? [];
  if (isOpen(view, counts)) {
    if (hold !== undefined) {
      const wayOut = wayOutOf(hold, { deployment: connection.deployment, command });
      return [`Runbook: ${runbookOf(hold)}`, `Next: ${wayOut}`];
    }
    if (standingOf(item, view.sending, at, false) === 'not all sent') {
      const again = command(`campaign start FILE --id ${item.campaignId}`);
      return isStoppedByCanary(view.sending)
        ? [
            `Next: see what failed: ${command(`dlq list --campaign ${item.campaignId}`)}; whoever has the file is told the ways on by the same command again: ${again}`,
          ]
        : [`Next: whoever has the file gives the command again, which goes on: ${again}`];
    }
    return isWatched ? [] : [`Next: ${command(`campaign status ${item.campaignId} --watch`)}`];
  }
  return counts !== undefined && failedIn(counts) > 0
    ? [`Next: ${command(`dlq list --campaign ${item.campaignId}`)}`]
    : [];
}

function countLines(counts: CampaignCounts, { item, at }: CampaignView): PageLine[] {
  const { rows, failed, others, keptSince } = counts;
  const share = rows === undefined ? '' : `, ${percent(counts.succeeded, rows)}`;
  const table: [name: string, count: number, more?: string][] = [
    ['reset', counts.succeeded, share],
    ['failed', failedIn(counts)],
    ...FAILURE_REASONS.map((reason): [string, number] => [`  ${reason}`, failed[reason]]),
    ['cancelled', counts.cancelled],
    ['discarded', counts.discarded],
    [
      'unconfirmed',
      counts.unconfirmed,
      ': a call was begun and its result never recorded; what is still queued is tried again',
    ],
    ['being called', counts.calling],
    [waitingWord(item), counts.waiting],
    ['not sent', counts.notSent],
  ];
  const shown = table.filter(([name, count]) => count > 0 || name === 'reset');
  const [names, numbers] = [
    Math.max(...shown.map(([name]) => name.length)),
    Math.max(...shown.map(([, count]) => number(count).length)),
  ];
  const notes = [
    ...(keptSince === undefined
      ? []
      : [
          `as counted ${time(keptSince)} (${ago(keptSince, at)}), when all had ended: the ledger has forgotten some of the requests since`,
        ]),
    ...(others === 0
      ? []
      : [
          `${counted(others, 'request')} of other systems under this id, ended or being called, ${others === 1 ? 'is' : 'are'} not among them`,
        ]),
  ];
  return [
    ...section(rows === undefined ? 'Requests, all from other systems' : `Requests, ${number(rows)} rows in all`),
    ...shown.map(([name, count, more = '']) => ({
      text: `  ${name.padEnd(names)}  ${number(count).padStart(numbers)}${more}`,
      narrow: `  ${name}: ${number(count)}${more}`,
    })),
    ...notes.map((text) => ({ text: `  ${text}` })),
  ];
}

function paceLines(view: CampaignView, counts: CampaignCounts | undefined): PageLine[] {
  const { recent, at } = view;
  const resets = known(recent);
  const leftMs = counts === undefined ? undefined : campaignTimeLeftMs(view, counts);
  const pace =
    resets?.perMinute === undefined ? '' : `, about ${(tenths(resets.perMinute) ?? 0).toLocaleString('en')} a minute`;
  return [
    entry(`last ${RECENT_MINUTES} minutes`, resets === undefined ? 'not known' : `${number(resets.resets)}${pace}`),
    ...(isOpen(view, counts)
      ? [
          entry(
            'time left',
            leftMs === undefined ? timeUnknown(view) : `about ${lasting(leftMs)}, until ${time(at + leftMs)}`,
          ),
        ]
      : []),
  ];
}

const timeUnknown = ({ holds, recent }: CampaignView): string =>
  (known(holds)?.length ?? 0) > 0
    ? 'not known while it is held'
    : known(recent)?.perMinute === undefined && recent.ok
      ? 'not known, as nothing was reset lately'
      : 'not known';

/** Who sends it, what and why. */
function aboutLines(view: CampaignView): PageLine[] {
  const { item, at } = view;
  const { sent } = item;
  const when = (epochMs: number | undefined): string | undefined =>
    epochMs === undefined ? undefined : `${time(epochMs)} (${relative(epochMs, at)})`;
  const rows: [string, string | undefined][] = [
    ['file', sent?.file],
    ['lane', sent?.lane],
    ['reason', sent?.reason],
    ['requested by', sent?.requestedBy],
    ['not after', when(sent?.notAfter)],
    ['rows taken by', sent?.whereColumns.join(', ') || undefined],
    ['left out', leftOut(view)],
    ['started', sent && `${when(sent.startedAt)} by ${nameOf({ who: sent.startedBy })}`],
    ['sent', sentWords(view)],
    ['first seen', when(item.firstSeenAt)],
    ['last seen', item.state === 'active' ? when(reachedAt(item)) : undefined],
    ['cancelled', item.state === 'cancelled' ? when(reachedAt(item)) : undefined],
    ['kept until', when(keptUntil(view.newest))],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [entry(name, plain(value))]));
}

function leftOut({ item: { sent } }: CampaignView): string | undefined {
  if (sent === undefined) return undefined;
  const lists =
    sent.excludeFiles === 0
      ? []
      : [counted(sent.excludeFiles, 'list of excluded accounts', 'lists of excluded accounts')];
  return [...lists, ...sent.notIn.map((id) => `who was reset in ${id}`)].join(', ') || undefined;
}

function sentWords(view: CampaignView): string | undefined {
  const { item, sending, at } = view;
  if (item.sent === undefined) return undefined;
  if (item.sentAt !== undefined) return `${time(item.sentAt)} (${relative(item.sentAt, at)})`;
  const action = known(sending);
  const by = action === undefined ? '' : `, by ${nameOf(action)}`;
  const name = item.sentBy === undefined ? '' : `; action ${item.sentBy}${by}`;
  const state = action === undefined ? '' : ` is ${actionState(action, at)}`;
  return `${number(sentRowsOf(item))} of ${number(item.sent.rows)}${name}${state}`;
}
