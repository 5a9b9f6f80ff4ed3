import * as z from 'zod/mini';
import type { BudgetItem } from './dynamo-store.ts';

/** The budget's item is not what the worker writes: somebody has changed it by hand. */
export class BudgetDamaged extends Error {
  override readonly name = 'BudgetDamaged';
}

/** Later ones are no dates. */
const LATEST_MS = 8.64e15;
const time = z.number().check(z.nonnegative(), z.maximum(LATEST_MS));
const count = z.number().check(z.nonnegative());
const byScope = <T extends z.core.SomeType>(value: T) =>
  z.object({ all: z.optional(value), interactive: z.optional(value), bulk: z.optional(value) });
const byLane = <T extends z.core.SomeType>(value: T) =>
  z.object({ interactive: z.optional(value), bulk: z.optional(value) });

const hold = z.object({
  why: z.enum(['outage', 'credential', 'brake']),
  since: time,
  permit: count,
  until: time,
  lengthMs: count,
  probeEnd: z.optional(time),
});
const operatorHold = z.object({
  since: time,
  until: z.optional(time),
  who: z.string(),
  why: z.optional(z.string()),
});

/** What of the item is reckoned with; the rest may be anything. */
const stateSchema = z.object({
  revision: z.int().check(z.nonnegative()),
  arrival: time,
  granted: count,
  refused: count,
  minutes: z.object({
    newest: z.number().check(z.nonnegative(), z.maximum(LATEST_MS / 60_000)),
    counts: z.string().check(z.regex(/^\d+(\/\d+)?( \d+(\/\d+)?)*$/)),
  }),
  quietUntil: time,
  learned: z.object({
    startedAt: time,
    estimate: z.optional(z.number().check(z.positive())),
    grewFrom: z.optional(time),
    beginsAt: z.number(),
    pauseMs: count,
    admittedByRefusal: z.number(),
    samples: z.array(z.tuple([z.number(), z.number()])),
  }),
  holds: z.object({
    byScope: byScope(hold),
    byOperator: byScope(operatorHold),
    troubles: z.array(z.object({ key: z.string(), permit: count, at: time, weight: z.number() })),
    life: z.object({ permit: count, success: count, successAt: time }),
    rejections: byLane(count),
    brakeOff: byLane(z.object({ until: z.optional(time) })),
    lastOutage: z.optional(count),
    outageOffUntil: z.optional(time),
  }),
  ceiling: z.optional(
    z.object({
      quota: z.enum(['known', 'ceiling']),
      perMinute: z.number().check(z.positive()),
      burst: z.number().check(z.minimum(1)),
    }),
  ),
});

const itemSchema = z
  .object({ revision: z.int().check(z.nonnegative()), state: stateSchema })
  // Whoever writes compares the one and goes by the other: where they differ, nobody can write any more.
  .check(z.refine(({ revision, state }) => revision === state.revision, { path: ['revision'] }));

/** For whoever shows or changes the item for an operator. @throws BudgetDamaged where it is not what the worker writes. */
export function checkBudgetItem(item: BudgetItem): void {
  const parsed = z.safeParse(itemSchema, item);
  if (parsed.success) return;
  const [issue] = parsed.error.issues;
  throw new BudgetDamaged(`${issue?.path.join('.')} is not what the worker writes`);
}
