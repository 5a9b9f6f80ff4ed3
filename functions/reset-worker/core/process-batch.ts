import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { HoldCause } from '../../call-budget/call-budget.ts';
import { errorClass } from '../../common/causes.ts';
import type { EpochMs } from '../../common/clock.ts';
import { METRICS, type MetricName } from '../../common/telemetry.ts';
import { withinTime } from '../../common/within-time.ts';
import { LETTER_ATTRIBUTES } from '../../contract/dead-letter.ts';
import type { Lane } from '../../contract/reset-request.ts';
import { AFTER_CALL_MS } from '../../ledger/lease.ts';
import { isAcknowledged, type Kept } from './outcome.ts';
import type { Message, Ports } from './ports.ts';
import { type Invocation, processMessage } from './process-message.ts';
import { hideSeconds, INTAKE_PAUSE_MS } from './retry-policy.ts';

/** Left over when the work on messages must end: for the answer and the metrics. */
const CLOSING_MS = 1500;
/** Left over when the ledger is given up on, so that a reset that could not be written down is still acknowledged. */
const ACKNOWLEDGE_MS = 1000;

const DAY_MS = 24 * 60 * 60_000;
const GAUGES = [
  ['credential', METRICS.credentialHeld],
  ['outage', METRICS.outageHeld],
  ['brake', METRICS.brakeHeld],
  ['operator', METRICS.operatorHeld],
] as const satisfies [HoldCause, MetricName][];

/**
 * Processes the messages of one event, all at once, each with a net of its own.
 * @param laneOf the lane of an event source's queue ARN; throws for a queue that is no lane.
 * @param remainingMs what is left of the invocation.
 * @returns the ids of the messages that their queue must keep.
 * @throws if the event is of no lane's queue: that is wiring, and no message is lost by it.
 */
export async function processBatch(
  ports: Ports,
  event: SQSEvent,
  laneOf: (queueArn: string) => Lane,
  remainingMs: number,
): Promise<SQSBatchResponse> {
  if (!Array.isArray(event?.Records))
    throw new Error('The event has no Records: this function is for SQS event sources.');
  const beginning = ports.clock.now();
  const end = beginning + remainingMs;
  const netAt = end - CLOSING_MS;
  const neededMs = ports.callTimeoutMs + AFTER_CALL_MS;
  const messages = event.Records.map((record) => messageOf(record, laneOf(record.eventSourceARN)));
  const invocation: Invocation = {
    latestStart: end - neededMs,
    deadline: netAt - ACKNOWLEDGE_MS,
    atWork: messages.length,
  };
  const lane = messages[0]?.lane;
  const isTooShort = lane !== undefined && remainingMs < neededMs;
  if (isTooShort) ports.telemetry.event('TIMEOUT_TOO_SHORT', { lane, leftMs: remainingMs, neededMs });
  // Settled, not all: even if the safety net's own logging throws, the neighbours' results are kept.
  const handled = await Promise.allSettled(messages.map((message) => handle(ports, message, invocation, netAt)));
  // Settled as well: a throw would leave this batch unanswered, and its resets would be made again.
  if (lane !== undefined) await Promise.allSettled([gauge(ports, lane, invocation, beginning)]);
  // All are hidden by now, whatever becomes of the invocation.
  if (isTooShort) await ports.clock.sleep(Math.max(0, Math.min(INTAKE_PAUSE_MS, netAt - ports.clock.now())));
  const isKept = (result: (typeof handled)[number] | undefined) => result?.status !== 'fulfilled' || !result.value;
  return {
    batchItemFailures: messages
      .filter((_, index) => isKept(handled[index]))
      .map((message) => ({ itemIdentifier: message.id })),
  };
}

function messageOf(record: SQSRecord, lane: Lane): Message {
  const { SentTimestamp, ApproximateReceiveCount, SenderId } = record.attributes;
  const requestId = record.messageAttributes[LETTER_ATTRIBUTES.requestId]?.stringValue;
  const failureId = record.messageAttributes[LETTER_ATTRIBUTES.failureId]?.stringValue;
  return {
    id: record.messageId,
    receiptHandle: record.receiptHandle,
    body: record.body,
    lane,
    sentAt: Number(SentTimestamp),
    receiveCount: Number(ApproximateReceiveCount),
    sender: SenderId,
    carried: { ...(requestId === undefined ? {} : { requestId }), ...(failureId === undefined ? {} : { failureId }) },
  };
}

/** The net: whatever happens to one message, its neighbours' results are kept. */
async function handle(ports: Ports, message: Message, invocation: Invocation, netAt: number): Promise<boolean> {
  const { lane, id: messageId, receiveCount } = message;
  try {
    ports.telemetry.measure(METRICS.queuedAge, Math.max(0, (ports.clock.now() - message.sentAt) / 1000));
    const work = processMessage(ports, message, invocation).then(async (outcome) => {
      if (isAcknowledged(outcome)) return true;
      await hide(ports, message, outcome);
      return false;
    });
    const done = await withinTime(ports.clock, netAt, work);
    if (done.inTime) return done.value;
    ports.telemetry.event('TIME_UP', { lane, messageId, receiveCount });
  } catch (error) {
    ports.telemetry.event('UNEXPECTED', { lane, messageId, receiveCount, ...whereThrown(error) });
  } finally {
    invocation.atWork -= 1;
  }
  return false;
}

/**
 * What holds calls, and how long the token is good for, as this invocation has seen it. Each value is measured once, and nothing is read for it:
 * who has met only what needs no call does not know, and says nothing.
 */
async function gauge(ports: Ports, lane: Lane, { token }: Invocation, beginning: EpochMs): Promise<void> {
  const { budget, clock, telemetry } = ports;
  try {
    const held = budget.heldBy(lane, beginning);
    if (held) for (const [cause, metric] of GAUGES) telemetry.measure(metric, held[cause] ? 1 : 0);
    if (token?.kind === 'token' && token.expiresAt !== undefined) {
      telemetry.measure(METRICS.tokenDaysLeft, (token.expiresAt - clock.now()) / DAY_MS);
    }
  } catch (error) {
    telemetry.event('UNEXPECTED', { lane, ...whereThrown(error) });
  }
}

async function hide(ports: Ports, message: Message, kept: Kept): Promise<void> {
  const now = ports.clock.now();
  const attempted = kept.kind === 'deferred' && kept.attempted;
  const lifeMs = kept.notAfter === undefined ? undefined : kept.notAfter - now;
  const seconds = hideSeconds(kept.until - now, message.receiveCount, attempted, lifeMs);
  try {
    await ports.visibility.hide(message, seconds);
  } catch (error) {
    const { lane, id: messageId, receiveCount } = message;
    ports.telemetry.event('NOT_HIDDEN', { lane, messageId, receiveCount, why: errorClass(error) });
  }
}

/** Class and place of a defect. Its message stays out, also if a line of it looks like a place: it may quote what the body held. */
function whereThrown(error: unknown): { errorName: string; errorPlace?: string } {
  if (!(error instanceof Error)) return { errorName: typeof error };
  const place = error.stack
    ?.split('\n')
    .map((line) => line.trim())
    .find((line) => line.startsWith('at ') && !error.message.includes(line));
  return { errorName: error.name, ...(place === undefined ? {} : { errorPlace: place }) };
}
