import { safeParse } from 'zod/mini';
import { resetRequestSchema } from '../functions/contract/reset-request.ts';

type Member = keyof typeof resetRequestSchema.shape;

/** The contract's rule that a value breaks, as the end of a sentence that names the value; it never quotes it. */
export function problemOf(member: Member, value: unknown): string | undefined {
  const parsed = safeParse(resetRequestSchema.shape[member], value);
  return parsed.success ? undefined : parsed.error.issues.map(({ message }) => message).join('; ');
}

export const addressProblem = (email: string): string | undefined => problemOf('email', email);

/** Whether a text that is kept may name a person by an address, also as a link or a form would write it. */
export const mayHoldAddress = (text: string): boolean => /[^\s](@|\uff20|%40)[^\s]/i.test(text);

/** What is wrong with an operator's reason, as the end of a sentence. It is kept, so that it must name nobody by address. */
export const reasonProblem = (reason: string): string | undefined =>
  reason.trim() === ''
    ? 'is empty'
    : mayHoldAddress(reason)
      ? 'seems to hold an address, and it is kept; leave the address out'
      : problemOf('reason', reason);
