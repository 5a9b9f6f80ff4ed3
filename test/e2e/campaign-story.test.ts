import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { VARIABLES } from '../../functions/contract/function-environment.ts';
import { fileOf } from '../support/cli/command-line.ts';
import { anAddress, drained, eventually, NEW_TOKEN, type Scene, scenes } from '../support/local-system.ts';
import { type Ended, resetsOn } from '../support/resets-program.ts';

const { start, expectNothingPrivate } = scenes();

const ROWS = 2_000;
const BAD = 40;
const DUPLICATES = 25;
const EXCLUDED = 5;
const UNKNOWN = 60;
const TAKEN = ROWS - BAD - DUPLICATES - EXCLUDED;
const SECOND = 400;
/** A hundred a second. */
const PACE = { [VARIABLES.callsPerMinute]: '6000', [VARIABLES.callBurst]: '60' };

interface Counts {
  reset: number;
  failed: number;
  cancelled: number;
  discarded: number;
  unconfirmed: number;
  calling: number;
  waiting: number;
  cancelling: number;
}

/** An operator's terminal in front of a running system. */
class Desk {
  private readonly scene: Scene;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  run(...args: string[]): Promise<Ended> {
    return resetsOn(this.scene, args);
  }

  /** @returns what the command printed, which must end as it should. */
  async json(args: string[], code = 0) {
    const ended = await this.run(...args, '--json');
    expect(ended.code, `${args.join(' ')}\n${ended.err}`).toBe(code);
    return JSON.parse(ended.out);
  }

  async change(...args: string[]): Promise<void> {
    await this.json([...args, '--yes']);
  }

  /** The campaign's counts, which add up whenever it is asked. */
  async counts(id: string, rows: number): Promise<Counts> {
    const { counts } = await this.json(['campaign', 'status', id]);
    const { reset, failed, cancelled, discarded, unconfirmed, calling, waiting, cancelling }: Counts = counts;
    expect(reset + failed + cancelled + discarded + unconfirmed + calling + waiting + cancelling).toBe(rows);
    expect(Math.min(waiting, cancelling)).toBeGreaterThanOrEqual(0);
    return counts;
  }
}

/** A list as it comes out of a breach: bad lines, repeated ones, and people whom the tenant does not know. */
function breach() {
  const people = Array.from({ length: TAKEN - UNKNOWN }, () => anAddress());
  // Next to each other.
  const unknown = Array.from({ length: UNKNOWN }, () => anAddress('notfound'));
  const protectedOnes = Array.from({ length: EXCLUDED }, () => anAddress());
  const repeated = people.slice(0, DUPLICATES).map((email) => email.toUpperCase());
  const bad = Array.from({ length: BAD }, (_, index) =>
    index % 2 === 0 ? 'no address' : `o'quinn${index}@example.com`,
  );
  const rows = [...people, ...unknown, ...protectedOnes, ...repeated, ...bad];
  expect(rows).toHaveLength(ROWS);
  return {
    csv: ['name,Email', ...rows.map((email, index) => `"Person, ${index}",${email}`)].join('\r\n'),
    excluded: protectedOnes.join('\n'),
    somebody: String(people[0]),
  };
}

const calls = (scene: Scene): number => scene.simulator.statistics().calls;

/** Waits at the API's end: a look through the command line is a process of its own. */
const called = (scene: Scene, least: number): Promise<void> =>
  eventually(() => expect(calls(scene)).toBeGreaterThanOrEqual(least));

/** Waits until no call was made between two looks. */
const quiet = (scene: Scene): Promise<void> =>
  eventually(async () => {
    const before = calls(scene);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(calls(scene)).toBe(before);
  });

