import { Duration } from 'aws-cdk-lib';
import { Color, type HorizontalAnnotation } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS, type MetricName } from '../../functions/common/telemetry.ts';
import { LANES, type Lane } from '../../functions/contract/reset-request.ts';
import type { Measured, Signal, Statistic } from './metrics.ts';

const HOUR = Duration.hours(1);

type Line = [label: string, signal: Signal];
export interface Graph {
  title: string;
  /** In columns of 24. */
  width: number;
  lines: Line[];
  period?: Duration;
  annotation?: HorizontalAnnotation;
}

const one = (measured: Measured): Signal => ({ expression: 'it', metrics: { it: measured } });
const ofLane = (lane: Lane, metric: MetricName, statistic: Statistic = 'Sum'): Line[1] =>
  one({ own: metric, lane, statistic });
/** One line per lane. */
const perLane = (label: string, metric: MetricName, statistic?: Statistic): Line[] =>
  LANES.map((lane) => [`${label}, ${lane}`, ofLane(lane, metric, statistic)]);
const together = (label: string, metric: MetricName, statistic: Statistic = 'Sum'): Line => {
  // Ids are of the whole graph, and begin with a small letter.
  const idOf = (lane: Lane) => `${lane}${metric}`;
  const metrics = Object.fromEntries(LANES.map((lane) => [idOf(lane), { own: metric, lane, statistic }]));
  return [label, { expression: LANES.map(idOf).join(' + '), metrics }];
};
const queue = (label: string, of: Lane | 'deadLetters', name: string): Line => [
  label,
  one({ queue: of, name, statistic: 'Maximum' }),
];
const VISIBLE = 'ApproximateNumberOfMessagesVisible';
const IN_FLIGHT = 'ApproximateNumberOfMessagesNotVisible';

const WAITING: Graph[] = [
  {
    title: 'Messages: waiting, and in flight (received, hidden until a later try, or held)',
    width: 12,
    lines: LANES.flatMap((lane) => [
      queue(`waiting, ${lane}`, lane, VISIBLE),
      queue(`in flight, ${lane}`, lane, IN_FLIGHT),
    ]),
  },
  {
    title: 'Age of what was received, in seconds',
    width: 12,
    lines: [
      ...perLane('9 of 10 younger', METRICS.queuedAge, 'p90'),
      ...perLane('oldest', METRICS.queuedAge, 'Maximum'),
    ],
    annotation: { value: 300, label: 'single requests: page', color: Color.RED },
  },
];

const FAILURES: Graph[] = [
  {
    title: 'Ends per minute',
    width: 8,
    lines: [
      ...perLane('reset', METRICS.resets),
      ...perLane('given up', METRICS.deadLetters),
      together('cancelled', METRICS.cancelled),
      together('duplicates', METRICS.duplicates),
    ],
  },
  {
    title: 'Calls that failed, and dead letters that wait',
    width: 8,
    lines: [
      together('not available', METRICS.unavailableCalls),
      together('outcome unknown', METRICS.unknownCalls),
      together('token not accepted', METRICS.unauthorizedCalls),
      queue('dead letters', 'deadLetters', VISIBLE),
    ],
  },
  {
    title: 'Faults of ours',
    width: 8,
    lines: [
      together('ledger unreachable', METRICS.ledgerUnreachable),
      together('letters not sent', METRICS.lettersNotSent),
      together('resets not recorded', METRICS.unrecordedResets),
      together('unexpected errors', METRICS.unexpectedErrors),
      together('timeout too short', METRICS.shortTimeouts),
      together('not hidden', METRICS.notHidden),
      ['crashed or killed', one({ lambda: 'Errors', statistic: 'Sum' })],
      ['throttled', one({ lambda: 'Throttles', statistic: 'Sum' })],
    ],
  },
];

const calls = (callsPerMinute: number): Graph[] => [
  {
    title: 'Calls per minute',
    width: 12,
    lines: [
      ...perLane('calls', METRICS.calls),
      together('calls, all', METRICS.calls),
      together('refused (429)', METRICS.throttledCalls),
    ],
    annotation: { value: callsPerMinute, label: 'deployed ceiling', color: Color.GREY },
  },
  {
    title: 'Messages put back per minute',
    width: 12,
    lines: [...perLane('no turn in time', METRICS.givenBack), ...perLane('a later try', METRICS.deferred)],
  },
];

const HOLDS: Graph[] = [
  {
    title: 'What holds the work: 1 is held, a gap is no news',
    width: 16,
    lines: [
      ...perLane('token not accepted, told by', METRICS.credentialHeld, 'Maximum'),
      ...perLane('outage, told by', METRICS.outageHeld, 'Maximum'),
      ...perLane('brake', METRICS.brakeHeld, 'Maximum'),
      ...perLane('paused by an operator', METRICS.operatorHeld, 'Maximum'),
    ],
  },
  {
    title: 'Days until the token expires',
    width: 8,
    period: HOUR,
    lines: perLane('told by', METRICS.tokenDaysLeft, 'Minimum'),
    annotation: { value: 7, label: 'notice', color: Color.ORANGE },
  },
];

const costs = (memoryMb: number): Graph[] => [
  {
    title: 'Lambda: gigabyte-seconds',
    width: 8,
    period: HOUR,
    lines: [
      [
        `time x ${memoryMb} MB`,
        {
          expression: `durationMs / 1000 * ${memoryMb / 1024}`,
          metrics: { durationMs: { lambda: 'Duration', statistic: 'Sum' } },
        },
      ],
    ],
  },
  {
    title: 'DynamoDB: units consumed',
    width: 8,
    period: HOUR,
    lines: [
      ['read', one({ table: 'ConsumedReadCapacityUnits', statistic: 'Sum' })],
      ['written', one({ table: 'ConsumedWriteCapacityUnits', statistic: 'Sum' })],
    ],
  },
  {
    title: 'SQS: messages received, and polls in vain',
    width: 8,
    period: HOUR,
    lines: LANES.flatMap((lane): Line[] => [
      [`received, ${lane}`, one({ queue: lane, name: 'NumberOfMessagesReceived', statistic: 'Sum' })],
      [`empty polls, ${lane}`, one({ queue: lane, name: 'NumberOfEmptyReceives', statistic: 'Sum' })],
    ]),
  },
];

/**
 * The dashboard's graphs, in the order in which an operator asks.
 * @param callsPerMinute the deployed ceiling, drawn among the calls.
 * @param memoryMb the function's memory, by which its time is paid.
 */
export const questions = (callsPerMinute: number, memoryMb: number): [question: string, graphs: Graph[]][] => [
  ['What waits, and for how long?', WAITING],
  ['What failed, and why?', FAILURES],
  ['Calls and refusals against the quota', calls(callsPerMinute)],
  ['Holds', HOLDS],
  ['Cost per hour', costs(memoryMb)],
];
