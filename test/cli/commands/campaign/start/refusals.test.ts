import { describe, expect, it } from 'vitest';
import type { CampaignItem, SentCampaign } from '../../../../../functions/ledger/items.ts';
import { aCampaign, anItem } from '../../../../support/builders.ts';
import { fileOf, notNow } from '../../../../support/cli/command-line.ts';
import { NOON } from '../../../../support/virtual-clock.ts';
import { aDeployment, aSentCampaign, ID, people } from './scene.ts';

type World = ReturnType<typeof aDeployment>;

const PEOPLE = people(20);
const DAY_MS = 24 * 60 * 60_000;
const TOTALS = { failed: {}, cancelled: 0, discarded: 0 };

const sentBefore = (
  { items, idKeys }: World,
  id: string,
  given: Partial<CampaignItem> & { emails?: string[]; at?: number; with?: Partial<SentCampaign> } = {},
): void => {
  const { emails = PEOPLE, ...more } = given;
  const { item, idKey } = aSentCampaign(id, emails, more);
  items.set(id, item);
  idKeys.set(id, idKey);
};

describe('campaign start refuses, as wrong usage and before anything is read,', () => {
  it.each<[claim: string, args: string[], line: RegExp]>([
    ['an id against the alphabet', ['--id', 'a/b', '--yes'], /--id has a character other than/],
    ['an id that reads as an option of the commands it tells', ['--id', '-x', '--yes'], /--id begins with a hyphen/],
    ['the word for no campaign', ['--id', 'none', '--yes'], /--id "none" is no campaign/],
    ['the id that verify keeps', ['--id', 'resets-verify', '--yes'], /--id resets-verify is kept for verify/],
    ['no id', ['--yes'], /required option '--id <id>' not specified/],
    ['its own id to leave out', ['--id', ID, '--not-in', ID, '--yes'], /--not-in names the campaign itself/],
    ['an id to leave out against the alphabet', ['--id', ID, '--not-in', 'a b', '--yes'], /--not-in has a character/],
    ['failures without a canary', ['--id', ID, '--max-failures', '5', '--yes'], /--max-failures is for a canary/],
    [
      'a canary all of which may fail',
      ['--id', ID, '--canary', '5', '--max-failures', '50', '--yes'],
      /--max-failures 50 is the whole canary, which could then stop nothing/,
    ],
    ['a share over the whole', ['--id', ID, '--canary', '5', '--max-failures', '101%'], /'101%' is invalid/],
    ['a canary of nobody', ['--id', ID, '--canary', '0', '--yes'], /'0' is invalid/],
    ['a canary of thousands', ['--id', ID, '--canary', '10001', '--yes'], /--canary is at most 10,000; give fewer/],
    ['a condition that is none', ['--id', ID, '--where', 'country', '--yes'], /Give COLUMN=VALUE/],
    ['a reason with an address', ['--id', ID, '--reason', 'for a@b.de', '--yes'], /--reason seems to hold an address/],
    ['a column with an address, which is kept', ['--id', ID, '--where', 'a@b.de=x', '--yes'], /--where names a column/],
    ['an end that has passed', ['--id', ID, '--not-after', '2020-01-01T00:00:00Z', '--yes'], /--not-after has passed/],
    ['an end that is none', ['--id', ID, '--not-after', 'soon', '--yes'], /--not-after is not an RFC 3339 time/],
    ['a lane that is none', ['--id', ID, '--lane', 'fast', '--yes'], /'fast' is invalid/],
    ['nobody to ask', ['--id', ID], /There is no terminal to ask on; add --yes/],
  ])('%s', async (_claim, args, line) => {
    const { resets } = aDeployment();
    const { code, out, err } = await resets(['campaign', 'start', 'missing.csv', ...args]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).toMatch(line);
  });
});

