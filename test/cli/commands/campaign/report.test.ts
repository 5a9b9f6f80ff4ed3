import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate as allElseIdle } from 'node:timers/promises';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { digesterOf, newIdKey, requestIdFor } from '../../../../cli/campaigns/request-ids.ts';
import { Roster } from '../../../../cli/campaigns/roster.ts';
import { campaignReport, type ReportOptions } from '../../../../cli/commands/campaign/report/report.ts';
import type { LedgerReader } from '../../../../functions/ledger/dynamo/reader.ts';
import type { CampaignItem, RequestItem } from '../../../../functions/ledger/items.ts';
import { LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
import { aCampaign, anItem, aSentCampaign } from '../../../support/builders.ts';
import {
  contextOf,
  failureIn,
  fileOf,
  memoryCampaigns,
  memoryReader,
  testIo,
} from '../../../support/cli/command-line.ts';
import { anOperator, HOUR_MS, MINUTE_MS } from '../../../support/cli/operator.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const idKey = newIdKey();
const digest = digesterOf(idKey);
const idOf = (email: string): string => requestIdFor('breach-7', digest(email));
const requestOf = (email: string, state: RequestItem['state'], more: Partial<RequestItem> = {}): RequestItem =>
  anItem({ key: idOf(email), campaignId: 'breach-7', state, ...more });

/** Of a campaign that was sent to these people. */
function sentTo(people: readonly string[], more: Partial<CampaignItem> = {}): CampaignItem {
  const roster = new Roster('breach-7', idKey);
  for (const [index, email] of people.entries()) roster.add(email, index + 1);
  return aSentCampaign('breach-7', { rows: people.length, setDigest: roster.setDigest() }, more);
}

interface Scene {
  content: string | Buffer;
  /** Who was sent to; of a file without a header all of its lines, unless told otherwise. */
  people?: readonly string[];
  item?: Partial<CampaignItem>;
  requests?: RequestItem[];
  ledger?: Partial<LedgerReader>;
}

async function reported(
  { content, people, item = {}, requests = [], ledger }: Scene,
  options: Partial<ReportOptions> = {},
) {
  const file = await fileOf(content, 'people.csv');
  const to = join(dirname(file), 'report.csv');
  const sent = sentTo(people ?? String(content).trim().split('\n'), item);
  const { campaigns, idKeys } = memoryCampaigns(sent);
  idKeys.set('breach-7', idKey);
  const findCampaign = async () => sent;
  const operator = anOperator({}, { campaigns, ledger: { ...memoryReader(...requests), findCampaign, ...ledger } });
  const run = () => campaignReport(operator.context, 'breach-7', { file, to, ...options });
  const text = () => readFile(to, 'utf8');
  /** Its rows, by column. */
  const rows = async (): Promise<Record<string, string>[]> => parse(await text(), { columns: true });
  return { ...operator, run, to, file, text, rows };
}

const outcomes = (rows: Record<string, string>[]): (string | undefined)[] => rows.map((row) => row.reset_outcome);

describe('campaign report', () => {
  it('has the columns of the file first, and then what became of each row', async () => {
    const { run, text } = await reported({
      content: 'Name;email;Country\n"Roe, Jane";jane@example.com;DE\nSam;sam@example.com;FR\n',
      people: ['jane@example.com', 'sam@example.com'],
      requests: [
        requestOf('jane@example.com', 'succeeded', { finishedAt: NOON }),
        requestOf('sam@example.com', 'failed', { detail: 'no such user', finishedAt: NOON }),
      ],
    });
    expect(await run()).toBe(0);
    expect(
      await text(),
    ).toBe(`Name,email,Country,reset_line,reset_outcome,reset_status,reset_reason,reset_detail,reset_first_sent,reset_first_call,reset_finished,reset_request_id
"Roe, Jane",jane@example.com,DE,2,reset,200,,,2026-11-23T11:59:59Z,2026-11-23T11:59:59Z,2026-11-23T12:00:00Z,${idOf('jane@example.com')}
Sam,sam@example.com,FR,3,failed,404,rejected,no such user,2026-11-23T11:59:59Z,2026-11-23T11:59:59Z,2026-11-23T12:00:00Z,${idOf('sam@example.com')}
`);
  });

  it('has a row for each row that was left out, with its cause', async () => {
    const excluded = await fileOf('root@example.com\n', 'excluded.txt');
    const other = anItem({
      key: requestIdFor('breach-6', digest('before@example.com')),
      campaignId: 'breach-6',
      state: 'succeeded',
      at: NOON - 2 * HOUR_MS,
    });
    const since = anItem({
      key: requestIdFor('breach-6', digest('since@example.com')),
      campaignId: 'breach-6',
      state: 'succeeded',
      at: NOON - MINUTE_MS,
    });
    const scene = {
      content: `email,Country
jane@example.com,DE
JANE@example.com,DE
root@example.com,DE
nobody,DE
o'brien@example.com,DE
sam@example.com,FR
before@example.com,DE
since@example.com,DE
`,
      people: ['jane@example.com', 'since@example.com'],
      requests: [requestOf('jane@example.com', 'succeeded'), other, since],
    };
    const { run, rows, context } = await reported(scene, {
      where: [{ column: 'country', value: 'DE' }],
      exclude: [excluded],
      notIn: ['breach-6'],
    });
    const { campaigns } = await context.connect();
    await campaigns.keepIdKey('breach-6', idKey);
    expect(await run()).toBe(0);
    const told = await rows();
    expect(told.map((row) => [row.reset_line, row.reset_outcome])).toEqual([
      ['2', 'reset'],
      ['3', 'duplicate of line 2'],
      ['4', 'excluded'],
      ['5', 'invalid'],
      ['6', 'invalid'],
      ['7', 'not selected'],
      ['8', 'reset before in breach-6'],
      ['9', 'waiting'],
    ]);
    expect(told[2]?.reset_detail).toBe(`is excluded by ${excluded}`);
    expect(told[4]?.reset_detail).toMatch(/; mail may reach it: reset it by hand$/);
  });

  it('leaves out, without --not-in, who was reset in the campaigns that the start named', async () => {
    const { run, rows, context } = await reported({
      content: 'before@example.com\njane@example.com\n',
      people: ['jane@example.com'],
      item: {
        sent: { ...(sentTo(['jane@example.com']).sent as NonNullable<CampaignItem['sent']>), notIn: ['breach-6'] },
      },
      requests: [
        anItem({
          key: requestIdFor('breach-6', digest('before@example.com')),
          campaignId: 'breach-6',
          state: 'succeeded',
          at: NOON - 2 * HOUR_MS,
        }),
      ],
    });
    await (await context.connect()).campaigns.keepIdKey('breach-6', idKey);
    expect(await run()).toBe(0);
    expect(outcomes(await rows())).toEqual(['reset before in breach-6', 'waiting']);
  });

  const [first, second] = ['jane@example.com', 'sam@example.com'];
  it.each<[outcome: string, request: RequestItem | undefined, item: Partial<CampaignItem>]>([
    ['failed', requestOf(first, 'failing'), {}],
    ['discarded', requestOf(first, 'discarded'), {}],
    ['cancelled', requestOf(first, 'cancelled'), {}],
    ['calling', requestOf(first, 'calling', { leaseEnd: NOON + 1 }), {}],
    ['unconfirmed', requestOf(first, 'calling', { leaseEnd: NOON - 1 }), {}],
    ['waiting', requestOf(first, 'waiting'), {}],
    ['waiting', requestOf(first, 'redriven'), {}],
    ['cancelling', requestOf(first, 'waiting'), { state: 'cancelled' }],
    ['waiting', undefined, {}],
    ['cancelling', undefined, { state: 'cancelled' }],
    ['unknown', undefined, { sentAt: NOON - 15 * 24 * HOUR_MS }],
  ])('tells that a row is %s', async (outcome, request, item) => {
    const { run, rows } = await reported({ content: `${first}\n`, item, requests: request ? [request] : [] });
    expect(await run()).toBe(0);
    expect(outcomes(await rows())).toEqual([outcome]);
  });

  it('tells which rows are not sent', async () => {
    const { sentAt: _, ...beingSent } = sentTo([first, second]);
    const [sentFirst, sentLast] = [first, second].sort((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
    const findCampaign = async () => ({ ...beingSent, sentBelow: idOf(String(sentLast)) });
    const { run, rows } = await reported({ content: `${sentFirst}\n${sentLast}\n`, ledger: { findCampaign } });
    expect(await run()).toBe(0);
    expect(outcomes(await rows())).toEqual(['waiting', 'not sent']);
  });

  it('keeps the order of the file, whichever answer of the ledger comes first', async () => {
    const people = Array.from({ length: 1_234 }, (_, index) => `user${index}@example.com`);
    const { findEach } = memoryReader(...people.map((email) => requestOf(email, 'succeeded')));
    const asked: number[] = [];
    let underWay = 0;
    const { run, rows } = await reported({
      content: people.join('\n'),
      people,
      ledger: {
        async findEach(ids) {
          underWay += 1;
          asked.push(underWay);
          // The later it is asked the sooner it is answered.
          for (let turn = asked.length; turn < 20; turn += 1) await allElseIdle();
          underWay -= 1;
          return findEach(ids);
        },
      },
    });
    expect(await run()).toBe(0);
    const told = await rows();
    expect(told.map(({ email }) => email)).toEqual(people);
    expect(new Set(outcomes(told))).toEqual(new Set(['reset']));
    expect(Math.max(...asked)).toBe(8);
  });

  it.each([['=cmd|calc'], ['+1'], ['-1'], ['@sum'], ['\tx']])('quotes a formula (%j)', async (cell) => {
    const content = `email,Note\n${first},"${cell}"\n`;
    const { run, text } = await reported({ content, people: [first] });
    await run();
    expect(await text()).not.toMatch(/(^|,|")[=+@\t-]/m);
    expect(await text()).toContain(cell.trim() === cell ? `,'${cell},` : `,${cell.trim()},`);
  });

  it('is for the operator alone', async () => {
    const { run, to } = await reported({ content: `${first}\n` });
    await run();
    expect((await stat(to)).mode & 0o777).toBe(0o600);
  });

  it('is an action, whose details hold file names and the digest of the report, and no address', async () => {
    const { run, action, to, io } = await reported({ content: `${first}\n` });
    await run();
    const sha256 = createHash('sha256')
      .update(await readFile(to))
      .digest('hex');
    expect(action()).toMatchObject({
      command: 'campaign report breach-7',
      state: 'done',
      details: { campaign: 'breach-7', file: 'people.csv', report: 'report.csv', rows: 1, sha256 },
    });
    expect(io.stderr.text).toContain(`report.csv: 1 row, SHA-256 ${sha256}.`);
    expect(JSON.stringify(action()) + io.stderr.text).not.toContain(first);
  });

  it('sums up in one sentence, and tells until when the ledger keeps the requests', async () => {
    const { run, io } = await reported({
      content: `${first}\n${second}\nnobody\n${first}\n`,
      people: [first, second],
      requests: [
        requestOf(first, 'succeeded', { expiresAt: (NOON + 48 * HOUR_MS) / 1000 }),
        requestOf(second, 'succeeded', { expiresAt: (NOON + 72 * HOUR_MS) / 1000 }),
      ],
    });
    expect(await run()).toBe(0);
    expect(io.stderr.text).toContain('Campaign breach-7: 2 of 2 reset (100%); left out: 1 invalid, 1 duplicate.\n');
    expect(io.stderr.text).toContain('forgets the first of these requests at 2026-11-25T12:00:00Z (in 2 d).\n');
  });

  it('prints only JSON on stdout with --json, each outcome there', async () => {
    const { run, io, to } = await reported({ content: `${first}\n` }, { json: true });
    await run();
    expect(JSON.parse(io.stdout.text)).toEqual({
      actionId: 'id-1',
      campaignId: 'breach-7',
      sentence: 'Campaign breach-7: 0 of 1 reset (0%), 1 waiting.',
      report: to,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      rows: 1,
      counts: {
        reset: 0,
        failed: 0,
        cancelled: 0,
        discarded: 0,
        unconfirmed: 0,
        calling: 0,
        waiting: 1,
        cancelling: 0,
        'not sent': 0,
        unknown: 0,
        invalid: 0,
        duplicate: 0,
        excluded: 0,
        'not selected': 0,
        'reset before': 0,
      },
      isSameSet: true,
      keptUntil: null,
      problems: [],
    });
  });

  it.each<[claim: string, people: readonly string[], words: string]>([
    ['fewer people', [first], 'The file gives 2 rows, and the campaign has 1:'],
    ['others', [first, 'third@example.com'], 'The file gives as many people as were sent, and not the same'],
  ])('on a file that gives other people is written, says so and exits with 3: %s', async (_claim, people, words) => {
    const { run, rows, io } = await reported({
      content: `${first}\n${second}\n`,
      people,
      requests: [requestOf(first, 'succeeded')],
    });
    expect(await run()).toBe(3);
    expect(outcomes(await rows())).toEqual(['reset', 'unknown']);
    expect(io.stderr.text).toContain(words);
  });

  it('on a file that is changed meanwhile says so and exits with 3', async () => {
    const { run, io, file, context } = await reported({ content: `${first}\n` });
    const { ledger } = await context.connect();
    const { findEach } = ledger;
    ledger.findEach = async (ids) => {
      await writeFile(file, `${first}\n${second}\n`);
      return findEach(ids);
    };
    expect(await run()).toBe(3);
    expect(io.stderr.text).toContain('was changed while it was read');
  });

  it('is never written over a file that is there, which is said before anything is connected', async () => {
    const { file } = await reported({ content: `${first}\n` });
    const never = (): never => {
      throw new Error('This test expects no connection.');
    };
    const context = { ...contextOf(testIo()), connect: never };
    expect(await failureIn(campaignReport(context, 'breach-7', { file, to: file }))).toEqual({
      message: `--to: ${file} exists already, and no file is written over; give another name.`,
      exitCode: 1,
    });
    expect(await readFile(file, 'utf8')).toBe(`${first}\n`);
  });

  it('in a folder that does not exist is refused in one line', async () => {
    const { run } = await reported({ content: `${first}\n` }, { to: '/nowhere/report.csv' });
    expect((await failureIn(run())).message).toBe(
      '--to: /nowhere/report.csv cannot be made (ENOENT); check its folder and your permissions.',
    );
  });

  it.each<[claim: string, fault: 'interrupt' | 'unreachable', message: RegExp, exitCode: number]>([
    ['is interrupted', 'interrupt', /^The report was interrupted; .*report\.csv was removed again\.$/, 130],
    ['loses the ledger', 'unreachable', /throttles/, 1],
  ])('that %s leaves no file', async (_claim, fault, message, exitCode) => {
    const { run, to, io, context, action } = await reported({ content: `${first}\n` });
    (await context.connect()).ledger.findEach = async () => {
      if (fault === 'unreachable') {
        throw new LedgerUnreachable(Object.assign(new Error('no'), { name: 'ThrottlingException' }));
      }
      io.interrupt();
      return new Map();
    };
    if (fault === 'interrupt') {
      expect(await failureIn(run())).toEqual({ message: expect.stringMatching(message), exitCode });
    } else await expect(run()).rejects.toThrow(LedgerUnreachable);
    await expect(stat(to)).rejects.toThrow('ENOENT');
    expect(action()).toMatchObject({ state: 'interrupted' });
  });

  it.each<[claim: string, item: CampaignItem, message: RegExp]>([
    ['from other systems', aCampaign('breach-7'), /^Campaign breach-7 was not sent from a file/],
    ['without its id key', aSentCampaign('breach-7'), /^The id key of campaign breach-7 is no longer in the ledger/],
  ])('on a campaign %s is refused in one line', async (_claim, item, message) => {
    const file = await fileOf(`${first}\n`);
    const findCampaign = async () => item;
    const { context } = anOperator({}, { ...memoryCampaigns(item), ledger: { ...memoryReader(), findCampaign } });
    expect(await failureIn(campaignReport(context, 'breach-7', { file, to: join(dirname(file), 'r.csv') }))).toEqual({
      message: expect.stringMatching(message),
      exitCode: 1,
    });
  });
});
