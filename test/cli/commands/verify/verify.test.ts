import { describe, expect, it } from 'vitest';
import { type VerifyOptions, verify } from '../../../../cli/commands/verify/verify.ts';
import type { Connection } from '../../../../cli/deployment/connect.ts';
import type { QueueCounts, Queues, ReceivedMessage } from '../../../../cli/deployment/queues.ts';
import { CommandFailed } from '../../../../cli/terminal/io.ts';
import { type BudgetState, freshBudget } from '../../../../functions/call-budget/state.ts';
import { BudgetDamaged } from '../../../../functions/call-budget/stored-state.ts';
import { LANES, type Lane, parseResetRequest } from '../../../../functions/contract/reset-request.ts';
import type { CampaignItem, RequestItem } from '../../../../functions/ledger/items.ts';
import { LedgerUnreachable, LedgerUnreadable } from '../../../../functions/ledger/ledger.ts';
import { aCampaign, anItem } from '../../../support/builders.ts';
import {
  cancelling,
  contextOf,
  DEPLOYMENT,
  failureIn,
  memoryActions,
  memoryReader,
  onTerminal,
  type TestIo,
  testIo,
} from '../../../support/cli/command-line.ts';
import { untouched } from '../../../support/untouched.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const EMPTY: QueueCounts = { waiting: 0, inFlight: 0, delayed: 0 };
const CAMPAIGN = 'resets-verify';

const named = (name: string, message = ''): Error => Object.assign(new Error(message), { name });
/** As `explain` makes them. */
const denied = () => new CommandFailed('Access is denied.', undefined, named('AccessDeniedException'));
const broken = () => new CommandFailed('AWS throttles calls.', undefined, named('ThrottlingException'));

const DAY_MS = 24 * 60 * 60_000;
const HEARD = { confirmedSubscriptions: async () => 2 };

interface Scene extends Partial<Omit<Connection, 'queues' | 'ledger'>> {
  io?: TestIo;
  /** Counts of the bulk lane, before something is sent to it and after. */
  bulk?: { before: Partial<QueueCounts>; after: Partial<QueueCounts> };
  /** What the ledger says of what was sent to a lane, the n-th time that it is asked. */
  ends?: (requestId: string, lane: string, look: number) => RequestItem | undefined;
  /** The lane whose function received it. @default the one that it was sent to */
  comesOutOf?: Lane;
  campaign?: CampaignItem | undefined;
  queues?: Partial<Queues>;
  ledger?: Partial<Connection['ledger']>;
  state?: BudgetState;
  /** The letters in the dead-letter queue; that of what was sent carries the failure id `failure-0`. */
  letters?: ReceivedMessage[];
}

const letter = (failureId: string): ReceivedMessage => ({
  messageId: `message-${failureId}`,
  receiptHandle: `handle-${failureId}`,
  body: '',
  attributes: { FailureId: failureId },
});

/** A deployment in order, but for what the scene says. */
function aDeployment(scene: Scene = {}) {
  const {
    io = testIo(),
    bulk,
    ends,
    comesOutOf,
    queues,
    ledger,
    state,
    letters = [letter('failure-0')],
    ...parts
  } = scene;
  const campaign = 'campaign' in scene ? scene.campaign : aCampaign(CAMPAIGN, { state: 'cancelled' });
  const sent: { lane: string; body: string }[] = [];
  const told: string[] = [];
  const looks = new Map<string, number>();
  const written = memoryActions();
  const laneOf = (url: string) => LANES.find((lane) => DEPLOYMENT.laneQueueUrls[lane] === url) ?? 'dead';
  const context = contextOf(io, {
    budget: { ...untouched<Connection['budget']>('budget'), read: async () => state },
    secret: { hasValue: async () => true, look: async () => ({ kind: 'well-formed' }) },
    topics: { page: HEARD, notice: HEARD },
    actions: written.actions,
    marks: {
      ...untouched<Connection['marks']>('marks'),
      discarded: async (key, failureId) => {
        told.push(`discarded ${key} ${failureId}`);
        return true;
      },
    },
    campaigns: cancelling(async (id) => void told.push(`cancelled ${id}`)),
    ...parts,
    ledger: {
      ...memoryReader(),
      findCampaign: async () => campaign,
      async find(id) {
        looks.set(id, (looks.get(id) ?? 0) + 1);
        const { lane = 'interactive', body = '' } = sent.find(({ body: one }) => one.includes(id)) ?? {};
        const cancelled = anItem({ key: id, state: body === '' ? 'failed' : 'cancelled' });
        const item = ends !== undefined && body !== '' ? ends(id, lane, looks.get(id) ?? 0) : cancelled;
        return item && { ...item, lane: comesOutOf ?? (lane === 'bulk' ? lane : 'interactive') };
      },
      ...ledger,
    },
    queues: {
      ...untouched<Queues>('queues'),
      deadLetterArn: async () => 'arn:aws:sqs:eu-central-1:q:dead',
      async counts(url) {
        const isSent = sent.some(({ lane }) => lane === 'bulk');
        return { ...EMPTY, ...(laneOf(url) === 'bulk' ? (isSent ? bulk?.after : bulk?.before) : {}) };
      },
      async sendBatch(url, bodies) {
        for (const body of bodies) sent.push({ lane: laneOf(url), body });
        return [{ ok: true, messageId: 'message-1' }];
      },
      async receive() {
        await io.clock.sleep(5_000);
        return letters;
      },
      hide: async (_url, handles, seconds) => void told.push(`hidden ${seconds} s: ${handles.join()}`),
      remove: async (_url, handle) => void told.push(`removed ${handle}`),
      ...queues,
    },
  });
  return { io, context, sent, told, written: written.written };
}

