import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { LANES, type Lane } from '../../functions/contract/reset-request.ts';
import { DEFAULT_CALL_TIMEOUT_MS } from '../../functions/ledger/lease.ts';
import type { Outcome } from '../../functions/reset-worker/core/outcome.ts';
import type { Message, Ports } from '../../functions/reset-worker/core/ports.ts';
import { processBatch } from '../../functions/reset-worker/core/process-batch.ts';
import { type Invocation, processMessage } from '../../functions/reset-worker/core/process-message.ts';
import { aMessage, anEvent, QUEUE_ARNS } from './builders.ts';
import {
  fakeBudget,
  fakeDeadLetters,
  fakeTokens,
  fakeVisibility,
  type Scripted,
  scriptedApi,
  telemetryRecorder,
} from './fakes.ts';
import { memoryLedger } from './ledger/memory-ledger.ts';
import { virtualClock } from './virtual-clock.ts';

/** The function's time-out, as deployed. */
export const INVOCATION_MS = 120_000;

/** The real core among fakes, on a virtual clock. The API answers what it is given, call by call. */
export function aWorker(...answers: Scripted[]) {
  const clock = virtualClock();
  const parts = {
    clock,
    api: scriptedApi(clock, ...answers),
    tokens: fakeTokens(clock),
    ledger: memoryLedger(clock),
    budget: fakeBudget(clock),
    deadLetters: fakeDeadLetters(),
    visibility: fakeVisibility(),
    telemetry: telemetryRecorder(),
  };
  let ids = 0;
  const ports: Ports = {
    ...parts,
    callTimeoutMs: DEFAULT_CALL_TIMEOUT_MS,
    random: () => 0.5,
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
  };
  const invocationFrom = (latestStartMs: number, atWork: number): Invocation => ({
    latestStart: clock.now() + latestStartMs,
    deadline: clock.now() + latestStartMs + 27_500,
    atWork,
  });
  return {
    ...parts,
    ports,
    /** One message's story. By default 90 s are left for calls to start, and another of its batch is at work. */
    deliver(message: Partial<Message> = {}, { latestStartMs = 90_000, atWork = 2 } = {}): Promise<Outcome> {
      return clock.run(processMessage(ports, aMessage(message), invocationFrom(latestStartMs, atWork)));
    },
    deliverBatch(records: SQSRecord[], remainingMs = INVOCATION_MS): Promise<SQSBatchResponse> {
      return clock.run(processBatch(ports, anEvent(...records), laneOf, remainingMs));
    },
  };
}

export function laneOf(queueArn: string): Lane {
  const lane = LANES.find((candidate) => QUEUE_ARNS[candidate] === queueArn);
  if (!lane) throw new Error('The event source is neither lane’s queue.');
  return lane;
}

export const failedIds = (response: SQSBatchResponse): string[] =>
  response.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
