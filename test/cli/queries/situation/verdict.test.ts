import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Situation } from '../../../../cli/queries/situation/situation.ts';
import { type Verdict, verdictOn } from '../../../../cli/queries/situation/verdict.ts';
import { release } from '../../../../functions/call-budget/operator.ts';
import {
  aBudget,
  aHold,
  aSituation,
  counts,
  has,
  heldBy,
  PAUSE,
  pausedOn,
  unreadable,
} from '../../../support/cli/a-situation.ts';
import { DEPLOYMENT } from '../../../support/cli/command-line.ts';
import { NOON } from '../../../support/virtual-clock.ts';

const verdictIn = (given: Partial<Situation>, isWatched = false): Verdict =>
  verdictOn(aSituation(given), { deployment: DEPLOYMENT, command: (line) => `npx resets ${line}`, isWatched });

const bulkHas = (some: Parameters<typeof counts>[0]): Partial<Situation> => ({
  lanes: { interactive: has(counts()), bulk: has(counts(some)) },
});
const recently = (resets: number, perMinute?: number): Partial<Situation> => ({ recent: has({ resets, perMinute }) });
const letters = { deadLetterQueue: has(counts({ waiting: 3 })) };
const RUNBOOK = readFileSync(new URL('../../../../docs/runbook.md', import.meta.url), 'utf8');

