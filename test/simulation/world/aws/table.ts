import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { LEDGER } from '../../../../functions/contract/ledger-table.ts';
import type { Chance } from '../../engine/chance.ts';
import type { Engine } from '../../engine/engine.ts';
import { changeOf, conditionOf, type Item } from './expressions.ts';
import type { Sandbox } from './sandbox.ts';
import type { Service } from './service.ts';

export const TABLE_NAME = 'ledger';

/** Sees each write as it is made. The items are the table's own: not to be changed, nor kept. */
export type OnWrite = (key: string, before: Item | undefined, after: Item, sandbox: Sandbox | undefined) => void;

const CONDITION_FAILED = new ConditionalCheckFailedException({
  message: 'The conditional request failed',
  $metadata: {},
});

export interface TableParts {
  engine: Engine;
  chance: Chance;
  service: Service;
  onWrite: OnWrite;
  lagMs: number;
}

/** A DynamoDB table: what the production ledger sends it is carried out, so that the conditions under test are the production ones. */
export class Table {
  /** Read and write request units, of the table and its index. Every item here is below a kilobyte. */
  readonly units = { reads: 0, writes: 0 };
  readonly items = new Map<string, Item>();
  readonly #parts: TableParts;
  /** What items were before, the oldest first, for as long as a replica may still give it; empty where none lags. */
  readonly #past = new Map<string, { item: Item | undefined; until: number }[]>();

  constructor(parts: TableParts) {
    this.#parts = parts;
  }

  /** The document client as the code in a sandbox holds it. */
  clientOf(sandbox: Sandbox): DynamoDBDocumentClient {
    const send = (command: unknown): Promise<unknown> =>
      this.#parts.service.call(sandbox, () => this.#carryOut(command, sandbox));
    return { send } as unknown as DynamoDBDocumentClient;
  }

  /** The document client as an operator holds it: never out of reach, and always at once. */
  operatorClient(): DynamoDBDocumentClient {
    const send = async (command: unknown): Promise<unknown> => this.#carryOut(command, undefined);
    return { send } as unknown as DynamoDBDocumentClient;
  }

  /** A write from outside the worker, such as an operator's. */
  put(key: string, item: Item): void {
    this.#write(key, this.items.get(key), item, undefined);
  }

  #carryOut(command: unknown, sandbox: Sandbox | undefined): unknown {
    if (command instanceof GetCommand) {
      const { Key, ConsistentRead } = command.input;
      this.units.reads += ConsistentRead ? 1 : 0.5;
      const key = String(Key?.[LEDGER.partitionKey]);
      const item = ConsistentRead ? this.items.get(key) : this.#atReplica(key);
      return item === undefined ? {} : { Item: { ...item } };
    }
    if (command instanceof BatchGetCommand) return this.#batchGet(command, sandbox);
    if (command instanceof UpdateCommand) return this.#update(command, sandbox);
    if (command instanceof PutCommand) {
      const { Item: item, ...condition } = command.input;
      const key = String(item?.[LEDGER.partitionKey]);
      this.#check(condition, this.items.get(key));
      this.#write(key, this.items.get(key), { ...item }, sandbox);
      return {};
    }
    throw new Error(`The simulated table does not know ${String((command as object).constructor.name)}.`);
  }

  /** Consistently; in time of trouble it leaves keys out now and then. */
  #batchGet({ input }: BatchGetCommand, sandbox: Sandbox | undefined): unknown {
    const [[table, { Keys = [] }] = ['', {}]] = Object.entries(input.RequestItems ?? {});
    const isLeftOut = Keys.map(() => this.#parts.service.throttles());
    const left = Keys.filter((_, index) => isLeftOut[index]);
    if (left.length > 0 && sandbox) sandbox.troubles += 1;
    const read = Keys.filter((_, index) => !isLeftOut[index]);
    this.units.reads += read.length;
    const found = read
      .map((key) => this.items.get(String(key[LEDGER.partitionKey])))
      .filter((item) => item !== undefined);
    return {
      Responses: { [table]: found.map((item) => ({ ...item })) },
      UnprocessedKeys: left.length > 0 ? { [table]: { Keys: left } } : {},
    };
  }

  #update({ input }: UpdateCommand, sandbox: Sandbox | undefined): unknown {
    const key = String(input.Key?.[LEDGER.partitionKey]);
    const before = this.items.get(key);
    this.#check(input, before);
    const after: Item = before === undefined ? { [LEDGER.partitionKey]: key } : { ...before };
    changeOf(input.UpdateExpression ?? '')(
      after,
      input.ExpressionAttributeNames ?? {},
      input.ExpressionAttributeValues ?? {},
    );
    this.#write(key, before, after, sandbox);
    return { Attributes: { ...after } };
  }

  #check(
    input: Pick<
      UpdateCommand['input'],
      'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
    >,
    item: Item | undefined,
  ): void {
    if (input.ConditionExpression === undefined) return;
    const holds = conditionOf(input.ConditionExpression);
    if (holds(item ?? {}, input.ExpressionAttributeNames ?? {}, input.ExpressionAttributeValues ?? {})) return;
    // A failed condition is priced as a write.
    this.units.writes += 1;
    throw CONDITION_FAILED;
  }

  #write(key: string, before: Item | undefined, after: Item, sandbox: Sandbox | undefined): void {
    this.units.writes += 1 + indexWrites(before, after);
    this.#remember(key, before);
    this.items.set(key, after);
    this.#parts.onWrite(key, before, after, sandbox);
  }

  #remember(key: string, item: Item | undefined): void {
    const { engine, lagMs } = this.#parts;
    if (lagMs === 0) return;
    const kept = (this.#past.get(key) ?? []).filter(({ until }) => until > engine.now - lagMs);
    this.#past.set(key, [...kept, { item, until: engine.now }]);
  }

  /** The item as it was at some moment up to `lagMs` ago: replicas hear of writes a little later. */
  #atReplica(key: string): Item | undefined {
    const { engine, chance, lagMs } = this.#parts;
    if (lagMs === 0) return this.items.get(key);
    const at = engine.now - chance.between(0, lagMs);
    const then = this.#past.get(key)?.find(({ until }) => until > at);
    return then ? then.item : this.items.get(key);
  }
}

/** The index holds the whole item: each write is one there, and one more where the index's own key changes. */
function indexWrites(before: Item | undefined, after: Item): number {
  if (after[LEDGER.campaignKey] === undefined) return 0;
  if (before?.[LEDGER.campaignKey] === undefined) return 1;
  const isMoved =
    before[LEDGER.campaignKey] !== after[LEDGER.campaignKey] ||
    before[LEDGER.stateReasonTimeKey] !== after[LEDGER.stateReasonTimeKey];
  return isMoved ? 2 : 1;
}
