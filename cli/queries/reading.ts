import { failureOf } from '../deployment/aws-errors.ts';

/** What was read of one source, or one line that says why it could not be. */
export type Reading<T> = { ok: true; value: T } | { ok: false; why: string };

/** Settles on its own, so that one source that fails costs nobody the others. A bug of ours is thrown. */
export async function readingOf<T>(answer: Promise<T>): Promise<Reading<T>> {
  try {
    return { ok: true, value: await answer };
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    return { ok: false, why: failure.message };
  }
}

/** Undefined where it could not be read. */
export const known = <T>(reading: Reading<T>): T | undefined => (reading.ok ? reading.value : undefined);
