import { describe, expect, test } from 'vitest';
import { EVENTS, METRIC_NAMESPACE, METRICS, SERVICE_NAME } from '../../functions/common/telemetry.ts';
import { LOG_QUERIES } from '../../infra/password-resets/log-queries.ts';
import { templateWith } from '../support/synthesized-template.ts';
import { bodyOf, metricRows, wordOf } from './dashboard-body.ts';

const RUNBOOK_URL = 'https://example.com/runbook';
const template = templateWith({ stackName: 'Staging', callsPerMinute: 240, callBurst: 10, runbookUrl: RUNBOOK_URL });

const { widgets, periodOverride } = bodyOf(template);
const texts = widgets.flatMap(({ properties }) => properties.markdown ?? []);
const graphs = widgets.filter(({ type }) => type === 'metric');

test('the dashboard answers in the order in which an operator asks', () => {
  const downwards = widgets.toSorted((a, b) => a.y - b.y || a.x - b.x);
  expect(downwards).toEqual(widgets);
  expect(texts.slice(1)).toEqual([
    '## Is it working?',
    '## What waits, and for how long?',
    '## What failed, and why?',
    '## Calls and refusals against the quota',
    '## Holds',
    '## Cost per hour',
  ]);
  const [first, second] = widgets.filter(({ type }) => type === 'alarm');
  expect([first?.properties.title, second?.properties.title]).toEqual(['Pages', 'Notices']);
});

test('its widgets keep to the 24 columns, fill their rows and do not overlap', () => {
  const cells = new Map<string, number>();
  for (const { x, y, width, height } of widgets) {
    expect(x + width).toBeLessThanOrEqual(24);
    for (let column = x; column < x + width; column += 1) {
      for (let row = y; row < y + height; row += 1) {
        const cell = `${column},${row}`;
        cells.set(cell, (cells.get(cell) ?? 0) + 1);
      }
    }
  }
  expect([...cells.values()].filter((count) => count > 1)).toEqual([]);
  const rows = Math.max(...widgets.map(({ y, height }) => y + height));
  expect(cells.size).toBe(24 * rows);
});

test('every alarm stands in it once, the composite first', () => {
  const shown = widgets.flatMap(({ properties }) => properties.alarms ?? []);
  const ids = [
    ...Object.keys(template.findResources('AWS::CloudWatch::Alarm')),
    ...Object.keys(template.findResources('AWS::CloudWatch::CompositeAlarm')),
  ];
  expect(shown.map((word) => word.replace(/\.Arn$/, '')).sort()).toEqual(ids.sort());
  expect(shown[0]).toContain('AlarmsNotWorking');
});

describe('its metrics', () => {
  const rows = metricRows(widgets);
  const ours = rows.filter(([namespace]) => namespace === METRIC_NAMESPACE);

  test('that are ours are of this stack, and each of the catalogue is shown', () => {
    for (const [, , ...dimensions] of ours) {
      const pairs = dimensions.slice(0, 6);
      expect(pairs).toEqual([
        'lane',
        expect.stringMatching(/^(interactive|bulk)$/),
        'service',
        SERVICE_NAME,
        'stack',
        'Staging',
      ]);
    }
    expect([...new Set(ours.map(([, name]) => name))].sort()).toEqual(Object.values<string>(METRICS).sort());
  });

  test('of AWS are those of queues, function and table', () => {
    const others = rows.filter(([namespace]) => namespace !== METRIC_NAMESPACE);
    expect([...new Set(others.map(([namespace, , dimension]) => `${namespace} by ${dimension}`))].sort()).toEqual([
      'AWS/DynamoDB by TableName',
      'AWS/Lambda by FunctionName',
      'AWS/SQS by QueueName',
    ]);
  });

  test('keep their own periods, or costs per hour would be costs of some minutes', () => {
    expect(periodOverride).toBe('inherit');
    const costs = graphs.filter(
      ({ y }) => y > Math.max(...widgets.filter(({ type }) => type === 'text').map((text) => text.y)),
    );
    expect(costs).toHaveLength(3);
    for (const { properties } of costs) expect(JSON.stringify(properties)).toContain('"period":3600');
  });
});

test('the quota is drawn among the calls', () => {
  const calls = graphs.find(({ properties }) => properties.title === 'Calls per minute');
  expect(calls?.properties.annotations?.horizontal).toEqual([expect.objectContaining({ value: 240 })]);
});

test('its address is an output', () => {
  const { DashboardUrl } = template.toJSON().Outputs;
  const [id] = Object.keys(template.findResources('AWS::CloudWatch::Dashboard'));
  const address = DashboardUrl.Value['Fn::Join'][1].map((part: unknown) =>
    typeof part === 'string' ? part : wordOf(part),
  );
  expect(address.join('')).toBe(
    `https://AWS::Region.console.aws.amazon.com/cloudwatch/home?region=AWS::Region#dashboards/dashboard/${id}`,
  );
});

test('its name has the region, since the dashboards of all regions of an account share their names', () => {
  const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
  expect(dashboard?.Properties.DashboardName).toEqual({ 'Fn::Join': ['', ['Staging-', { Ref: 'AWS::Region' }]] });
});

describe('the log queries', () => {
  const saved = Object.values(template.findResources('AWS::Logs::QueryDefinition')).map(({ Properties }) => Properties);

  test('are saved under the name of the stack, for the log group of the function', () => {
    expect(saved.map(({ Name }) => Name).sort()).toEqual([
      'Staging/Held work by cause',
      'Staging/One request by its id',
      'Staging/Refusals per minute',
    ]);
    for (const { LogGroupNames } of saved)
      expect(LogGroupNames).toEqual([template.toJSON().Outputs.LogGroupName.Value]);
  });

  test('name codes that the worker logs', () => {
    const codes = LOG_QUERIES.flatMap(({ lines }) => lines.join().match(/(?<=")[A-Z_]{2,}(?=")/g) ?? []);
    expect(codes.length).toBeGreaterThan(5);
    expect(codes.filter((code) => !(code in EVENTS))).toEqual([]);
  });

  test('are linked from the dashboard, each with its text and log group, as is the runbook', () => {
    const links = [...(texts[0] ?? '').matchAll(/\[([^\]]+)\]\(([^)\s]+)\)/g)].map(([, name, url]) => ({
      name,
      url: `${url}`,
    }));
    expect(links.map(({ name }) => name)).toEqual(['the runbook', ...LOG_QUERIES.map(({ name }) => name)]);
    expect(links[0]?.url).toBe(RUNBOOK_URL);
    for (const [index, { lines }] of LOG_QUERIES.entries()) {
      const detail = decodeURIComponent(
        `${links[index + 1]?.url.split('$3FqueryDetail$3D')[1]}`.replaceAll('$25', '%'),
      );
      const [, text = '', group] = detail.match(/~editorString~'(.*?)~source~\(~'(.*)\)\)$/) ?? [];
      expect(decodeURIComponent(text.replaceAll('*', '%'))).toBe(lines.join('\n| '));
      expect(group).toMatch(/^WorkerLog\w+$/);
    }
  });
});
