import { randomUUID } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { reached } from '../ledger/dynamo/table.ts';
import { BUDGET_KEY } from '../ledger/items.ts';
import { LedgerUnreachable } from '../ledger/ledger.ts';
import type { BudgetStore } from './shared-item.ts';
import type { BudgetState } from './state.ts';

export interface BudgetItem {
  pk: typeof BUDGET_KEY;
  revision: number;
  /** Who wrote this revision: an SDK retry may meet its own write. */
  writer: string;
  state: BudgetState;
}

/**
 * The call budget in the ledger's table, in one item without an end.
 * @param check is shown each item that is read; what it throws ends the reading. @default all are taken as they are
 */
export function dynamoBudgetStore(
  client: DynamoDBDocumentClient,
  tableName: string,
  check: (item: BudgetItem) => void = () => {},
): BudgetStore {
  const get = async (): Promise<BudgetItem | undefined> => {
    const found = await reached(
      client.send(
        new GetCommand({
          TableName: tableName,
          Key: { pk: BUDGET_KEY },
          ConsistentRead: true,
        }),
      ),
    );
    const item = found.Item as BudgetItem | undefined;
    if (item !== undefined) check(item);
    return item;
  };
  return {
    read: async () => (await get())?.state,
    async write(next) {
      const writer = randomUUID();
      const item: BudgetItem = {
        pk: BUDGET_KEY,
        revision: next.revision,
        writer,
        state: next,
      };
      try {
        await client.send(
          new PutCommand({
            TableName: tableName,
            Item: item,
            ConditionExpression: next.revision === 1 ? 'attribute_not_exists(pk)' : '#revision = :seen',
            ...(next.revision === 1
              ? {}
              : {
                  ExpressionAttributeNames: { '#revision': 'revision' },
                  ExpressionAttributeValues: { ':seen': next.revision - 1 },
                }),
          }),
        );
        return { kind: 'written' };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw new LedgerUnreachable(error);
        const current = await get();
        return current?.writer === writer ? { kind: 'written' } : { kind: 'conflict', current: current?.state };
      }
    },
  };
}
