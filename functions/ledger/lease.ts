const SECOND_MS = 1000;

/** A call's time-out. Users of the vendor's own provider met answers slower than 10 s; it was raised to 20 s. */
export const CALL_TIMEOUT_MS = 20 * SECOND_MS;
/** What must be left after a call for the ledger, the dead letter and the visibility. */
export const AFTER_CALL_MS = 10 * SECOND_MS;
/** How long a claim holds without a result: a call cannot be under way any more. */
export const LEASE_MS = CALL_TIMEOUT_MS + AFTER_CALL_MS;
