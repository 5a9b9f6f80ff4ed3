import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { METRIC_NAMESPACE, METRICS, SERVICE_NAME } from '../../functions/common/telemetry.ts';
import { type AlarmEntry, alarmCatalogue, NOT_WORKING } from '../../infra/password-resets/alarm-catalogue.ts';
import { alarmName } from '../../infra/password-resets/alarms.ts';
import { type AlarmProperties, keyOf, statesOf } from '../support/cloudwatch/alarm-states.ts';
import { templateWith } from '../support/synthesized-template.ts';
import { HISTORIES } from './alarm-histories.ts';

const CATALOGUE = alarmCatalogue(120);
const PAGE_TOPIC = 'arn:aws:sns:eu-west-1:111122223333:on-call';
const NOTICE_TOPIC = 'arn:aws:sns:eu-west-1:111122223333:mail';
const RUNBOOK_URL = `https://example.com/${'long/'.repeat(35)}x`;

interface Alarm extends AlarmProperties {
  AlarmName: string;
  AlarmDescription: string;
  AlarmActions?: unknown[];
  OKActions?: unknown[];
}

const TOPICS = { alarmTopicArn: PAGE_TOPIC, noticeTopicArn: NOTICE_TOPIC };
const template = templateWith(TOPICS);
const alarmsOf = (of = template) =>
  Object.values(of.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties as Alarm);
const composites = (of = template) => Object.values(of.findResources('AWS::CloudWatch::CompositeAlarm'));
const compositeOf = (of = template) => composites(of)[0]?.Properties as Alarm & { AlarmRule: unknown };
const alarmOf = ({ name }: AlarmEntry, of = template): Alarm => {
  const alarm = alarmsOf(of).find(({ AlarmName }) => AlarmName.endsWith(`-${name}`));
  if (alarm === undefined) throw new Error(`No alarm ${name}.`);
  return alarm;
};
const byId = (id: string): AlarmEntry => {
  const entry = CATALOGUE.find((each) => each.id === id);
  if (entry === undefined) throw new Error(`No alarm ${id}.`);
  return entry;
};

test('the alarms are these, in severity, periods and what silence does', () => {
  const rows = CATALOGUE.map((entry) => {
    const { EvaluationPeriods, DatapointsToAlarm, TreatMissingData, Threshold } = alarmOf(entry);
    const minutes = entry.periodSeconds / 60;
    return `${entry.severity}: ${entry.name} · ${DatapointsToAlarm} of ${EvaluationPeriods} x ${minutes} min >= ${Threshold}, ${TreatMissingData}`;
  });
  expect(rows).toEqual([
    'page: all-resets-held-token-not-accepted · 1 of 2 x 1 min >= 1, ignore',
    'page: all-resets-held-15-min-api-outage · 15 of 15 x 1 min >= 1, ignore',
    'page: single-resets-held-all-rejected · 1 of 2 x 1 min >= 1, ignore',
    'page: campaigns-held-all-rejected · 1 of 2 x 1 min >= 1, ignore',
    'notice: single-resets-paused-for-24-h · 24 of 24 x 60 min >= 1, ignore',
    'notice: campaigns-paused-for-24-h · 24 of 24 x 60 min >= 1, ignore',
    'page: no-resets-ledger-unreachable · 2 of 5 x 1 min >= 1, notBreaching',
    'page: given-up-requests-cannot-be-stored · 2 of 5 x 1 min >= 1, notBreaching',
    'page: no-resets-function-timeout-too-short · 1 of 15 x 1 min >= 1, notBreaching',
    'page: single-resets-wait-over-5-min · 3 of 20 x 1 min >= 300, notBreaching',
    'page: single-resets-not-picked-up · 5 of 5 x 1 min >= 1, notBreaching',
    'page: campaigns-not-picked-up · 5 of 5 x 1 min >= 1, notBreaching',
    'page: single-resets-given-up · 1 of 15 x 1 min >= 1, notBreaching',
    'page: resets-made-but-not-recorded · 1 of 15 x 1 min >= 1, notBreaching',
    'page: resets-delayed-by-unexpected-errors · 1 of 15 x 1 min >= 1, notBreaching',
    'notice: many-requests-of-a-campaign-fail · 1 of 1 x 15 min >= 10, notBreaching',
    'notice: given-up-requests-wait-for-7-days · 168 of 168 x 60 min >= 1, notBreaching',
    'notice: resets-slow-function-throttled · 2 of 3 x 5 min >= 1, notBreaching',
    'notice: function-near-its-timeout · 2 of 3 x 5 min >= 115000, notBreaching',
    'notice: api-token-expires-within-7-days · 1 of 1 x 60 min >= 1, ignore',
  ]);
  expect(alarmsOf()).toHaveLength(CATALOGUE.length);
});

