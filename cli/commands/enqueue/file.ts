import type { Lane } from '../../../functions/contract/reset-request.ts';
import { type Fingerprint, fingerprintOf, readAddressFile } from '../../addresses/enqueued-file.ts';
import { reportSurvey, type Survey, surveyOf } from '../../addresses/survey.ts';
import { carryOut } from '../../changes/carry-out.ts';
import type { Connection, Context } from '../../deployment/connect.ts';
import { keptName } from '../../sending/kept-name.ts';
import { checkedBody, type SharedMembers } from '../../sending/request-body.ts';
import type { Outgoing } from '../../sending/send-all.ts';
import { exitCodeOf, NOTHING_SENT, preview, sendToLane, whyStopped } from '../../sending/send-to-lane.ts';
import { requireConsent } from '../../terminal/confirm.ts';
import { CommandFailed, type ExitCode, print, wrongUsage } from '../../terminal/io.ts';
import { counted, number, painter, printJson } from '../../terminal/text.ts';
import { problemOf } from '../../validation.ts';
import type { EnqueueOptions } from './options.ts';

/** Leaves room for the line in the 128 characters of a request id. */
const MAX_RUN_LENGTH = 100;
/** More of a file in the lane of single requests is worth a warning. */
const MOST_INTERACTIVE = 100;
const SAFE_TO_REPEAT = 'a request that is sent twice that way is reset once';

export async function enqueueFile(
  context: Context,
  options: EnqueueOptions,
  file: string,
  shared: SharedMembers,
): Promise<ExitCode> {
  const { yes, json, skipInvalid, fromLine = 1 } = options;
  if (options.requestId !== undefined) throw wrongUsage('--request-id names one request; a file takes --run.');
  const run = options.run ?? context.newId();
  const runProblem =
    run.length > MAX_RUN_LENGTH ? `is longer than ${MAX_RUN_LENGTH} characters` : problemOf('requestId', run);
  if (runProblem !== undefined) throw wrongUsage(`--run ${runProblem}.`);
  requireConsent(context, yes);

  const fingerprint = await fingerprintOf(file);
  const survey = await surveyOf(context, file, fromLine);
  await reportSurvey(context, survey, file);
  const lane = options.lane ?? 'bulk';
  const total = survey.addresses - survey.before;
  const refusal =
    survey.invalidCount > 0 && !skipInvalid
      ? `${NOTHING_SENT} ${file} has ${counted(survey.invalidCount, 'invalid line')}; fix them, or leave them out with --skip-invalid.`
      : total === 0
        ? `${NOTHING_SENT} ${file} has no address${fromLine > 1 ? ` from line ${fromLine} on` : ''}.`
        : undefined;
  if (refusal !== undefined) {
    if (json) await printJson(context, summaryOf({ actionId: null, lane, run, total, sent: 0, survey }));
    throw new CommandFailed(refusal);
  }

  const connection = await context.connect();
  const lines: number[] = [];
  const carried = await carryOut(
    context,
    connection,
    {
      command: `enqueue --file ${keptName(file)} --lane ${lane}`,
      about: aboutFile(context, connection, { lane, run, total, survey }, options),
      details: {
        lane,
        run,
        file: keptName(file),
        fromLine,
        ...(options.campaign === undefined ? {} : { campaign: options.campaign }),
      },
      planned: total,
      yes,
      undone: NOTHING_SENT,
      async recheck() {
        if ((await fingerprintOf(file)) === fingerprint) return;
        throw new CommandFailed(`${NOTHING_SENT} ${file} has changed since it was checked; run the command again.`);
      },
    },
    (action) => {
      const outgoing = requestsOf(file, { fingerprint, total, fromLine, skipInvalid, run, shared, lines });
      return sendToLane(context, connection, action, { lane, outgoing, total });
    },
  );
  const { result: report, actionId, end } = carried;
  const firstUnsentLine = report.end === 'all-sent' ? undefined : lines[report.leading];
  if (json)
    await printJson(context, summaryOf({ actionId, lane, run, total, sent: report.sent, survey, firstUnsentLine }));
  else await print(context.stdout, `Sent ${number(report.sent)} of ${number(total)}. Request ids: ${run}:LINE.`);
  if (report.end !== 'all-sent') {
    const why = `${report.end === 'failed' ? 'Stopped. ' : ''}${whyStopped(report, carried, context)}`;
    await print(context.stderr, `resets: ${why}${howToContinue(firstUnsentLine, report.sent, run)}`);
  }
  return exitCodeOf(report, end);
}

function aboutFile(
  context: Context,
  connection: Connection,
  { lane, run, total, survey }: Pick<FileRun, 'lane' | 'run' | 'total' | 'survey'>,
  { campaign, fromLine = 1 }: EnqueueOptions,
): string[] {
  const isFlood = lane === 'interactive' && total > MOST_INTERACTIVE;
  const warning = `Warning: until these ${number(total)} are through, everybody else in lane interactive waits behind them; without --lane they go to bulk.`;
  return [
    preview(total, lane, connection, campaign),
    ...(survey.before > 0
      ? [`Left out: ${counted(survey.before, 'address', 'addresses')} before line ${fromLine}.`]
      : []),
    ...(isFlood ? [painter(context.stderr, context.env)('yellow', warning)] : []),
    `Request ids: ${run}:LINE.`,
  ];
}

interface FileRun {
  /** Null where it came to none. */
  actionId: string | null;
  lane: Lane;
  run: string;
  total: number;
  sent: number;
  survey: Survey;
  firstUnsentLine?: number | undefined;
}

/** What `--json` prints. */
const summaryOf = ({ actionId, lane, run, total, sent, survey, firstUnsentLine }: FileRun) => ({
  actionId,
  lane,
  run,
  requestIdForm: 'RUN:LINE',
  sent,
  notSent: total - sent,
  firstUnsentLine: firstUnsentLine ?? null,
  invalidCount: survey.invalidCount,
  invalid: survey.invalid,
  duplicateCount: survey.duplicateCount,
  duplicates: survey.duplicates,
});

interface SecondReading {
  /** As it was when the file was surveyed. */
  fingerprint: Fingerprint;
  /** What the operator agreed to; no more is sent. */
  total: number;
  fromLine: number;
  skipInvalid: boolean | undefined;
  run: string;
  shared: SharedMembers;
  /** Those that were read are added. */
  lines: number[];
}

async function* requestsOf(file: string, reading: SecondReading): AsyncGenerator<Outgoing> {
  const { fingerprint, total, fromLine, skipInvalid, run, shared, lines } = reading;
  let read = 0;
  const changed = new CommandFailed(
    `${file} changed while it was being sent. Restore it and run the same command with --run ${run}; ${SAFE_TO_REPEAT}.`,
  );
  for await (const { kind, line, ...row } of readAddressFile(file)) {
    // The survey found none.
    if (kind === 'invalid' && !skipInvalid) throw changed;
    if (!('email' in row) || line < fromLine) continue;
    read += 1;
    if (read > total) throw changed;
    lines.push(line);
    yield { name: `line ${line}`, body: checkedBody(row.email, `${run}:${line}`, shared) };
  }
  if ((await fingerprintOf(file)) !== fingerprint) throw changed;
}

function howToContinue(firstUnsentLine: number | undefined, sent: number, run: string): string {
  if (firstUnsentLine === undefined) return '';
  const before = sent > 0 ? ` All lines before ${firstUnsentLine} were sent.` : '';
  return `${before} To continue, run the same command with --run ${run} --from-line ${firstUnsentLine}; ${SAFE_TO_REPEAT}.`;
}