describe('campaign start refuses, in one line and before anything is sent or written,', () => {
  it.each<[claim: string, prepare: (world: World) => void, args: string[], line: RegExp]>([
    [
      'an id that other systems use',
      ({ items }) => void items.set(ID, aCampaign(ID, { at: NOON })),
      [],
      /Campaign breach-7 has been in use by other systems since .*; give another --id\.$/,
    ],
    [
      'a cancelled id',
      (world) => sentBefore(world, ID, { state: 'cancelled' }),
      [],
      /Campaign breach-7 was cancelled at 2026-11-23T11:00:00Z, and stays cancelled; give another --id, and leave out with --not-in breach-7 who was reset in it\.$/,
    ],
    [
      'an id that was cancelled before anything of it was sent',
      ({ items }) => void items.set(ID, aCampaign(ID, { state: 'cancelled', at: NOON })),
      [],
      /stays cancelled; give another --id\.$/,
    ],
    [
      'an id whose key is gone',
      (world) => {
        sentBefore(world, ID);
        world.idKeys.delete(ID);
      },
      [],
      /The key of campaign breach-7 is gone, .* Put item campaign-key#breach-7 back into table Ledger/,
    ],
    [
      'another set of people under the same id',
      (world) => sentBefore(world, ID, { emails: people(19) }),
      [],
      /was started with other addresses: 19 of people\.csv then, 20 now\. Give the file and the lists as they were, or another --id with --not-in breach-7\.$/,
    ],
    [
      'as many other people under the same id',
      (world) => sentBefore(world, ID, { emails: [...people(19), 'mallory@example.org'] }),
      [],
      /was started with other addresses: 20 of people\.csv then, 20 now/,
    ],
    [
      'another lane than at its start',
      (world) => sentBefore(world, ID),
      ['--lane', 'interactive'],
      /was started with --lane "bulk"; give the same as then, or another --id\.$/,
    ],
    [
      'other options than at its start',
      (world) => sentBefore(world, ID, { with: { reason: 'ticket 4711', notAfter: NOON + DAY_MS } }),
      ['--requested-by', 'soc', '--not-after', '2026-11-24T12:00:01Z'],
      /was started with --not-after "2026-11-24T12:00:00Z", with --reason "ticket 4711", without --requested-by;/,
    ],
    [
      'the same people as another campaign',
      (world) => sentBefore(world, 'breach-6', { emails: PEOPLE.toReversed() }),
      [],
      /The same 20 addresses were sent as campaign breach-6 at 2026-11-23T11:00:00Z: npx resets campaign status breach-6 tells how it went\. --not-in breach-6 leaves out .* --again resets all of them again\.$/,
    ],
    [
      'who was reset in a campaign that nobody knows',
      () => {},
      ['--not-in', 'x'],
      /--not-in: the ledger knows no campaign x/,
    ],
    [
      'who was reset in a campaign that goes on',
      (world) => {
        sentBefore(world, 'breach-6');
        world.requests.push(
          anItem({ key: `breach-6:${'1'.repeat(32)}`, campaignId: 'breach-6', state: 'succeeded', at: NOON - 5_000 }),
        );
      },
      ['--not-in', 'breach-6'],
      /Campaign breach-6 of --not-in goes on: 19 requests of it may still be made.* or npx resets campaign cancel breach-6,/,
    ],
    [
      'who was reset in a campaign with a call whose result was never recorded, as it may be made again',
      (world) => {
        sentBefore(world, 'breach-6', { sentAt: NOON - 60_000 });
        for (const index of PEOPLE.keys()) {
          const state =
            index === 0 ? ({ state: 'calling', leaseEnd: NOON - 1 } as const) : { state: 'succeeded' as const };
          const about = {
            key: `breach-6:${String(index).padStart(32, '0')}`,
            campaignId: 'breach-6',
            at: NOON - 5_000,
          };
          world.requests.push(anItem({ ...about, ...state }));
        }
      },
      ['--not-in', 'breach-6'],
      /Campaign breach-6 of --not-in goes on: 1 request of it may still be made/,
    ],
    [
      'who was reset in a campaign whose requests the ledger has forgotten since',
      (world) => {
        const at = NOON - 200 * DAY_MS;
        const settled = { count: 20, others: 0, before: at };
        sentBefore(world, 'breach-6', { at, sentAt: at, totals: { ...TOTALS, at, succeeded: 20, settled } });
      },
      ['--not-in', 'breach-6'],
      /Of those whom campaign breach-6 of --not-in reset the ledger has forgotten 20, who would be reset again;/,
    ],
  ])('%s', async (_claim, prepare, args, line) => {
    const world = aDeployment();
    prepare(world);
    const before = JSON.stringify([...world.items]);
    const { code, out, err, fault } = await world.start(PEOPLE, [...args, '--yes']);
    expect(fault).toMatch(line);
    expect({ code, out, lines: err.trim().split('\n').length }).toEqual({ code: 1, out: '', lines: 1 });
    expect({ sent: world.sent(), actions: world.written.size, items: JSON.stringify([...world.items]) }).toEqual({
      sent: [],
      actions: 0,
      items: before,
    });
  });

  it('a file without a row to send, after it has said what was left out', async () => {
    const { start, sent } = aDeployment();
    const { code, err, fault } = await start(['no address', 'none either']);
    expect(err).toContain('line 1');
    expect(fault).toMatch(/^resets: Nothing was sent\. No row of .*people\.csv is left to send; see above/);
    expect({ code, sent: sent() }).toEqual({ code: 1, sent: [] });
  });

  it('a header without a row, and does not send to look for what was left out', async () => {
    const { code, fault } = await aDeployment().start(['email,name'], ['--yes']);
    expect(fault).toMatch(/people\.csv has a header and no row below it; give a file with addresses\.$/);
    expect(code).toBe(1);
  });

  it('more than 1,000 rows in lane interactive, and takes 1,000', async () => {
    const { start, sent } = aDeployment();
    const { code, fault } = await start(people(1_001), ['--lane', 'interactive', '--yes']);
    expect(fault).toMatch(/These are 1,001 addresses, and lane interactive takes at most 1,000 rows of a campaign/);
    expect({ code, sent: sent() }).toEqual({ code: 1, sent: [] });
    expect(await start(people(1_000), ['--lane', 'interactive', '--yes'])).toMatchObject({ code: 0 });
  });

  it('the same people, where somebody else has sent them while the answer was waited for', async () => {
    // Who asks is looked up before the question.
    const caller = async (): Promise<string> => {
      sentBefore(world, 'breach-6');
      return 'arn:aws:iam::1:user/sam';
    };
    const world: World = aDeployment({ parts: { caller } });
    const { fault } = await world.start(PEOPLE);
    expect(fault).toMatch(/^resets: Nothing was sent\. The same 20 addresses were sent as campaign breach-6/);
    expect({ sent: world.sent(), actions: world.written.size, item: world.item() }).toEqual({
      sent: [],
      actions: 0,
      item: undefined,
    });
    expect(await world.start(PEOPLE, ['--again', '--yes'])).toMatchObject({ code: 0 });
  });

  it('what would not be through within 12 days', async () => {
    const { start, sent } = aDeployment({ perMinute: 1, queued: 12 * 24 * 60 });
    const { code, fault } = await start(PEOPLE);
    expect(fault).toMatch(/^resets: Nothing was sent\. 20 rows behind .*12 days/);
    expect({ code, sent: sent() }).toEqual({ code: 1, sent: [] });
  });
});

