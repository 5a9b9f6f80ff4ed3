/** AWS's clock, as the `Date` of its answers tells it. */
export interface AwsClock {
  /** Milliseconds since the epoch; by this machine's clock until AWS has answered. */
  now(): number;
  /** Hears of every answer that the client gets. */
  listenTo(client: { middlewareStack: { add(middleware: never, options: never): void } }): void;
}

/** `Date` has whole seconds, and an answer takes a while: a clock that is this near is left as it is. */
const CLOSE_ENOUGH_MS = 1_500;

/** What holds and actions say of time is reckoned by AWS's clock, as the worker's is: an operator's laptop may be minutes off. */
export function awsClock(local: { now(): number }): AwsClock {
  let aheadMs = 0;
  const hear = (date: string): void => {
    const at = Date.parse(date);
    if (Number.isNaN(at)) return;
    // On average half a second was cut off.
    const nowAheadMs = at + 500 - local.now();
    if (Math.abs(nowAheadMs - aheadMs) > CLOSE_ENOUGH_MS) aheadMs = nowAheadMs;
  };
  type Handler = (args: unknown) => Promise<{ response?: { headers?: Record<string, string> } }>;
  const listening =
    (next: Handler): Handler =>
    async (args) => {
      const result = await next(args);
      const date = result.response?.headers?.date;
      if (date !== undefined) hear(date);
      return result;
    };
  return {
    now: () => local.now() + aheadMs,
    listenTo: ({ middlewareStack }) =>
      middlewareStack.add(listening as never, { step: 'deserialize', name: 'awsClock' } as never),
  };
}
