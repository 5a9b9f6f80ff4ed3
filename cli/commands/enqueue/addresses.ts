import { carryOut } from '../../changes/carry-out.ts';
import type { Context } from '../../deployment/connect.ts';
import { checkedBody, type SharedMembers } from '../../sending/request-body.ts';
import { exitCodeOf, NOTHING_SENT, preview, sendToLane, whyStopped } from '../../sending/send-to-lane.ts';
import { requireConsent } from '../../terminal/confirm.ts';
import { type ExitCode, print, wrongUsage } from '../../terminal/io.ts';
import { counted, number, printJson } from '../../terminal/text.ts';
import { addressProblem, problemOf } from '../../validation.ts';
import type { EnqueueOptions } from './options.ts';

/** Their ids are kept with the action, and more addresses are a campaign. */
const MOST_ADDRESSES = 100;

export async function enqueueAddresses(
  context: Context,
  options: EnqueueOptions,
  addresses: readonly string[],
  shared: SharedMembers,
): Promise<ExitCode> {
  const { requestId, yes, json } = options;
  const fileOnly = { '--run': options.run, '--from-line': options.fromLine, '--skip-invalid': options.skipInvalid };
  for (const [option, value] of Object.entries(fileOnly)) {
    if (value !== undefined) throw wrongUsage(`${option} is only for --file.`);
  }
  if (addresses.length > MOST_ADDRESSES) {
    throw wrongUsage(
      `More than ${MOST_ADDRESSES} addresses are refused here; put them into a file, and give --file FILE.`,
    );
  }
  const { unique, duplicates } = checkAddresses(addresses);
  if (requestId !== undefined && unique.length > 1) {
    throw wrongUsage('--request-id names one request; give one address with it.');
  }
  const idProblem = requestId === undefined ? undefined : problemOf('requestId', requestId);
  if (idProblem !== undefined) throw wrongUsage(`--request-id ${idProblem}.`);
  requireConsent(context, yes);

  const connection = await context.connect();
  const lane = options.lane ?? 'interactive';
  if (duplicates > 0)
    await print(context.stderr, `${counted(duplicates, 'repeated address', 'repeated addresses')} left out.`);
  const requestIds = unique.map(() => requestId ?? context.newId());
  const outgoing = unique.map((email, index) => ({
    name: `address ${index + 1}`,
    body: checkedBody(email, requestIds[index] ?? '', shared),
  }));
  const messageIds = new Map<number, string>();
  const carried = await carryOut(
    context,
    connection,
    {
      command: `enqueue --lane ${lane}`,
      about: [preview(unique.length, lane, connection, options.campaign)],
      details: { lane, requestIds, ...(options.campaign === undefined ? {} : { campaign: options.campaign }) },
      planned: unique.length,
      yes,
      undone: NOTHING_SENT,
    },
    (action) =>
      sendToLane(context, connection, action, {
        lane,
        outgoing,
        total: outgoing.length,
        onSent: (index, messageId) => messageIds.set(index, messageId),
      }),
  );

  const { result: report, actionId, end } = carried;
  if (json) {
    const requests = requestIds.map((id, index) => ({ requestId: id, messageId: messageIds.get(index) ?? null }));
    const notSent = unique.length - report.sent;
    await printJson(context, { actionId, lane, sent: report.sent, notSent, duplicates, requests });
  } else {
    for (const [index, id] of requestIds.entries()) if (messageIds.has(index)) await print(context.stdout, id);
  }
  if (report.end !== 'all-sent') {
    const missing = requestIds.flatMap((id, index) => (messageIds.has(index) ? [] : [`address ${index + 1} (${id})`]));
    await print(
      context.stderr,
      `resets: Sent ${number(report.sent)} of ${number(unique.length)}. ${whyStopped(report, carried, context)} Missing: ${missing.join(', ')}; send each again with its id in --request-id, and nobody is reset twice.`,
    );
  }
  return exitCodeOf(report, end);
}

function checkAddresses(addresses: readonly string[]): { unique: string[]; duplicates: number } {
  const problems = addresses.flatMap((email, index) => {
    const problem = addressProblem(email);
    return problem === undefined ? [] : [`address ${index + 1} ${problem}`];
  });
  if (problems.length > 0) throw wrongUsage(`${NOTHING_SENT} Fix: ${problems.join('; ')}.`);
  const unique = [...new Map(addresses.map((email) => [email.toLowerCase(), email])).values()];
  return { unique, duplicates: addresses.length - unique.length };
}