describe('each alarm has a history that raises it and one that does not', () => {
  const untilMinute = (reported: { minute: number }[]) => Math.max(...reported.map(({ minute }) => minute)) + 60;

  test('and there is none without', () => {
    expect(Object.keys(HISTORIES).sort()).toEqual(CATALOGUE.map(({ id }) => id).sort());
  });

  test.each(Object.entries(HISTORIES).map(([id, { rings }]) => [id, rings.because, rings] as const))(
    '%s rings: %s',
    (id, _, { reported, atMinute }) => {
      const states = statesOf(alarmOf(byId(id)), reported, untilMinute(reported));
      expect(states.find(({ state }) => state === 'ALARM')?.minute).toBe(atMinute);
    },
  );

  test.each(Object.entries(HISTORIES).map(([id, { quiet }]) => [id, quiet.because, quiet] as const))(
    '%s does not ring: %s',
    (id, _, { reported }) => {
      const states = statesOf(alarmOf(byId(id)), reported, untilMinute(reported));
      expect(states.filter(({ state }) => state === 'ALARM')).toEqual([]);
    },
  );
});

test.each(['ShortTimeouts', 'SingleRequestsGivenUp', 'UnrecordedResets', 'UnexpectedErrors'])(
  '%s rings once for a night in which its cause shows every nine minutes',
  (id) => {
    const [metric = ''] = Object.values(byId(id).signal.metrics).flatMap((each) => ('own' in each ? [each.own] : []));
    const reported = Array.from({ length: 50 }, (_, index) => ({
      metric: `${metric} interactive`,
      minute: 9 * index,
      values: [1],
    }));
    const states = statesOf(alarmOf(byId(id)), reported, 450).map(({ state }) => state);
    expect(states.filter((state, index) => state === 'ALARM' && states[index - 1] !== 'ALARM')).toHaveLength(1);
  },
);

test.each(['Paused-interactive', 'Paused-bulk'])(
  '%s does not ring where the lane was resumed when nothing waited, which tells no end',
  (id) => {
    const metric = `OperatorHeld ${id.split('-')[1]}`;
    const reported = [70, 90, 110].map((minute) => ({ metric, minute, values: [1] }));
    expect(statesOf(alarmOf(byId(id)), reported, 48 * 60).filter(({ state }) => state === 'ALARM')).toEqual([]);
  },
);

describe('the only single request of a night', () => {
  const hidden = 'ApproximateNumberOfMessagesNotVisible interactive';
  const statesWhen = (receivedAt: number[], goneAt: number) =>
    statesOf(
      alarmOf(byId('SingleRequestsWait')),
      [
        ...receivedAt.map((minute) => ({ metric: 'QueuedAge interactive', minute, values: [60 * minute] })),
        ...Array.from({ length: 120 }, (_, minute) => ({ metric: hidden, minute, values: [minute < goneAt ? 1 : 0] })),
      ],
      120,
    );

  test('rings though it is received every quarter of an hour alone, and until it is gone', () => {
    const states = statesWhen([0, 15, 30, 45], 46).map(({ state }) => state);
    expect(states.indexOf('ALARM') + 1).toBe(18);
    expect(new Set(states.slice(17, 46))).toEqual(new Set(['ALARM']));
    expect(states[70]).toBe('OK');
  });

  test('does not ring where it is old and done', () => {
    expect(statesWhen([0, 6], 7).filter(({ state }) => state === 'ALARM')).toEqual([]);
  });
});

describe('a hold', () => {
  const HOLDS = ['CredentialHeld', 'BrakeHeld-interactive', 'BrakeHeld-bulk', 'OutageHeld'];
  const metricOf = (id: string) => {
    const [metric, lane = 'bulk'] = id.split('-');
    return `${metric} ${lane}`;
  };

  test.each(HOLDS)('%s stays told through a night in which nobody calls, and ends with what is free', (id) => {
    const metric = metricOf(id);
    const heldUntil = 20;
    const freeAt = 600;
    const states = statesOf(
      alarmOf(byId(id)),
      [
        ...Array.from({ length: heldUntil }, (_, minute) => ({ metric, minute, values: [1] })),
        { metric, minute: freeAt, values: [0] },
        { metric, minute: freeAt + 1, values: [0] },
      ],
      freeAt + 60,
    );
    const stateAt = (at: number) => states.find(({ minute }) => minute === at)?.state;
    expect(stateAt(heldUntil)).toBe('ALARM');
    expect(stateAt(freeAt)).toBe('ALARM');
    expect(stateAt(freeAt + 5)).toBe('OK');
  });

  test('is not over because a copy that looked before it began says so once', () => {
    const metric = metricOf('CredentialHeld');
    const values = [[0], [1], [0], [1], [1]];
    const states = statesOf(
      alarmOf(byId('CredentialHeld')),
      values.map((each, minute) => ({ metric, minute, values: each })),
      values.length,
    );
    expect(states.slice(1).map(({ state }) => state)).toEqual(['ALARM', 'ALARM', 'ALARM', 'ALARM']);
  });
});

