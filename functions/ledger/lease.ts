const SECOND_MS = 1000;

/** A call's time-out unless it is set. Users of the vendor's own provider met answers slower than 10 s; it was raised to 20 s. */
export const DEFAULT_CALL_TIMEOUT_MS = 20 * SECOND_MS;
/** What must be left after a call for the ledger, the dead letter and the visibility. */
export const AFTER_CALL_MS = 10 * SECOND_MS;
/** By so much the clocks of two copies of the function may differ. */
export const CLOCK_SKEW_MS = 2 * SECOND_MS;

/** How long a claim holds without a result. */
export const leaseMs = (callTimeoutMs: number): number => callTimeoutMs + AFTER_CALL_MS;

const SECOND_UNKNOWN_WAIT_MS = 15 * 60 * SECOND_MS;

/** The least time before the next call, by the calls of unknown outcome so far: in a brownout three would be used up in seconds. */
export const unknownWaitMs = (unknowns: number): number => (unknowns >= 2 ? SECOND_UNKNOWN_WAIT_MS : 0);
