import { describe, expect, it } from 'vitest';
import { cancelCampaign } from '../../../../cli/commands/campaign/cancel.ts';
import type { Selection } from '../../../../functions/ledger/dynamo/reader.ts';
import { LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
import { aCampaign, anItem, aSentCampaign } from '../../../support/builders.ts';
import { cancelling, contextOf, failureIn, memoryReader, testIo } from '../../../support/cli/command-line.ts';
import { anOperator, HOUR_MS, MINUTE_MS } from '../../../support/cli/operator.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const SPRING = { ...aCampaign('spring', { at: NOON - MINUTE_MS }), firstSeenAt: NOON - HOUR_MS };
const OLD = { ...aCampaign('old', { state: 'cancelled', at: NOON - 2 * HOUR_MS }), firstSeenAt: NOON - 48 * HOUR_MS };
const FAR = { ...aCampaign('far', { at: NOON - 16 * MINUTE_MS }), firstSeenAt: NOON - HOUR_MS };

/** Three campaigns; of `spring` two were reset in the last five minutes and one before. */
function scene(parts: Parameters<typeof anOperator>[1] = {}, answer = 'y\n') {
  const cancelled: string[] = [];
  const counted: Selection[] = [];
  const reset = (key: string, at: number) => anItem({ key, state: 'succeeded', campaignId: 'spring', at });
  const reader = memoryReader(
    reset('a', NOON - MINUTE_MS),
    reset('b', NOON - 5 * MINUTE_MS),
    reset('c', NOON - 6 * MINUTE_MS),
  );
  const known = [SPRING, FAR, OLD];
  const ledger = {
    ...reader,
    findCampaign: async (id: string) => known.find(({ campaignId }) => campaignId === id),
    async *campaigns() {
      yield* known;
    },
    count: async (selection: Selection) => {
      counted.push(selection);
      return reader.count(selection);
    },
  };
  const operator = anOperator(
    { answer },
    { ledger, campaigns: cancelling(async (id) => void cancelled.push(id)), ...parts },
  );
  return { ...operator, cancelled, counted };
}

describe('campaign cancel', () => {
  it('cancels a campaign that the ledger knows, and is an action', async () => {
    const { io, context, cancelled, action } = scene();
    expect(await cancelCampaign(context, 'spring', {})).toBe(0);
    expect(cancelled).toEqual(['spring']);
    expect(action()).toMatchObject({ command: 'campaign cancel spring', state: 'done', done: 1 });
    expect(io.stdout.text).toBe('Cancelled: spring. No call of it begins later than 10 s from now.\n');
  });

  it('says where, how it goes and what it means, and asks', async () => {
    const { io, context } = scene();
    await cancelCampaign(context, 'spring', {});
    expect(io.stderr.text).toContain(
      'About to cancel campaign spring of stack Test, account 123456789012, region eu-central-1, for good.',
    );
    expect(io.stderr.text).toContain(
      'First seen 2026-11-23T11:00:00Z (60 min ago), last seen 2026-11-23T11:59:00Z (60 s ago), 2 resets in the last 5 minutes.',
    );
    expect(io.stderr.text).toMatch(/hidden when it comes back.*cannot be started again.*Go ahead\?/s);
  });

  it('that is answered with no cancels nothing', async () => {
    const { context, cancelled, written } = scene({}, 'n\n');
    expect((await failureIn(cancelCampaign(context, 'spring', {}))).message).toBe('Nothing was changed.');
    expect({ cancelled, actions: written.size }).toEqual({ cancelled: [], actions: 0 });
  });

  it('of one that is cancelled says since when, asks nothing and is no action', async () => {
    const { io, context, cancelled, written } = scene();
    expect(await cancelCampaign(context, 'old', {})).toBe(0);
    expect(io.stdout.text).toBe('Cancelled already, since 2026-11-23T10:00:00Z: old.\n');
    expect({ cancelled, actions: written.size }).toEqual({ cancelled: [], actions: 0 });
  });

  it('of one that the ledger does not know is refused in one line that points to the list', async () => {
    const { context, cancelled } = scene();
    expect(await failureIn(cancelCampaign(context, 'sprang', {}))).toEqual({
      message: expect.stringMatching(/^The ledger knows no campaign sprang: .*npx resets campaign list$/),
      exitCode: 1,
    });
    expect(cancelled).toEqual([]);
  });

  it.each([
    ['none', /"none" is no campaign/],
    ['a b', /^The campaign id has a character other than/],
    ['jane@example.com', /has a character other than/],
    ['', /is empty/],
    ['x'.repeat(65), /longer than 64/],
  ])('of %j is wrong usage, before anything is connected', async (id, message) => {
    const never = (): never => {
      throw new Error('This test expects no connection.');
    };
    const failure = await failureIn(cancelCampaign({ ...contextOf(testIo()), connect: never }, id, { yes: true }));
    expect(failure).toEqual({ message: expect.stringMatching(message), exitCode: 2 });
  });

  it('goes on where its resets cannot be counted', async () => {
    const { context, cancelled, io } = scene();
    const { ledger } = await context.connect();
    ledger.count = async () => {
      throw new LedgerUnreachable(new Error('no'));
    };
    await cancelCampaign(context, 'spring', {});
    expect(io.stderr.text).toContain('an unknown number of resets in the last 5 minutes');
    expect(cancelled).toEqual(['spring']);
  });

  it.each([
    ['TimeoutError', /^Whether it was cancelled is not known: give the command again/],
    ['AccessDeniedException', /^Nothing was changed\. Access to ledger table Ledger is denied/],
  ])('that fails with %s says what is known in one line', async (name, message) => {
    const cancel = async () => {
      throw new LedgerUnreachable(Object.assign(new Error('no'), { name }));
    };
    const { context, action } = scene({ campaigns: cancelling(cancel) });
    expect((await failureIn(cancelCampaign(context, 'spring', {}))).message).toMatch(message);
    expect(action()).toMatchObject({ state: 'interrupted', done: 0 });
  });

  it.each([
    ['spring', { actionId: 'id-1', changed: true, lastSeenAt: null, cancelledAt: '2026-11-23T12:00:00.000Z' }],
    ['old', { actionId: null, changed: false, lastSeenAt: null, cancelledAt: '2026-11-23T10:00:00.000Z' }],
  ])('prints only JSON with --json (%s)', async (id, printed) => {
    const { io, context } = scene();
    await cancelCampaign(context, id, { yes: true, json: true });
    expect(JSON.parse(io.stdout.text)).toMatchObject({ campaignId: id, state: 'cancelled', ...printed });
  });

  describe('of a campaign that was sent from a file', () => {
    const sent = aSentCampaign('spring', { rows: 12_000 });
    const reset = anItem({ key: `spring:${'1'.repeat(32)}`, campaignId: 'spring', state: 'succeeded' });
    const ledger = { ...memoryReader(reset), findCampaign: async () => sent };

    it('tells how its rows stand before it asks', async () => {
      const { context, io } = scene({ ledger });
      await cancelCampaign(context, 'spring', {});
      expect(io.stderr.text).toContain('Of its rows: 1 of 12,000 reset (0%), 11,999 waiting.\n');
    });

    it('tells the rows alone where they cannot be counted, and goes on', async () => {
      const countSucceeded = () => Promise.reject(new LedgerUnreachable(new Error('no')));
      const { context, io, cancelled } = scene({ ledger: { ...ledger, countSucceeded } });
      await cancelCampaign(context, 'spring', {});
      expect(io.stderr.text).toContain('It has 12,000 rows; how many wait was not counted.\n');
      expect(cancelled).toEqual(['spring']);
    });

    it('counts nothing where nobody is asked', async () => {
      const countSucceeded = () => Promise.reject(new Error('This test expects no count.'));
      const { context, cancelled } = scene({ ledger: { ...ledger, countSucceeded } });
      await cancelCampaign(context, 'spring', { yes: true });
      expect(cancelled).toEqual(['spring']);
    });
  });
});
