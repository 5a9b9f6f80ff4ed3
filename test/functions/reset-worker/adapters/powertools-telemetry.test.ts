import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  EVENTS,
  type EventCode,
  type EventFields,
  LANE_DIMENSION,
  METRIC_NAMESPACE,
  METRICS,
  type MetricName,
  SERVICE_NAME,
  STACK_DIMENSION,
  type Telemetry,
} from '../../../../functions/common/telemetry.ts';
import {
  powertoolsTelemetry,
  setDimensions,
} from '../../../../functions/reset-worker/adapters/powertools-telemetry.ts';

type Json = Record<string, unknown>;

const STACK = 'Staging';

let written: string;
let telemetry: Telemetry;
let metrics: Metrics;

beforeEach(() => {
  written = '';
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((chunk: string | Uint8Array) => {
      written += String(chunk);
      return true;
    });
  }
  for (const name of [
    'POWERTOOLS_DEV',
    'POWERTOOLS_LOG_LEVEL',
    'AWS_LAMBDA_LOG_LEVEL',
    'POWERTOOLS_METRICS_DISABLED',
  ]) {
    vi.stubEnv(name, undefined);
  }
  metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName: SERVICE_NAME });
  setDimensions(metrics, STACK, 'bulk');
  telemetry = powertoolsTelemetry(new Logger({ serviceName: SERVICE_NAME }), metrics);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** All lines written so far, each of which has to be JSON of its own. */
const lines = (): Json[] =>
  written
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Json);
const logged = () => lines().filter((line) => !('_aws' in line));
/** The metrics as CloudWatch would read them off the lines. */
function published(): Json[] {
  // Where there is nothing to publish Powertools would say so.
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  return lines().filter((line) => '_aws' in line);
}

const FIELDS: Required<EventFields> = {
  lane: 'bulk',
  requestId: 'request-1',
  campaignId: 'breach-7',
  messageId: 'message-1',
  status: 503,
  reason: 'rejected',
  why: 'timeout',
  calls: 1,
  failedCalls: 2,
  unknowns: 3,
  receiveCount: 4,
  delayMs: 5,
  leftMs: 6,
  neededMs: 7,
  errorName: 'TypeError',
  errorPlace: 'at x (y:1:2)',
};
/** What the logger adds of its own. */
const FRAME = ['level', 'message', 'timestamp', 'service', 'sampling_rate', 'xray_trace_id'];
const CODES = Object.keys(EVENTS) as EventCode[];

describe('an event', () => {
  test.each(CODES)('%s is one line of JSON: code, level, sentence and the permitted fields, no more', (code) => {
    telemetry.event(code, FIELDS);
    expect(written.match(/\n/g)).toHaveLength(1);
    const [line = {}] = logged();
    expect(line).toMatchObject({
      ...FIELDS,
      code,
      level: EVENTS[code].level.toUpperCase(),
      message: EVENTS[code].sentence,
      service: SERVICE_NAME,
    });
    expect(Object.keys(line).filter((key) => ![...Object.keys(FIELDS), 'code', ...FRAME].includes(key))).toEqual([]);
  });

  test.each(CODES)('%s adds one to its metric, or to none', (code) => {
    telemetry.event(code, FIELDS);
    const { metric } = EVENTS[code] as { metric?: string };
    const sums = published().map((line) => [metric !== undefined && line[metric], namesIn(line)]);
    expect(sums).toEqual(metric === undefined ? [] : [[1, [metric]]]);
  });

  test('without fields shows none', () => {
    telemetry.event('DEFERRED', {});
    expect(Object.keys(logged()[0] ?? {}).filter((key) => ![...FRAME, 'code'].includes(key))).toEqual([]);
  });

  test('that is told twice is two lines', () => {
    telemetry.event('DEFERRED', { requestId: 'a' });
    telemetry.event('DEFERRED', { requestId: 'b' });
    expect(logged().map(({ requestId }) => requestId)).toEqual(['a', 'b']);
  });

  test('leaves nothing on the lines after it', () => {
    telemetry.event('DEFERRED', FIELDS);
    telemetry.event('DUPLICATE', {});
    expect(logged()[1]).not.toHaveProperty('requestId');
  });
});

