import { describe, expect, it } from 'vitest';
import { status } from '../../../../cli/commands/status/status.ts';
import type { QueueCounts, Queues } from '../../../../cli/deployment/queues.ts';
import type { LedgerReader } from '../../../../functions/ledger/dynamo/reader.ts';
import type { RequestItem } from '../../../../functions/ledger/items.ts';
import { anItem } from '../../../support/builders.ts';
import {
  contextOf,
  DEPLOYMENT,
  failureIn,
  memoryReader,
  onTerminal,
  type TestIo,
  testIo,
} from '../../../support/cli/command-line.ts';
import { untouched } from '../../../support/untouched.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const EMPTY: QueueCounts = { waiting: 0, inFlight: 0, delayed: 0 };
interface Scene {
  interactive?: Partial<QueueCounts>;
  bulk?: Partial<QueueCounts>;
  dead?: Partial<QueueCounts>;
  items?: RequestItem[];
  ledger?: LedgerReader;
}

function contextFor(io: TestIo, { interactive, bulk, dead, items = [], ledger = memoryReader(...items) }: Scene) {
  const counts: Record<string, QueueCounts> = {
    [DEPLOYMENT.laneQueueUrls.interactive]: { ...EMPTY, ...interactive },
    [DEPLOYMENT.laneQueueUrls.bulk]: { ...EMPTY, ...bulk },
    [DEPLOYMENT.deadLetterQueueUrl]: { ...EMPTY, ...dead },
  };
  const queues: Queues = {
    ...untouched<Queues>('queues'),
    counts: async (url) => counts[url] ?? EMPTY,
    sendBatch: never,
  };
  return contextOf(io, { queues, ledger });
}

async function shown(scene: Scene, json = false): Promise<string> {
  const io = testIo();
  expect(await status(contextFor(io, scene), { json })).toBe(0);
  return io.stdout.text;
}
const inJson = async (scene: Scene) => JSON.parse(await shown(scene, true));

const items = (count: number, options: Parameters<typeof anItem>[0]): RequestItem[] =>
  Array.from({ length: count }, (_, index) => anItem({ key: `${options?.state}-${index}`, ...options }));

