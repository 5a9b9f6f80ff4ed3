import { setFlagsFromString } from 'node:v8';
import type { Lane } from '../../../../functions/contract/reset-request.ts';
import { type CanaryResult, watchCanary } from '../../../campaigns/canary.ts';
import { canaryLines } from '../../../campaigns/canary-words.ts';
import type { MaxFailures } from '../../../campaigns/max-failures.ts';
import type { Roster } from '../../../campaigns/roster.ts';
import type { RunningAction } from '../../../changes/carry-out.ts';
import type { Connection, Context } from '../../../deployment/connect.ts';
import { sendingProgressOn } from '../../../sending/progress.ts';
import { checkedBody, requestBody, type SharedMembers } from '../../../sending/request-body.ts';
import { type Outgoing, type SendReport, sendAll } from '../../../sending/send-all.ts';
import { CommandFailed, print } from '../../../terminal/io.ts';
import { type Checkpoints, checkpointsOf } from './checkpoints.ts';

/** A campaign that is registered, and how far it is sent. */
export interface CampaignToSend {
  roster: Roster;
  setDigest: string;
  lane: Lane;
  shared: SharedMembers;
  /** The first place that is not known to be sent. */
  from: number;
  /** So many are sent and watched first; undefined where there is no canary, or the operator wants the rest sent whatever came of it. */
  canary: { size: number; max: MaxFailures } | undefined;
  /** Its canary has been sent and may have stopped it: the rest is sent all the same. */
  isPastCanary: boolean;
  /** The command that goes on with it, to be pasted. */
  wayOn: string;
}

/** How far this run came. `why` is a whole sentence. */
export interface CampaignReport {
  end: 'all-sent' | 'stopped' | 'failed' | 'canary-stopped';
  /** By this run. */
  sent: number;
  why?: string | undefined;
  /** Of `failed`: no command goes on with it. */
  isFinal?: boolean;
  canary?: CanaryResult;
  /** SQS has taken all, and the ledger knows it not. */
  isUnwritten?: boolean;
}

/** Sends what is left of a campaign in the order of its request ids, the canary first, and writes down how far it comes. */
export async function sendCampaign(
  context: Context,
  connection: Connection,
  action: RunningAction,
  campaign: CampaignToSend,
): Promise<CampaignReport> {
  const { roster, setDigest, from } = campaign;
  const checkpoints = checkpointsOf(context, connection, { roster, setDigest, sentBy: action.id, from });
  const run = { context, connection, action, campaign, checkpoints, sent: 0 };
  let report: CampaignReport;
  let isWritten = false;
  try {
    report = await sendInParts(run);
  } finally {
    isWritten = await checkpoints.close();
  }
  if (report.end !== 'all-sent' || isWritten) return report;
  return checkpoints.isCancelled() ? { ...report, ...stoppedReport(run) } : { ...report, isUnwritten: true };
}

/** By then V8 has made room enough for what batches leave behind. It would go on doubling it, up to a hundred megabytes for no gain in speed. */
const WARM_AFTER_ROWS = 10_000;
const keepYoungHeap = (): void => setFlagsFromString('--semi-space-growth-factor=1');

interface Run {
  context: Context;
  connection: Connection;
  action: RunningAction;
  campaign: CampaignToSend;
  checkpoints: Checkpoints;
  /** So far. */
  sent: number;
}

async function sendInParts(run: Run): Promise<CampaignReport> {
  const { canary, from, roster, isPastCanary } = run.campaign;
  const canaryEnd = Math.min(canary?.size ?? 0, roster.size);
  // A campaign that was sent beyond its canary has passed it.
  const isWatched = canary !== undefined && from <= canaryEnd && !(isPastCanary && from === canaryEnd);
  if (!isWatched) return sendPart(run, from, roster.size);

  const first = await sendPart(run, from, canaryEnd);
  if (first.end !== 'all-sent') return first;
  const watched = await watch(run, canaryEnd, canary.max);
  if (watched.end !== 'all-sent') return watched;
  const rest = await sendPart(run, canaryEnd, roster.size);
  return { ...watched, ...rest };
}

/** Sends the people of some places. */
async function sendPart(run: Run, from: number, to: number): Promise<CampaignReport> {
  const { context, connection, action, campaign, checkpoints } = run;
  const { roster, lane, shared } = campaign;
  const sentBefore = run.sent;
  const progress = sendingProgressOn(context, { total: roster.size, before: from });
  let report: SendReport;
  try {
    report = await sendAll({
      queues: connection.queues,
      clock: context.clock,
      queueUrl: connection.deployment.laneQueueUrls[lane],
      outgoing: requestsOf(roster, shared, from, to),
      stopped: AbortSignal.any([action.stopped, checkpoints.lost]),
      onSent(_index, _messageId, leading) {
        run.sent += 1;
        if (run.sent === WARM_AFTER_ROWS) keepYoungHeap();
        action.done(run.sent);
        checkpoints.taken(from + leading);
        progress.show(from + run.sent - sentBefore);
      },
    });
  } finally {
    progress.end();
  }
  if (report.end === 'failed') return { end: 'failed', sent: run.sent, why: report.why };
  if (report.end === 'all-sent') return { end: 'all-sent', sent: run.sent };
  return stoppedReport(run);
}

const stoppedReport = ({ checkpoints, sent }: Run): CampaignReport => {
  const why = checkpoints.why();
  const isFinal = checkpoints.isCancelled();
  return why === undefined ? { end: 'stopped', sent } : { end: 'failed', sent, why, isFinal };
};

function* requestsOf(roster: Roster, shared: SharedMembers, from: number, to: number): Generator<Outgoing> {
  for (let place = from; place < to; place += 1) {
    const { email, line, requestId } = roster.person(place);
    // The addresses are checked by the same rule when the file is read: what is left to be checked is the same in all.
    const bodyOf = place === from ? checkedBody : requestBody;
    yield { name: `line ${line}`, body: bodyOf(email, requestId, shared) };
  }
}

/** @returns `all-sent` where the rest may be sent. */
async function watch(run: Run, size: number, max: MaxFailures): Promise<CampaignReport> {
  const { context, connection, action, campaign, checkpoints } = run;
  const { roster, lane, wayOn } = campaign;
  const { campaignId } = roster;
  const requestIds = Array.from({ length: size }, (_, place) => roster.person(place).requestId);
  let canary: CanaryResult;
  try {
    const stopped = AbortSignal.any([action.stopped, checkpoints.lost]);
    canary = await watchCanary(context, connection, { campaignId, requestIds, lane, max, stopped, wayOn });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return { end: 'failed', sent: run.sent, why: error.message };
  }
  if (canary.end === 'interrupted') return { ...stoppedReport(run), canary };
  const told = canaryLines(canary, { campaignId, lane, rest: roster.size - size, wayOn }, context);
  for (const line of told) await print(context.stderr, line);
  return { end: canary.end === 'passed' ? 'all-sent' : 'canary-stopped', sent: run.sent, canary };
}
