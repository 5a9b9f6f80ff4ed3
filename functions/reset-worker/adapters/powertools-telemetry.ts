import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import {
  EVENTS,
  LANE_DIMENSION,
  METRICS,
  type MetricName,
  SERVICE_NAME,
  STACK_DIMENSION,
  type Telemetry,
} from '../../common/telemetry.ts';
import type { Lane } from '../../contract/reset-request.ts';

/** All others are counts. */
const UNITS: Partial<Record<MetricName, (typeof MetricUnit)[keyof typeof MetricUnit]>> = {
  [METRICS.queuedAge]: MetricUnit.Seconds,
  // CloudWatch knows no days.
  [METRICS.tokenDaysLeft]: MetricUnit.NoUnit,
};

/** Events as log lines and metrics. Metrics carry no request's id: their dimensions are the service, the stack and the lane. */
export function powertoolsTelemetry(logger: Logger, metrics: Metrics): Telemetry {
  const measure: Telemetry['measure'] = (metric, value) => {
    metrics.addMetric(metric, UNITS[metric] ?? MetricUnit.Count, value);
  };
  return {
    event(code, fields) {
      const entry = EVENTS[code];
      logger[entry.level](entry.sentence, { code, ...fields });
      if ('metric' in entry) measure(entry.metric, 1);
    },
    measure,
  };
}

/**
 * What stands on every metric of an invocation. Default dimensions, because Powertools publishes by itself at the 100th value of a metric
 * and then drops all others. Cleared first: it would keep the lane of the invocation before, or say in plain text that it is replaced.
 */
export function setDimensions(metrics: Metrics, stackName: string, lane: Lane | undefined): void {
  metrics.clearDefaultDimensions();
  const ofLane = lane === undefined ? {} : { [LANE_DIMENSION]: lane };
  metrics.setDefaultDimensions({ service: SERVICE_NAME, [STACK_DIMENSION]: stackName, ...ofLane });
}
