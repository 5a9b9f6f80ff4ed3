import * as z from 'zod/mini';

/** The lanes of requests: single ones that somebody waits for, and campaigns that run for hours. */
export const LANES = ['interactive', 'bulk'] as const;
export type Lane = (typeof LANES)[number];

/** Bytes of UTF-8. A longer body is refused unread: a valid request is far smaller. */
export const MAX_BODY_BYTES = 64 * 1024;

/** A request that has been queued for so long is given up: two days before its queue would drop it without a trace. */
export const MAX_QUEUED_MS = 12 * 24 * 60 * 60 * 1000;

/** Characters of a request's `reason`. */
export const MAX_REASON_LENGTH = 512;

/** The campaign index's word for "no campaign"; a body that names it says the same. */
export const NO_CAMPAIGN = 'none';

const text = () => z.string({ error: ({ input }) => (input === undefined ? 'is missing' : 'is not a string') });

/** Length in characters (code points), as JSON Schema counts them; `String.length` counts an emoji twice. */
const upTo = (characters: number) => [
  z.refine<string>((value) => [...value].length <= characters, `is longer than ${characters} characters`),
  z.meta({ maxLength: characters }),
];

const id = (characters: number) =>
  text().check(
    z.minLength(1, 'is empty'),
    z.maxLength(characters, `is longer than ${characters} characters`),
    z.regex(/^[A-Za-z0-9._:-]*$/, 'has a character other than A-Z a-z 0-9 . _ : -'),
  );

/** Length and pattern are the API's own, see `docs/architecture.md`, "The API". */
export const emailSchema = text().check(
  z.maxLength(1024, 'is longer than 1024 characters'),
  z.regex(/^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$/, 'is not an address that the API accepts'),
  z.describe('Whose password is reset.'),
);

/** An idempotency key: 1 to 128 characters. */
export const requestIdSchema = id(128).check(
  z.describe('Idempotency key, one per request and never one per person. Without it the SQS message id is the key.'),
);

export const campaignIdSchema = id(64).check(
  z.describe(`The campaign that this request belongs to; "${NO_CAMPAIGN}" is the same as leaving it out.`),
);

/** What a producer may send. Unknown members are ignored, so that producers can add their own. */
export const resetRequestSchema = z.object({
  email: emailSchema,
  requestId: z.optional(requestIdSchema),
  campaignId: z.optional(campaignIdSchema),
  requestedBy: z.optional(
    text().check(...upTo(256), z.describe('Who asked, for the audit: the name of a system or a staff id.')),
  ),
  reason: z.optional(
    text().check(...upTo(MAX_REASON_LENGTH), z.describe('Why, for the audit. No address, of this person or another.')),
  ),
  notAfter: z.optional(
    z.iso
      .datetime({ offset: true, error: 'is not an RFC 3339 time such as 2026-11-23T18:00:00Z' })
      .check(z.describe('RFC 3339 time. Later than this the reset is not made.')),
  ),
});

export type ResetRequest = z.infer<typeof resetRequestSchema>;

export type ParsedRequest = { ok: true; request: ResetRequest } | { ok: false; problem: string };

/**
 * Reads the body of a message.
 * @returns the request, or one line that names each member at fault and its rule. The line never quotes the body, so it may be logged.
 */
export function parseResetRequest(body: string): ParsedRequest {
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_BODY_BYTES) {
    return { ok: false, problem: `the body has ${bytes} bytes, more than ${MAX_BODY_BYTES}` };
  }
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { ok: false, problem: 'the body is not JSON' };
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { ok: false, problem: 'the body is not a JSON object' };
  }
  const parsed = z.safeParse(resetRequestSchema, json);
  if (parsed.success) return { ok: true, request: parsed.data };
  return {
    ok: false,
    problem: parsed.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`).join('; '),
  };
}

export type ParsedId = { ok: true; requestId: string | undefined } | { ok: false; problem: string };

/** Reads a request id that stands outside a body, where it may be absent. */
export function parseRequestId(value: string | undefined): ParsedId {
  if (value === undefined) return { ok: true, requestId: undefined };
  const parsed = z.safeParse(requestIdSchema, value);
  if (parsed.success) return { ok: true, requestId: parsed.data };
  return { ok: false, problem: parsed.error.issues.map(({ message }) => message).join('; ') };
}