async function verified(scene: Scene = {}, options: Partial<VerifyOptions> = {}) {
  const deployment = aDeployment(scene);
  const code = await verify(deployment.context, { wait: 60, json: true, ...options });
  const { checks, ok } = JSON.parse(deployment.io.stdout.text) as {
    checks: { name: string; result: string; words: string; wayOut: string | null }[];
    ok: boolean;
  };
  const of = (name: string) => checks.find((check) => check.name === name);
  return { ...deployment, code, ok, checks, of };
}

const holding = (holds: Partial<BudgetState['holds']>): BudgetState => {
  const fresh = freshBudget(NOON);
  return { ...fresh, holds: { ...fresh.holds, ...holds } };
};
const BRAKE = { why: 'brake', since: NOON - 60_000, permit: 1, until: NOON + 60_000, lengthMs: 300_000 } as const;
const reject = (error: Error) => () => Promise.reject(error);

describe('verify', () => {
  it('finds a deployment in order, in JSON with every member, and exits 0', async () => {
    const { code, ok, checks } = await verified();
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(checks.map(({ name, result }) => `${name}: ${result}`)).toEqual([
      'outputs: ok',
      'interactive queue: ok',
      'bulk queue: ok',
      'dead-letter queue: ok',
      'ledger table: ok',
      'call budget: ok',
      'holds: ok',
      'secret: ok',
      'pages: ok',
      'notices: ok',
      'interactive lane: ok',
      'bulk lane: ok',
    ]);
    for (const check of checks) expect(Object.keys(check)).toEqual(['name', 'result', 'words', 'wayOut']);
  });

  it.each<
    [claim: string, scene: Scene, name: string, result: string, words: RegExp, wayOut: RegExp | null, code: number]
  >([
    [
      'outputs without the ceiling',
      { deployment: { ...DEPLOYMENT, ceiling: undefined } },
      'outputs',
      'failed',
      /ceiling \(Quota, CallsPerMinute/,
      /--outputs-file/,
      1,
    ],
    [
      'outputs without the secret',
      { deployment: { ...DEPLOYMENT, secretArn: undefined }, secret: undefined },
      'outputs',
      'failed',
      /the secret \(ApiTokenSecretArn\)/,
      /RESETS_API_TOKEN_SECRET_ARN/,
      1,
    ],
    [
      'a lane without a dead-letter queue',
      { queues: { deadLetterArn: async () => undefined } },
      'bulk queue',
      'failed',
      /no dead-letter queue/,
      /deploy again/,
      1,
    ],
    [
      "another stack's dead-letter queue",
      { queues: { deadLetterArn: async () => 'arn:aws:sqs:eu-central-1:q:other-dead' } },
      'bulk queue',
      'failed',
      /go to arn:.*other-dead/,
      /deploy again/,
      1,
    ],
    [
      'a dead-letter queue of another region',
      { queues: { deadLetterArn: async () => 'arn:aws:sqs:us-east-1:q:dead' } },
      'interactive queue',
      'failed',
      /us-east-1/,
      /deploy again/,
      1,
    ],
    [
      'a queue that may not be looked at',
      { queues: { deadLetterArn: reject(denied()) } },
      'bulk queue',
      'not checked',
      /denied/,
      null,
      3,
    ],
    [
      'a table that is gone',
      { ledger: { findCampaign: reject(new LedgerUnreadable('T', named('ResourceNotFoundException'))) } },
      'ledger table',
      'failed',
      /There is no ledger table T/,
      null,
      1,
    ],
    [
      'an index that may not be read',
      {
        ledger: {
          campaigns: async function* () {
            yield* [];
            throw new LedgerUnreadable('T', named('AccessDeniedException'));
          },
        },
      },
      'ledger table',
      'not checked',
      /ledger table T is denied/,
      null,
      3,
    ],
    [
      'a ceiling that an operator has set',
      { state: { ...freshBudget(NOON), ceiling: { quota: 'known', perMinute: 30, burst: 5 } } },
      'call budget',
      'ok',
      /30 calls a minute, burst 5, set by an operator \(deployed: 60/,
      null,
      0,
    ],
    [
      'a budget item damaged by hand',
      { budget: { read: reject(new BudgetDamaged('state.holds is not')), write: reject(denied()) } },
      'call budget',
      'failed',
      /changed by hand.*delete it/,
      null,
      1,
    ],
    [
      'holds of a budget item damaged by hand',
      { budget: { read: reject(new BudgetDamaged('state.holds is not')), write: reject(denied()) } },
      'holds',
      'not checked',
      /could not be read/,
      null,
      1,
    ],
    [
      'a brake',
      { state: holding({ byScope: { bulk: BRAKE } }) },
      'holds',
      'failed',
      /brake on lane bulk, since/,
      /npx resets budget release \(docs\/runbook.md, Brake\)$/,
      1,
    ],
    [
      "an operator's pause",
      { state: holding({ byOperator: { bulk: { since: NOON, who: 'sam', why: 'lunch' } } }) },
      'holds',
      'failed',
      /paused by sam \("lunch"\) on lane bulk/,
      /npx resets lane resume bulk/,
      1,
    ],
    [
      'an ended hold in an empty lane',
      { state: holding({ byScope: { bulk: { ...BRAKE, until: NOON - 1 } } }) },
      'holds',
      'ok',
      /none/,
      null,
      0,
    ],
    [
      'an ended hold in a lane that cannot be counted',
      {
        state: holding({ byScope: { all: { ...BRAKE, why: 'credential', until: NOON - 1 } } }),
        queues: { counts: reject(broken()) },
      },
      'holds',
      'failed',
      /no accepted token/,
      /token into secret arn:/,
      1,
    ],
    [
      'a secret without a value',
      { secret: { hasValue: async () => false, look: reject(denied()) } },
      'secret',
      'failed',
      /no value yet/,
      /aws secretsmanager put-secret-value --region eu-central-1 --secret-id arn:aws:secretsmanager/,
      1,
    ],
    [
      'an empty secret',
      { secret: { hasValue: async () => true, look: async () => ({ kind: 'empty' }) } },
      'secret',
      'failed',
      /is empty/,
      /put-secret-value/,
      1,
    ],
    [
      'a malformed secret',
      { secret: { hasValue: async () => true, look: async () => ({ kind: 'malformed' }) } },
      'secret',
      'failed',
      /neither a token/,
      /put-secret-value/,
      1,
    ],
    [
      'a secret that may not be read',
      { secret: { hasValue: async () => true, look: reject(denied()) } },
      'secret',
      'not checked',
      /has a value; whether .* you may not see: Access is denied$/,
      null,
      0,
    ],
    [
      'a secret that may not even be described',
      { secret: { hasValue: reject(denied()), look: reject(denied()) } },
      'secret',
      'not checked',
      /denied/,
      null,
      0,
    ],
    [
      'no topic',
      { topics: { page: undefined, notice: HEARD } },
      'pages',
      'warning',
      /notify nobody/,
      /alarmEmail.*-c alarmTopicArn/,
      0,
    ],
    [
      'no topic of notices',
      { topics: { page: HEARD, notice: undefined } },
      'notices',
      'warning',
      /notify nobody/,
      /-c noticeTopicArn/,
      0,
    ],
    [
      'a topic that nobody hears of',
      { topics: { page: { confirmedSubscriptions: async () => 0 }, notice: HEARD } },
      'pages',
      'failed',
      /no confirmed subscription/,
      /subscribe/,
      1,
    ],
    [
      'a topic that may not be looked at',
      { topics: { page: { confirmedSubscriptions: reject(denied()) }, notice: HEARD } },
      'pages',
      'not checked',
      /denied/,
      null,
      0,
    ],
    [
      'a message that SQS does not take',
      { queues: { sendBatch: async () => [{ ok: false, senderFault: true, why: 'no' }] } },
      'bulk lane',
      'failed',
      /did not take a message: no/,
      /try again/,
      1,
    ],
    [
      'a lane to which the caller may not send',
      { queues: { sendBatch: reject(denied()) } },
      'bulk lane',
      'not checked',
      /denied/,
      null,
      3,
    ],
    [
      'an action that may not be written down',
      { actions: { ...memoryActions().actions, begin: reject(new LedgerUnreachable(named('AccessDeniedException'))) } },
      'interactive lane',
      'not checked',
      /^Nothing was sent\. Access to ledger table Ledger is denied/,
      null,
      3,
    ],
    [
      'a queue that is another lane’s',
      { comesOutOf: 'interactive' },
      'bulk lane',
      'failed',
      /came out of lane interactive/,
      /the outputs name the wrong queues/,
      1,
    ],
    [
      'a request that is reset all the same',
      { ends: (key) => anItem({ key, state: 'succeeded' }) },
      'bulk lane',
      'failed',
      /ended as succeeded/,
      /npx resets request resets-verify:id-/,
      1,
    ],
    [
      'a lane that nobody receives from',
      { ends: () => undefined, bulk: { before: {}, after: { waiting: 1 } } },
      'bulk lane',
      'failed',
      /not seen in the ledger within 60 s, with 1 message waiting and none in flight/,
      /event source for the bulk queue/,
      1,
    ],
    [
      'a lane with a backlog that nobody receives from',
      { ends: () => undefined, bulk: { before: { waiting: 500 }, after: { waiting: 501 } } },
      'bulk lane',
      'failed',
      /501 messages waiting and none in flight/,
      /event source/,
      1,
    ],
    [
      'a lane that works through a backlog',
      {
        ends: (key, lane) => (lane === 'bulk' ? undefined : anItem({ key, state: 'cancelled' })),
        bulk: { before: { waiting: 1_500 }, after: { waiting: 1_400, inFlight: 20 } },
      },
      'bulk lane',
      'not checked',
      /behind 1,500 messages/,
      /npx resets verify --wait 600/,
      3,
    ],
  ])('%s', async (_claim, scene, name, result, words, wayOut, code) => {
    const seen = await verified(scene);
    expect(seen.of(name)).toMatchObject({
      result,
      words: expect.stringMatching(words),
      wayOut: wayOut === null ? null : expect.stringMatching(wayOut),
    });
    expect({ code: seen.code, ok: seen.ok }).toEqual({ code, ok: code === 0 });
  });

  it('one thing at fault leaves the others checked', async () => {
    const { checks } = await verified({
      queues: { deadLetterArn: reject(broken()) },
      topics: { page: undefined, notice: HEARD },
    });
    expect(checks.filter(({ result }) => result === 'failed').map(({ name }) => name)).toEqual([
      'interactive queue',
      'bulk queue',
    ]);
    expect(checks).toHaveLength(12);
  });

  it('a bug is no finding', async () => {
    await expect(
      verified({ topics: { page: { confirmedSubscriptions: reject(new TypeError('x')) }, notice: HEARD } }),
    ).rejects.toThrow(TypeError);
  });
});

describe('What verify sends', () => {
  it('is a valid request of the cancelled campaign to each lane, for an address that nobody can have', async () => {
    const { sent } = await verified();
    expect(sent.map(({ lane }) => lane)).toEqual(['interactive', 'bulk']);
    const ids = sent.map(({ body }) => {
      const parsed = parseResetRequest(body);
      expect(parsed).toMatchObject({ ok: true, request: { campaignId: CAMPAIGN } });
      return parsed.ok ? parsed.request.requestId : undefined;
    });
    expect(new Set(ids).size).toBe(2);
    for (const { body } of sent) expect(JSON.parse(body).email).toMatch(/@[a-z-]+\.invalid$/);
  });

  it.each([
    ['not known', undefined, [`cancelled ${CAMPAIGN}`], 2_000],
    ['in use', aCampaign(CAMPAIGN), [`cancelled ${CAMPAIGN}`], 7_000],
    ['cancelled', aCampaign(CAMPAIGN, { state: 'cancelled' }), [], 0],
  ])(
    'comes after its campaign is cancelled, and after the worker can have missed that: the campaign is %s',
    async (_was, campaign, cancelled, waitedMs) => {
      const io = testIo();
      const at: number[] = [];
      const { told } = await verified({
        io,
        campaign,
        queues: {
          async sendBatch() {
            at.push(io.clock.now() - NOON);
            return [{ ok: true, messageId: 'm' }];
          },
        },
      });
      expect(told).toEqual(cancelled);
      expect(at).toEqual([waitedMs, waitedMs]);
    },
  );

  it('is written down as an action, and said on stderr with account, region and stack', async () => {
    const { written, io } = await verified();
    expect([...written.values()]).toMatchObject([{ command: 'verify', planned: 2, done: 2, state: 'done' }]);
    expect(io.stderr.text).toMatch(/through each lane of stack Test, account 123456789012, region eu-central-1/);
  });

  it.each<[claim: string, expiresAt: number | 'malformed', result: string, words: RegExp, wayOut: RegExp | null]>([
    ['expires within a week', NOON + 6.9 * DAY_MS, 'warning', /expires 2026-11-30/, /put-secret-value/],
    ['has expired by its own account', NOON - DAY_MS, 'warning', /\(24 h ago\)/, /put-secret-value/],
    ['expires later', NOON + 7.1 * DAY_MS, 'ok', /expires 2026-11-30/, null],
    ['has an expiresAt that is no time', 'malformed', 'warning', /nobody is told before/, /2027-01-01T00:00:00Z/],
  ])('a token that %s', async (_claim, expiresAt, result, words, wayOut) => {
    const secret = { hasValue: async () => true, look: async () => ({ kind: 'well-formed', expiresAt }) as const };
    const { of } = await verified({ secret });
    expect(of('secret')).toMatchObject({ result, words: expect.stringMatching(words) });
    if (wayOut === null) expect(of('secret')?.wayOut).toBeNull();
    else expect(of('secret')?.wayOut).toMatch(wayOut);
  });

  it('is watched for as long as --wait says', async () => {
    const { io, of } = await verified(
      { ends: (key, _lane, look) => (look <= 40 ? undefined : anItem({ key, state: 'cancelled' })) },
      { wait: 100 },
    );
    expect(of('bulk lane')?.result).toBe('ok');
    expect(Math.max(...io.slept)).toBeLessThanOrEqual(1_000);
  });

  it('is no longer watched after Ctrl-C: what was found is shown, and the exit code is 130', async () => {
    const io = testIo();
    const { code, of, written, ok } = await verified({
      io,
      ends: (_key, _lane, look) => {
        if (look === 3) io.interrupt();
        return undefined;
      },
    });
    expect({ code, ok }).toEqual({ code: 130, ok: false });
    expect(of('bulk lane')).toMatchObject({ result: 'not checked', words: expect.stringContaining('stopped') });
    expect([...written.values()]).toMatchObject([{ state: 'interrupted', done: 0 }]);
  });

  it('is not sent if Ctrl-C comes while the campaign is being cancelled', async () => {
    const io = testIo();
    const { code, sent, of } = await verified({
      io,
      campaign: undefined,
      campaigns: cancelling(async () => io.interrupt()),
    });
    expect({ code, sent }).toEqual({ code: 130, sent: [] });
    expect(of('bulk lane')).toMatchObject({ words: 'stopped before anything was sent' });
  });
});

describe('verify --dead-letter', () => {
  const DEAD_LETTER = { deadLetter: true, yes: true };

  it('finds and removes its own letter alone, marks it as discarded first, and lets the others go', async () => {
    const { of, told, sent, code, written } = await verified(
      { letters: [letter('theirs-1'), letter('failure-0'), letter('theirs-2')] },
      DEAD_LETTER,
    );
    expect(of('dead letter')?.result).toBe('ok');
    expect(code).toBe(0);
    expect(parseResetRequest(sent.find(({ body }) => !body.startsWith('{'))?.body ?? '').ok).toBe(false);
    expect(told).toEqual([
      'discarded message-1 failure-0',
      'removed handle-failure-0',
      'hidden 0 s: handle-theirs-1,handle-theirs-2',
    ]);
    expect([...written.values()]).toMatchObject([{ command: 'verify --dead-letter', planned: 3, done: 3 }]);
  });

  it('leaves a letter on which another operator has decided meanwhile', async () => {
    const { of, told, code } = await verified(
      { marks: { ...untouched<Connection['marks']>('marks'), discarded: async () => false } },
      DEAD_LETTER,
    );
    expect(of('dead letter')).toMatchObject({ result: 'failed', words: expect.stringContaining('another operator') });
    expect(told).toEqual(['hidden 0 s: handle-failure-0']);
    expect(code).toBe(1);
  });

  it('a letter that is not there is missed after 65 s without a new one', async () => {
    const { of, io, told } = await verified({ letters: [letter('theirs-1')] }, DEAD_LETTER);
    expect(of('dead letter')).toMatchObject({
      result: 'failed',
      wayOut: expect.stringContaining('npx resets dlq list --reason invalid-request'),
    });
    // The first poll brought one.
    expect(io.slept.filter((ms) => ms === 5_000)).toHaveLength(1 + 13);
    expect(told).toEqual(['hidden 0 s: handle-theirs-1']);
  });

  it('touches no letter before its own has been sent', async () => {
    const { of } = await verified(
      {
        ledger: { find: async (id) => (id === 'message-1' ? undefined : anItem({ key: id, state: 'cancelled' })) },
        queues: { receive: reject(new TypeError('touched')) },
      },
      DEAD_LETTER,
    );
    expect(of('dead letter')).toMatchObject({ result: 'failed', words: expect.stringContaining('not seen') });
  });

  it('asks first, names account, region and stack, and a no sends nothing', async () => {
    const io = onTerminal(testIo(), 'n\n');
    const { context, sent } = aDeployment({ io });
    expect(await failureIn(verify(context, { wait: 60, deadLetter: true }))).toEqual({
      message: 'Nothing was sent.',
      exitCode: 1,
    });
    expect(io.stderr.text).toMatch(/account 123456789012, region eu-central-1.*hidden.*alarm/s);
    expect(sent).toEqual([]);
  });

  it('is refused where nobody can be asked, before a connection is made', async () => {
    const { context } = aDeployment();
    const connect = (): never => expect.fail('it has connected');
    expect(await failureIn(verify({ ...context, connect }, { wait: 60, deadLetter: true }))).toMatchObject({
      exitCode: 2,
    });
  });
});

describe('For people verify', () => {
  const shown = async (scene: Scene) => {
    const { io, context } = aDeployment(scene);
    await verify(context, { wait: 60 });
    return io.stdout.text;
  };

  it('prints a line for each check, the way out below it, and how it ended', async () => {
    expect(
      await shown({
        topics: { page: undefined, notice: HEARD },
        secret: { hasValue: async () => false, look: reject(denied()) },
      }),
    ).toBe(
      `stack Test, account 123456789012, region eu-central-1
  ok           outputs            complete
  ok           interactive queue  there, and gives up messages to the dead-letter queue
  ok           bulk queue         there, and gives up messages to the dead-letter queue
  ok           dead-letter queue  there, with 0 messages
  ok           ledger table       Ledger and its index answer
  ok           call budget        60 calls a minute, burst 10; no call was made yet
  ok           holds              none
  failed       secret             it has no value yet, so that nobody is called
               → aws secretsmanager put-secret-value --region eu-central-1 --secret-id ${DEPLOYMENT.secretArn} --secret-string file://token.txt
  warning      pages              no topic is deployed: they notify nobody
               → deploy with -c alarmEmail=ADDRESS or -c alarmTopicArn=ARN
  ok           notices            they notify a topic with 2 confirmed subscriptions
  ok           interactive lane   a request went through queue, function and ledger within 0 s, without a call
  ok           bulk lane          a request went through queue, function and ledger within 0 s, without a call
1 check failed.
`,
    );
  });

  it.each<[string, Scene, string]>([
    ['in order', {}, 'The deployment is in order.'],
    ['denied', { queues: { sendBatch: reject(denied()) } }, 'Nothing failed, and 2 checks could not be made.'],
  ])('says at the end that it is %s', async (_claim, scene, words) => {
    expect((await shown(scene)).trimEnd().split('\n').at(-1)).toBe(words);
  });

  it('prints no control character of whoever paused a lane', async () => {
    const state = holding({ byOperator: { bulk: { since: NOON, who: 'sam\u001b[2J', why: '\u202e' } } });
    expect(await shown({ state })).toMatch(/paused by sam\\u001b\[2J \("\\u202e"\)/);
  });
});
