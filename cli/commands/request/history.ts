import { NO_CAMPAIGN } from '../../../functions/contract/reset-request.ts';
import type { RequestItem } from '../../../functions/ledger/items.ts';
import type { Reading } from '../../queries/reading.ts';
import { isUnconfirmed } from '../../queries/request-json.ts';
import { holdWords, type StandingHold } from '../../queries/standing-holds.ts';
import { counted, listing, plain, relative, time } from '../../terminal/text.ts';

/** A sentence that says how the request stands, then all that is known of it. */
export function historyLines(item: RequestItem, holds: Reading<StandingHold[]>, now: number): string[] {
  return [sentenceOf(item, holds, now), ...listing([...holdRows(holds, now), ...rowsOf(item, now)])];
}

/** What the state means for the person whose password it is, and what comes next. */
function sentenceOf(item: RequestItem, holds: Reading<StandingHold[]>, now: number): string {
  const isHeld = holds.ok && holds.value.length > 0;
  switch (item.state) {
    case 'succeeded':
      return 'The password was reset.';
    case 'calling':
      return isUnconfirmed(item, now)
        ? 'Unconfirmed: a call was started and its result never recorded, so the reset may have gone through.'
        : 'The API is being called.';
    case 'waiting':
      if (isHeld) return 'Waiting in its queue for a hold to end.';
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
      return `Sent back to its lane by an operator, and waiting there${isHeld ? ' for a hold to end' : ''}.`;
    case 'cancelled':
      return 'Cancelled with its campaign; no password was reset.';
    case 'discarded':
      return `Discarded by an operator.${maybeReset(item)}`;
  }
}

const maybeReset = ({ reason }: RequestItem): string =>
  reason === 'server-error' || reason === 'outcome-unknown' ? ' The reset may have gone through all the same.' : '';

/** The first is what it waits for; the others would keep it, too. */
function holdRows(holds: Reading<StandingHold[]>, now: number): [string, string][] {
  if (!holds.ok) return [['held by', `not known. ${holds.why}`]];
  return holds.value.map((hold, index) => [index === 0 ? 'held by' : 'and by', holdWords(hold, now)]);
}

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
