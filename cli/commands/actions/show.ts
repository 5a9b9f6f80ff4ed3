import type { ActionItem } from '../../../functions/ledger/items.ts';
import type { Context } from '../../deployment/connect.ts';
import { actionJson, actionState } from '../../queries/actions.ts';
import { EXIT, type ExitCode, print } from '../../terminal/io.ts';
import { ago, listing, painter, plain, printJson, time } from '../../terminal/text.ts';
import { checkActionId, findAction } from './find-action.ts';
import { progressOf } from './progress-of.ts';

export interface ShowOptions {
  json?: boolean;
}

/** Shows one action: who, what, when, and how far it came. */
export async function showAction(context: Context, id: string, { json }: ShowOptions): Promise<ExitCode> {
  checkActionId(id);
  const connection = await context.connect();
  const item = await findAction(context, connection, id);
  const now = connection.now();
  if (json) {
    await printJson(context, actionJson(item, now));
    return EXIT.done;
  }
  const paint = painter(context.stdout, context.env);
  const state = actionState(item, now);
  await print(context.stdout, `${paint('bold', id)}  ${plain(item.command)}: ${state}, ${progressOf(item, now)} done.`);
  for (const line of listing(rowsOf(item, now))) await print(context.stdout, line);
  if (item.state === 'running') await print(context.stderr, `Stop it with: ${context.command(`actions abort ${id}`)}`);
  return EXIT.done;
}

function rowsOf(item: ActionItem, now: number): [string, string][] {
  const at = (epochMs: number | undefined): string | undefined =>
    epochMs === undefined ? undefined : `${time(epochMs)} (${ago(epochMs, now)})`;
  const rows: [string, string | undefined][] = [
    ['who', item.who],
    ['begun', at(item.startedAt)],
    ['heard of last', at(item.heardAt)],
    ['ended', at(item.finishedAt)],
    ['abort asked for', at(item.abortAt)],
    ['by', item.abortBy],
    ...Object.entries(item.details).map(([name, value]): [string, string] => [
      plain(name),
      Array.isArray(value) ? value.join(', ') : String(value),
    ]),
  ];
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [[name, plain(value)]]));
}
