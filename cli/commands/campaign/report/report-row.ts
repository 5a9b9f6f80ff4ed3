import type { RequestItem } from '../../../../functions/ledger/items.ts';
import { causeOf } from '../../../campaigns/cause.ts';
import {
  type CampaignKnown,
  type LeftOut,
  leftOutAs,
  type RequestOutcome,
  requestOutcome,
} from '../../../campaigns/row-outcome.ts';
import type { SiftedRow } from '../../../campaigns/sieve.ts';
import { time } from '../../../terminal/text.ts';

/** Behind the columns of the file. */
const COLUMNS = [
  'reset_line',
  'reset_outcome',
  'reset_status',
  'reset_reason',
  'reset_detail',
  'reset_first_sent',
  'reset_first_call',
  'reset_finished',
  'reset_request_id',
];

export interface ReportRow {
  outcome: RequestOutcome | LeftOut;
  cells: string[];
}

/** @param header undefined where the file is a list of addresses. */
export const headerCells = (header: readonly string[] = ['email']): string[] => [...header, ...COLUMNS];

/** One row of the report: the row of the file as it is, and what became of it. */
export function reportRow(
  row: SiftedRow,
  columns: number,
  request: RequestItem | undefined,
  campaign: CampaignKnown,
): ReportRow {
  const own = Array.from({ length: columns }, (_, at) => row.cells[at] ?? '');
  if (row.kind !== 'taken') {
    const byHand = row.kind === 'invalid' && row.byHand !== undefined ? '; mail may reach it: reset it by hand' : '';
    const cells = [...own, String(row.line), leftOutWords(row), '', '', `${causeOf(row)}${byHand}`, '', '', '', ''];
    return { outcome: leftOutAs(row), cells };
  }
  const outcome = requestOutcome(row.requestId, request, campaign);
  const at = (epochMs: number | undefined): string => (epochMs === undefined ? '' : time(epochMs));
  const { lastStatus = '', reason = '', detail = '', firstSentAt, firstCallAt, finishedAt } = request ?? {};
  const told = [outcome, String(lastStatus), reason, detail, at(firstSentAt), at(firstCallAt), at(finishedAt)];
  return { outcome, cells: [...own, String(row.line), ...told, row.requestId] };
}

function leftOutWords(row: Exclude<SiftedRow, { kind: 'taken' }>): string {
  if (row.kind === 'duplicate') return `duplicate of line ${row.firstLine}`;
  if (row.kind === 'reset before') return `reset before in ${row.campaignId}`;
  return leftOutAs(row);
}
