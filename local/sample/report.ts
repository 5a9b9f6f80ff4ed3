import { FAILURE_REASONS, LETTER_ATTRIBUTES } from '../../functions/contract/dead-letter.ts';
import type { InspectedMessage } from '../aws/stand-ins.ts';
import type { CallStatistics } from '../reset-api/call-statistics.ts';
import type { Quota } from '../reset-api/token-bucket.ts';
import { attribute, letterId, type Tally } from './reconcile.ts';

export interface ReportInput {
  tally: Tally;
  /** Messages sent in addition to one per request. */
  copies: number;
  letters: readonly InspectedMessage[];
  calls: CallStatistics;
  quota: Quota;
  sandboxes: number;
  bootMs: number;
  sampleMs: number;
  /** Longest line, in characters; unlimited by default. */
  width?: number | undefined;
}

/** A sample's outcome, to be read by a person. It contains no address. */
export function reportOf(input: ReportInput): string {
  return [totalsOf(input), callsOf(input), lettersOf(input), reconciliationOf(input.tally)].join('\n\n');
}

function totalsOf({ tally, copies, bootMs, sampleMs, sandboxes }: ReportInput): string {
  const deadLettered = Object.values(tally.byReason).reduce((sum, count) => sum + count, 0);
  const reasons = FAILURE_REASONS.filter((reason) => tally.byReason[reason] > 0);
  return [
    `Up in ${seconds(bootMs)}, sample finished in ${seconds(sampleMs)}, ${sandboxes} sandboxes.`,
    '',
    row('Requests sent', tally.sent),
    row('  reset', tally.reset),
    row('  dead-lettered', deadLettered),
    ...reasons.map((reason) => row(`    ${reason}`, tally.byReason[reason])),
    row('Duplicate messages, acknowledged', copies),
  ].join('\n');
}

function callsOf({ calls, quota, tally }: ReportInput): string {
  const statuses = Object.entries(calls.byStatus).map(([status, count]) =>
    row(status === 'none' ? '  no answer' : `  ${status}`, count),
  );
  const silent = calls.resets - calls.secondResets - tally.reset;
  return [
    row('Calls to the API', calls.calls),
    ...statuses,
    row('Passwords set', calls.resets),
    row('  for requests that ended as reset', calls.resets - calls.secondResets - silent),
    row('  for dead-lettered requests, perhaps reset', silent),
    row('  second resets', calls.secondResets, secondResets(calls)),
    row('Quota used', calls.quotaUsed, `  limit: ${number(quota.perMinute)}/min + burst of ${quota.burst}`),
    row('  most within one minute', calls.peakPerMinute),
    row('  calls over the limit', calls.overQuota),
  ].join('\n');
}

function secondResets({ secondResets: count, explainedSecondResets }: CallStatistics): string {
  if (count === 0) return '';
  return count === explainedSecondResets
    ? '  each after a call whose outcome was unknown'
    : `  ${count - explainedSecondResets} of them unexplained`;
}

function lettersOf({ letters, width = Number.POSITIVE_INFINITY }: ReportInput): string {
  const rows = letters
    .map((letter) => ({
      reason: attribute(letter, LETTER_ATTRIBUTES.failureReason) ?? 'not-processed',
      id: letterId(letter),
      status: attribute(letter, LETTER_ATTRIBUTES.httpStatus) ?? '',
      calls: attribute(letter, LETTER_ATTRIBUTES.calls) ?? '',
      detail: attribute(letter, LETTER_ATTRIBUTES.failureDetail) ?? '',
    }))
    .toSorted((a, b) => a.reason.localeCompare(b.reason) || a.id.localeCompare(b.id, 'en', { numeric: true }));
  const lines = rows.map(({ reason, id, status, calls, detail }) =>
    `${reason.padEnd(16)} ${id.padEnd(36)} ${status.padStart(6)} ${calls.padStart(5)}  ${detail}`.trimEnd(),
  );
  return [
    'Dead letters',
    `${'REASON'.padEnd(16)} ${'REQUEST'.padEnd(36)} ${'STATUS'.padStart(6)} CALLS  DETAIL`,
    ...lines.map((line) => shortened(line, width)),
  ].join('\n');
}

function reconciliationOf({ differences, sent, reset }: Tally): string {
  if (differences.length === 0) return `Reconciled: ${sent} sent = ${reset} reset + ${sent - reset} dead-lettered.`;
  return ['NOT reconciled:', ...differences.map((difference) => `  ${difference}`)].join('\n');
}

const LABEL_WIDTH = 46;
const row = (label: string, count: number, remark = ''): string =>
  `${label.padEnd(LABEL_WIDTH)} ${number(count).padStart(6)}${remark}`;

const shortened = (line: string, width: number): string =>
  line.length <= width ? line : `${line.slice(0, width - 1)}…`;

const number = (value: number): string => value.toLocaleString('en-US');
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
