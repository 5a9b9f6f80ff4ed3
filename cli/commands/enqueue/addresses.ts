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
export const MOST_ADDRESSES = 100;
/** Of a wrong file, more would tell nothing new. */
const SHOWN_PROBLEMS = 10;

export interface GivenAddress {
  /** For the operator: "address 2", "line 7". */
  name: string;
  email: string;
}

export async function enqueueAddresses(
  context: Context,
  options: EnqueueOptions,
  addresses: readonly GivenAddress[],
  shared: SharedMembers,
): Promise<ExitCode> {
  const { requestId, yes, json } = options;
  if (addresses.length > MOST_ADDRESSES) {
    throw wrongUsage(
      `More than ${MOST_ADDRESSES} addresses are refused: that is a campaign; save them as a file, and run ${context.command('campaign start FILE --id ID')}.`,
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
  const outgoing = unique.map(({ name, email }, index) => ({
    name,
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
    const missing = unique.flatMap(({ name }, index) =>
      messageIds.has(index) ? [] : [`${name} (${requestIds[index]})`],
    );
    await print(
      context.stderr,
      `resets: Sent ${number(report.sent)} of ${number(unique.length)}. ${whyStopped(report, carried, context)} Missing: ${missing.join(', ')}; send each again with its id in --request-id, and nobody is reset twice.`,
    );
  }
  return exitCodeOf(report, end);
}

function checkAddresses(addresses: readonly GivenAddress[]): { unique: GivenAddress[]; duplicates: number } {
  const problems = addresses.flatMap(({ name, email }) => {
    const problem = addressProblem(email);
    return problem === undefined ? [] : [`${name} ${problem}`];
  });
  if (problems.length > 0) {
    const more = problems.length - SHOWN_PROBLEMS;
    const shown = [...problems.slice(0, SHOWN_PROBLEMS), ...(more > 0 ? [`and ${more} more`] : [])];
    throw wrongUsage(`${NOTHING_SENT} Fix: ${shown.join('; ')}.`);
  }
  const unique = new Map<string, GivenAddress>();
  for (const one of addresses) {
    const address = one.email.toLowerCase();
    if (!unique.has(address)) unique.set(address, one);
  }
  return { unique: [...unique.values()], duplicates: addresses.length - unique.size };
}
