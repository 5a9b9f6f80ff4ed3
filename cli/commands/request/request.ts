import { NO_CAMPAIGN } from '../../../functions/contract/reset-request.ts';
import type { RequestItem } from '../../../functions/ledger/items.ts';
import type { Context } from '../../deployment/connect.ts';
import { isUnconfirmed, requestJson } from '../../queries/request-json.ts';
import { CommandFailed, EXIT, type ExitCode, print, wrongUsage } from '../../terminal/io.ts';
import { counted, listing, painter, plain, printJson, relative, time } from '../../terminal/text.ts';
import { problemOf } from '../../validation.ts';

export interface RequestOptions {
  requestId: string;
  json?: boolean;
}

/** Tells one request's history from the ledger. */
export async function request(context: Context, { requestId, json }: RequestOptions): Promise<ExitCode> {
  const problem = problemOf('requestId', requestId);
  if (problem !== undefined) throw wrongUsage(`The request id ${problem}.`);
  const { ledger } = await context.connect();
  const item = await ledger.find(requestId);
  if (item === undefined) {
    if (json) await printJson(context, { found: false, requestId });
    throw new CommandFailed(
      `The ledger has no request ${requestId}: it is still queued, was never sent, or ended longer ago than the ledger keeps requests. \`resets status\` shows what is queued.`,
    );
  }
  const now = context.clock.now();
  if (json) {
    await printJson(context, { found: true, ...requestJson(item, now) });
    return EXIT.done;
  }
  const paint = painter(context.stdout, context.env);
  await print(context.stdout, `${paint('bold', requestId)}  ${sentenceOf(item, now)}`);
  for (const line of listing(rowsOf(item, now))) await print(context.stdout, line);
  return EXIT.done;
}

/** What the state means for the person whose password it is, and what comes next. */
function sentenceOf(item: RequestItem, now: number): string {
  switch (item.state) {
    case 'succeeded':
      return 'The password was reset.';
    case 'calling':
      return isUnconfirmed(item, now)
        ? 'Unconfirmed: a call was started and its result never recorded, so the reset may have gone through.'
        : 'The API is being called.';
    case 'waiting':
      return item.notBefore !== undefined && item.notBefore > now
        ? `Waiting in its queue; next try ${relative(item.notBefore, now)}.`
        : 'Waiting in its queue; its next try is due.';
    case 'failing':
      return `Being dead-lettered: ${item.reason ?? 'no reason'}.`;
    case 'failed': {
      const gone = item.gone === undefined ? '' : ' Its letter is no longer in the queue.';
      return `Dead-lettered: ${item.reason ?? 'no reason'}.${maybeReset(item)}${gone}`;
    }
    case 'redriven':
      return 'Sent back to its lane by an operator, and waiting there.';
    case 'cancelled':
      return 'Cancelled with its campaign; no password was reset.';
    case 'discarded':
      return `Discarded by an operator.${maybeReset(item)}`;
  }
}

const maybeReset = ({ reason }: RequestItem): string =>
  reason === 'server-error' || reason === 'outcome-unknown' ? ' The reset may have gone through all the same.' : '';

function rowsOf(item: RequestItem, now: number): [string, string][] {
  const calls = `${counted(item.calls, 'call')}, of which ${item.failedCalls} failed and ${item.unknowns} of unknown outcome`;
  const at = (epochMs: number | undefined): string | undefined =>
    epochMs === undefined ? undefined : `${time(epochMs)} (${relative(epochMs, now)})`;
  const rows: [string, string | undefined][] = [
    ['state', isUnconfirmed(item, now) ? `${item.state} (unconfirmed)` : item.state],
    ['lane', item.lane],
    ['campaign', item.campaign === NO_CAMPAIGN ? undefined : item.campaign],
    ['calls', calls],
    ['last status', item.lastStatus === undefined ? undefined : String(item.lastStatus)],
    ['reason', item.reason],
    ['detail', item.detail],
    ['failure id', item.failureId],
    ['sender', item.sender],
    ['requested by', item.requestedBy],
    ['request reason', item.requestReason],
    ['not after', at(item.notAfter)],
    ['redrives', item.redrives === undefined ? undefined : String(item.redrives)],
    ['first sent', at(item.firstSentAt)],
    ['first call', at(item.firstCallAt)],
    ['lease ends', at(item.leaseEnd)],
    ['next try', at(item.notBefore)],
    ['finished', at(item.finishedAt)],
    ['letter gone', at(item.gone)],
    ['kept until', time(item.expiresAt * 1000)],
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, plain(value)]]));
}