describe('the verdict: held', () => {
  it.each<[claim: string, given: Partial<Situation>, sentence: RegExp, meaning: RegExp, runbook: string, next: RegExp]>(
    [
      [
        'a brake while 10,000 wait',
        { budget: has(heldBy('bulk', aHold('brake'))), ...bulkHas({ waiting: 9_958, inFlight: 42 }), ...letters },
        /^Held: brake on lane bulk, since 2026-11-23T11:55:00Z \(5 min ago\); next probe in 12 s\.$/,
        /^10,000 requests wait in lane bulk; none is dead-lettered for it; lane interactive goes on\.$/,
        'Brake',
        /^fix the URL, the token's owner or the file that is sent, then npx resets budget release$/,
      ],
      [
        'a token that is not accepted',
        { budget: has(heldBy('all', aHold('credential'))), ...bulkHas({ inFlight: 1 }), ...letters },
        /^Held: no accepted token on all lanes, since /,
        /^1 request waits; none is dead-lettered for it\.$/,
        'Credential',
        /^put a valid token into secret arn:\S+; the function picks it up on its own$/,
      ],
      [
        'a secret without a value, before anything is sent',
        { secret: { kind: 'empty' } },
        /^Held: the secret has no value yet/,
        /^Nobody waits yet; /,
        'Credential',
        /^put a valid token into secret /,
      ],
      [
        'an outage',
        { budget: has(heldBy('all', aHold('outage'))), ...bulkHas({ inFlight: 5 }) },
        /^Held: outage on all lanes/,
        /5 requests wait; none is dead-lettered for it before its third unknown outcome\./,
        'Outage',
        /^if the API is down, nothing: .*; if the API works, npx resets budget release$/,
      ],
      [
        'a lane that an operator paused, empty or not',
        { budget: has(pausedOn('bulk', { ...PAUSE, why: 'wrong file' })) },
        /^Held: paused by arn:\S+\/sam \("wrong file"\) on lane bulk, since /,
        /^Nobody waits in lane bulk yet; .*lane interactive goes on/,
        'Operator',
        /^ask arn:\S+\/sam why, then npx resets lane resume bulk$/,
      ],
      [
        'a long pause that the API asked for',
        { budget: has(aBudget({ quietUntil: NOON + 1_800_000 })), ...bulkHas({ waiting: 2 }) },
        /^Held: the API asked for a pause on all lanes, until 2026-11-23T12:30:00Z \(in 30 min\)\.$/,
        /^2 requests wait; /,
        'The API asks for a pause',
        /^wait until 2026-11-23T12:30:00Z, or npx resets budget release$/,
      ],
      [
        'a probe under way',
        { budget: has(heldBy('all', aHold('outage', { until: NOON - 1, probeEnd: NOON + 1 }))) },
        /; a probe is under way\.$/,
        /./,
        'Outage',
        /./,
      ],
      [
        'an ended hold whose lane has messages',
        { budget: has(heldBy('bulk', aHold('brake', { until: NOON - 1 }))), ...bulkHas({ waiting: 1 }) },
        /; a probe is due with the next message\.$/,
        /./,
        'Brake',
        /./,
      ],
      [
        'an ended hold of a lane that could not be counted',
        {
          budget: has(heldBy('bulk', aHold('brake', { until: NOON - 1 }))),
          lanes: { interactive: has(counts()), bulk: unreadable },
        },
        /^Held: brake/,
        /^All who are queued in lane bulk wait; /,
        'Brake',
        /./,
      ],
    ],
  )(
    '%s is held, whatever else is the case, and the next step is no list of dead letters',
    (_claim, given, sentence, meaning, runbook, next) => {
      const verdict = verdictIn({ ...recently(300, 60), ...given });
      expect(verdict).toMatchObject({
        kind: 'held',
        sentence: expect.stringMatching(sentence),
        meaning: expect.stringMatching(meaning),
        runbook: `docs/runbook.md, ${runbook}`,
        next: expect.stringMatching(next),
      });
      expect(verdict.next).not.toContain('dlq');
    },
  );

  it('an ended hold of an empty lane is history', () => {
    expect(verdictIn({ budget: has(heldBy('bulk', aHold('brake', { until: NOON - 1 }))) }).kind).toBe('idle');
  });

  it('what an operator has released holds no more', () => {
    const state = release(heldBy('bulk', aHold('brake')), NOON);
    expect(verdictIn({ budget: has(state), ...bulkHas({ waiting: 1, inFlight: 1 }) }).kind).toBe('working');
  });

  it('of several holds the one on all lanes is told first, and all are listed', () => {
    const both = aBudget({
      holds: { byScope: { bulk: aHold('brake'), all: aHold('outage') }, byOperator: { interactive: PAUSE } },
    });
    const verdict = verdictIn({ budget: has(both), secret: { kind: 'empty' } });
    expect(verdict.kind === 'held' && verdict.holds.map(({ scope, why }) => `${why} ${scope}`)).toEqual([
      'credential all',
      'outage all',
      'brake bulk',
      'operator interactive',
    ]);
  });

  it('a credential hold that stands already is told once, with the empty secret as its reason', () => {
    const verdict = verdictIn({ budget: has(heldBy('all', aHold('credential'))), secret: { kind: 'empty' } });
    expect(verdict).toMatchObject({
      sentence: expect.stringMatching(/no value yet/),
      holds: [{ why: 'credential', probe: NOON + 12_000 }],
    });
  });

  it('a secret that was not checked holds nothing', () => {
    expect(verdictIn({ secret: { kind: 'not checked', why: 'Denied.', isFault: false } }).kind).toBe('idle');
  });
});

