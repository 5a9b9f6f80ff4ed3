import type { ActionItem, ActionState } from '../../functions/ledger/items.ts';
import { rfc3339 } from './rfc3339.ts';

/** Whoever carries out an action writes every few seconds: after so long a silence nobody carries it out any more. */
const SILENT_MS = 60_000;

/** Whether an action ended, or its machine did, without a word of how far it came. */
export const isSilent = ({ state, heardAt }: ActionItem, now: number): boolean =>
  state === 'running' && now - heardAt > SILENT_MS;

/** How an action stands at a time of AWS's clock: one that runs and has fallen silent was interrupted, and could not say so. */
export const actionState = (item: ActionItem, now: number): ActionState =>
  isSilent(item, now) ? 'interrupted' : item.state;

/** "Operator/sam" of "arn:aws:sts::123456789012:assumed-role/Operator/sam": all are of one account. `actions show` tells the whole ARN. */
export const nameOf = ({ who }: Pick<ActionItem, 'who'>): string => who.slice(who.indexOf('/') + 1);

/** An action as `--json` prints it. Every member is always there; times are RFC 3339 in UTC. */
export const actionJson = (item: ActionItem, now: number) => ({
  actionId: item.actionId,
  command: item.command,
  who: item.who,
  details: item.details,
  planned: item.planned,
  done: item.done,
  state: actionState(item, now),
  startedAt: rfc3339(item.startedAt),
  finishedAt: rfc3339(item.finishedAt),
  abortBy: item.abortBy ?? null,
});
