import type { Lane } from '../../../functions/contract/reset-request.ts';
import type { MemberOptions } from '../../sending/shared-members.ts';

export interface EnqueueOptions extends MemberOptions {
  addresses?: readonly string[];
  /** @default interactive */
  lane?: Lane;
  requestId?: string;
  yes?: boolean;
  json?: boolean;
}