describe('the verdict: not held', () => {
  it.each<
    [
      claim: string,
      given: Partial<Situation>,
      kind: Verdict['kind'],
      told: Partial<Record<'sentence' | 'meaning' | 'next', RegExp | undefined>>,
    ]
  >([
    [
      'nothing anywhere',
      {},
      'idle',
      { sentence: /^Idle: nothing is queued\.$/, meaning: /^Nobody waits\.$/, next: undefined },
    ],
    [
      'dead letters alone',
      letters,
      'idle',
      { sentence: /^Idle, with 3 dead letters to decide on\.$/, next: /^npx resets dlq list$/ },
    ],
    [
      'waiting and in flight, with resets lately',
      { ...bulkHas({ waiting: 5_800, inFlight: 200 }), ...recently(290, 60) },
      'working',
      {
        sentence: /^Working: 5,800 messages waiting, 200 in flight; 290 reset in the last 5 minutes\.$/,
        meaning: /the lanes are empty in 100 min\.$/,
        next: /^npx resets status --watch$/,
      },
    ],
    [
      'in flight only, with resets lately: some may be put back for an hour, whatever the rate',
      { ...bulkHas({ inFlight: 2 }), ...recently(600, 150) },
      'working',
      { meaning: /^Nothing is held; these requests are being called, or tried again later on their own\.$/ },
    ],
    [
      'work that resets nobody',
      bulkHas({ waiting: 5, inFlight: 2 }),
      'working',
      { sentence: /; none reset in the last 5 minutes\.$/, meaning: /no user has got a reset lately/, next: /log$/ },
    ],
    [
      'work of which the resets could not be counted',
      { ...bulkHas({ waiting: 5, inFlight: 2 }), recent: unreadable },
      'working',
      { sentence: /5 messages waiting, 2 in flight\.$/, next: /--watch/ },
    ],
    [
      'work with dead letters',
      { ...bulkHas({ waiting: 5, inFlight: 2 }), ...letters },
      'working',
      { next: /^npx resets dlq list$/ },
    ],
    [
      'in flight only, and nothing reset lately',
      bulkHas({ inFlight: 3 }),
      'waiting',
      { sentence: /3 messages in hand/, next: /--watch/ },
    ],
    ['delayed only', bulkHas({ delayed: 3 }), 'waiting', {}],
    [
      'waiting and none in flight',
      bulkHas({ waiting: 5 }),
      'not-moving',
      {
        sentence: /^Not moving: 5 messages wait in lane bulk and none is in flight\.$/,
        next: /event sources are enabled$/,
      },
    ],
    [
      'one lane that does not move while the other works',
      { lanes: { interactive: has(counts({ waiting: 1 })), bulk: has(counts({ waiting: 5, inFlight: 2 })) } },
      'not-moving',
      { sentence: /^Not moving: 1 message waits in lane interactive and/ },
    ],
    [
      'a lane that could not be counted',
      { lanes: { interactive: has(counts({ waiting: 5, inFlight: 2 })), bulk: unreadable } },
      'unknown',
      { sentence: /^Unknown: nothing is held, but lane bulk could not be counted\.$/, next: /npx resets status$/ },
    ],
    [
      'holds that could not be read, with a secret known to be empty',
      { budget: unreadable, secret: { kind: 'empty' } },
      'unknown',
      { sentence: /^Unknown: the holds cannot be read\. Denied\.$/, next: /npx resets status$/ },
    ],
    ['a dead-letter queue that could not be counted', { deadLetterQueue: unreadable }, 'idle', { next: undefined }],
  ])('%s: told in one sentence, with one next step', (_claim, given, kind, told) => {
    const verdict = verdictIn(given);
    expect(verdict.kind).toBe(kind);
    for (const [member, words] of Object.entries(told)) {
      const text = verdict[member as keyof typeof told];
      if (words === undefined) expect(text).toBeUndefined();
      else expect(text).toMatch(words);
    }
  });

  it('nobody who watches is told to watch', () => {
    expect(verdictIn({ ...bulkHas({ waiting: 5, inFlight: 2 }), ...recently(9, 2) }, true).next).toBeUndefined();
  });
});

it.each<[heading: string, given: Partial<Situation>]>([
  ['Outage', { budget: has(heldBy('all', aHold('outage'))) }],
  ['Credential', { secret: { kind: 'empty' } }],
  ['Brake', { budget: has(heldBy('bulk', aHold('brake'))) }],
  ['Operator', { budget: has(pausedOn('all')) }],
  ['The API asks for a pause', { budget: has(aBudget({ quietUntil: NOON + 60_000 })) }],
  ['Nothing moves', bulkHas({ waiting: 1 })],
  ['The holds cannot be read', { budget: unreadable }],
  ['Read the log', bulkHas({ waiting: 1, inFlight: 1 })],
  ['Dead letters are waiting', letters],
])('the runbook has the heading that the verdict names: %s', (heading, given) => {
  expect(verdictIn(given).runbook).toBe(`docs/runbook.md, ${heading}`);
  expect(RUNBOOK).toMatch(new RegExp(`^#+ ${heading}$`, 'm'));
});