describe('a function with a longer timeout', () => {
  test('is given as long to report, and as long to run', () => {
    const longer = templateWith({ functionTimeoutSeconds: 900, visibilityTimeoutSeconds: 5400 });
    const [nothingMoves] = alarmCatalogue(900).filter(({ id }) => id === 'NothingMoves-bulk');
    expect(nothingMoves && alarmOf(nothingMoves, longer)).toMatchObject({
      EvaluationPeriods: 18,
      DatapointsToAlarm: 18,
    });
    expect(alarmOf(byId('NearTimeout'), longer).Threshold).toBe(895_000);
  });
});

describe('the metrics of an alarm', () => {
  const metricsOf = ({ Metrics, Namespace, MetricName, Dimensions }: Alarm) =>
    Metrics === undefined
      ? [{ Namespace: `${Namespace}`, MetricName: `${MetricName}`, Dimensions: Dimensions ?? [] }]
      : Metrics.flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : []));

  test('that are ours are of one stack, one lane and the catalogue', () => {
    const ours = alarmsOf(templateWith({ stackName: 'Staging' }))
      .flatMap(metricsOf)
      .filter(({ Namespace }) => Namespace === METRIC_NAMESPACE);
    expect(ours.length).toBeGreaterThan(20);
    for (const metric of ours) {
      expect(Object.values<string>(METRICS)).toContain(metric.MetricName);
      expect(metric.Dimensions).toEqual([
        { Name: 'lane', Value: expect.stringMatching(/^(interactive|bulk)$/) },
        { Name: 'service', Value: SERVICE_NAME },
        { Name: 'stack', Value: 'Staging' },
      ]);
    }
  });

  test('that are of AWS are of resources of the stack', () => {
    const others = alarmsOf()
      .flatMap(metricsOf)
      .filter(({ Namespace }) => Namespace !== METRIC_NAMESPACE);
    expect([...new Set(others.map(keyOf))].sort()).toEqual([
      'ApproximateNumberOfMessagesNotVisible deadLetters',
      'ApproximateNumberOfMessagesNotVisible interactive',
      'ApproximateNumberOfMessagesVisible bulk',
      'ApproximateNumberOfMessagesVisible deadLetters',
      'ApproximateNumberOfMessagesVisible interactive',
      'Duration',
      'Errors',
      'Throttles',
    ]);
    for (const { Dimensions } of others) expect(JSON.stringify(Dimensions)).toMatch(/"(Ref|Fn::GetAtt)"/);
  });

  // Limits of PutMetricAlarm.
  test.each(CATALOGUE.map((entry) => [entry.id, entry] as const))(
    '%s stays within what CloudWatch allows',
    (_, entry) => {
      const { EvaluationPeriods } = alarmOf(entry);
      const range = EvaluationPeriods * entry.periodSeconds;
      expect(range).toBeLessThanOrEqual(entry.periodSeconds < 3600 ? 86_400 : 604_800);
      expect(Object.keys(entry.signal.metrics).length).toBeLessThanOrEqual(10);
    },
  );
});

