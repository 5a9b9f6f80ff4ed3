import { describe, expect, it } from 'vitest';
import { digesterOf, newIdKey, requestIdFor } from '../../../../cli/campaigns/request-ids.ts';
import { type RequestOptions, request } from '../../../../cli/commands/request/request.ts';
import type { Queues } from '../../../../cli/deployment/queues.ts';
import { CommandFailed } from '../../../../cli/terminal/io.ts';
import type { BudgetStore } from '../../../../functions/call-budget/shared-item.ts';
import type { BudgetState } from '../../../../functions/call-budget/state.ts';
import { BudgetDamaged } from '../../../../functions/call-budget/stored-state.ts';
import type { ActionItem } from '../../../../functions/ledger/items.ts';
import { aCampaign, anAction, anItem, aSentCampaign } from '../../../support/builders.ts';
import { aBudget, aHold, counts, heldBy, PAUSE, pausedOn } from '../../../support/cli/a-situation.ts';
import { contextOf, failureIn, memoryCampaigns, memoryReader, testIo } from '../../../support/cli/command-line.ts';
import { untouched } from '../../../support/untouched.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const reading = (state: BudgetState | undefined): BudgetStore => ({
  ...untouched<BudgetStore>('budget'),
  read: async () => state,
});

/** What is told of a request that is in the ledger. */
async function told(
  item: Parameters<typeof anItem>[0],
  { json = false, state }: { json?: boolean; state?: BudgetState } = {},
): Promise<string> {
  const io = testIo();
  const context = contextOf(io, { ledger: memoryReader(anItem(item)), budget: reading(state) });
  expect(await request(context, 'order-1', { json })).toBe(0);
  return io.stdout.text;
}

