import { safeParse } from 'zod/mini';
import { resetRequestSchema } from '../functions/contract/reset-request.ts';

type Member = keyof typeof resetRequestSchema.shape;

/** The contract's rule that a value breaks, as the end of a sentence that names the value; it never quotes it. */
export function problemOf(member: Member, value: unknown): string | undefined {
  const parsed = safeParse(resetRequestSchema.shape[member], value);
  return parsed.success ? undefined : parsed.error.issues.map(({ message }) => message).join('; ');
}

export const addressProblem = (email: string): string | undefined => problemOf('email', email);
