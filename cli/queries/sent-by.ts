import { LANES, type Lane } from '../../functions/contract/reset-request.ts';
import type { LedgerReader } from '../../functions/ledger/dynamo/reader.ts';
import type { ActionState } from '../../functions/ledger/items.ts';
import { actionState } from './actions.ts';

/** An operator's command that sent a request. */
export interface Sent {
  actionId: string;
  who: string;
  at: number;
  /** Undefined where the action does not tell it. */
  lane: Lane | undefined;
  /** One that is not done may have sent it or not. */
  state: ActionState;
}

/** So many of the newest actions are looked at: they are read one after another. */
const ACTIONS_LOOKED_AT = 200;
/** The queues keep no message for longer: what was sent before and is not in the ledger has ended. */
const QUEUED_AT_MOST_MS = 14 * 24 * 60 * 60_000;

/** @returns undefined if none of the newest actions sent it: another system may have, or nobody. */
export async function sentBy(
  ledger: Pick<LedgerReader, 'actions'>,
  requestId: string,
  now: number,
): Promise<Sent | undefined> {
  let lookedAt = 0;
  for await (const action of ledger.actions()) {
    const { actionId, who, startedAt: at, details } = action;
    if (now - at > QUEUED_AT_MOST_MS) return undefined;
    if (Array.isArray(details.requestIds) && details.requestIds.includes(requestId)) {
      const lane = LANES.find((one) => one === details.lane);
      return { actionId, who, at, lane, state: actionState(action, now) };
    }
    lookedAt += 1;
    if (lookedAt === ACTIONS_LOOKED_AT) return undefined;
  }
  return undefined;
}
