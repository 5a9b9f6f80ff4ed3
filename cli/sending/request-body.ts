import { parseResetRequest, type ResetRequest } from '../../functions/contract/reset-request.ts';
import { CommandFailed } from '../terminal/io.ts';

/** The members that all messages of one command share. */
export type SharedMembers = Omit<ResetRequest, 'email' | 'requestId'>;

/** The body of a message, as the worker reads it. */
export const requestBody = (email: string, requestId: string, shared: SharedMembers): string =>
  JSON.stringify({ email, requestId, ...shared });

/** The same, once it is made sure that the worker does not refuse it, whatever the checks before have let through. @throws CommandFailed */
export function checkedBody(email: string, requestId: string, shared: SharedMembers): string {
  const body = requestBody(email, requestId, shared);
  const parsed = parseResetRequest(body);
  if (!parsed.ok) throw new CommandFailed(`A request cannot be sent: ${parsed.problem}.`);
  return body;
}
