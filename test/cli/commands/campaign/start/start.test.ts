import { rm, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { LedgerUnreachable } from '../../../../../functions/ledger/ledger.ts';
import { aCampaign } from '../../../../support/builders.ts';
import { fileOf, notNow, refused, taken } from '../../../../support/cli/command-line.ts';
import { NOON } from '../../../../support/virtual-clock.ts';
import { aDeployment, aSentCampaign, ID, people } from './scene.ts';

const PEOPLE = people(95);

describe('campaign start', () => {
  it('sends each row once, in the order of the request ids, which is random by address', async () => {
    const { start, sent, emails, batches, item } = aDeployment();
    const { code, out, err } = await start(['email', ...PEOPLE]);
    expect(err).toContain('About to send 95 password resets of campaign breach-7 in lane bulk of stack Test, account');
    expect(out).toBe(
      'Sent 95 of 95 password resets of campaign breach-7.\n' +
        'How it goes: npx resets campaign status breach-7\nTo cancel it: npx resets campaign cancel breach-7\n',
    );
    expect({ code, batches: batches.length }).toEqual({ code: 0, batches: 10 });
    expect([...emails()].sort()).toEqual([...PEOPLE].sort());
    expect(emails()).not.toEqual(PEOPLE);
    const ids = sent().map(({ requestId }) => requestId);
    expect(ids).toEqual([...ids].sort());
    for (const id of ids) expect(id).toMatch(/^breach-7:[0-9a-f]{32}$/);
    expect(item()).toMatchObject({ sentAt: NOON, sentBelow: ids.at(-1), sentBy: 'action-1' });
  });

  it('says in each message what the campaign was started with', async () => {
    const { start, sent } = aDeployment();
    const options = ['--reason', 'ticket 4711', '--requested-by', 'soc', '--not-after', '2026-11-25T00:00:00Z'];
    await start(['ann@example.org'], [...options, '--yes']);
    const [{ requestId, ...body } = { requestId: '' }] = sent();
    expect(requestId).toMatch(/^breach-7:/);
    expect(body).toEqual({
      email: 'ann@example.org',
      campaignId: ID,
      requestedBy: 'soc',
      reason: 'ticket 4711',
      notAfter: '2026-11-25T00:00:00Z',
    });
  });

  it('writes down what was sent, by whom and from what, and no address', async () => {
    const { start, written, item } = aDeployment();
    const exclude = await fileOf('root@example.org');
    const rows = ['email;country', 'ann@example.org;DE', 'bob@example.org;FR', 'root@example.org;DE'].join('\n');
    await start([rows], ['--where', 'country=DE', '--exclude', exclude, '--canary', '50', '--continue', '--yes']);
    const about = {
      lane: 'bulk',
      rows: 1,
      file: 'people.csv',
      fileSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      setDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      whereColumns: ['country'],
      excludeFiles: 1,
      notIn: [],
      canary: 50,
    };
    expect(item()?.sent).toEqual({ ...about, startedAt: NOON, startedBy: expect.stringMatching(/^arn:aws:/) });
    const [action] = written.values();
    expect(action).toMatchObject({ command: 'campaign start breach-7', planned: 1, done: 1 });
    expect(action?.details).toMatchObject({ ...about, campaign: ID });
    expect(JSON.stringify([action, item()])).not.toMatch(/@example|DE"/);
  });

  it('writes down no name of a file that may be an address', async () => {
    const { resets, written, item } = aDeployment();
    const file = await fileOf(PEOPLE.join('\n'), 'jane.roe@example.org.csv');
    expect((await resets(['campaign', 'start', file, '--id', ID, '--yes'])).code).toBe(0);
    expect(item()?.sent?.file).toBe('(a name that may hold an address)');
    expect(JSON.stringify([...written, item()])).not.toContain('jane.roe');
  });

  it.each(['1,000', '1000', ' 1.000 '])('takes the number as people type it: "%s"', async (typed) => {
    const { resets, sent } = aDeployment();
    const file = await fileOf(people(1_000).join('\n'));
    expect((await resets(['campaign', 'start', file, '--id', ID], { typed: `${typed}\n` })).code).toBe(0);
    expect(sent()).toHaveLength(1_000);
  });

  it('asks at a terminal for the number to be typed, and anything else sends nothing', async () => {
    const { resets, sent } = aDeployment();
    const file = await fileOf(PEOPLE.join('\n'));
    const args = ['campaign', 'start', file, '--id', ID];
    for (const typed of ['y\n', '96\n'])
      expect((await resets(args, { typed })).fault).toBe('resets: Nothing was sent.');
    expect(sent()).toEqual([]);
    const { code, err } = await resets(args, { typed: '95\n' });
    expect(err).toContain('To go ahead with 95 password resets, type that number: ');
    expect({ code, sent: sent().length }).toEqual({ code: 0, sent: 95 });
  });

  it('leaves out the rows that cannot be taken, and sends the others', async () => {
    const { start, emails } = aDeployment();
    const { code, out } = await start(['ann@example.org', 'no address', 'ANN@example.org', 'bob@example.org']);
    expect({ code, emails: [...emails()].sort() }).toEqual({ code: 0, emails: ['ann@example.org', 'bob@example.org'] });
    expect(out).toMatch(/^Sent 2 of 2 /);
  });

  it('says at the end that the file was changed, and has sent what was previewed', async () => {
    const { resets, world, emails } = aDeployment();
    const file = await fileOf(PEOPLE.join('\n'));
    const changes: Promise<void>[] = [];
    world.answer = () => {
      changes.push(writeFile(file, 'mallory@example.org'));
      return undefined;
    };
    const { code, err } = await resets(['campaign', 'start', file, '--id', ID, '--yes']);
    await Promise.all(changes);
    expect(err).toMatch(/addresses\.csv was changed meanwhile: what was previewed is what was sent/);
    expect({ code, emails: [...emails()].sort() }).toEqual({ code: 0, emails: [...PEOPLE].sort() });
  });

  it('says in one line that the file is gone before anything is sent', async () => {
    const queues = { counts: undefined as unknown };
    const { resets, sent } = aDeployment({ parts: { queues: queues as never } });
    const file = await fileOf(PEOPLE.join('\n'));
    // The lanes are counted once the file is read.
    queues.counts = async () => {
      await rm(file, { force: true });
      return { waiting: 0, inFlight: 0, delayed: 0 };
    };
    const { code, err, fault } = await resets(['campaign', 'start', file, '--id', ID, '--yes']);
    expect(fault).toMatch(/addresses\.csv cannot be read any further \(ENOENT\)\.$/);
    expect({ code, lines: err.trim().split('\n').length, sent: sent() }).toEqual({ code: 1, lines: 1, sent: [] });
  });

  it('prints all of it as one JSON object', async () => {
    const { start } = aDeployment();
    const { out } = await start(['ann@example.org', 'no address'], ['--json', '--yes']);
    expect(JSON.parse(out)).toMatchObject({
      campaign: ID,
      lane: 'bulk',
      deployment: 'stack Test',
      account: '123456789012',
      region: 'eu-central-1',
      plan: expect.stringMatching(/^[a-z2-7]{12}$/),
      rows: 1,
      sentBefore: 0,
      sent: 1,
      notSent: 0,
      actionId: 'action-1',
      survey: { taken: 1, invalidCount: 1 },
      outlook: { perMinute: 6000 },
      canary: null,
    });
    expect(out).not.toContain('ann@');
  });
});

describe('the plan of a campaign', () => {
  const planIn = (text: string): string => /^Plan: (\S+)$/m.exec(text)?.[1] ?? '';

  it('is shown by a dry run that writes nothing, and lets another machine send without being asked', async () => {
    const first = aDeployment();
    const { code, out } = await first.start(PEOPLE, ['--dry-run']);
    expect(out).toContain('About to send 95 password resets');
    expect({ code, sent: first.sent(), actions: first.written.size, items: first.items.size }).toEqual({
      code: 0,
      sent: [],
      actions: 0,
      items: 0,
    });
    expect(first.idKeys.size).toBe(0);

    const other = aDeployment();
    const sent = await other.start(PEOPLE.toReversed(), ['--plan', planIn(out)]);
    expect({ code: sent.code, sent: other.sent().length }).toEqual({ code: 0, sent: 95 });
    expect([...other.written.values()][0]?.details).toMatchObject({ plan: planIn(out) });
  });

  it('is shown without colours where it is piped away from a terminal', async () => {
    const { resets, world } = aDeployment();
    world.onRun = (io) => {
      io.stderr.isTTY = true;
      delete io.env.NO_COLOR;
    };
    const file = await fileOf(PEOPLE.join('\n'));
    const { out } = await resets(['campaign', 'start', file, '--id', ID, '--dry-run']);
    expect(out).toContain('No list of excluded accounts');
    expect(out).not.toContain('\u001b');
  });

  it('stays the same for a run that goes on', async () => {
    const { start, world, io, sent } = aDeployment();
    const plan = planIn((await start(PEOPLE, ['--dry-run'])).out);
    world.answer = (call) => {
      if (call === 3) io().interrupt();
      return undefined;
    };
    expect((await start(PEOPLE, ['--plan', plan])).code).toBe(130);
    world.answer = undefined;
    expect((await start(PEOPLE, ['--plan', plan])).code).toBe(0);
    expect(new Set(sent().map(({ email }) => email)).size).toBe(95);
  });

  it.each<[claim: string, lines: string[], more: string[]]>([
    ['a person more', [...PEOPLE, 'mallory@example.org'], []],
    ['another option', PEOPLE, ['--reason', 'other']],
  ])('that is not what was approved, with %s, sends nothing', async (_claim, lines, more) => {
    const { start, sent, written } = aDeployment();
    const plan = planIn((await start(PEOPLE, ['--dry-run'])).out);
    const { code, fault } = await start(lines, [...more, '--plan', plan, '--yes']);
    expect(fault).toMatch(/^resets: Nothing was sent\. The plan is [a-z2-7]{12} now, and another was approved/);
    expect({ code, sent: sent(), written: written.size }).toEqual({ code: 1, sent: [], written: 0 });
  });
});

describe('a campaign that was cut off', () => {
  type Cut = (
    world: ReturnType<typeof aDeployment>,
    call: number,
    size: number,
  ) => ReturnType<NonNullable<Parameters<typeof aDeployment>[0]>['answer'] & {}>;

  it.each<[cause: string, code: number, fault: RegExp, cut: Cut]>([
    [
      'interrupted',
      130,
      /Interrupted\. The same command goes on where this one ended, and nobody is reset twice: npx resets campaign start \S+people\.csv --id breach-7$/,
      ({ io }, call) => {
        if (call === 4) io().interrupt();
        return undefined;
      },
    ],
    [
      'refused by SQS',
      3,
      /SQS did not accept line \d+: InvalidMessageContents: no\. The same command/,
      (_world, call, size) =>
        call === 4 ? Array.from({ length: size }, (_, index) => (index === 3 ? refused : taken)) : undefined,
    ],
    [
      'refused by SQS from its first row on',
      1,
      /SQS did not accept line \d+: InternalError: later\. The same command/,
      (_world, _call, size) => Array.from({ length: size }, () => notNow),
    ],
  ])('%s, goes on with what is missing and gives the same ids', async (_cause, code, fault, cut) => {
    const deployment = aDeployment();
    const { start, world, sent, item } = deployment;
    world.answer = (call, bodies) => cut(deployment, call, bodies.length);
    const first = await start(PEOPLE);
    expect({ code: first.code, fault: first.fault }).toEqual({ code, fault: expect.stringMatching(fault) });
    expect(item()?.sentAt).toBeUndefined();
    const sentFirst = sent().length;
    const leading = item()?.sentBelow ?? '';

    world.answer = undefined;
    const second = await start(PEOPLE);
    expect(second).toMatchObject({ code: 0, out: expect.stringMatching(/^Sent 95 of 95 /) });
    const again = sent().slice(sentFirst);
    expect(again.every(({ requestId }) => requestId >= leading)).toBe(true);
    expect(new Set(sent().map(({ email }) => email))).toEqual(new Set(PEOPLE));
    expect(new Set(sent().map(({ requestId }) => requestId)).size).toBe(95);
    expect(item()?.sentAt).toBe(NOON);
  });

  it('sends no row again below the mark, also where rows above it were taken', async () => {
    const { start, world, sent } = aDeployment();
    world.answer = (call, bodies) => (call === 2 ? bodies.map(() => refused) : undefined);
    await start(PEOPLE);
    const first = sent().map(({ requestId }) => requestId);
    world.answer = undefined;
    await start(PEOPLE);
    const again = sent().slice(first.length);
    expect(again).toHaveLength(85);
    expect(again[0]?.requestId).toBe([...sent().map(({ requestId }) => requestId)].sort()[10]);
  });

  it('that is sent whole says so, and sends nothing', async () => {
    const { start, sent, written } = aDeployment();
    await start(PEOPLE);
    const { code, out } = await start(PEOPLE);
    expect(out).toBe(
      'All 95 password resets of campaign breach-7 were sent at 2026-11-23T12:00:00Z; nothing is left to send. How it goes: npx resets campaign status breach-7\n',
    );
    expect({ code, sent: sent().length, actions: written.size }).toEqual({ code: 0, sent: 95, actions: 1 });
  });

  it('is stopped by a cancellation that comes while it is sent, for good', async () => {
    const { start, world, io, campaigns, sent } = aDeployment();
    world.answer = (call) => {
      if (call === 3) void campaigns.cancel(ID).then(() => io().beat());
      return undefined;
    };
    const { code, fault, out } = await start(people(2_000));
    expect(fault).toMatch(/ cancelled meanwhile, and stays cancelled; give another --id, .* --not-in breach-7 /);
    expect(out).not.toContain('To cancel it');
    expect({ code, isPart: sent().length < 2_000 }).toEqual({ code: 3, isPart: true });
    const again = await start(people(2_000));
    expect(again.fault).toMatch(/Nothing was sent\. Campaign breach-7 was cancelled at .* and stays cancelled/);
  });

  it('is told to be cancelled, and not to go on, where that came with its last row', async () => {
    const { start, world, campaigns, item } = aDeployment();
    world.answer = (call) => {
      if (call === 10) void campaigns.cancel(ID);
      return undefined;
    };
    const { code, out, fault } = await start(PEOPLE);
    expect(out).toMatch(/^Sent 95 of 95 /);
    expect(fault).toMatch(/^resets: The campaign has been cancelled meanwhile, and stays cancelled; /);
    expect(code).toBe(3);
    expect(item()?.sentAt).toBeUndefined();
  });

  it('is stopped by another operator, and says by which command to learn who', async () => {
    const { start, world, io, written, sent } = aDeployment();
    world.answer = (call) => {
      if (call === 3) {
        const [[id, action] = []] = written;
        if (id !== undefined) written.set(id, { ...action, abortBy: 'arn:aws:iam::1:user/eve' });
        void io().beat();
      }
      return undefined;
    };
    const { code, fault } = await start(people(2_000));
    expect(fault).toMatch(
      /Aborted by another operator \(who that was: npx resets actions show action-1\)\. The same command/,
    );
    expect({ code, isPart: sent().length < 2_000 }).toEqual({ code: 3, isPart: true });
  });

  it.each<[claim: string, heardAt: number, isSaid: boolean]>([
    ['says who sends it now, or did a moment ago, and sends it all the same', NOON - 12_000, true],
    ['says nothing of a sender that has fallen silent', NOON - 61_000, false],
  ])('%s', async (_claim, heardAt, isSaid) => {
    const { start, world, io, written } = aDeployment();
    world.answer = (call) => {
      if (call === 3) io().interrupt();
      return undefined;
    };
    await start(PEOPLE);
    written.set('action-1', { ...written.get('action-1'), state: 'running', heardAt });
    world.answer = undefined;
    const { code, err } = await start(PEOPLE);
    const line =
      'Action action-1 of Operator/sam sends this campaign now, or did until 12 s ago: both send the same request ids, so nobody is reset twice.';
    expect({ code, isSaid: err.includes(line), isMeant: err.includes('sends this campaign now') }).toEqual({
      code: 0,
      isSaid,
      isMeant: isSaid,
    });
  });

  it('whose id key somebody else wrote first sends nothing, and goes on at the second time', async () => {
    const { start, idKeys, campaigns, sent } = aDeployment();
    const keep = campaigns.keepIdKey;
    campaigns.keepIdKey = (id, _key) => keep(id, aSentCampaign(ID, []).idKey);
    const { code, fault } = await start(PEOPLE);
    expect(fault).toBe(
      'resets: Nothing was sent. Campaign breach-7 was begun elsewhere meanwhile; give the command again.',
    );
    expect({ code, sent: sent() }).toEqual({ code: 1, sent: [] });
    campaigns.keepIdKey = keep;
    expect(await start(PEOPLE)).toMatchObject({ code: 0 });
    expect(idKeys.size).toBe(1);
  });

  it('whose id another system began to use meanwhile sends nothing', async () => {
    const { start, items, campaigns, sent } = aDeployment();
    const keep = campaigns.keepIdKey;
    campaigns.keepIdKey = (id, key) => {
      items.set(ID, aCampaign(ID, { at: NOON }));
      return keep(id, key);
    };
    const { code, fault } = await start(PEOPLE);
    expect(fault).toMatch(/Campaign breach-7 was begun elsewhere meanwhile/);
    expect({ code, sent: sent() }).toEqual({ code: 1, sent: [] });
  });

  it('at the last write alone says so, and the same command writes it', async () => {
    const { start, campaigns, item } = aDeployment();
    const { checkpoint } = campaigns;
    campaigns.checkpoint = async (id, setDigest, told) => {
      if (told.sentBelow === undefined) return checkpoint(id, setDigest, told);
      throw new LedgerUnreachable(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    };
    const { code, out, fault } = await start(PEOPLE);
    expect(out).toMatch(/^Sent 95 of 95 /);
    expect(fault).toMatch(/^resets: That all is sent could not be written into the ledger\. The same command goes on/);
    expect(code).toBe(3);
    campaigns.checkpoint = checkpoint;
    expect(await start(PEOPLE)).toMatchObject({ code: 0 });
    expect(item()?.sentAt).toBe(NOON);
  });
});