describe('request ID', () => {
  it.each<[claim: string, item: Parameters<typeof anItem>[0], words: RegExp]>([
    ['a success', { state: 'succeeded' }, /^order-1 {2}The password was reset\./],
    ['a later try', { notBefore: NOON + 180 * SECOND }, /next try in 3 min\..*next try +2026-11-23T12:03:00Z/s],
    ['a due try', { notBefore: NOON - SECOND }, /its next try is due/],
    ['a call under way', { state: 'calling', leaseEnd: NOON + SECOND }, /The API is being called.*state +calling\n/s],
    [
      'a lease that ended',
      { state: 'calling', leaseEnd: NOON - SECOND },
      /Unconfirmed: .*state +calling \(unconfirmed\)/s,
    ],
    ['a dead letter', { state: 'failed' }, /Dead-lettered: rejected\.\n.*detail +no such user/s],
    [
      'a dead letter whose reset may have gone through',
      { state: 'failed', reason: 'server-error' },
      /may have gone through all the same/,
    ],
    ['a letter under way', { state: 'failing' }, /Being dead-lettered: rejected/],
    ['a cancellation', { state: 'cancelled' }, /Cancelled with its campaign/],
    ['a discarded letter', { state: 'discarded' }, /Discarded by an operator/],
    [
      'a redrive that waits in its lane',
      { state: 'redriven' },
      /Sent back to its lane by an operator.*state +redriven/s,
    ],
    [
      'a letter that is gone',
      { state: 'failed', gone: NOON },
      /no longer in the queue.*letter gone +2026-11-23T12:00:00Z/s,
    ],
    ['a letter that is there', { state: 'failed' }, /Dead-lettered: rejected\.\n(?!.*letter gone)/s],
    [
      'who asked, and why',
      { requestedBy: 'desk-7', requestReason: 'left the company' },
      /requested by +desk-7\n +request reason +left the company/,
    ],
    ['its last moment', { notAfter: NOON + 60 * SECOND }, /not after +2026-11-23T12:01:00Z \(in 60 s\)/],
    ['its redrives', { redrives: 2 }, /redrives +2/],
    [
      'what was counted',
      { calls: 5, failedCalls: 3, unknowns: 1 },
      /5 calls, of which 3 failed and 1 of unknown outcome/,
    ],
    ['its campaign', { campaignId: 'spring' }, /campaign +spring/],
    ['its last status', { lastStatus: 429 }, /last status +429/],
  ])('request tells %s', async (_claim, item, words) => {
    expect(await told(item)).toMatch(words);
  });

  it('request shows no control character that the ledger holds', async () => {
    const text = await told({ state: 'failed', detail: '\u001b]0;gotcha\u0007', requestedBy: 'a\u001b[2Jb' });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: They are what is looked for.
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(text).toContain('a\\u001b[2Jb');
  });

  it('request --json prints every member, absent ones as null', async () => {
    expect(JSON.parse(await told({ state: 'calling', leaseEnd: NOON - SECOND }, { json: true }))).toEqual({
      found: true,
      requestId: 'order-1',
      state: 'calling',
      unconfirmed: true,
      lane: 'interactive',
      campaignId: null,
      calls: 1,
      failedCalls: 0,
      unknowns: 0,
      lastStatus: null,
      reason: null,
      detail: null,
      failureId: null,
      sender: null,
      requestedBy: null,
      requestReason: null,
      notAfter: null,
      redrives: 0,
      firstSentAt: '2026-11-23T11:59:59.000Z',
      firstCallAt: '2026-11-23T11:59:59.500Z',
      finishedAt: null,
      letterGoneAt: null,
      nextTryAt: null,
      leaseEndsAt: '2026-11-23T11:59:59.000Z',
      keptUntil: '2027-02-21T12:00:00.000Z',
      holds: [],
    });
  });

  it.each<[claim: string, item: Parameters<typeof anItem>[0], state: BudgetState, words: RegExp]>([
    [
      'its lane',
      { lane: 'bulk', notBefore: NOON + 5 * MINUTE },
      heldBy('bulk', aHold('brake')),
      /^order-1 {2}Waiting in its queue for a hold to end\.\n +held by +brake on lane bulk, since .*; next probe in 12 s\n/,
    ],
    ['all lanes', {}, heldBy('all', aHold('outage')), /held by +outage on all lanes, since /],
    [
      'a pause, after a redrive',
      { state: 'redriven' },
      pausedOn('interactive'),
      /waiting there for a hold to end\.\n +held by +paused by arn:\S+sam on lane interactive, since /,
    ],
    [
      'two holds',
      {},
      aBudget({ holds: { byScope: { all: aHold('credential') }, byOperator: { interactive: PAUSE } } }),
      /held by +no accepted token on all lanes.*\n +and by +paused by/,
    ],
    [
      'a hold whose probe it may be itself',
      {},
      heldBy('all', aHold('outage', { until: NOON - 1 })),
      /a probe is due with the next/,
    ],
    [
      'a call of unknown outcome',
      { state: 'calling', leaseEnd: NOON - SECOND },
      heldBy('all', aHold('outage')),
      /held by +outage/,
    ],
  ])('request says which hold it waits for: of %s', async (_claim, item, state, words) => {
    expect(await told(item, { state })).toMatch(words);
    expect(JSON.parse(await told(item, { state, json: true })).holds[0]).toMatchObject({ scope: expect.any(String) });
  });

  it.each<[claim: string, item: Parameters<typeof anItem>[0]]>([
    ['the other lane', { lane: 'interactive' }],
    ['its lane after it has ended', { lane: 'bulk', state: 'succeeded' }],
    ['its lane while it is called', { lane: 'bulk', state: 'calling' }],
  ])('request does not tell of a hold on %s', async (_claim, item) => {
    expect(await told(item, { state: heldBy('bulk', aHold('brake')) })).not.toContain('held by');
  });

  it('request tells the history where the holds cannot be read, and says so by exit code 3', async () => {
    const io = testIo();
    const broken = { ...reading(undefined), read: () => Promise.reject(new BudgetDamaged('state.holds is wrong')) };
    const parts = { ledger: memoryReader(anItem()), budget: broken };
    expect(await request(contextOf(io, parts), 'order-1', {})).toBe(3);
    expect(io.stdout.text).toMatch(
      /^order-1 {2}Waiting in its queue.*\n +held by +not known\. The item "budget" .* state\.holds/,
    );
    const json = testIo();
    await request(contextOf(json, parts), 'order-1', { json: true });
    expect(JSON.parse(json.stdout.text)).toMatchObject({ found: true, holds: null });
  });

  it('request --json prints who asked and why, until when, and how often it was redriven', async () => {
    const asked = { requestedBy: 'desk-7', requestReason: 'left', redrives: 2 };
    expect(
      JSON.parse(await told({ state: 'failed', ...asked, notAfter: NOON, gone: NOON - SECOND }, { json: true })),
    ).toMatchObject({
      ...asked,
      notAfter: '2026-11-23T12:00:00.000Z',
      letterGoneAt: '2026-11-23T11:59:59.000Z',
    });
  });

  it('request refuses an id against the rule without reading the ledger', async () => {
    expect((await failureIn(request(contextOf(testIo()), 'a b', {}))).exitCode).toBe(2);
  });
});

