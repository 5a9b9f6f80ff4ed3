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
        results: { alarms: 'warning', 'interactive lane': 'ok', 'bulk lane': 'ok' },
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
}
const EXPECTED: Record<keyof typeof SITUATIONS, Expected> = {
  'empty secret, nothing sent': { holds: [], failed: ['secret'], waiting: 'none' },
  'empty secret, requests sent': { holds: ['all credential'], failed: ['holds', 'secret'], waiting: 'some' },
  'token expired': { holds: ['all credential'], failed: ['holds'], waiting: 'some' },
  'outage by 503': { holds: ['all outage'], failed: ['holds'], waiting: 'some' },
  'outage by 504': { holds: ['all outage'], failed: ['holds'], waiting: 'some' },
  'brake, many waiting': { holds: ['bulk brake'], failed: ['holds'], waiting: 'many' },
  'lane paused': { holds: ['bulk operator'], failed: ['holds'], waiting: 'some' },
  'ended hold in an empty lane': { holds: [], failed: [], waiting: 'none' },
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

    const seen = await verified(scene, '--wait', '1');
    expect(failures(seen).filter((check) => !check.endsWith(' lane'))).toEqual(expected.failed);
    if (expected.waiting === 'many') expect(seen.words['bulk lane']).toMatch(/^behind \d+ messages/);
  });
});

test('no address, no token and no body in any line printed or item written', expectNothingPrivate);
