import type { Scope } from '../../../functions/call-budget/holds.ts';
import { LANES } from '../../../functions/contract/reset-request.ts';
import type { StandingHold } from '../../queries/standing-holds.ts';

export type { Scope };

/** What can be paused. */
export const SCOPES: readonly Scope[] = [...LANES, 'all'];

/** Whether a hold keeps any message of the scope from being called. */
export const concerns = (hold: StandingHold, scope: Scope): boolean =>
  scope === 'all' || hold.scope === 'all' || hold.scope === scope;

/** The pause that the same word made. */
export const pauseOf = (holds: readonly StandingHold[], scope: Scope): StandingHold | undefined =>
  holds.find((hold) => hold.why === 'operator' && hold.scope === scope);