describe('request ID of a request that the ledger does not have', () => {
  interface Scene {
    actions?: ActionItem[];
    bulk?: number | Error;
    state?: BudgetState;
  }

  const partsOf = ({ actions = [], bulk = 0, state }: Scene) => ({
    ledger: {
      ...memoryReader(),
      async *actions() {
        yield* actions;
      },
    },
    budget: reading(state),
    queues: {
      ...untouched<Queues>('queues'),
      async counts(url: string) {
        if (url.endsWith('interactive')) return counts();
        if (bulk instanceof Error) throw bulk;
        return counts({ inFlight: bulk });
      },
    },
  });

  async function toldOf(scene: Scene) {
    const [text, json] = [testIo(), testIo()];
    const exitCode = await request(contextOf(text, partsOf(scene)), 'r-7', {});
    await request(contextOf(json, partsOf(scene)), 'r-7', { json: true });
    return { exitCode, text: text.stdout.text, json: JSON.parse(json.stdout.text) };
  }

  const enqueued = (given: Parameters<typeof anAction>[1] = {}): ActionItem =>
    anAction('a-1', {
      at: NOON - MINUTE,
      command: 'enqueue',
      details: { requestIds: ['r-6', 'r-7'], lane: 'bulk' },
      ...given,
    });
  const CUT_OFF = new CommandFailed('AWS throttles.');
  const SAM = 'arn:aws:sts::123456789012:assumed-role/Operator/sam';

  it('says who sent it, when and to which lane, and what it waits for', async () => {
    const scene: Scene = { actions: [anAction('a-2'), enqueued()], bulk: 2, state: heldBy('bulk', aHold('brake')) };
    expect(await toldOf(scene)).toEqual({
      exitCode: 0,
      text: expect.stringMatching(
        /^r-7 {2}Sent by arn:\S+sam at 2026-11-23T11:59:00Z \(60 s ago\) to lane bulk, and not received yet\.\n {2}held by {2}brake on lane bulk, since .*\n$/,
      ),
      json: {
        found: false,
        requestId: 'r-7',
        sent: { actionId: 'a-1', who: SAM, at: '2026-11-23T11:59:00.000Z', lane: 'bulk', state: 'done' },
        queued: 2,
        holds: [expect.objectContaining({ scope: 'bulk', why: 'brake' })],
      },
    });
  });

  it.each<[claim: string, scene: Scene, words: RegExp, json: object]>([
    [
      'a hold on the other lane is not its own',
      { actions: [enqueued()], state: pausedOn('interactive') },
      /not received yet\.\n$/,
      { holds: [] },
    ],
    [
      'one whose sending is under way',
      { actions: [enqueued({ state: 'running', heardAt: NOON })] },
      /Being sent by/,
      { sent: { state: 'running' } },
    ],
    [
      'one whose sending was cut off',
      { actions: [enqueued({ state: 'running', heardAt: NOON - 2 * MINUTE })] },
      /Perhaps sent, as the command was interrupted, by/,
      { sent: { state: 'interrupted' } },
    ],
    [
      'one that another system may have sent, as the lanes have messages',
      { bulk: 3, state: pausedOn('all') },
      /^r-7 {2}Not received yet, or never sent: 3 messages are queued\.\n {2}held by {2}paused by/,
      { sent: null, queued: 3, holds: [{ why: 'operator' }] },
    ],
    ['one of a lane that cannot be counted', { bulk: CUT_OFF }, /what is queued cannot be counted/, { queued: null }],
  ])('an ordinary state, exit code 0: %s', async (_claim, scene, words, json) => {
    const told = await toldOf(scene);
    expect(told.text).toMatch(words);
    expect(told.exitCode).toBe(0);
    expect(told.json).toMatchObject({ found: false, ...json });
  });

  it.each<[claim: string, actions: ActionItem[], words: RegExp]>([
    [
      'nobody sent it',
      [enqueued({ details: { requestIds: ['r-70'] } })],
      /no request r-7, and nothing is queued: it was never sent, or ended longer/,
    ],
    [
      'it was sent so long ago that no queue has it',
      [enqueued({ at: NOON - 15 * 24 * 60 * MINUTE })],
      /it was never sent, or ended/,
    ],
    [
      'what was sent is nowhere',
      [enqueued({ at: NOON - 10 * MINUTE })],
      /sam sent it at 2026-11-23T11:50:00Z, and its message was removed/,
    ],
  ])('a failure where nothing is queued and %s', async (_claim, actions, words) => {
    const io = testIo();
    const failure = await failureIn(request(contextOf(io, partsOf({ actions })), 'r-7', { json: true }));
    expect(failure).toEqual({ message: expect.stringMatching(words), exitCode: 1 });
    expect(JSON.parse(io.stdout.text)).toMatchObject({ found: false, requestId: 'r-7', queued: 0, holds: [] });
  });

  it('two hundred actions are looked at, and no more are read', async () => {
    let read = 0;
    const parts = partsOf({});
    parts.ledger.actions = async function* () {
      for (;;) {
        read += 1;
        yield anAction(`a-${read}`);
      }
    };
    await failureIn(request(contextOf(testIo(), parts), 'r-7', {}));
    expect(read).toBe(200);
  });
});

