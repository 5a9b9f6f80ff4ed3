import { setImmediate as allElseIdle } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type StatusOptions, status } from '../../../../cli/commands/status/status.ts';
import type { Connection } from '../../../../cli/deployment/connect.ts';
import type { QueueCounts, Queues } from '../../../../cli/deployment/queues.ts';
import type { Secret } from '../../../../cli/deployment/secret.ts';
import { CommandFailed } from '../../../../cli/terminal/io.ts';
import type { BudgetState } from '../../../../functions/call-budget/state.ts';
import { BudgetDamaged } from '../../../../functions/call-budget/stored-state.ts';
import type { LedgerReader } from '../../../../functions/ledger/dynamo/reader.ts';
import type { ActionItem, RequestItem } from '../../../../functions/ledger/items.ts';
import { LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
import { anAction, anItem } from '../../../support/builders.ts';
import { aBudget, aHold, counts, heldBy, pausedOn } from '../../../support/cli/a-situation.ts';
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

const MINUTE = 60_000;

interface Scene {
  interactive?: Partial<QueueCounts>;
  bulk?: Partial<QueueCounts>;
  dead?: Partial<QueueCounts>;
  items?: RequestItem[];
  actions?: ActionItem[];
  ledger?: Partial<LedgerReader>;
  budget?: BudgetState;
  secret?: 'value' | 'empty' | Error;
  /** What fails, and with what. */
  failing?: { queue?: (url: string) => Error | undefined; budget?: Error };
  parts?: Partial<Connection>;
}

function contextFor(io: TestIo, scene: Scene) {
  const { items = [], actions = [], budget, secret = 'value', failing = {} } = scene;
  const queues: Queues = {
    ...untouched<Queues>('queues'),
    async counts(url) {
      const error = failing.queue?.(url);
      if (error) throw error;
      const { interactive, bulk } = DEPLOYMENT.laneQueueUrls;
      return counts(url === interactive ? scene.interactive : url === bulk ? scene.bulk : scene.dead);
    },
  };
  return contextOf(io, {
    queues,
    ledger: {
      ...memoryReader(...items),
      async *actions() {
        yield* actions;
      },
      ...scene.ledger,
    },
    budget: {
      async read() {
        if (failing.budget) throw failing.budget;
        return budget;
      },
      write: () => Promise.reject(new Error('Status writes nothing.')),
    },
    secret: {
      ...untouched<Secret>('secret'),
      async hasValue() {
        if (secret instanceof Error) throw secret;
        return secret === 'value';
      },
    },
    ...scene.parts,
  });
}

/** What was printed on stdout, with the exit code. */
async function shown(scene: Scene, options: StatusOptions = {}): Promise<{ text: string; exitCode: number }> {
  const io = testIo();
  const exitCode = await status(contextFor(io, scene), options);
  return { text: io.stdout.text, exitCode };
}

const inJson = async (scene: Scene, options: StatusOptions = {}) =>
  JSON.parse((await shown(scene, { ...options, json: true })).text);

const items = (count: number, options: Parameters<typeof anItem>[0]): RequestItem[] =>
  Array.from({ length: count }, (_, index) => anItem({ key: `${options?.state}-${index}`, ...options }));

const named = (name: string, message = 'no'): Error => Object.assign(new Error(message), { name });
const failed = (why: string, name = 'ThrottlingException'): CommandFailed =>
  new CommandFailed(why, undefined, named(name));

/** Much of everything. */
const BUSY: Scene = {
  interactive: { waiting: 1, inFlight: 1 },
  bulk: { waiting: 1_202, inFlight: 3, delayed: 4 },
  dead: { waiting: 2, inFlight: 1 },
  items: [
    ...items(2, { state: 'failed', campaignId: 'spring' }),
    anItem({ key: 'u', state: 'failed', reason: 'outcome-unknown' }),
    ...Array.from({ length: 50 }, (_, index) =>
      anItem({ key: `s-${index}`, state: 'succeeded', campaignId: 'spring', at: NOON - index * 6_000 }),
    ),
    anItem({ key: 'long-ago', state: 'succeeded', at: NOON - 60 * MINUTE }),
    ...items(1, { state: 'calling', leaseEnd: NOON - 1 }),
    ...items(3, {}),
    ...items(2, { state: 'redriven' }),
    anItem({ key: 'gone', state: 'failed', gone: NOON }),
  ],
  actions: [
    anAction('a-7', { command: 'enqueue', planned: 200, done: 50, state: 'running', at: NOON - 3 * MINUTE }),
    ...[6, 5, 4, 3, 2].map((index) => anAction(`a-${index}`, { at: NOON - 60 * MINUTE })),
  ],
};

describe('status', () => {
  it('opens with the verdict, what it means, the runbook, the next step and the other holds', async () => {
    const budget = aBudget({
      holds: { ...heldBy('bulk', aHold('brake')).holds, byOperator: pausedOn('interactive').holds.byOperator },
    });
    const { text, exitCode } = await shown({ budget, bulk: { waiting: 5 } });
    expect(text.split('\n').slice(0, 6)).toEqual([
      'Held: brake on lane bulk, since 2026-11-23T11:55:00Z (5 min ago); next probe in 12 s.',
      '5 requests wait; none is dead-lettered for it.',
      'Runbook: docs/runbook.md, Brake',
      "Next: fix the URL, the token's owner or the file that is sent, then npx resets budget release",
      expect.stringMatching(/^Also held: paused by arn:.* on lane interactive, since /),
      '',
    ]);
    expect(exitCode).toBe(0);
  });

  it('tells lanes, resets, calls, dead letters and the last five actions, then the totals', async () => {
    const { text, exitCode } = await shown({
      ...BUSY,
      budget: aBudget({ ceiling: { quota: 'known', perMinute: 30, burst: 5 } }),
    });
    expect(exitCode).toBe(0);
    const inOrder = [
      /Lanes of stack Test, account 123456789012, region eu-central-1/,
      / interactive +1 +1 +0\n/,
      / bulk +1,202 +3 +4\n/,
      /last 5 minutes +50, about 10 a minute\n/,
      /time left +about 2 h\n/,
      /rate now +30 a minute, burst 4 \(3 of it kept for interactive\)\n/,
      /ceiling +deployed: 60 a minute, burst 10, the API's quota\n/,
      /set by an operator, and in force: 30 a minute, burst 5\n/,
      /last 5 minutes +0 calls, 0 refusals\n/,
      /secret +has a value\n/,
      /in the queue +2 visible, 1 in flight\n/,
      / 3 min ago +Operator\/sam +enqueue +interrupted \(at least 50 of 200\)\n/,
      / 60 min ago +Operator\/sam +lane pause bulk +done\n/,
      /calling +1\n +waiting +5\n +succeeded +51\n +failed +3\n/,
      /1 of calling is unconfirmed/,
      /rejected +2\n +outcome-unknown +1\n/,
    ];
    let from = 0;
    for (const words of inOrder) {
      const at = text.slice(from).search(words);
      expect(at, `${words}`).toBeGreaterThanOrEqual(0);
      from += at;
    }
    expect(text.match(/ago +Operator/g)).toHaveLength(5);
  });

  it('--json prints one document with every member', async () => {
    expect(await inJson(BUSY)).toEqual({
      at: '2026-11-23T12:00:00.000Z',
      deployment: 'stack Test',
      account: '123456789012',
      region: 'eu-central-1',
      verdict: {
        kind: 'working',
        sentence: 'Working: 1,203 messages waiting, 4 in flight; 50 reset in the last 5 minutes.',
        meaning: expect.stringContaining('empty in 2 h'),
        runbook: null,
        next: 'npx resets dlq list',
        holds: [],
      },
      lanes: {
        interactive: { waiting: 1, inFlight: 1, delayed: 0 },
        bulk: { waiting: 1_202, inFlight: 3, delayed: 4 },
      },
      deadLetters: {
        queue: { waiting: 2, inFlight: 1, delayed: 0 },
        byReason: {
          'invalid-request': 0,
          expired: 0,
          rejected: 2,
          'server-error': 0,
          'outcome-unknown': 1,
          'retries-exhausted': 0,
        },
        unexplained: 0,
      },
      budget: expect.objectContaining({ perMinute: 60, learnedPerMinute: null }),
      recent: { minutes: 5, resets: 50, perMinute: 10 },
      timeLeftSeconds: 7_266,
      actions: expect.arrayContaining([
        expect.objectContaining({ actionId: 'a-7', state: 'interrupted', finishedAt: expect.anything() }),
      ]),
      secret: 'has a value',
      // Two of those that wait were sent back by an operator.
      requests: {
        calling: 1,
        waiting: 5,
        succeeded: 51,
        failing: 0,
        failed: 3,
        cancelled: 0,
        discarded: 0,
        unconfirmed: 1,
      },
      unread: [],
    });
  });

  it('--json tells each hold with all its members', async () => {
    const { verdict, timeLeftSeconds } = await inJson({ ...BUSY, budget: heldBy('bulk', aHold('brake')) });
    expect(verdict.holds).toEqual([
      {
        scope: 'bulk',
        why: 'brake',
        since: '2026-11-23T11:55:00.000Z',
        until: null,
        probe: '2026-11-23T12:00:12.000Z',
        who: null,
        reason: null,
      },
    ]);
    // Though some were reset lately.
    expect(timeLeftSeconds).toBeNull();
  });

  it('--no-totals counts none, in text and in JSON', async () => {
    const scene: Scene = {
      ...BUSY,
      ledger: {
        countSucceeded: () => Promise.reject(new Error('Nothing is to be counted whole.')),
      },
    };
    const { text, exitCode } = await shown(scene, { totals: false });
    expect(text).not.toMatch(/Totals|by state/);
    expect(exitCode).toBe(0);
    expect(await inJson(scene, { totals: false })).toMatchObject({
      requests: null,
      deadLetters: { byReason: null, unexplained: null },
    });
  });

  it.each<[claim: string, scene: Scene, words: RegExp]>([
    [
      'more in the queue than the ledger knows',
      { dead: { waiting: 2 } },
      /an estimated 2 letters more .*not-processed/,
    ],
    ['fewer', { items: items(3, { state: 'failed' }) }, /an estimated 3 letters fewer/],
    ['as many', { dead: { waiting: 1, inFlight: 2 }, items: items(3, { state: 'failed' }) }, /rejected +3\n$/],
  ])('calls the difference between queue and ledger an estimate: %s', async (_claim, scene, words) => {
    expect((await shown(scene)).text).toMatch(words);
  });

  it('on a narrow terminal lanes and actions are told in words, as columns would be torn', async () => {
    const io = onTerminal(testIo());
    io.stdout.columns = 20;
    await status(contextFor(io, BUSY), {});
    expect(io.stdout.text).toContain('\n  bulk: 1,202 waiting, 3 in flight, 4 delayed\n');
    expect(io.stdout.text).toContain('\n  60 min ago · Operator/sam · lane pause bulk · done\n');
  });
});

describe('status, where a source cannot be read', () => {
  const denied = failed('Access to it is denied.', 'AccessDeniedException');
  const throttled = (url: string) => failed(`AWS throttles calls for ${url.split('/').at(-1)}.`);
  const unreadableLedger = new LedgerUnreachable(named('ThrottlingException'));
  const noCampaigns: Partial<LedgerReader> = {
    // biome-ignore lint/correctness/useYield: It fails before there is one.
    async *campaigns() {
      throw unreadableLedger;
    },
  };

  it.each<[claim: string, scene: Scene, exitCode: number, words: RegExp, unread: string[]]>([
    [
      'a lane',
      { failing: { queue: (url) => (url.endsWith('bulk') ? throttled(url) : undefined) } },
      3,
      / bulk +could not be read: AWS throttles calls for bulk\.\n[\s\S]*time left +not known\n/,
      ['lane bulk'],
    ],
    [
      'the dead-letter queue',
      { failing: { queue: (url) => (url.endsWith('dead') ? throttled(url) : undefined) } },
      3,
      /the queue could not be read: AWS throttles/,
      ['dead-letter queue'],
    ],
    [
      'the call budget, out of reach',
      { failing: { budget: new LedgerUnreachable(named('AccessDeniedException', 'dynamodb:GetItem')) } },
      1,
      /^Unknown: the holds cannot be read\. Access to the ledger table is denied: dynamodb:GetItem; /,
      ['holds and call budget'],
    ],
    [
      'the call budget, damaged by hand',
      { failing: { budget: new BudgetDamaged('state.quietUntil is not what the worker writes') } },
      1,
      /^Unknown: the holds cannot be read\. The item "budget" .* state\.quietUntil is not what the worker writes\. Correct it, or delete it/,
      ['holds and call budget'],
    ],
    [
      'campaigns, and so the resets and the totals',
      { ledger: noCampaigns },
      3,
      /Resets\n {2}could not be read: AWS throttles[\s\S]*Totals could not be counted: AWS throttles/,
      ['resets of the last minutes', 'totals'],
    ],
    [
      'the actions',
      {
        ledger: {
          // biome-ignore lint/correctness/useYield: It fails before there is one.
          async *actions() {
            throw unreadableLedger;
          },
        },
      },
      3,
      /Last actions\n {2}could not be read: AWS throttles/,
      ['last actions'],
    ],
    [
      'a secret that is gone',
      { secret: failed('There is no secret.', 'ResourceNotFoundException') },
      3,
      /secret +not checked: There is no secret\./,
      ['secret'],
    ],
    [
      'a secret that the operator may not ask about',
      { secret: denied },
      0,
      /^Idle[\s\S]*secret +not checked: Access to it is denied\./,
      [],
    ],
    [
      'a secret that the outputs do not name',
      { parts: { secret: undefined } },
      0,
      /secret +not checked: The outputs do not name/,
      [],
    ],
  ])(
    '%s: says so in its place, shows the rest, and says it by the exit code',
    async (_claim, scene, exitCode, words, unread) => {
      const told = await shown(scene);
      expect(told.text).toMatch(words);
      expect(told.text).toMatch(/ interactive +0 +0 +0\n/);
      expect(told.exitCode).toBe(exitCode);
      const json = await inJson(scene);
      expect(json.unread.map(({ what }: { what: string }) => what)).toEqual(unread);
      expect(json.verdict.kind).toBe(exitCode === 1 || unread.includes('lane bulk') ? 'unknown' : 'idle');
    },
  );

  describe('all sources', () => {
    const scene: Scene = {
      failing: { queue: throttled, budget: new LedgerUnreachable(named('ThrottlingException')) },
      ledger: { ...noCampaigns, actions: noCampaigns.campaigns as LedgerReader['actions'] },
      secret: failed('AWS throttles.'),
    };

    it('one line says why, in place of a page that says it again and again', async () => {
      const io = testIo();
      expect(await failureIn(status(contextFor(io, scene), {}))).toEqual({
        message: expect.stringMatching(/^Nothing of stack Test can be read\. AWS throttles calls for the ledger table/),
        exitCode: 1,
      });
      expect(io.stdout.text).toBe('');
    });

    it('--json says of each why', async () => {
      const io = testIo();
      expect((await failureIn(status(contextFor(io, scene), { json: true }))).exitCode).toBe(1);
      const json = JSON.parse(io.stdout.text);
      expect(json).toMatchObject({
        verdict: { kind: 'unknown' },
        lanes: { interactive: null, bulk: null },
        budget: null,
        recent: null,
        actions: null,
        secret: 'not checked',
      });
      expect(json.unread).toHaveLength(7);
    });
  });

  it('a bug is no source that cannot be read', async () => {
    const scene: Scene = { failing: { queue: () => new TypeError('x is not a function') } };
    await expect(shown(scene)).rejects.toThrow('x is not a function');
  });
});

describe('status counts the totals last', () => {
  const slowly = (io: TestIo): Partial<LedgerReader> => ({
    async countSucceeded(_campaign, _last, watch) {
      watch?.onCounted?.(340_000);
      io.interrupt();
      watch?.signal?.throwIfAborted();
      throw new Error('It was interrupted.');
    },
  });

  it('with progress on stderr, after all else is printed', async () => {
    const io = onTerminal(testIo());
    let before = '';
    const ledger: Partial<LedgerReader> = {
      async countSucceeded(_campaign, _last, watch) {
        before = io.stdout.text;
        await io.clock.sleep(1_000);
        watch?.onCounted?.(340_000);
        return { count: 340_000, others: 0, settled: { count: 0, others: 0, before: 0 } };
      },
    };
    expect(await status(contextFor(io, { ledger }), {})).toBe(0);
    expect(before).toContain('Last actions');
    expect(io.stderr.text).toContain('Counting … 340,000');
    expect(io.stdout.text).toMatch(/succeeded +340,000\n/);
  });

  it('without a word on stderr where that takes no time', async () => {
    const io = onTerminal(testIo());
    const ledger: Partial<LedgerReader> = {
      async countSucceeded(_campaign, _last, watch) {
        watch?.onCounted?.(340_000);
        return { count: 340_000, others: 0, settled: { count: 0, others: 0, before: 0 } };
      },
    };
    await status(contextFor(io, { ledger }), {});
    expect(io.stderr.text).toBe('');
  });

  it('Ctrl-C leaves them out and says so: the rest was told', async () => {
    const io = testIo();
    expect(await status(contextFor(io, { ledger: slowly(io) }), {})).toBe(0);
    expect(io.stdout.text).toMatch(/Last actions\n {2}none\n\nTotals: left out\.\n$/);
  });

  it('Ctrl-C does not wait for a count that hangs', async () => {
    const io = testIo();
    const hanging: Partial<LedgerReader> = {
      countSucceeded() {
        io.interrupt();
        return new Promise(() => {});
      },
    };
    expect(await status(contextFor(io, { ledger: hanging }), {})).toBe(0);
    expect(io.stdout.text).toContain('Totals: left out.');
  });

  it('Ctrl-C with --json leaves them null in the one document', async () => {
    const io = testIo();
    expect(await status(contextFor(io, { ledger: slowly(io) }), { json: true })).toBe(0);
    expect(JSON.parse(io.stdout.text)).toMatchObject({ verdict: { kind: 'idle' }, requests: null });
  });
});

describe('status --watch', () => {
  /** Interrupts at the n-th rest; before, each rest gives the background the time to work. */
  async function watched(scene: Scene, looks: number, options: StatusOptions = {}, io = testIo()) {
    const context = contextFor(io, scene);
    const { sleep } = context.clock;
    let rests = 0;
    context.clock = {
      ...context.clock,
      async sleep(ms) {
        await allElseIdle();
        rests += 1;
        if (rests === looks) io.interrupt();
        await sleep(ms);
      },
    };
    const exitCode = await status(context, { watch: true, json: true, ...options });
    return { exitCode, io, lines: options.json === false ? [] : io.stdout.lines.map((line) => JSON.parse(line)) };
  }

  it('refreshes every two seconds until it is interrupted, and ends with 0', async () => {
    const { exitCode, lines } = await watched({}, 3);
    expect(exitCode).toBe(0);
    expect(lines.map(({ at }) => at)).toEqual([
      '2026-11-23T12:00:00.000Z',
      '2026-11-23T12:00:02.000Z',
      '2026-11-23T12:00:04.000Z',
    ]);
  });

  it('shows the first screen before the totals, which are counted in the background', async () => {
    let go = (): void => {};
    const counting = new Promise<void>((resolve) => {
      go = resolve;
    });
    let looks = 0;
    const scene: Scene = {
      ledger: {
        async countSucceeded() {
          await counting;
          return { count: 7, others: 0, settled: { count: 0, others: 0, before: 0 } };
        },
        async *actions() {
          looks += 1;
          if (looks === 3) go();
          await allElseIdle();
          yield* [];
        },
      },
    };
    const { lines } = await watched(scene, 3);
    expect(lines.map(({ requests }) => requests?.succeeded)).toEqual([undefined, undefined, 7]);
  });

  it('survives failed looks, also where everything fails', async () => {
    let looks = 0;
    const scene: Scene = {
      failing: {
        queue(url) {
          if (url.endsWith('interactive')) looks += 1;
          return looks === 2 ? failed('AWS throttles.') : undefined;
        },
      },
    };
    const { exitCode, lines } = await watched(scene, 3);
    expect(exitCode).toBe(0);
    expect(lines.map(({ verdict }) => verdict.kind)).toEqual(['idle', 'unknown', 'idle']);
    expect(lines[1].unread).toHaveLength(3);
  });

  it('ends at once when it is interrupted during a look that hangs', async () => {
    const io = testIo();
    const context = contextFor(io, { ledger: { count: () => new Promise(() => {}) } });
    const ended = status(context, { watch: true, json: true });
    await allElseIdle();
    io.interrupt();
    expect(await ended).toBe(0);
    expect(io.stdout.text).toBe('');
  });

  it('asks at each look for no more actions than it tells', async () => {
    const wanted: unknown[] = [];
    const ledger: Partial<LedgerReader> = {
      async *actions(first) {
        wanted.push(first);
        yield* [];
      },
    };
    await watched({ ledger }, 2);
    expect(wanted).toEqual([5, 5]);
  });

  it('keeps nothing of the looks before, so that it may run for days', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const seen: WeakRef<ActionItem>[] = [];
    let kept = 0;
    const scene: Scene = {
      ledger: {
        async *actions() {
          if (seen.length === 10) {
            collectGarbage();
            kept = seen.filter((action) => action.deref() !== undefined).length;
          }
          const action = anAction('a-1');
          seen.push(new WeakRef(action));
          yield action;
        },
      },
    };
    await watched(scene, 11);
    expect(seen).toHaveLength(11);
    // The last one is still in hand.
    expect(kept).toBeLessThanOrEqual(1);
  });

  it('draws the verdict and the progress of the totals on a terminal', async () => {
    const scene: Scene = {
      bulk: { waiting: 5, inFlight: 2 },
      ledger: {
        countSucceeded(_campaign, _last, watch) {
          watch?.onCounted?.(340_000);
          return new Promise(() => {});
        },
      },
    };
    const { exitCode, io } = await watched(scene, 2, { json: false }, onTerminal(testIo()));
    expect(exitCode).toBe(0);
    expect(io.stdout.text).toContain('Working: 5 messages waiting, 2 in flight');
    expect(io.stdout.text).toContain('Totals: counting … 340,000');
    expect(io.stdout.text).toContain('2026-11-23T12:00:00Z, Ctrl-C to stop.');
    expect(io.stdout.text).not.toContain('status --watch');
  });

  it('on a terminal that is too short cuts from below, so that the verdict is seen', async () => {
    const io = onTerminal(testIo());
    io.stdout.rows = 8;
    await watched({}, 1, { json: false }, io);
    const [page = ''] = io.stdout.text.split('\u001b[?2026l');
    const lines = stripVTControlCharacters(page).split('\n');
    expect(lines).toHaveLength(8);
    expect(lines[0]).toBe('Idle: nothing is queued.\r');
    expect(lines[7]).toMatch(/^… \d+ rows more$/);
  });

  it('without a terminal and without --json is wrong usage', async () => {
    expect((await failureIn(status(contextFor(testIo(), {}), { watch: true }))).exitCode).toBe(2);
  });
});
