/** Milliseconds since the epoch. */
export type EpochMs = number;

export interface Clock {
  now(): EpochMs;
  /** Resolves after the delay, or at once when the signal aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