describe('request --campaign ID --email ADDRESS', () => {
  const EMAIL = 'Jane.Roe@example.com';
  const idKey = newIdKey();
  const requestId = requestIdFor('breach-7', digesterOf(idKey)(EMAIL));

  function scene({ hasKey = true, item = aSentCampaign('breach-7') } = {}) {
    const io = testIo();
    const { campaigns, idKeys } = memoryCampaigns();
    if (hasKey) idKeys.set('breach-7', idKey);
    const reader = memoryReader(anItem({ key: requestId, campaignId: 'breach-7', state: 'succeeded' }));
    const findCampaign = async (id: string) => (id === 'breach-7' ? item : undefined);
    return {
      io,
      context: contextOf(io, { campaigns, ledger: { ...reader, findCampaign }, budget: reading(undefined) }),
    };
  }

  it.each(['Jane.Roe@example.com', 'jane.roe@EXAMPLE.com'])(
    'tells whether a person was reset, whatever the capitals, and prints no address (%s)',
    async (email) => {
      for (const json of [false, true]) {
        const { io, context } = scene();
        expect(await request(context, undefined, { campaign: 'breach-7', email, json })).toBe(0);
        expect(io.stdout.text).toMatch(json ? /"state": "succeeded"/ : `${requestId}  The password was reset.`);
        expect(io.stdout.text + io.stderr.text).not.toMatch(/roe|example/i);
      }
    },
  );

  it.each<[id: string | undefined, options: RequestOptions, message: RegExp]>([
    [undefined, {}, /^Give a request's id, or both --campaign ID and --email ADDRESS\.$/],
    ['r-7', { campaign: 'breach-7', email: EMAIL }, /^Give a request's id, or both/],
    ['r-7', { email: EMAIL }, /^Give a request's id, or both/],
    [undefined, { campaign: 'breach-7' }, /^Give a request's id, or both/],
    [undefined, { email: EMAIL }, /^Give a request's id, or both/],
    [undefined, { campaign: 'none', email: EMAIL }, /"none" is no campaign/],
    [undefined, { campaign: 'breach-7', email: "o'brien@example.com" }, /^The address of --email (?!.*brien)/],
  ])('given %j and %j is wrong usage in one line', async (id, options, message) => {
    const failure = await failureIn(request(contextOf(testIo()), id, options));
    expect(failure).toEqual({ message: expect.stringMatching(message), exitCode: 2 });
  });

  it.each<[claim: string, given: Parameters<typeof scene>[0], campaign: string, message: RegExp]>([
    ['that the ledger does not know', {}, 'breach-8', /^The ledger knows no campaign breach-8/],
    [
      'from other systems',
      { hasKey: false, item: aCampaign('breach-7') },
      'breach-7',
      /^Campaign breach-7 was not sent from a file, so no request id can be told from an address\.$/,
    ],
    [
      'without its id key',
      { hasKey: false },
      'breach-7',
      /^The id key of campaign breach-7 is no longer in the ledger/,
    ],
  ])('of a campaign %s says so in one line', async (_claim, given, campaign, message) => {
    const { context } = scene(given);
    const failure = await failureIn(request(context, undefined, { campaign, email: EMAIL }));
    expect(failure).toEqual({ message: expect.stringMatching(message), exitCode: 1 });
  });
});
