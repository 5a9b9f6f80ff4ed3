import type { CallBudget } from '../../../functions/call-budget/call-budget.ts';
import { dynamoBudgetStore } from '../../../functions/call-budget/dynamo-store.ts';
import { sharedBudget } from '../../../functions/call-budget/shared-budget.ts';
import { checkBudgetItem } from '../../../functions/call-budget/stored-state.ts';
import type { Telemetry } from '../../../functions/common/telemetry.ts';
import { campaignLedger } from '../../../functions/ledger/dynamo/campaigns.ts';
import { requestLedger } from '../../../functions/ledger/dynamo/requests.ts';
import { DEFAULT_CALL_TIMEOUT_MS, leaseMs } from '../../../functions/ledger/lease.ts';
import { secretApiTokens } from '../../../functions/reset-worker/adapters/api-token.ts';
import type { Ports } from '../../../functions/reset-worker/core/ports.ts';
import type { Chance } from '../engine/chance.ts';
import type { Measures } from '../engine/measures.ts';
import type { ResetApiWorld } from './api.ts';
import type { DeadLetterQueue } from './aws/dead-letter-queue.ts';
import { deliveryOf } from './aws/lambda.ts';
import type { Queue } from './aws/queue.ts';
import type { Sandbox } from './aws/sandbox.ts';
import type { Secret } from './aws/secret.ts';
import type { Service } from './aws/service.ts';
import { TABLE_NAME, type Table } from './aws/table.ts';
import type { Observer } from './observer.ts';
import type { Options } from './options.ts';
import { PROBE_ADDRESS, type Requests } from './requests.ts';

export interface WorkerParts {
  options: Options;
  chance: Chance;
  requests: Requests;
  queues: Record<'interactive' | 'bulk', Queue>;
  deadLetters: DeadLetterQueue;
  sqs: Service;
  table: Table;
  secret: Secret;
  api: ResetApiWorld;
  observer: Observer;
  measures: Measures;
}

const RETENTION_DAYS = 90;

/** All that the handler would wire, in one sandbox: the production ledger and token reader on simulated services, the rest simulated whole. */
export function portsOf(parts: WorkerParts, sandbox: Sandbox): Ports {
  const { options, chance, queues, deadLetters, sqs, observer, requests } = parts;
  const { clock } = sandbox;
  const telemetry = telemetryOf(parts, sandbox);
  const table = { client: parts.table.clientOf(sandbox), tableName: TABLE_NAME, now: () => clock.now() };
  const newId = (): string => chance.next().toString(36).slice(2, 12);
  const random = () => chance.next();
  const { reserve, ...ceiling } = options.budget;
  const probesByAddress = options.worker.probeAddress ?? false;
  const budget = sharedBudget({
    // What the worker writes must never seem damaged to an operator's command.
    store: dynamoBudgetStore(table.client, TABLE_NAME, checkBudgetItem),
    ceiling,
    reserve,
    leaseMs: leaseMs(DEFAULT_CALL_TIMEOUT_MS),
    probesByAddress,
    clock,
    random,
    telemetry,
  });
  return {
    callTimeoutMs: DEFAULT_CALL_TIMEOUT_MS,
    ...(probesByAddress ? { probeAddress: PROBE_ADDRESS } : {}),
    clock,
    random,
    newId,
    telemetry,
    ledger: { ...requestLedger({ ...table, retentionDays: RETENTION_DAYS }), ...campaignLedger(table) },
    tokens: secretApiTokens(parts.secret.clientOf(sandbox), 'secret', table.now, telemetry),
    budget: watchedBudget(parts, budget, sandbox),
    api: {
      reset(email, token) {
        // Nobody's request: a call like any other, of which nothing is promised.
        if (email === PROBE_ADDRESS) return new Promise((resolve) => parts.api.call(sandbox, email, token, resolve));
        const request = requests.ofEmail(email);
        observer.callStarts(request, sandbox);
        return new Promise((resolve) => {
          parts.api.call(sandbox, email, token, (answer, judgement) => {
            observer.callAnswered(request, answer, judgement, sandbox);
            resolve(answer);
          });
        });
      },
    },
    deadLetters: {
      send(letter) {
        const request = requests.ofKey(letter.requestId) ?? -1;
        return sqs.call(sandbox, () => {
          const { requestId, failureId, reason, lane } = letter;
          const stored = { request, lane, requestId, failureId, reason };
          deadLetters.add(stored);
          observer.letterSent(stored);
        });
      },
    },
    visibility: {
      hide(message, seconds) {
        return sqs.call(sandbox, () => {
          observer.hidden(message.id, seconds);
          queues[message.lane].changeVisibility(deliveryOf(message.receiptHandle), seconds * 1000);
        });
      },
    },
  };
}

function telemetryOf({ measures, observer }: WorkerParts, sandbox: Sandbox): Telemetry {
  return {
    event(code, fields) {
      measures.event(code);
      // Which hold it is stands in the event's name: OUTAGE_HELD.
      if (code.endsWith('_HELD') && fields.delayMs !== undefined) {
        measures.held(code.slice(0, -'_HELD'.length).toLowerCase(), sandbox.clock.now() + fields.delayMs);
      }
      observer.logged(code, fields, sandbox);
    },
    measure: () => undefined,
  };
}

/** The budget under test, with what it grants and holds noted. */
function watchedBudget({ observer, measures }: WorkerParts, budget: CallBudget, sandbox: Sandbox): CallBudget {
  return {
    async turn(lane, key, latest, history) {
      const turn = await budget.turn(lane, key, latest, history);
      if (turn.kind === 'granted') observer.granted(sandbox);
      else if (turn.why !== 'pace') measures.held(turn.why, turn.retryAt);
      return turn;
    },
    async report(ticket, report) {
      const ruling = await budget.report(ticket, report);
      if (ruling.fault === 'ours') measures.held(report.kind, ruling.until);
      return ruling;
    },
    heldBy: (lane, since) => budget.heldBy(lane, since),
  };
}
