import type { ActionItem } from '../../../functions/ledger/items.ts';
import { isSilent } from '../../queries/actions.ts';
import { number } from '../../terminal/text.ts';

/** "1,230 of 10,000". What was done between the last beat and the end of one that fell silent is not known. */
export const progressOf = (item: ActionItem, now: number): string =>
  `${isSilent(item, now) ? 'at least ' : ''}${number(item.done)} of ${number(item.planned)}`;
