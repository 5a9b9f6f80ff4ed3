import type { Ceiling } from '../../../functions/call-budget/state.ts';
import { counted } from '../../terminal/text.ts';

/** "60 calls a minute, burst 10". */
export const ceilingWords = ({ perMinute, burst }: Pick<Ceiling, 'perMinute' | 'burst'>): string =>
  `${counted(perMinute, 'call')} a minute, burst ${burst}`;