interface Emf {
  CloudWatchMetrics: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }[];
}
const emf = (line: Json) => (line._aws as Emf).CloudWatchMetrics;
const namesIn = (line: Json) => emf(line).flatMap((directive) => directive.Metrics.map(({ Name }) => Name));

const OWN_UNITS: Partial<Record<MetricName, string>> = { QueuedAge: 'Seconds', TokenDaysLeft: 'None' };

describe('a metric', () => {
  test.each(['interactive', 'bulk'] as const)(
    'stands under the namespace, the service, the stack and the lane %s',
    (lane) => {
      setDimensions(metrics, STACK, lane);
      telemetry.measure(METRICS.calls, 2);
      const [line = {}] = published();
      expect(emf(line)).toEqual([
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [['service', STACK_DIMENSION, LANE_DIMENSION]],
          Metrics: [{ Name: METRICS.calls, Unit: 'Count' }],
        },
      ]);
      expect(line).toMatchObject({
        service: SERVICE_NAME,
        [STACK_DIMENSION]: STACK,
        [LANE_DIMENSION]: lane,
        [METRICS.calls]: 2,
      });
    },
  );

  test.each(Object.values(METRICS))('%s is a count, unless it has a unit of its own', (metric) => {
    telemetry.measure(metric, 1.5);
    const [line = {}] = published();
    expect(emf(line)[0]?.Metrics).toEqual([{ Name: metric, Unit: OWN_UNITS[metric] ?? 'Count' }]);
    expect(line[metric]).toBe(1.5);
  });

  test('of several messages keeps each value, so that percentiles can be drawn', () => {
    for (const seconds of [1, 20, 300]) telemetry.measure(METRICS.queuedAge, seconds);
    expect(published()[0]?.[METRICS.queuedAge]).toEqual([1, 20, 300]);
  });

  test('tells no request, campaign or message', () => {
    telemetry.event('DEAD_LETTERED', FIELDS);
    expect(JSON.stringify(published())).not.toMatch(/request-1|breach-7|message-1/);
  });

  test('of one lane is not carried over to the next invocation’s, and nothing is said in plain text', () => {
    const dimensionsOf = (lane: 'interactive' | 'bulk' | undefined) => {
      setDimensions(metrics, STACK, lane);
      telemetry.measure(METRICS.calls, 1);
      return emf(published().at(-1) ?? {})[0]?.Dimensions;
    };
    const withLane = [['service', STACK_DIMENSION, LANE_DIMENSION]];
    expect(dimensionsOf('interactive')).toEqual(withLane);
    expect(dimensionsOf('bulk')).toEqual(withLane);
    expect(dimensionsOf(undefined)).toEqual([['service', STACK_DIMENSION]]);
    expect(dimensionsOf('bulk')).toEqual(withLane);
    // `lines` has read each as JSON.
    expect(lines().map((line) => line[LANE_DIMENSION])).toEqual(['interactive', 'bulk', undefined, 'bulk']);
  });

  test('of more than 100 values, which Powertools publishes by itself, keeps its lane to the last', () => {
    for (let message = 0; message < 100; message += 1) telemetry.measure(METRICS.queuedAge, message);
    for (let message = 0; message < 100; message += 1) telemetry.event('RESET_MADE', {});
    telemetry.measure(METRICS.calls, 1);
    const all = published();
    expect(all.length).toBeGreaterThan(1);
    for (const line of all) {
      expect(line).toMatchObject({ [STACK_DIMENSION]: STACK, [LANE_DIMENSION]: 'bulk' });
      expect(emf(line)[0]?.Dimensions).toEqual([['service', STACK_DIMENSION, LANE_DIMENSION]]);
    }
  });
});
