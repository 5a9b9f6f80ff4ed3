import { failureOf, isDenied } from '../../deployment/aws-errors.ts';

/** What a check came to. */
export interface Finding {
  result: 'ok' | 'failed' | 'not checked' | 'warning';
  words: string;
  /** What helps, where the words do not say it. */
  wayOut: string | null;
  /** Of "not checked": whether the deployment can't be called verified without it. */
  matters: boolean;
}

export interface Check extends Finding {
  name: string;
}

export const ok = (words: string): Finding => ({ result: 'ok', words, wayOut: null, matters: false });
export const failed = (words: string, wayOut: string | null): Finding => ({
  result: 'failed',
  words,
  wayOut,
  matters: false,
});
export const warning = (words: string, wayOut: string): Finding => ({
  result: 'warning',
  words,
  wayOut,
  matters: false,
});
export const notChecked = (words: string, wayOut: string | null, { matters } = { matters: true }): Finding => ({
  result: 'not checked',
  words,
  wayOut,
  matters,
});

/**
 * Checks one thing, whose fault is no end of the others.
 * @param matters whether it leaves something open if the caller may not look.
 */
export async function checked(
  name: string,
  work: () => Promise<Finding>,
  { matters } = { matters: true },
): Promise<Check> {
  try {
    return { name, ...(await work()) };
  } catch (error) {
    return { name, ...faultFinding(error, { matters }) };
  }
}

/** A fault of AWS is a failed check; a missing permission says nothing of the thing itself. */
export function faultFinding(error: unknown, { matters } = { matters: true }): Finding {
  const failure = failureOf(error);
  if (failure === undefined) throw error;
  // Its last words are the way out.
  const words = failure.message.replace(/\.$/, '');
  return isDenied(error) ? notChecked(words, null, { matters }) : failed(words, null);
}
