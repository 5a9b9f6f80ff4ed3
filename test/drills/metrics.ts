import { LANE_DIMENSION, type MetricName } from '../../functions/common/telemetry.ts';
import type { Lane } from '../../functions/contract/reset-request.ts';

interface Value {
  metric: string;
  lane: Lane;
  value: number;
}

/** The metrics that the sandboxes print, as CloudWatch would read them. */
export class PrintedMetrics {
  private readonly values: Value[] = [];

  read(line: string): void {
    if (!line.includes('"_aws"')) return;
    const printed = JSON.parse(line);
    for (const { Metrics } of printed._aws.CloudWatchMetrics) {
      for (const { Name: metric } of Metrics) {
        for (const value of [printed[metric]].flat())
          this.values.push({ metric, lane: printed[LANE_DIMENSION], value });
      }
    }
  }

  /** How many values there are so far, to look at later ones only. */
  get count(): number {
    return this.values.length;
  }

  valuesOf(metric: MetricName, lane: Lane, from = 0): number[] {
    return this.values
      .slice(from)
      .filter((each) => each.metric === metric && each.lane === lane)
      .map(({ value }) => value);
  }
}
