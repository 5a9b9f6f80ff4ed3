import { setTimeout as delay } from 'node:timers/promises';
import pRetry from 'p-retry';

/** The API will give the same answer again. */
export class RejectedError extends Error {
  override name = 'RejectedError';
  readonly status: number;
  constructor(status: number) {
    super(`The API answered ${status}.`);
    this.status = status;
  }
}

class TryAgainError extends Error {
  override name = 'TryAgainError';
  readonly retryAfterMs: number;
  constructor(status: number, retryAfterMs: number) {
    super(`The API answered ${status}.`);
    this.retryAfterMs = retryAfterMs;
  }
}

const CALL_TIMEOUT_MS = 20_000;
/** With a last call this stays under the 120 s that an invocation has. */
const LONGEST_RETRY_MS = 90_000;
const TRY_AGAIN = [429, 503, 504];

/**
 * What both peers make of one message: the call, tried again by p-retry on 429, 503, 504 and broken connections with exponential backoff and jitter, never
 * sooner than `Retry-After` asks. The number of retries is p-retry's own, 10; the cap keeps one of them from taking minutes.
 * @throws {RejectedError} where another try would not help; any other error where the retries are used up.
 */
export async function resetPassword(email: string): Promise<void> {
  await pRetry(() => call(email), {
    minTimeout: 1000,
    maxTimeout: 10_000,
    randomize: true,
    maxRetryTime: LONGEST_RETRY_MS,
    shouldRetry: ({ error }) => !(error instanceof RejectedError),
    onFailedAttempt: async ({ error, retriesLeft, retryDelay }) => {
      // p-retry waits for its own delay afterwards; this is what the server asks for on top of it.
      if (error instanceof TryAgainError && retriesLeft > 0) await delay(Math.max(0, error.retryAfterMs - retryDelay));
    },
  });
}

async function call(email: string): Promise<void> {
  const response = await fetch(`${process.env.API_BASE_URL}/api/web/custom/password/admin_reset`, {
    method: 'POST',
    headers: { Authorization: `APIToken ${process.env.API_TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ email }),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  // Unread, it would keep the connection from being used again.
  await response.text();
  if (response.ok) return;
  if (!TRY_AGAIN.includes(response.status)) throw new RejectedError(response.status);
  const seconds = Number(response.headers.get('Retry-After') ?? 0);
  throw new TryAgainError(response.status, Number.isFinite(seconds) ? seconds * 1000 : 0);
}
