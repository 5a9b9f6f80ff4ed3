import { evaluateMath, type Series } from './metric-math.ts';

/** What was reported of a metric within a minute. */
export interface Reported {
  /** As `keyOf` names it. */
  metric: string;
  minute: number;
  values: readonly number[];
}

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

interface TemplateMetric {
  Namespace: string;
  MetricName: string;
  Dimensions: { Name: string; Value: unknown }[];
}

/** An alarm's properties in a template, as far as they are understood here. */
export interface AlarmProperties {
  Namespace?: string;
  MetricName?: string;
  Dimensions?: TemplateMetric['Dimensions'];
  Statistic?: string;
  ExtendedStatistic?: string;
  Period?: number;
  Metrics?: {
    Id: string;
    Expression?: string;
    MetricStat?: { Metric: TemplateMetric; Stat: string; Period: number };
  }[];
  EvaluationPeriods: number;
  DatapointsToAlarm: number;
  Threshold: number;
  ComparisonOperator: string;
  TreatMissingData: string;
}

/** CloudWatch looks at more periods than it evaluates: 5 for 3 in its user guide's examples. */
const EXTRA_PERIODS = 2;

/**
 * The states that an alarm goes through, one per period. It is looked at when a period is over; CloudWatch also looks in between, and may
 * so be earlier by less than a period.
 * @param reported what its metrics reported; any order.
 * @returns by the minute at which the period ended.
 */
export function statesOf(alarm: AlarmProperties, reported: readonly Reported[], untilMinute: number) {
  const { expression, metrics, periodSeconds } = readSignal(alarm);
  const periodMinutes = periodSeconds / 60;
  const periods = Math.ceil(untilMinute / periodMinutes);
  const whole = Object.fromEntries(
    Object.entries(metrics).map(([id, { key, statistic }]) => {
      const values: number[][] = Array.from({ length: periods }, () => []);
      for (const each of reported) {
        if (each.metric === key) values[Math.floor(each.minute / periodMinutes)]?.push(...each.values);
      }
      return [id, values.map((ofPeriod) => statisticOf(ofPeriod, statistic))];
    }),
  );
  let state: AlarmState = 'INSUFFICIENT_DATA';
  return Array.from({ length: periods }, (_, index) => {
    const from = index + 1 - alarm.EvaluationPeriods - EXTRA_PERIODS;
    const range = (all: Series) =>
      Array.from({ length: alarm.EvaluationPeriods + EXTRA_PERIODS }, (__, offset) => all[from + offset]);
    const points = evaluateMath(
      expression,
      Object.fromEntries(Object.entries(whole).map(([id, all]) => [id, range(all)])),
    );
    state = nextState(state, points, alarm);
    return { minute: (index + 1) * periodMinutes, state };
  });
}

/** "How alarm state is evaluated when data is missing", CloudWatch User Guide. @param points of the range that is looked at, the oldest first. */
export function nextState(state: AlarmState, points: Series, alarm: AlarmProperties): AlarmState {
  const { EvaluationPeriods, DatapointsToAlarm, Threshold, ComparisonOperator, TreatMissingData } = alarm;
  if (ComparisonOperator !== 'GreaterThanOrEqualToThreshold') throw new Error(`Not understood: ${ComparisonOperator}`);
  const existing = points.filter((point) => point !== undefined);
  const latest = existing.slice(-EvaluationPeriods);
  const breaching = latest.filter((point) => point >= Threshold).length;
  if (breaching >= DatapointsToAlarm) return 'ALARM';
  if (latest.length === EvaluationPeriods) return 'OK';
  if (TreatMissingData === 'notBreaching') return 'OK';
  if (TreatMissingData !== 'ignore') throw new Error(`Not understood: ${TreatMissingData}`);
  return breaching < latest.length ? 'OK' : state;
}

interface Signal {
  expression: string;
  metrics: Record<string, { key: string; statistic: string }>;
  periodSeconds: number;
}

function readSignal(alarm: AlarmProperties): Signal {
  const { Metrics, Namespace, MetricName, Dimensions = [], Statistic, ExtendedStatistic, Period } = alarm;
  if (Metrics === undefined) {
    const key = keyOf({ Namespace: `${Namespace}`, MetricName: `${MetricName}`, Dimensions });
    return {
      expression: 'it',
      metrics: { it: { key, statistic: `${Statistic ?? ExtendedStatistic}` } },
      periodSeconds: Number(Period),
    };
  }
  const stats = Metrics.flatMap(({ Id, MetricStat }) => (MetricStat ? [{ Id, ...MetricStat }] : []));
  const expression = Metrics.find(({ Expression }) => Expression !== undefined)?.Expression;
  const [first] = stats;
  if (expression === undefined || first === undefined) throw new Error('The alarm has no expression.');
  if (stats.some(({ Period: period }) => period !== first.Period)) throw new Error('All periods must be the same.');
  return {
    expression,
    metrics: Object.fromEntries(stats.map(({ Id, Metric, Stat }) => [Id, { key: keyOf(Metric), statistic: Stat }])),
    periodSeconds: first.Period,
  };
}

/** The metric's name and, if it is of one lane or queue, which. */
export function keyOf({ MetricName, Dimensions }: TemplateMetric): string {
  const value = (name: string) => Dimensions.find(({ Name }) => Name === name)?.Value;
  const lane = value('lane');
  if (lane !== undefined) return `${MetricName} ${lane}`;
  const queue = JSON.stringify(value('QueueName') ?? '').match(/Interactive|Bulk|DeadLetters/)?.[0];
  return queue === undefined ? MetricName : `${MetricName} ${queue.charAt(0).toLowerCase()}${queue.slice(1)}`;
}

function statisticOf(values: readonly number[], statistic: string): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  switch (statistic) {
    case 'Sum':
      return values.reduce((sum, value) => sum + value, 0);
    case 'Maximum':
      return sorted.at(-1);
    case 'Minimum':
      return sorted[0];
    case 'SampleCount':
      return values.length;
    case 'p90':
      return sorted[Math.ceil(0.9 * sorted.length) - 1];
    default:
      throw new Error(`Not understood: ${statistic}`);
  }
}
