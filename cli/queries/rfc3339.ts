/** A time as `--json` prints it, in UTC; null where there is none. */
export const rfc3339 = (epochMs: number | undefined): string | null =>
  epochMs === undefined ? null : new Date(epochMs).toISOString();
