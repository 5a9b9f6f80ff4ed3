import type { Lane } from '../../../functions/contract/reset-request.ts';
import type { MemberOptions } from '../../sending/shared-members.ts';

export interface EnqueueOptions extends MemberOptions {
  addresses?: readonly string[];
  file?: string;
  /** Default: `interactive` for addresses, `bulk` for a file. */
  lane?: Lane;
  requestId?: string;
  skipInvalid?: boolean;
  /** Prefix of a file's request ids: `RUN:LINE`. The same run and line are the same request, however often they are sent. */
  run?: string;
  fromLine?: number;
  yes?: boolean;
  json?: boolean;
}
