import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { LEDGER } from '../../contract/ledger-table.ts';
import {
  ACTION_LIST,
  type ActionDetails,
  type ActionItem,
  type ActionState,
  actionKey,
  stateReasonTime,
} from '../items.ts';
import { reached, type TableOptions } from './table.ts';

/** An action that begins. */
export interface NewAction {
  actionId: string;
  command: string;
  who: string;
  details: ActionDetails;
  planned: number;
}

/** What operators' commands write of themselves. @throws LedgerUnreachable (each): it is written or not. */
export interface ActionLog {
  begin(action: NewAction): Promise<void>;
  /** @returns whether somebody wants it stopped. */
  beat(actionId: string, done: number): Promise<boolean>;
  /** @param details take the place of those it began with. */
  end(actionId: string, state: Exclude<ActionState, 'running'>, done: number, details?: ActionDetails): Promise<void>;
  /** Asks whoever carries it out to stop. @returns whether it still runs; if not, nothing is asked. */
  askToStop(actionId: string, who: string): Promise<boolean>;
}

export function actionLog({ client, tableName, now }: TableOptions): ActionLog {
  /** Consistently: whose write it was that an SDK retry has met. */
  const get = async (actionId: string): Promise<ActionItem | undefined> => {
    const Key = { [LEDGER.partitionKey]: actionKey(actionId) };
    const found = await client.send(new GetCommand({ TableName: tableName, Key, ConsistentRead: true }));
    return found.Item as ActionItem | undefined;
  };

  /** Never over another action, which is kept without an end. */
  const put = async (item: ActionItem): Promise<void> => {
    const ConditionExpression = `attribute_not_exists(${LEDGER.partitionKey})`;
    try {
      await client.send(new PutCommand({ TableName: tableName, Item: item, ConditionExpression }));
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const found = await get(item.actionId);
      if (found?.startedAt !== item.startedAt || found.who !== item.who) throw error;
    }
  };

  const update = async (actionId: string, values: Partial<ActionItem>): Promise<ActionItem | undefined> => {
    const names = Object.keys(values);
    try {
      const written = await client.send(
        new UpdateCommand({
          TableName: tableName,
          Key: { [LEDGER.partitionKey]: actionKey(actionId) },
          UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
          ConditionExpression: '#state = :running',
          ExpressionAttributeNames: Object.fromEntries([...names, 'state'].map((name) => [`#${name}`, name])),
          ExpressionAttributeValues: {
            ':running': 'running',
            ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value])),
          },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return written.Attributes as ActionItem;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  };

  return {
    async begin(action) {
      const at = now();
      const item: ActionItem = {
        pk: actionKey(action.actionId),
        campaign: ACTION_LIST,
        stateReasonTime: stateReasonTime('begun', at),
        ...action,
        done: 0,
        state: 'running',
        startedAt: at,
        heardAt: at,
      };
      await reached(put(item));
    },
    async beat(actionId, done) {
      const item = await reached(update(actionId, { done, heardAt: now() }));
      return item?.abortAt !== undefined;
    },
    async end(actionId, state, done, details) {
      const told = details === undefined ? {} : { details };
      await reached(update(actionId, { done, state, heardAt: now(), finishedAt: now(), ...told }));
    },
    async askToStop(actionId, who) {
      const abortAt = now();
      if ((await reached(update(actionId, { abortAt, abortBy: who }))) !== undefined) return true;
      const item = await reached(get(actionId));
      return item?.abortAt === abortAt && item.abortBy === who;
    },
  };
}
