import { setImmediate as allElseIdle } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { campaignStatus, type StatusOptions } from '../../../../cli/commands/campaign/status/status.ts';
import type { Connection } from '../../../../cli/deployment/connect.ts';
import type { BudgetState } from '../../../../functions/call-budget/state.ts';
import type { LedgerReader } from '../../../../functions/ledger/dynamo/reader.ts';
import type { ActionItem, CampaignItem, RequestItem } from '../../../../functions/ledger/items.ts';
import { LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
import { aCampaign, anAction, anItem, aSentCampaign } from '../../../support/builders.ts';
import { aHold, heldBy, pausedOn } from '../../../support/cli/a-situation.ts';
import { contextOf, failureIn, memoryCampaigns, memoryReader, testIo } from '../../../support/cli/command-line.ts';
import { aBudgetState, anOperator, MINUTE_MS } from '../../../support/cli/operator.ts';
import { NOON } from '../../../support/virtual-clock.ts';

interface Scene {
  item?: CampaignItem;
  requests?: RequestItem[];
  action?: ActionItem;
  state?: BudgetState;
  ledger?: Partial<LedgerReader>;
  parts?: Partial<Connection>;
}

const reset = (index: number, at = NOON - MINUTE_MS): RequestItem =>
  anItem({ key: `breach-7:${String(index).padStart(32, '0')}`, campaignId: 'breach-7', state: 'succeeded', at });
const failed = (index: number): RequestItem =>
  anItem({ key: `breach-7:${String(index).padStart(32, '0')}`, campaignId: 'breach-7', state: 'failed' });
const SENT = aSentCampaign('breach-7', {
  reason: 'INC-7',
  requestedBy: 'sec-team',
  notIn: ['breach-6'],
  whereColumns: ['Country'],
});

function scene({ item = SENT, requests = [reset(1), reset(2), failed(3)], action, state, ledger, parts }: Scene = {}) {
  const { campaigns, items } = memoryCampaigns(item);
  const operator = anOperator(state === undefined ? { state: aBudgetState() } : { state }, {
    campaigns,
    ledger: {
      ...memoryReader(...requests),
      findCampaign: async (id) => items.get(id),
      findAction: async () => action,
      ...ledger,
    },
    ...parts,
  });
  return { ...operator, items };
}

async function told(given: Scene = {}, options: StatusOptions = {}) {
  const { io, context, items } = scene(given);
  const exitCode = await campaignStatus(context, 'breach-7', options);
  return { text: io.stdout.text, lines: io.stdout.lines, exitCode, items };
}

describe('campaign status', () => {
  it.each([
    ['half a minute ago goes by that time', 30_000, 4],
    ['just now goes by ten seconds, as less is no measure', 1_000, 12],
  ])('of a campaign that was started %s', async (_claim, elapsedMs, perMinute) => {
    const item = aSentCampaign('breach-7', { startedAt: NOON - elapsedMs });
    const { text } = await told({ item, requests: [reset(1, NOON - 500), reset(2, NOON - 500)] }, { json: true });
    expect(JSON.parse(text).recent).toEqual({ minutes: 5, resets: 2, perMinute });
  });

  it('opens with the sentence to paste and the next step, then tells what it was made of', async () => {
    const { text, exitCode } = await told();
    expect(exitCode).toBe(0);
    expect(text).toBe(
      `Campaign breach-7: 2 of 10 reset (20%), 1 failed, 7 waiting; about 2 a minute, done in about 2 min (2026-11-23 12:02 UTC).
Next: npx resets campaign status breach-7 --watch

Requests, 10 rows in all
  reset       2, 20%
  failed      1
    rejected  1
  waiting     7

Resets
  last 5 minutes   2, about 2 a minute
  time left        about 2 min, until 2026-11-23T12:02:20Z

Campaign of stack Test, account 123456789012, region eu-central-1
  file             breach.csv
  lane             bulk
  reason           INC-7
  requested by     sec-team
  rows taken by    Country
  left out         1 list of excluded accounts, who was reset in breach-6
  started          2026-11-23T11:00:00Z (60 min ago) by Operator/sam
  sent             2026-11-23T11:01:00Z (59 min ago)
  first seen       2026-11-23T11:00:00Z (60 min ago)
  last seen        2026-11-23T12:00:00Z (0 s ago)
  kept until       2027-02-21T12:00:00Z (in 90 d)
`,
    );
  });

  it.each<[claim: string, given: Scene, words: RegExp]>([
    [
      'a hold outranks all else, with its way out and no time left',
      { state: heldBy('bulk', aHold('brake')) },
      /^Campaign .*; held: brake on lane bulk, .*next probe in 12 s\.\nRunbook: docs\/runbook\.md, Brake\nNext: fix the URL.*budget release\n.*time left +not known while it is held/s,
    ],
    ['a pause of its lane is a hold', { state: pausedOn('bulk') }, /; held: paused by .* on lane bulk/],
    ['a hold on the other lane is none of its own', { state: pausedOn('interactive') }, /; about 2 a minute/],
    [
      'one that has ended points at its dead letters',
      { requests: [...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((index) => reset(index)), failed(9)] },
      /; all ended\.\nNext: npx resets dlq list --campaign breach-7\n(?!.*time left)/s,
    ],
    [
      'one that is cancelled has no time left',
      { item: { ...SENT, state: 'cancelled' } },
      /7 cancelling; cancelled .*\n {2}cancelling +7\n(?!.*time left)/s,
    ],
    [
      'requests of other systems are told apart',
      { requests: [reset(1), anItem({ key: 'crm-1', campaignId: 'breach-7', state: 'failed' })] },
      /1 of 10 reset .*1 request of other systems under this id, ended or being called, is not among them/s,
    ],
    [
      'a campaign from other systems alone has no rows',
      { item: aCampaign('breach-7', { at: NOON }), requests: [reset(1), failed(2)] },
      /^Campaign breach-7: 1 reset, 1 failed; none waits\..*Requests, all from other systems\n/s,
    ],
    [
      'a campaign from other systems is held by what holds the lane of its requests',
      {
        item: aCampaign('breach-7', { at: NOON }),
        requests: [anItem({ key: 'crm-1', campaignId: 'breach-7' })],
        state: pausedOn('interactive'),
      },
      /1 waiting; held: paused by/,
    ],
  ])('tells that %s', async (_claim, given, words) => {
    expect((await told(given)).text).toMatch(words);
  });

  const { sentAt: _, ...beingSent } = SENT;
  it.each<[claim: string, state: ActionItem['state'], words: RegExp]>([
    [
      'how far it is sent',
      'running',
      /1 waiting, 6 not sent; .* sent +4 of 10; action action-1, by Operator\/sam is running\n/s,
    ],
    [
      'how its sending goes on once it was cut off',
      'interrupted',
      /, not all sent\.\nNext: whoever has the file gives the command again, which goes on: npx resets campaign start FILE --id breach-7\n/,
    ],
  ])('tells %s', async (_claim, state, words) => {
    const item = { ...beingSent, sentBelow: `breach-7:40${'0'.repeat(30)}`, sentRows: 4 };
    expect((await told({ item, action: anAction('action-1', { state }) })).text).toMatch(words);
  });

  it('says that its canary has stopped it, which the same command again does not change', async () => {
    const item = { ...beingSent, sentBelow: `breach-7:40${'0'.repeat(30)}`, sentRows: 4 };
    const action = anAction('action-1', { state: 'interrupted', details: { canaryEnd: 'stopped' } });
    const { text } = await told({ item, action });
    expect(text).toMatch(/, stopped by its canary\.\nNext: see what failed: npx resets dlq list --campaign breach-7; /);
    expect(text).not.toContain('which goes on');
  });

  it('knows no time left while nobody sends the rest', async () => {
    const item = { ...beingSent, sentBelow: `breach-7:40${'0'.repeat(30)}`, sentRows: 4 };
    const { text } = await told({ item, action: anAction('action-1', { state: 'interrupted' }) });
    expect(text).not.toContain('done in');
    expect(text).toMatch(/time left +not known\n/);
  });

  it('keeps the totals of one that has ended', async () => {
    const { items } = await told({ requests: Array.from({ length: 10 }, (_, index) => reset(index)) });
    expect(items.get('breach-7')?.totals).toMatchObject({ succeeded: 10 });
  });

  it('prints only JSON with --json, whose counts add up to the rows', async () => {
    const { text } = await told({ action: anAction('action-1', { state: 'done' }) }, { json: true });
    expect(JSON.parse(text)).toEqual({
      at: '2026-11-23T12:00:00.000Z',
      deployment: 'stack Test',
      account: '123456789012',
      region: 'eu-central-1',
      campaignId: 'breach-7',
      state: 'sent',
      rows: 10,
      lane: 'bulk',
      file: 'breach.csv',
      fileSha256: '1'.repeat(64),
      whereColumns: ['Country'],
      excludeFiles: 1,
      notIn: ['breach-6'],
      reason: 'INC-7',
      requestedBy: 'sec-team',
      notAfter: null,
      startedAt: '2026-11-23T11:00:00.000Z',
      startedBy: 'arn:aws:sts::123456789012:assumed-role/Operator/sam',
      sentAt: '2026-11-23T11:01:00.000Z',
      firstSeenAt: '2026-11-23T11:00:00.000Z',
      lastSeenAt: '2026-11-23T12:00:00.000Z',
      cancelledAt: null,
      sentence: expect.stringContaining('2 of 10 reset'),
      counts: {
        reset: 2,
        failed: 1,
        failedByReason: expect.objectContaining({ rejected: 1, expired: 0 }),
        cancelled: 0,
        discarded: 0,
        unconfirmed: 0,
        calling: 0,
        waiting: 7,
        cancelling: 0,
        notSent: 0,
        others: 0,
        keptSince: null,
      },
      recent: { minutes: 5, resets: 2, perMinute: 2 },
      timeLeftSeconds: 140,
      holds: [],
      sending: {
        actionId: 'action-1',
        who: 'arn:aws:sts::123456789012:assumed-role/Operator/sam',
        state: 'done',
        sentRows: 10,
      },
      keptUntil: '2027-02-21T12:00:00.000Z',
      unread: [],
    });
  });

  it.each<[what: string, given: Scene, words: string]>([
    ['the counts', { ledger: { tally: () => unreachable() } }, 'counts could not be read: '],
    [
      'the holds',
      { parts: { budget: { read: () => unreachable(), write: () => unreachable() } } },
      'holds could not be read: ',
    ],
    ['the last minutes', { ledger: { count: () => unreachable() } }, 'resets of the last minutes could not be read: '],
    ['the action', { ledger: { findAction: () => unreachable() } }, 'action that sends it could not be read: '],
  ])('that cannot read %s tells the rest, says so and exits with 3', async (_what, given, words) => {
    const { text, exitCode } = await told(given);
    expect(exitCode).toBe(3);
    expect(text).toContain(words);
    expect(text).toContain('file             breach.csv');
  });

  it('of one that the ledger does not know is refused in one line that points to the list', async () => {
    const { context } = scene();
    expect(await failureIn(campaignStatus(context, 'breach-8', {}))).toEqual({
      message: expect.stringMatching(/^The ledger knows no campaign breach-8: .*npx resets campaign list$/),
      exitCode: 1,
    });
  });

  it.each<[id: string, options: StatusOptions, message: RegExp]>([
    ['a b', {}, /^The campaign id has a character other than/],
    ['none', {}, /"none" is no campaign/],
    ['breach-7', { watch: true }, /^--watch redraws a terminal, and there is none/],
  ])('of %j with %j is wrong usage, before anything is connected', async (id, options, message) => {
    const never = (): never => {
      throw new Error('This test expects no connection.');
    };
    const failure = await failureIn(campaignStatus({ ...contextOf(testIo()), connect: never }, id, options));
    expect(failure).toEqual({ message: expect.stringMatching(message), exitCode: 2 });
  });
});

describe('campaign status --watch', () => {
  /** Ends after so many looks. */
  async function watched(looks: number, given: Scene, options: StatusOptions) {
    const { context, io } = scene(given);
    let left = looks;
    const sleep = async (): Promise<void> => {
      await allElseIdle();
      left -= 1;
      if (left === 0) io.interrupt();
    };
    expect(
      await campaignStatus({ ...context, clock: { ...io.clock, sleep } }, 'breach-7', { ...options, watch: true }),
    ).toBe(0);
    return io.stdout;
  }

  it('shows the page while it is counted, and the counts once they are there', async () => {
    const { tally } = memoryReader(reset(1), reset(2), failed(3));
    const slowly: LedgerReader['tally'] = async (...args) => {
      await allElseIdle();
      return tally(...args);
    };
    const { lines } = await watched(20, { ledger: { tally: slowly } }, { json: true });
    const [first, last] = [lines[0], lines.at(-1)].map((line) => JSON.parse(String(line)));
    expect(first).toMatchObject({ counts: null, rows: 10, sentence: expect.stringContaining('being counted') });
    expect(last).toMatchObject({ counts: { reset: 2, waiting: 7 } });
  });

  it('draws the page on a terminal and says how to stop', async () => {
    const { text } = await watched(2, {}, {});
    expect(stripVTControlCharacters(text)).toContain('2 of 10 reset (20%)');
    expect(stripVTControlCharacters(text)).toContain('2026-11-23T12:00:00Z, Ctrl-C to stop.');
    expect(stripVTControlCharacters(text)).not.toContain('--watch');
  });

  it('hears that it is cancelled meanwhile', async () => {
    let looks = 0;
    const findCampaign = async (): Promise<CampaignItem> => {
      looks += 1;
      return looks < 2 ? SENT : { ...SENT, state: 'cancelled' };
    };
    const { lines } = await watched(3, { ledger: { findCampaign } }, { json: true });
    expect(lines.map((line) => JSON.parse(line).state)).toEqual(['sent', 'cancelled', 'cancelled']);
  });
});

const unreachable = (): Promise<never> =>
  Promise.reject(new LedgerUnreachable(Object.assign(new Error('no'), { name: 'ThrottlingException' })));
