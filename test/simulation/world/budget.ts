import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { CallBudget } from '../../../functions/call-budget/call-budget.ts';
import { dynamoBudgetStore } from '../../../functions/call-budget/dynamo-store.ts';
import { release } from '../../../functions/call-budget/operator.ts';
import { sharedBudget } from '../../../functions/call-budget/shared-budget.ts';
import type { BudgetState, Ceiling } from '../../../functions/call-budget/state.ts';
import type { Clock } from '../../../functions/common/clock.ts';
import type { Telemetry } from '../../../functions/common/telemetry.ts';
import { BUDGET_KEY } from '../../../functions/ledger/items.ts';
import { DEFAULT_CALL_TIMEOUT_MS, leaseMs } from '../../../functions/ledger/lease.ts';
import type { ItemStore } from './aws/item-store.ts';
import type { Table } from './aws/table.ts';

/** What a call budget may be made of, in one sandbox. */
export interface BudgetContext {
  clock: Clock;
  random: () => number;
  newId: () => string;
  telemetry: Telemetry;
  /** The whole quota, as configured. */
  pace: Ceiling & { reserve: number };
  /** Copies of the function that may run at once, both lanes together. */
  copies: number;
  /** The one item that all copies share, as plain data; or through the production adapter, by the table's client. */
  store<T extends object>(): ItemStore<T>;
  client: DynamoDBDocumentClient;
  tableName: string;
}

export interface BudgetFactory {
  name: string;
  /** Whether all copies together keep to the configured quota: then that is one of the promises. */
  isShared: boolean;
  make(context: BudgetContext): CallBudget;
  /** An operator who knows better ends the brake's holds, and switches the brake off until the next success. */
  releaseBrake(table: Table): void;
}

/** The production budget, through its production adapter. */
export const SHARED: BudgetFactory = {
  name: 'shared',
  isShared: true,
  make: ({ pace, clock, random, telemetry, client, tableName }) =>
    sharedBudget({
      store: dynamoBudgetStore(client, tableName),
      ceiling: { perMinute: pace.perMinute, burst: pace.burst },
      reserve: pace.reserve,
      leaseMs: leaseMs(DEFAULT_CALL_TIMEOUT_MS),
      probesByAddress: false,
      clock,
      random,
      telemetry,
    }),
  releaseBrake(table) {
    const item = table.items.get(BUDGET_KEY) as { revision: number; state: BudgetState } | undefined;
    if (!item) return;
    const revision = item.revision + 1;
    const state = { ...release(item.state, 0), revision };
    table.put(BUDGET_KEY, { ...item, revision, writer: 'operator', state });
  },
};

/** By name, for the command line; the first is used where none is named. */
export const BUDGETS: readonly [BudgetFactory, ...BudgetFactory[]] = [SHARED];
