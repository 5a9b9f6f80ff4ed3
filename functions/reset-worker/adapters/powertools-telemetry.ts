import type { Logger } from '@aws-lambda-powertools/logger';
import { type Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { EVENTS, METRICS, type Telemetry } from '../../common/telemetry.ts';

/** Events as log lines and metrics. Metrics carry no request's id: their dimensions are the service and the lane. */
export function powertoolsTelemetry(logger: Logger, metrics: Metrics): Telemetry {
  const measure: Telemetry['measure'] = (metric, value) => {
    metrics.addMetric(metric, metric === METRICS.queuedAge ? MetricUnit.Seconds : MetricUnit.Count, value);
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
