import type { ActionItem } from '../../../functions/ledger/items.ts';
import type { Connection, Context } from '../../deployment/connect.ts';
import { CommandFailed, wrongUsage } from '../../terminal/io.ts';
import { problemOf } from '../../validation.ts';

/** Refuses what can be no action's id, before anything is asked. Action ids have the alphabet of request ids. */
export function checkActionId(id: string): void {
  const problem = problemOf('requestId', id);
  if (problem !== undefined) throw wrongUsage(`The action id ${problem}.`);
}

/** @throws CommandFailed if there is none. */
export async function findAction(
  { command }: Pick<Context, 'command'>,
  { ledger }: Pick<Connection, 'ledger'>,
  id: string,
): Promise<ActionItem> {
  const item = await ledger.findAction(id);
  if (item !== undefined) return item;
  throw new CommandFailed(`The ledger knows no action ${id}. Those it knows: ${command('actions')}`);
}
