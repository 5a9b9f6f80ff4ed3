import * as z from 'zod';
import type { Quota } from './token-bucket.ts';

const OUTAGE_WORDS = ['hang', 'cut', 'refuse'] as const;
const RETRY_AFTER_FORMS = ['none', 'seconds', 'date', 'nonsense'] as const;

/**
 * What everybody meets: a status, no answer at all, a connection that breaks after the request was read, or no connection.
 * No outage resets a password.
 */
export type Outage = number | (typeof OUTAGE_WORDS)[number];

/** What can be changed while the simulator runs. */
export interface SimulatorSettings {
  /** Tokens that are accepted. */
  tokens: string[];
  /** All tokens have expired: 401 for every call. */
  expired: boolean;
  /**
   * Met by every call that is allowed at all; null or undefined: none. 503 and the like for an outage, 403 for a token's owner without the
   * permission. `refuse` closes the port: whoever means to open it again should have chosen one that the system gives to nobody else.
   */
  outage?: Outage | null | undefined;
  /** Null or undefined: no quota. */
  quota?: Quota | null | undefined;
  /** What a 429 of the quota says of the time to wait. */
  retryAfter: (typeof RETRY_AFTER_FORMS)[number];
  latencyMs: number;
  /** Added at random, at most. */
  latencyJitterMs: number;
  /** How long a `slow` body takes. */
  slowBodyMs: number;
}

export const DEFAULT_SETTINGS: SimulatorSettings = {
  tokens: [],
  expired: false,
  retryAfter: 'seconds',
  latencyMs: 0,
  latencyJitterMs: 0,
  slowBodyMs: 2000,
};

const milliseconds = z.number().nonnegative();
const CHANGES = z
  .strictObject({
    tokens: z.array(z.string()),
    expired: z.boolean(),
    outage: z
      .union([z.int().min(200).max(599), z.enum(OUTAGE_WORDS)], `a status, or ${OUTAGE_WORDS.join(', ')}`)
      .nullable(),
    quota: z.strictObject({ perMinute: z.number().positive(), burst: z.number().min(1) }).nullable(),
    retryAfter: z.enum(RETRY_AFTER_FORMS),
    latencyMs: milliseconds,
    latencyJitterMs: milliseconds,
    slowBodyMs: milliseconds,
  })
  .partial();

export type ParsedChanges = { ok: true; changes: Partial<SimulatorSettings> } | { ok: false; problem: string };

/** Reads a JSON text of settings to change. What is wrong with it is said in one line. */
export function parseChanges(text: string): ParsedChanges {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'the body is not JSON' };
  }
  const parsed = CHANGES.safeParse(json);
  if (parsed.success) return { ok: true, changes: definedOf(parsed.data) };
  const problems = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
  return { ok: false, problem: problems.join('; ') };
}

/** Without the members that are undefined: JSON has none, but the type of a partial schema does. */
const definedOf = (changes: z.infer<typeof CHANGES>): Partial<SimulatorSettings> =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
