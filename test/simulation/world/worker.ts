import type { CallBudget } from '../../../functions/call-budget/call-budget.ts';
import type { Telemetry } from '../../../functions/common/telemetry.ts';
import { campaignLedger } from '../../../functions/ledger/dynamo/campaigns.ts';
import { requestLedger } from '../../../functions/ledger/dynamo/requests.ts';
import { DEFAULT_CALL_TIMEOUT_MS } from '../../../functions/ledger/lease.ts';
import { secretApiTokens } from '../../../functions/reset-worker/adapters/api-token.ts';
import type { Ports } from '../../../functions/reset-worker/core/ports.ts';
import type { Promises } from '../checks/promises.ts';
import type { Chance } from '../engine/chance.ts';
import type { Measures } from '../report/measures.ts';
import type { Options } from '../scenarios/options.ts';
import type { ResetApiWorld } from './api.ts';
import type { DeadLetterQueue } from './aws/dead-letter-queue.ts';
import type { SharedItem } from './aws/item-store.ts';
import { deliveryOf } from './aws/lambda.ts';
import type { Queue } from './aws/queue.ts';
import type { Sandbox } from './aws/sandbox.ts';
import type { Secret } from './aws/secret.ts';
import type { Service } from './aws/service.ts';
import type { Table } from './aws/table.ts';
import type { Requests } from './requests.ts';

export interface WorkerParts {
  options: Options;
  chance: Chance;
  requests: Requests;
  queues: Record<'interactive' | 'bulk', Queue>;
  deadLetters: DeadLetterQueue;
  sqs: Service;
  table: Table;
  sharedItem: SharedItem;
  secret: Secret;
  api: ResetApiWorld;
  promises: Promises;
  measures: Measures;
}

const TABLE_NAME = 'ledger';
const RETENTION_DAYS = 90;

/** All that the handler would wire, in one sandbox: the production ledger and token reader on simulated services, the rest simulated whole. */
export function portsOf(parts: WorkerParts, sandbox: Sandbox): Ports {
  const { options, chance, queues, deadLetters, sqs, promises, requests } = parts;
  const { clock } = sandbox;
  const telemetry = telemetryOf(parts, sandbox);
  const client = parts.table.clientOf(sandbox);
  const table = { client, tableName: TABLE_NAME, now: () => clock.now() };
  const newId = (): string => chance.next().toString(36).slice(2, 12);
  const random = () => chance.next();
  const { factory, perMinute, burst, reserve } = options.budget;
  const budget = factory.make({
    clock,
    random,
    newId,
    telemetry,
    pace: { perMinute, burst, reserve },
    copies: options.worker.copies * 2,
    store: () => parts.sharedItem.storeOf(sandbox),
    client,
    tableName: TABLE_NAME,
  });
  return {
    callTimeoutMs: DEFAULT_CALL_TIMEOUT_MS,
    clock,
    random,
    newId,
    telemetry,
    ledger: { ...requestLedger({ ...table, retentionDays: RETENTION_DAYS }), ...campaignLedger(table) },
    tokens: secretApiTokens(parts.secret.clientOf(sandbox), 'secret', table.now),
    budget: watchedBudget(parts, budget, sandbox),
    api: {
      reset(email, token) {
        const request = requests.ofEmail(email);
        promises.callStarts(request, sandbox);
        return new Promise((resolve) => {
          parts.api.call(sandbox, email, token, (answer, judgement) => {
            promises.callAnswered(request, answer, judgement, sandbox);
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
          promises.letterSent(stored);
        });
      },
    },
    visibility: {
      hide(message, seconds) {
        return sqs.call(sandbox, () => {
          promises.hidden(message.id, seconds);
          queues[message.lane].changeVisibility(deliveryOf(message.receiptHandle), seconds * 1000);
        });
      },
    },
  };
}

function telemetryOf({ measures, promises }: WorkerParts, sandbox: Sandbox): Telemetry {
  return {
    event(code, fields) {
      measures.event(code);
      // Which hold it is stands in the event's name: OUTAGE_HELD.
      if (code.endsWith('_HELD') && fields.delayMs !== undefined) {
        measures.held(code.slice(0, -'_HELD'.length).toLowerCase(), sandbox.clock.now() + fields.delayMs);
      }
      promises.logged(code, fields, sandbox);
    },
    measure: () => undefined,
  };
}

/** The budget under test, with what it grants and holds noted. */
function watchedBudget({ promises, measures }: WorkerParts, budget: CallBudget, sandbox: Sandbox): CallBudget {
  return {
    async turn(lane, key, latest, history) {
      const turn = await budget.turn(lane, key, latest, history);
      if (turn.kind === 'granted') promises.granted(sandbox);
      else if (turn.why !== 'pace') measures.held(turn.why, turn.retryAt);
      return turn;
    },
    async report(ticket, report) {
      const ruling = await budget.report(ticket, report);
      if (ruling.fault === 'ours') measures.held(report.kind, ruling.until);
      return ruling;
    },
  };
}
