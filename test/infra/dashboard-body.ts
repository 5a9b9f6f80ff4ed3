import type { Template } from 'aws-cdk-lib/assertions';

export interface Widget {
  type: 'text' | 'metric' | 'alarm';
  x: number;
  y: number;
  width: number;
  height: number;
  properties: {
    markdown?: string;
    title?: string;
    alarms?: string[];
    metrics?: unknown[][];
    annotations?: { horizontal: { value: number }[] };
  };
}

/** The body as deployed, with a word in the place of each reference. */
export function bodyOf(of: Template): { widgets: Widget[]; start: string; periodOverride: string } {
  const [dashboard] = Object.values(of.findResources('AWS::CloudWatch::Dashboard'));
  const parts: unknown[] = dashboard?.Properties.DashboardBody['Fn::Join'][1];
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : wordOf(part))).join(''));
}
export const wordOf = (reference: unknown): string => {
  const { Ref, 'Fn::GetAtt': attribute } = reference as { Ref?: string; 'Fn::GetAtt'?: string[] };
  return Ref ?? `${attribute?.join('.')}`;
};

/** Metrics are `[namespace, name, dimension, value, …, options]`; expressions are rows of one object, and left out. */
export const metricRows = (widgets: readonly Widget[]): unknown[][] =>
  widgets.flatMap(({ properties }) => properties.metrics ?? []).filter((row) => row.length > 1);
