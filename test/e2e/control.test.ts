import { describe, expect, test, vi } from 'vitest';
import { requestIdOf } from '../../functions/ledger/items.ts';
import { drained, eventually, ONE_A_LANE, type Scene, scenes } from '../support/local-system.ts';
import { resetsOn } from '../support/resets-program.ts';
import { SITUATIONS, type Situation, sightOf } from '../support/situations.ts';

// They mostly wait, for holds and for each other's commands.
vi.setConfig({ maxConcurrency: 12 });

const { start, expectNothingPrivate } = scenes();

interface Verified {
  code: number;
  ok: boolean;
  /** Results by the names of the checks. */
  results: Record<string, string>;
  words: Record<string, string>;
}

async function verified(scene: Scene, ...args: string[]): Promise<Verified> {
  const { code, out, err } = await resetsOn(scene, ['verify', '--json', ...args]);
  expect(out, err).not.toBe('');
  const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: { name: string; result: string; words: string }[] };
  const of = (member: 'result' | 'words') => Object.fromEntries(checks.map((check) => [check.name, check[member]]));
  return { code, ok, results: of('result'), words: of('words') };
}

const failures = ({ results }: Verified): string[] =>
  Object.entries(results).flatMap(([name, result]) => (result === 'failed' ? [name] : []));

describe.concurrent('verify against a running system', () => {
  test('finds all in order, twice, without a call, and leaves nothing in the queues to decide on', async () => {
    await using scene = await start({ mapping: ONE_A_LANE });
    for (const args of [[], ['--dead-letter', '--yes']]) {
      const seen = await verified(scene, ...args);
      expect(failures(seen), JSON.stringify(seen)).toEqual([]);
      expect(seen).toMatchObject({
        code: 0,
        ok: true,
        results: { pages: 'warning', 'interactive lane': 'ok', 'bulk lane': 'ok' },
      });
      expect(seen.results['dead letter']).toBe(args.length > 0 ? 'ok' : undefined);
    }
    await drained(scene);
    expect(await scene.deadLetters()).toEqual([]);
    expect(scene.simulator.statistics().calls).toBe(0);
    const states = (await scene.ledgerItems()).map(({ state, campaign }) => `${campaign}: ${state}`);
    expect(states.sort()).toEqual(['none: discarded', ...Array.from({ length: 4 }, () => 'resets-verify: cancelled')]);
  });

  test('a lane that is not delivered fails, and the other one does not', async () => {
    await using scene = await start({ mapping: ONE_A_LANE, lanes: ['interactive'] });
    const seen = await verified(scene, '--wait', '10');
    expect(failures(seen)).toEqual(['bulk lane']);
    expect(seen).toMatchObject({ code: 1, results: { 'interactive lane': 'ok' } });
  });

  test('a dead letter of somebody else is still there, and can be received at once', async () => {
    await using scene = await start({ mapping: ONE_A_LANE });
    const [theirs = ''] = await scene.send('interactive', [{ body: 'no request' }]);
    await eventually(async () => expect(await scene.deadLetters()).toHaveLength(1));
    expect(await verified(scene, '--dead-letter', '--yes')).toMatchObject({ code: 0 });
    const [letter, ...others] = await scene.deadLetters();
    expect(letter?.messageAttributes.RequestId?.StringValue).toBe(theirs);
    expect(others).toEqual([]);
    const item = (await scene.ledgerItems()).find(({ pk }) => requestIdOf(pk) === theirs);
    expect(item?.state).toBe('failed');
  });
});

interface Expected {
  /** The standing holds, as `scope why`. */
  holds: string[];
  /** The checks of `verify` that fail, but for those of what it sends: a held lane may take its time. */
  failed: string[];
  /** A message of the worker's lane is where it was. */
  waiting: 'none' | 'some' | 'many';
  /** The verdict of `status`: its first word and the next step. Whatever is held, no step points at dead letters. */
  verdict: readonly [sentence: RegExp, next: RegExp | null];
}
const NEW_TOKEN = /^put a valid token into secret arn:/;
const OUTAGE: Expected['verdict'] = [/^Held: outage on all lanes, since /, / budget release$/];
const EXPECTED: Record<keyof typeof SITUATIONS, Expected> = {
  'empty secret, nothing sent': {
    holds: [],
    failed: ['secret'],
    waiting: 'none',
    verdict: [/^Held: the secret has no value yet/, NEW_TOKEN],
  },
  'empty secret, requests sent': {
    holds: ['all credential'],
    failed: ['holds', 'secret'],
    waiting: 'some',
    verdict: [/^Held: the secret has no value yet/, NEW_TOKEN],
  },
  'token expired': {
    holds: ['all credential'],
    failed: ['holds'],
    waiting: 'some',
    verdict: [/^Held: no accepted token on all lanes, since /, NEW_TOKEN],
  },
  'outage by 503': { holds: ['all outage'], failed: ['holds'], waiting: 'some', verdict: OUTAGE },
  'outage by 504': { holds: ['all outage'], failed: ['holds'], waiting: 'some', verdict: OUTAGE },
  'brake, many waiting': {
    holds: ['bulk brake'],
    failed: ['holds'],
    waiting: 'many',
    verdict: [/^Held: brake on lane bulk, since .*; next probe in /, /^fix the URL, .* budget release$/],
  },
  'lane paused': {
    holds: ['bulk operator'],
    failed: ['holds'],
    waiting: 'some',
    verdict: [
      /^Held: paused by arn:\S+sam \("a test"\) on lane bulk, since /,
      /^ask arn:\S+sam why, then .* lane resume bulk$/,
    ],
  },
  'ended hold in an empty lane': {
    holds: [],
    failed: [],
    waiting: 'none',
    verdict: [/^Idle: nothing is queued\.$/, null],
  },
};

describe.concurrent('What an operator sees of', () => {
  test.each(Object.entries(EXPECTED))('%s', async (name, expected) => {
    const bringAbout: Situation = SITUATIONS[name as keyof typeof SITUATIONS];
    await using scene = await bringAbout(start);
    const { holds, lanes } = await sightOf(scene);
    expect(holds.map(({ scope, why }) => `${scope} ${why}`)).toEqual(expected.holds);
    const { waiting, inFlight } = lanes.bulk;
    if (expected.waiting === 'none') expect(waiting + inFlight).toBe(0);
    if (expected.waiting === 'some') expect(waiting + inFlight).toBeGreaterThan(0);
    if (expected.waiting === 'many') expect(waiting).toBeGreaterThan(100);

    const status = await resetsOn(scene, ['status', '--json']);
    const { verdict } = JSON.parse(status.out) as { verdict: { sentence: string; next: string | null } };
    const [sentence, next] = expected.verdict;
    expect({ code: status.code, ...verdict }).toMatchObject({
      code: 0,
      sentence: expect.stringMatching(sentence),
      next: next === null ? null : expect.stringMatching(next),
    });

    const seen = await verified(scene, '--wait', '1');
    expect(failures(seen).filter((check) => !check.endsWith(' lane'))).toEqual(expected.failed);
    if (expected.waiting === 'many') expect(seen.words['bulk lane']).toMatch(/^behind \d+ messages/);
  });
});

test('no address, no token and no body in any line printed or item written', expectNothingPrivate);
