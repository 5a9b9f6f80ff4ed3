import type { Lane } from '../../../functions/contract/reset-request.ts';
import type { RequestItem, State } from '../../../functions/ledger/items.ts';
import type { RunningAction } from '../../changes/carry-out.ts';
import type { Connection, Context } from '../../deployment/connect.ts';
import type { QueueCounts } from '../../deployment/queues.ts';
import { VERIFY_CAMPAIGN } from '../../queries/campaigns/campaign-ids.ts';
import { queued } from '../../queries/lane-counts.ts';
import { counted, number } from '../../terminal/text.ts';
import { type Finding, failed, notChecked, ok } from './check.ts';

/** An address that nobody can have: `.invalid` is reserved. */
const NOBODY = 'nobody@resets-verify.invalid';

/** A new campaign may be missing in a replica that the worker reads. */
const NEW_CAMPAIGN_MS = 2_000;
/** The worker remembers for 5 s that a campaign it has seen is active. */
const ACTIVE_CAMPAIGN_MS = 7_000;
const LOOK_EVERY_MS = 1_000;

/** What sends into a deployment and watches what becomes of it. */
export interface Trial {
  context: Context;
  connection: Connection;
  action: Pick<RunningAction, 'stopped'>;
  /** How long the ledger is watched. */
  waitMs: number;
}

/** Makes sure that no request of the campaign is called. */
export async function cancelVerifyCampaign({ context, connection, action }: Trial): Promise<void> {
  const known = await connection.ledger.findCampaign(VERIFY_CAMPAIGN);
  if (known?.state === 'cancelled') return;
  await connection.campaigns.cancel(VERIFY_CAMPAIGN);
  await context.clock.sleep(known === undefined ? NEW_CAMPAIGN_MS : ACTIVE_CAMPAIGN_MS, action.stopped);
}

/** Sends a request through a lane and waits until the ledger shows it as cancelled. */
export async function testRequestFinding(trial: Trial, lane: Lane): Promise<Finding> {
  const { context } = trial;
  const requestId = `${VERIFY_CAMPAIGN}:${context.newId()}`;
  const body = JSON.stringify({ email: NOBODY, requestId, campaignId: VERIFY_CAMPAIGN, requestedBy: VERIFY_CAMPAIGN });
  const sent = await send(trial, lane, body);
  if ('finding' in sent) return sent.finding;
  const seen = await endOf(trial, lane, requestId, sent);
  if ('finding' in seen) return seen.finding;
  const { item, afterMs } = seen;
  if (item.lane !== lane) {
    return failed(`a request that was sent to it came out of lane ${item.lane}`, 'the outputs name the wrong queues');
  }
  if (item.state === 'cancelled') {
    return ok(`a request went through queue, function and ledger within ${seconds(afterMs)}, without a call`);
  }
  const reason = item.reason === undefined ? '' : ` (${item.reason})`;
  return failed(
    `a request of a cancelled campaign ended as ${item.state}${reason}`,
    `look at it with ${context.command(`request ${requestId}`)}, and deploy again`,
  );
}

interface Sent {
  messageId: string;
  /** What the lane held before. */
  before: QueueCounts;
}

/** Sends one body to a lane. */
export async function send(
  { connection: { deployment, queues } }: Trial,
  lane: Lane,
  body: string,
): Promise<Sent | { finding: Finding }> {
  const queueUrl = deployment.laneQueueUrls[lane];
  const before = await queues.counts(queueUrl);
  const [result] = await queues.sendBatch(queueUrl, [body]);
  if (result?.ok) return { messageId: result.messageId, before };
  return { finding: failed(`SQS did not take a message: ${result?.why ?? 'it did not say why'}`, 'try again') };
}

const ENDS: readonly State[] = ['succeeded', 'failed', 'cancelled', 'discarded'];

/** Watches the ledger until it shows that a message which was sent has come to its end, or says why that is not to be seen. */
export async function endOf(
  { context: { clock, command }, connection, action: { stopped }, waitMs }: Trial,
  lane: Lane,
  key: string,
  { before }: Sent,
): Promise<{ item: RequestItem; afterMs: number } | { finding: Finding }> {
  const sentAt = clock.now();
  for (;;) {
    const item = await connection.ledger.find(key);
    if (item !== undefined && ENDS.includes(item.state)) return { item, afterMs: clock.now() - sentAt };
    if (stopped.aborted) return { finding: notChecked('stopped before the message was seen in the ledger', null) };
    if (clock.now() - sentAt >= waitMs) break;
    await clock.sleep(LOOK_EVERY_MS, stopped);
  }
  const waited = seconds(waitMs);
  const ahead = queued(before);
  const after = await connection.queues.counts(connection.deployment.laneQueueUrls[lane]);
  // Whoever receives has something in flight.
  if (ahead > 0 && after.inFlight > 0) {
    return {
      finding: notChecked(
        `behind ${counted(ahead, 'message')}: not seen within ${waited}`,
        `see with ${command('status')} whether the lane moves, or wait for longer: ${command('verify --wait 600')}`,
      ),
    };
  }
  const { waiting } = after;
  return {
    finding: failed(
      `not seen in the ledger within ${waited}${waiting > 0 ? `, with ${counted(waiting, 'message')} waiting and none in flight` : ''}`,
      `is the function's event source for the ${lane} queue enabled (Lambda console), and what does the function's log say?`,
    ),
  };
}

const seconds = (ms: number): string => `${number(Math.round(ms / 100) / 10)} s`;
