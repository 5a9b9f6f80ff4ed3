import { type Duration, Stack } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import {
  LANE_DIMENSION,
  METRIC_NAMESPACE,
  type MetricName,
  SERVICE_NAME,
  STACK_DIMENSION,
} from '../../functions/common/telemetry.ts';
import type { Lane } from '../../functions/contract/reset-request.ts';
import type { Lanes } from './lanes.ts';
import type { Ledger } from './ledger.ts';
import type { Worker } from './worker.ts';

/** What is measured: by the worker itself, or by AWS of a resource of this stack. */
export type Source =
  | { own: MetricName; lane: Lane }
  | { queue: Lane | 'deadLetters'; name: string }
  | { lambda: string }
  | { table: string };

export type Statistic = 'Sum' | 'Maximum' | 'Minimum' | 'Average' | 'SampleCount' | 'p50' | 'p90';

/** A metric, and what is taken of it in each period. */
export type Measured = Source & { statistic: Statistic };

/** One or more metrics, and what is made of them. An expression that is only an id is that metric. */
export interface Signal {
  /** In CloudWatch's metric math. */
  expression: string;
  /** By the ids that the expression uses. */
  metrics: Readonly<Record<string, Measured>>;
}

/** The resources that are measured. */
export interface MeasuredResources {
  lanes: Lanes;
  ledger: Ledger;
  worker: Worker;
}

/** The metric of a source. The stack is a dimension, so that two stacks of one account do not add up. */
export function metricOf(scope: Construct, resources: MeasuredResources, measured: Measured, period: Duration): Metric {
  const { lanes, ledger, worker } = resources;
  const { statistic } = measured;
  const made = (namespace: string, metricName: string, dimensionsMap: Record<string, string>) =>
    new Metric({ namespace, metricName, dimensionsMap, statistic, period });
  if ('own' in measured) {
    return made(METRIC_NAMESPACE, measured.own, {
      service: SERVICE_NAME,
      [STACK_DIMENSION]: Stack.of(scope).stackName,
      [LANE_DIMENSION]: measured.lane,
    });
  }
  if ('queue' in measured) {
    const queue = measured.queue === 'deadLetters' ? lanes.deadLetters : lanes.queues[measured.queue];
    return made('AWS/SQS', measured.name, { QueueName: queue.queueName });
  }
  if ('lambda' in measured) return made('AWS/Lambda', measured.lambda, { FunctionName: worker.function.functionName });
  return made('AWS/DynamoDB', measured.table, { TableName: ledger.table.tableName });
}

export function signalOf(
  scope: Construct,
  resources: MeasuredResources,
  { expression, metrics }: Signal,
  period: Duration,
  label?: string,
): IMetric {
  const only = metrics[expression];
  const named = label === undefined ? {} : { label };
  if (only !== undefined) return metricOf(scope, resources, only, period).with(named);
  const usingMetrics = Object.fromEntries(
    Object.entries(metrics).map(([id, measured]) => [id, metricOf(scope, resources, measured, period)]),
  );
  return new MathExpression({ expression, usingMetrics, period, ...named });
}
