import type { ActionItem } from '../../../functions/ledger/items.ts';
import { number } from '../../terminal/text.ts';

/** "1,230 of 10,000". */
export const progressOf = ({ done, planned }: ActionItem): string => `${number(done)} of ${number(planned)}`;