describe('campaign start takes the people of another campaign', () => {
  it.each<[claim: string, prepare: (world: World) => void, args: string[]]>([
    ['with --again', (world) => sentBefore(world, 'breach-6'), ['--again']],
    ['that is 31 days old', (world) => sentBefore(world, 'breach-6', { at: NOON - 31 * DAY_MS }), []],
    ['of which one is another', (world) => sentBefore(world, 'breach-6', { emails: people(21).slice(1) }), []],
    [
      'whose key is gone, as nobody can tell',
      (world) => {
        sentBefore(world, 'breach-6');
        world.idKeys.delete('breach-6');
      },
      [],
    ],
    [
      'that reset nobody, with --not-in',
      (world) => sentBefore(world, 'breach-6', { state: 'cancelled' }),
      ['--not-in', 'breach-6'],
    ],
  ])('%s', async (_claim, prepare, args) => {
    const world = aDeployment();
    prepare(world);
    const { code } = await world.start(PEOPLE, [...args, '--yes']);
    expect({ code, sent: world.sent().length }).toEqual({ code: 0, sent: 20 });
  });

  it('but those whom it has reset, and the same ones when it goes on', async () => {
    const world = aDeployment();
    const { item, idKey, roster } = aSentCampaign('breach-6', PEOPLE, { state: 'cancelled' });
    world.items.set('breach-6', item);
    world.idKeys.set('breach-6', idKey);
    const reset = [0, 1, 2].map((place) => roster.person(place));
    const succeeded = (place: number, at: number) =>
      anItem({ key: roster.person(place).requestId, campaignId: 'breach-6', state: 'succeeded', at });
    for (const place of [0, 1, 2]) world.requests.push(succeeded(place, NOON - 120_000));
    world.world.answer = (call) => {
      if (call === 1) world.io().interrupt();
      return undefined;
    };
    expect((await world.start(PEOPLE, ['--not-in', 'breach-6', '--yes'])).code).toBe(130);
    // One whom an operator has redriven succeeds in between.
    world.requests.push(succeeded(3, NOON + 5_000));
    world.world.onRun = (io) => void io.clock.sleep(5_000);
    world.world.answer = undefined;
    expect((await world.start(PEOPLE, ['--not-in', 'breach-6', '--yes'])).code).toBe(0);
    const left = PEOPLE.filter((email) => !reset.some((one) => one.email === email));
    expect([...new Set(world.emails())].sort()).toEqual(left.sort());
  });

  it('and goes on, although an operator has redriven somebody of the other one meanwhile', async () => {
    const world = aDeployment();
    const { item, idKey, roster } = aSentCampaign('breach-6', PEOPLE, { sentAt: NOON - 60_000 });
    world.items.set('breach-6', item);
    world.idKeys.set('breach-6', idKey);
    for (const place of PEOPLE.keys()) {
      const end = place === 0 ? ({ state: 'failed', reason: 'rejected' } as const) : { state: 'succeeded' as const };
      const key = roster.person(place).requestId;
      world.requests.push(anItem({ key, campaignId: 'breach-6', at: NOON - 30_000, ...end }));
    }
    world.world.answer = (_call, bodies) => bodies.map(() => notNow);
    expect((await world.start(PEOPLE, ['--not-in', 'breach-6', '--yes'])).code).toBe(1);
    Object.assign(world.requests[0] ?? {}, { state: 'redriven' });
    world.world.answer = undefined;
    expect((await world.start(PEOPLE, ['--not-in', 'breach-6', '--yes'])).code).toBe(0);
    expect(world.emails()).toEqual([roster.person(0).email]);
  });

  it.each<[claim: string, cancelledAt: number, leaseEnd: number | undefined, waitedMs: number]>([
    ['its last calls have begun', NOON - 3_000, undefined, 9_000],
    ['its last call has ended', NOON - 30_000, NOON + 20_000, 21_000],
    ['nothing, as a call was lost with its process', NOON - 30_000, NOON - 1, 0],
    ['nothing, where it was cancelled long ago', NOON - 90_000, NOON + 20_000, 0],
  ])('that is cancelled once %s', async (_claim, at, leaseEnd, waitedMs) => {
    const world = aDeployment();
    sentBefore(world, 'breach-6', { state: 'cancelled', at });
    if (leaseEnd !== undefined) {
      world.requests.push(
        anItem({ key: `breach-6:${'1'.repeat(32)}`, campaignId: 'breach-6', state: 'calling', leaseEnd, at }),
      );
    }
    expect((await world.start(PEOPLE, ['--not-in', 'breach-6', '--yes'])).code).toBe(0);
    expect(world.io().slept.reduce((sum, ms) => sum + ms, 0)).toBe(waitedMs);
  });

  it('and never accounts of RESETS_EXCLUDE', async () => {
    const { resets, emails } = aDeployment();
    const RESETS_EXCLUDE = await fileOf(PEOPLE.slice(1).join('\n'), 'exclude.txt');
    const file = await fileOf(PEOPLE.join('\n'));
    await resets(['campaign', 'start', file, '--id', ID, '--yes'], { env: { RESETS_EXCLUDE } });
    expect(emails()).toEqual([PEOPLE[0]]);
  });
});
