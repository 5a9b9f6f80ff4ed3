import type { Lane } from '../../../../functions/contract/reset-request.ts';
import type { AddressFile } from '../../../addresses/address-file.ts';
import { brakeAdvice } from '../../../campaigns/canary-words.ts';
import { outlookLines } from '../../../campaigns/outlook.ts';
import { surveyLines } from '../../../campaigns/survey.ts';
import type { Connection, Context } from '../../../deployment/connect.ts';
import { placeOf } from '../../../deployment/connect.ts';
import { isSilent, nameOf } from '../../../queries/actions.ts';
import { ago, counted, number, painter, plain } from '../../../terminal/text.ts';
import type { StartOptions, Wanted } from './options.ts';
import type { Prepared } from './prepare.ts';

/** All that is told before anything is sent, one sentence or row a line. Addresses are masked. */
export function previewLines(
  context: Context,
  connection: Connection,
  file: AddressFile,
  { wanted, options, prepared }: { wanted: Wanted; options: StartOptions; prepared: Prepared },
): string[] {
  const { roster, from, survey, outlook, plan } = prepared;
  const { campaignId, lane, notAfter, canary } = wanted;
  const rows = roster.size - from;
  const names = { deployment: connection.deployment, command: context.command };
  const told = { ...names, now: connection.now(), paint: painter(context.stderr, context.env) };
  return [
    `About to send ${counted(rows, 'password reset')} of campaign ${campaignId} in lane ${lane} of ${placeOf(connection)}.`,
    ...(from > 0 ? [`It goes on: ${number(from)} of ${number(roster.size)} were sent before.`] : []),
    ...surveyLines(context, file, survey, options.leftOut),
    ...(outlook === undefined ? [] : outlookLines(outlook, { lane, rows, notAfter, canary: canary?.size }, told)),
    ...canaryLine(prepared, wanted),
    ...brakeLine(prepared, { rows, lane }, names),
    `Plan: ${plan}`,
  ];
}

/** Whether so many of those sent before were rejected that more of them would trip the brake. */
function brakeLine(
  { before }: Prepared,
  left: { rows: number; lane: Lane },
  names: Pick<Context, 'command'>,
): string[] {
  if (before === undefined) return [];
  const { rejected, reset, failed } = before;
  const advice = brakeAdvice({ rejected, ended: reset + failed }, left, names);
  return advice === undefined ? [] : [`Of those sent before, ${advice}`];
}

function canaryLine({ roster, from }: Prepared, { canary }: Wanted): string[] {
  if (canary === undefined || from > canary.size) return [];
  const size = Math.min(canary.size, roster.size);
  return [
    `Canary: ${number(size)} of them first, drawn at random; the rest only if at most ${number(canary.max.of(size))} of these fail.`,
  ];
}

/** What there is to say if somebody else may send the campaign now; undefined if nobody does. */
export async function otherSenderLine(
  { ledger, now }: Pick<Connection, 'ledger' | 'now'>,
  { item }: Pick<Prepared, 'item'>,
): Promise<string | undefined> {
  const action = item?.sentBy === undefined ? undefined : await ledger.findAction(item.sentBy);
  if (action?.state !== 'running' || isSilent(action, now())) return undefined;
  return `Action ${action.actionId} of ${plain(nameOf(action))} sends this campaign now, or did until ${ago(action.heardAt, now())}: both send the same request ids, so nobody is reset twice.`;
}