describe('status', () => {
  it.each<[claim: string, scene: Scene, kind: string, next: RegExp | null]>([
    ['nothing anywhere is idle', {}, 'idle', null],
    [
      'dead letters alone are idle, with a list to look at',
      { items: items(1, { state: 'failed' }) },
      'idle',
      /^resets dlq list$/,
    ],
    ['letters that only the queue knows count too', { dead: { waiting: 1 } }, 'idle', /^resets dlq list$/],
    ['waiting and in flight is work', { bulk: { waiting: 5, inFlight: 2 } }, 'working', /^resets status --watch$/],
    [
      'a call under way is work',
      { bulk: { inFlight: 1 }, items: items(1, { state: 'calling' }) },
      'working',
      /--watch/,
    ],
    [
      'work with dead letters points to these',
      { bulk: { waiting: 5, inFlight: 2 }, dead: { waiting: 1 } },
      'working',
      /dlq list/,
    ],
    ['waiting and none in flight does not move', { bulk: { waiting: 5 } }, 'not-moving', /event sources are enabled/],
    [
      'a lease that ended is no call under way',
      { bulk: { inFlight: 1 }, items: items(1, { state: 'calling', leaseEnd: NOON - 1 }) },
      'waiting',
      /--watch/,
    ],
    [
      'in flight without a call waits',
      { interactive: { inFlight: 3 }, items: items(3, { lastStatus: 503 }) },
      'waiting',
      /--watch/,
    ],
    [
      'a rejected token is said first',
      {
        bulk: { waiting: 9 },
        dead: { waiting: 3 },
        items: [...items(2, { lastStatus: 401 }), anItem({ key: 'k', lastStatus: 503 })],
      },
      'token-rejected',
      /valid token into the secret/,
    ],
  ])('status: %s', async (_claim, scene, kind, next) => {
    const { verdict } = await inJson(scene);
    expect(verdict.kind).toBe(kind);
    if (next === null) expect(verdict.next).toBeNull();
    else expect(verdict.next).toMatch(next);
  });

  it('status opens with the diagnosis and the next command', async () => {
    const [first, second] = (await shown({ bulk: { waiting: 5, inFlight: 2 } })).split('\n');
    expect(first).toBe('Working: 5 messages waiting, 2 in flight.');
    expect(second).toBe('Next: resets status --watch');
  });

  it('status counts lanes, dead letters by reason, and requests by state over all campaigns', async () => {
    const scene: Scene = {
      interactive: { waiting: 1 },
      bulk: { waiting: 2, inFlight: 3, delayed: 4 },
      dead: { waiting: 2, inFlight: 1 },
      items: [
        ...items(2, { state: 'failed', campaignId: 'spring' }),
        anItem({ key: 'u', state: 'failed', reason: 'outcome-unknown' }),
        ...items(4, { state: 'succeeded', campaignId: 'spring' }),
        ...items(1, { state: 'calling', leaseEnd: NOON - 1 }),
        ...items(3, { lastStatus: 429 }),
        anItem({ key: 'first-try' }),
        ...items(2, { state: 'redriven' }),
        anItem({ key: 'gone', state: 'failed', gone: NOON }),
      ],
    };
    expect(await inJson(scene)).toEqual({
      at: '2026-11-23T12:00:00.000Z',
      deployment: 'stack Test',
      verdict: expect.anything(),
      lanes: {
        interactive: { waiting: 1, inFlight: 0, delayed: 0 },
        bulk: { waiting: 2, inFlight: 3, delayed: 4 },
      },
      deadLetters: {
        byReason: {
          'invalid-request': 0,
          expired: 0,
          rejected: 2,
          'server-error': 0,
          'outcome-unknown': 1,
          'retries-exhausted': 0,
        },
        queue: { waiting: 2, inFlight: 1, delayed: 0 },
        unexplained: 0,
      },
      requests: {
        calling: 1,
        // Two of them were sent back by an operator.
        waiting: 6,
        succeeded: 4,
        failing: 0,
        failed: 3,
        cancelled: 0,
        discarded: 0,
        unconfirmed: 1,
      },
      waitingAfter: { lookedAt: 4, statuses: { '429': 3, none: 1 } },
    });
    const text = await shown(scene);
    expect(text).toMatch(/bulk +2 +3 +4\n/);
    expect(text).toMatch(/rejected +2\n +outcome-unknown +1\n/);
    expect(text).toContain('1 of calling is unconfirmed');
    expect(text).toContain('last answers to those waiting: 429 ×3, no answer ×1');
  });

  it.each([
    [
      'more in the queue than the ledger knows',
      { dead: { waiting: 2 } },
      /an estimated 2 letters more .*not-processed/,
    ],
    ['fewer', { items: items(3, { state: 'failed' }) }, /an estimated 3 letters fewer/],
    [
      'as many',
      { dead: { waiting: 1, inFlight: 2 }, items: items(3, { state: 'failed' }) },
      /1 visible, 2 in flight\n/,
    ],
  ])('status calls the difference between queue and ledger an estimate: %s', async (_claim, scene, words) => {
    expect(await shown(scene)).toMatch(words);
  });

  it('status looks at a thousand waiting requests and says so', async () => {
    expect(await shown({ items: items(1001, { lastStatus: 429 }) })).toContain('429 ×1,000 (of the newest 1,000)');
  });

  it('status --watch refreshes until it is interrupted and exits 0', async () => {
    const io = testIo();
    const context = contextFor(io, {});
    let refreshes = 0;
    const { sleep } = context.clock;
    context.clock.sleep = async (ms) => {
      refreshes += 1;
      if (refreshes === 3) io.interrupt();
      await sleep(ms);
    };
    expect(await status(context, { watch: true, json: true })).toBe(0);
    expect(io.stdout.lines.map((line) => JSON.parse(line).at)).toEqual([
      '2026-11-23T12:00:00.000Z',
      '2026-11-23T12:00:02.000Z',
      '2026-11-23T12:00:04.000Z',
    ]);
  });

  it('status --watch counts a ledger that is slow to count less often than the queues', async () => {
    const io = testIo();
    let counts = 0;
    const ledger: LedgerReader = {
      ...memoryReader(),
      // Each time the campaigns are listed the ledger is counted, which takes a second.
      async *campaigns() {
        counts += 1;
        await io.clock.sleep(1000);
        yield* [];
      },
    };
    const context = contextFor(io, { ledger });
    let looks = 0;
    const { sleep } = context.clock;
    context.clock = {
      ...context.clock,
      async sleep(ms) {
        looks += 1;
        if (looks === 15) io.interrupt();
        await sleep(ms);
      },
    };
    await status(context, { watch: true, json: true });
    expect(io.stdout.lines).toHaveLength(15);
    expect(counts).toBe(2);
  });

  it('status --watch counts successes from where it left off, each campaign for itself', async () => {
    const io = testIo();
    const asked: [string, number | undefined][] = [];
    const ledger: LedgerReader = {
      ...memoryReader(anItem({ campaignId: 'spring' })),
      async countSucceeded(campaign, last) {
        asked.push([campaign, last?.count]);
        return { count: (last?.count ?? (campaign === 'spring' ? 10 : 0)) + 1, settled: { count: 0, before: 0 } };
      },
    };
    const context = contextFor(io, { ledger });
    let looks = 0;
    context.clock.sleep = async () => {
      looks += 1;
      if (looks === 2) io.interrupt();
    };
    await status(context, { watch: true, json: true });
    expect(asked).toEqual([
      ['none', undefined],
      ['spring', undefined],
      ['none', 1],
      ['spring', 11],
    ]);
    expect(io.stdout.lines.map((line) => JSON.parse(line).requests.succeeded)).toEqual([12, 14]);
  });

  it('status --watch redraws a terminal', async () => {
    const io = onTerminal(testIo());
    const context = contextFor(io, {});
    context.clock.sleep = async () => io.interrupt();
    expect(await status(context, { watch: true })).toBe(0);
    expect(io.stdout.text).toContain('Idle: nothing is queued.');
    expect(io.stdout.text).toContain('Ctrl-C to stop.');
  });

  it('status --watch without a terminal and without --json is wrong usage', async () => {
    expect((await failureIn(status(contextFor(testIo(), {}), { watch: true }))).exitCode).toBe(2);
  });
});

const never = (): never => {
  throw new Error('Status sends nothing.');
};
