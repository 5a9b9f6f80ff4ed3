import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requestLedger } from '../../../functions/ledger/dynamo/requests.ts';
import { type RequestItem, STATES } from '../../../functions/ledger/items.ts';
import type { Fence, Ledger, NewRequest, Spent } from '../../../functions/ledger/ledger.ts';
import { anItem } from '../builders.ts';
import { NOON, virtualClock } from '../virtual-clock.ts';
import { type LedgerTable, RETENTION_DAYS, startLedgerTable, TABLE } from './ledger-table.ts';
import { memoryLedger } from './memory-ledger.ts';

let table: LedgerTable;
beforeAll(async () => {
  table = await startLedgerTable();
});
afterAll(() => table.stop());

const nonce = fc.constantFrom('n1', 'n1', 'n1', 'n2');
const failureId = fc.constantFrom('f1', 'f1', 'f2');
/** By the nonce, or by one of the last sights of the request, counted from the newest. */
const sight = fc.constantFrom(0, 0, 0, 1, 2);
const fence = fc.oneof(nonce, sight);
const spent = fc.constantFrom<Spent>(
  {},
  { failedCalls: 1 },
  { throttled: 1 },
  { failedCalls: 1, unknowns: 1 },
  { heldCalls: 1, unknowns: 1 },
);
const step = fc.oneof(
  fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 5000, 30_000) }),
  fc.record({ do: fc.constant('find' as const) }),
  // As an operator's command, or a story that began elsewhere, leaves it.
  fc.record({ do: fc.constant('put' as const), state: fc.constantFrom(...STATES) }),
  fc.record({ do: fc.constant('claim' as const), sight, nonce }),
  fc.record({
    do: fc.constant('wait' as const),
    nonce,
    inMs: fc.constantFrom(0, 5000),
    spent,
    uncalled: fc.boolean(),
    lastStatus: fc.option(fc.constantFrom(401, 503), { nil: undefined }),
    serverErrorPermit: fc.option(fc.constantFrom(7, 8), { nil: undefined }),
  }),
  fc.record({ do: fc.constant('succeed' as const) }),
  fc.record({
    do: fc.constant('failing' as const),
    fence,
    failureId,
    status: fc.option(fc.constant(404), { nil: undefined }),
    spent,
  }),
  fc.record({ do: fc.constant('failed' as const), failureId }),
  fc.record({ do: fc.constant('cancel' as const), fence }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

describe('the ledger in memory', () => {
  let keys = 0;

  it('answers and remembers as the ledger in its table does, whatever is asked of both', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        keys += 1;
        const clock = virtualClock();
        const inMemory = memoryLedger(clock);
        const options = { client: table.client, tableName: TABLE, retentionDays: RETENTION_DAYS };
        const inTable = requestLedger({ ...options, now: () => clock.now() });
        const key = `compared-${keys}`;
        const request: NewRequest = { key, lane: 'bulk', campaignId: 'c1', addressTag: 5, firstSentAt: NOON };
        const sights: (RequestItem | undefined)[] = [undefined];

        for (const one of steps) {
          if (one.do === 'pass') {
            clock.jump(one.ms);
            continue;
          }
          if (one.do === 'put') {
            const marks = one.state === 'failed' ? { gone: NOON, redrives: 2 } : {};
            const item = anItem({ key, state: one.state, lastStatus: 404, unknowns: 1, failureId: 'f1', ...marks });
            await table.put(item);
            inMemory.put(item);
            sights.unshift(item);
            continue;
          }
          const expected = await outcome(apply(inTable, one, request, sights, clock.now()));
          const actual = await outcome(apply(inMemory, one, request, sights, clock.now()));
          expect(actual).toEqual(expected);
          const item = await table.item(key);
          expect(inMemory.items.get(key)).toEqual(item);
          sights.unshift(item);
        }
      }),
      {
        numRuns: 150,
        examples: [
          // A redrive that is dead-lettered without a call has no status of the story before.
          [
            [
              { do: 'put', state: 'failed' },
              { do: 'failing', fence: 0, failureId: 'f2', status: undefined, spent: {} },
            ],
          ],
        ],
      },
    );
  });
});

type Requests = Omit<Ledger, 'isCancelled'>;

async function apply(
  ledger: Requests,
  one: Exclude<Step, { do: 'pass' | 'put' }>,
  request: NewRequest,
  sights: (RequestItem | undefined)[],
  now: number,
): Promise<unknown> {
  const { key } = request;
  const seen = (sight: number) => sights[sight % sights.length];
  const fenced = (by: string | number): Fence => (typeof by === 'string' ? { nonce: by } : { seen: seen(by) });
  switch (one.do) {
    case 'find':
      return ledger.find(key);
    case 'claim':
      return ledger.claim(request, seen(one.sight), { nonce: one.nonce, end: now + 30_000 });
    case 'wait': {
      const { spent, uncalled, lastStatus, serverErrorPermit } = one;
      const status = lastStatus === undefined ? {} : { lastStatus };
      const permit = serverErrorPermit === undefined ? {} : { serverErrorPermit };
      return ledger.wait(key, one.nonce, { notBefore: now + one.inMs, spent, uncalled, ...status, ...permit });
    }
    case 'succeed':
      return ledger.succeed(request, 200);
    case 'failing': {
      const { failureId, spent, status } = one;
      const failure = { reason: 'rejected', detail: 'words', failureId, spent } as const;
      return ledger.failing(request, fenced(one.fence), { ...failure, ...(status === undefined ? {} : { status }) });
    }
    case 'failed':
      return ledger.failed(key, { failureId: one.failureId, reason: 'rejected' });
    case 'cancel':
      return ledger.cancel(request, fenced(one.fence));
  }
}

/** What came of it; of an error its message alone. */
const outcome = (work: Promise<unknown>): Promise<unknown> => work.catch((error: Error) => ({ thrown: error.message }));
