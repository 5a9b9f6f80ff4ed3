import { parseResetRequest, type ResetRequest } from '../../functions/contract/reset-request.ts';
import { CommandFailed } from '../terminal/io.ts';

/** The members that all messages of one command share. */
export type SharedMembers = Omit<ResetRequest, 'email' | 'requestId'>;

export function requestBody(email: string, requestId: string, shared: SharedMembers): string {
  const body = JSON.stringify({ email, requestId, ...shared });
  // What the worker would refuse must never be sent, whatever the checks before have let through.
  const parsed = parseResetRequest(body);
  if (!parsed.ok) throw new CommandFailed(`A request cannot be sent: ${parsed.problem}.`);
  return body;
}