test('a breach of 2,000: planned, tried on a few, paused, slowed, held, reported, and nobody twice', async () => {
  await using scene = await start({ environment: PACE });
  const desk = new Desk(scene);
  const { csv, excluded, somebody } = breach();
  const file = await fileOf(csv, 'breach.csv');
  const exclude = await fileOf(excluded, 'break-glass.txt');
  const options = [file, '--id', 'breach-7', '--exclude', exclude, '--canary', '20', '--reason', 'breach of May'];

  expect((await desk.json(['verify'])).ok).toBe(true);

  const planned = await desk.json(['campaign', 'start', ...options, '--dry-run']);
  expect(planned).toMatchObject({ rows: TAKEN, sent: 0, actionId: null });
  expect(planned.survey).toMatchObject({ taken: TAKEN, invalidCount: BAD, duplicateCount: DUPLICATES });
  expect((await desk.json(['campaign', 'start', ...options, '--dry-run'])).plan).toBe(planned.plan);
  const others = await desk.run('campaign', 'start', ...options, '--reason', 'another', '--plan', planned.plan);
  expect(others).toMatchObject({ code: 1, err: expect.stringMatching(/^resets: .*plan/m) });
  expect(
    (await desk.json(['campaign', 'list'])).campaigns.map((one: { campaignId: string }) => one.campaignId),
  ).toEqual(['resets-verify']);

  const sent = await desk.json(['campaign', 'start', ...options, '--plan', planned.plan]);
  expect(sent).toMatchObject({ sent: TAKEN, notSent: 0, canary: { end: 'passed' } });

  await desk.change('lane', 'pause', 'bulk', '--reason', 'lunch');
  await quiet(scene);
  const paused = await desk.json(['campaign', 'status', 'breach-7']);
  expect(paused.holds).toHaveLength(1);
  expect(paused.sentence).toContain('held');
  const before = await desk.counts('breach-7', TAKEN);
  // A single request passes a campaign, also a paused one.
  const [{ requestId: single }] = (await desk.json(['enqueue', anAddress(), '--yes'])).requests;
  await eventually(async () => expect(await desk.json(['request', single])).toMatchObject({ state: 'succeeded' }));
  expect((await desk.counts('breach-7', TAKEN)).reset).toBe(before.reset);
  await desk.change('lane', 'resume', 'bulk');

  await desk.change('budget', 'set', '1200', '--burst', '20');
  expect((await desk.json(['status', '--no-totals'])).budget).toMatchObject({ set: { perMinute: 1200 } });
  await desk.counts('breach-7', TAKEN);
  await desk.change('budget', 'clear');

  await scene.simulator.change({ tokens: [NEW_TOKEN] });
  await quiet(scene);
  await eventually(async () => {
    const { verdict } = await desk.json(['status', '--no-totals']);
    expect(verdict.kind).toBe('held');
  });
  await desk.counts('breach-7', TAKEN);
  scene.putSecret(NEW_TOKEN);
  await desk.change('budget', 'release');

  await drained(scene);
  expect(await desk.counts('breach-7', TAKEN)).toMatchObject({ reset: TAKEN - UNKNOWN, failed: UNKNOWN });
  const report = join(file, '..', 'report.csv');
  const told = await desk.json([
    'campaign',
    'report',
    'breach-7',
    '--file',
    file,
    '--exclude',
    exclude,
    '--to',
    report,
  ]);
  const lines: Record<string, string>[] = parse(await readFile(report), { columns: true });
  expect(lines).toHaveLength(ROWS);
  const outcomes = Object.groupBy(lines, ({ reset_outcome = '' }) => reset_outcome.replace(/ .*/, ''));
  expect(Object.fromEntries(Object.entries(outcomes).map(([outcome, some]) => [outcome, some?.length]))).toEqual({
    reset: TAKEN - UNKNOWN,
    failed: UNKNOWN,
    excluded: EXCLUDED,
    duplicate: DUPLICATES,
    invalid: BAD,
  });
  expect(told.sha256).toMatch(/^[0-9a-f]{64}$/);
  const helped = await desk.json(['request', '--campaign', 'breach-7', '--email', somebody.toUpperCase()]);
  expect(helped).toMatchObject({ state: 'succeeded', campaignId: 'breach-7' });

  await desk.change('budget', 'set', '1200', '--burst', '20');
  const second = Array.from({ length: SECOND }, () => anAddress());
  const list = await fileOf(second.join('\n'), 'second.txt');
  await desk.change('campaign', 'start', list, '--id', 'second');
  await called(scene, calls(scene) + SECOND / 4);
  await desk.change('campaign', 'cancel', 'second');
  await drained(scene);
  const { reset, cancelled } = await desk.counts('second', SECOND);
  expect(reset).toBeLessThan(SECOND);
  expect(reset + cancelled).toBe(SECOND);
  expect(await desk.run('campaign', 'start', list, '--id', 'second', '--yes')).toMatchObject({ code: 1 });

  await desk.change('budget', 'clear');
  const third = await desk.json(['campaign', 'start', list, '--id', 'third', '--not-in', 'second', '--yes']);
  expect(third).toMatchObject({ rows: SECOND - reset, sent: SECOND - reset });
  await drained(scene);
  expect(await desk.counts('third', SECOND - reset)).toMatchObject({ reset: SECOND - reset });
  const { resets, secondResets } = scene.simulator.statistics();
  expect({ resets, secondResets }).toEqual({ resets: TAKEN - UNKNOWN + 1 + SECOND, secondResets: 0 });
  const letters = (await scene.deadLetters()).map(({ body }) => JSON.parse(body).email as string);
  expect(letters).toHaveLength(UNKNOWN);
  expect(letters.every((email) => email.startsWith('notfound+'))).toBe(true);
});

test('nothing of it was printed or remembered by address', expectNothingPrivate);
