import type { ActionItem } from '../../../functions/ledger/items.ts';
import type { Context } from '../../deployment/connect.ts';
import { actionJson, actionState, nameOf } from '../../queries/actions.ts';
import { firstOf } from '../../queries/first-of.ts';
import { EXIT, type ExitCode, print } from '../../terminal/io.ts';
import { printTable } from '../../terminal/print-table.ts';
import { counted, number, plain, printJson, time } from '../../terminal/text.ts';
import { progressOf } from './progress-of.ts';

export interface ListOptions {
  /** At most this many; `Infinity` lists all. */
  limit?: number;
  json?: boolean;
}

export const DEFAULT_LIMIT = 20;

/** Lists what operators have done, newest first. */
export async function listActions(context: Context, { limit = DEFAULT_LIMIT, json }: ListOptions): Promise<ExitCode> {
  const { ledger, now } = await context.connect();
  const { items, hasMore } = await firstOf(ledger.actions(), limit);
  const at = now();
  if (json) {
    await printJson(context, { actions: items.map((item) => actionJson(item, at)), hasMore });
    return EXIT.done;
  }
  await printTable(
    context,
    items.map((item) => cellsOf(item, at)),
  );
  await print(
    context.stderr,
    hasMore
      ? `The newest ${number(items.length)} actions; --limit all lists them all.`
      : items.length === 0
        ? 'No action is known.'
        : `${counted(items.length, 'action')}.`,
  );
  return EXIT.done;
}

const cellsOf = (item: ActionItem, now: number) => ({
  begun: time(item.startedAt),
  'action id': plain(item.actionId),
  state: actionState(item, now),
  done: progressOf(item, now),
  who: plain(nameOf(item)),
  command: plain(item.command),
});