describe('what an alarm says', () => {
  test.each([...CATALOGUE, NOT_WORKING].map((entry) => [entry.id, entry] as const))(
    '%s says what it means for users, what to read, and what silence means',
    (_, entry) => {
      const named = (of: Alarm[]) => of.find(({ AlarmName }) => AlarmName.endsWith(`-${entry.name}`));
      const text = named([...alarmsOf(), compositeOf()])?.AlarmDescription;
      expect(text).toBe(`${entry.impact} What to do: docs/runbook.md, "${entry.heading}". ${entry.silence}`);
      for (const part of [entry.impact, entry.silence]) expect(part).toMatch(/^[A-Z].{30,}\.$/);
      const linked = templateWithRunbook();
      const long = named([...alarmsOf(linked), compositeOf(linked)])?.AlarmDescription ?? '';
      expect(long.startsWith(`${text} ${RUNBOOK_URL}#`)).toBe(true);
      expect(long.length).toBeLessThanOrEqual(1024);
    },
  );

  let linked: ReturnType<typeof templateWith> | undefined;
  const templateWithRunbook = () => {
    linked ??= templateWith({ runbookUrl: RUNBOOK_URL });
    return linked;
  };

  test("a section's address ends as renderers of Markdown write it", () => {
    const text = alarmOf(byId('ShortTimeouts'), templateWithRunbook()).AlarmDescription;
    expect(text).toMatch(/#the-functions-timeout-is-too-short$/);
  });
});

describe("an alarm's name", () => {
  const ALL = [...CATALOGUE, NOT_WORKING];

  test.each(['P', 'PasswordResets', 'password-resets-production-eu-west-1', 'a'.repeat(50)])(
    'has at most 60 characters and is no other, in stack %s',
    (stackName) => {
      const names = ALL.map(({ name }) => alarmName(stackName, name));
      expect(names.filter((name) => name.length > 60)).toEqual([]);
      expect(new Set(names).size).toBe(ALL.length);
      for (const name of names) expect(name).toMatch(/^[A-Za-z0-9-]+$/);
    },
  );

  test('is whole where the stack has a name of at most 23 characters', () => {
    for (const { name } of ALL) expect(alarmName('a'.repeat(23), name)).toBe(`${'a'.repeat(23)}-${name}`);
  });

  test('tells stacks apart whose long names begin alike', () => {
    const stage = (end: string) => `password-resets-of-a-large-company-${end}`;
    const name = alarmName(stage('production'), 'single-resets-given-up');
    expect(name).not.toBe(alarmName(stage('staging'), 'single-resets-given-up'));
    const hash = createHash('sha256').update(stage('production')).digest('hex').slice(0, 4);
    expect(name).toBe(`password-resets-of-a-large-compa-${hash}-single-resets-given-up`);
  });
});

describe('who is told', () => {
  test('pages and notices go to topics of their own', () => {
    for (const entry of CATALOGUE) {
      const topic = entry.severity === 'page' ? PAGE_TOPIC : NOTICE_TOPIC;
      expect(alarmOf(entry).AlarmActions, entry.id).toEqual([topic]);
    }
  });

  test('the end is told of states that are reported, never of events that are counted', () => {
    const told = CATALOGUE.filter((entry) => alarmOf(entry).OKActions !== undefined).map(({ id }) => id);
    expect(told).toEqual([
      'CredentialHeld',
      'OutageHeld',
      'BrakeHeld-interactive',
      'BrakeHeld-bulk',
      'SingleRequestsWait',
      'NothingMoves-interactive',
      'NothingMoves-bulk',
    ]);
    for (const id of told) expect(alarmOf(byId(id)).OKActions).toEqual([PAGE_TOPIC]);
  });

  test('nothing is told of an alarm that starts to be short of data', () => {
    for (const alarm of alarmsOf()) expect(alarm).not.toHaveProperty('InsufficientDataActions');
  });
});

describe('the composite alarm', () => {
  test('rings while one of those rings that mean that resets do not work, and of pages only', () => {
    const members = JSON.stringify(compositeOf().AlarmRule)
      .match(/(?<="Alarms)[A-Za-z]+(?=[0-9A-F]{8}")/g)
      ?.sort();
    const stops = CATALOGUE.filter(({ stopsResets }) => stopsResets);
    expect(members).toEqual(stops.map(({ id }) => id.replace('-', '')).sort());
    expect(stops.map(({ id }) => id)).toEqual([
      'CredentialHeld',
      'OutageHeld',
      'BrakeHeld-interactive',
      'LedgerUnreachable',
      'ShortTimeouts',
      'SingleRequestsWait',
      'NothingMoves-interactive',
    ]);
    expect(stops.filter(({ severity }) => severity !== 'page')).toEqual([]);
  });

  test('is a notice, since each of its alarms pages by itself, and does not tell its end', () => {
    expect(compositeOf().AlarmActions).toEqual([NOTICE_TOPIC]);
    expect(compositeOf()).not.toHaveProperty('OKActions');
    expect(composites()).toHaveLength(1);
  });
});

test('the page on options counts the alarms, their metrics and the metrics of ours as they are', () => {
  const page = readFileSync(new URL('../../docs/options.md', import.meta.url), 'utf8');
  const metrics = CATALOGUE.flatMap(({ signal }) => Object.keys(signal.metrics)).length;
  expect(page).toContain(`| Alarms: ${CATALOGUE.length}, with ${metrics} metrics in them | ${metrics} × 0.10 |`);
  const own = Object.keys(METRICS).length;
  expect(page).toContain(`| Own metrics, all ${own} in both lanes, in every hour | ${2 * own} × 0.30 |`);
});
