import { Aws, Duration, Stack } from 'aws-cdk-lib';
import {
  type AlarmBase,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  type ConcreteWidget,
  GraphWidget,
  type IMetric,
  PeriodOverride,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Alarms } from './alarms.ts';
import { type Graph, questions } from './dashboard-graphs.ts';
import type { LogQueries } from './log-queries.ts';
import { type MeasuredResources, signalOf } from './metrics.ts';

export interface DashboardProps extends MeasuredResources {
  alarms: Alarms;
  logQueries: LogQueries;
  /** Where the runbook can be read. @default the dashboard names the file in the repository */
  runbookUrl: string | undefined;
  /** The deployed ceiling, drawn among the calls. */
  callsPerMinute: number;
  /** The function's memory, by which its time is paid. */
  memoryMb: number;
}

const GRID_COLUMNS = 24;
const HEIGHT = 6;
const MINUTE = Duration.minutes(1);

/** One page that answers an operator's questions in the order in which they are asked. */
export class Dashboard extends Construct {
  readonly url: string;

  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { stackName } = Stack.of(this);
    const { notWorking, bySeverity } = props.alarms;
    const alarms = (title: string, shown: AlarmBase[]) =>
      new AlarmStatusWidget({ title, alarms: shown, width: GRID_COLUMNS / 2, height: HEIGHT });
    const dashboard = new CloudWatchDashboard(this, 'Dashboard', {
      // Dashboards are global in an account: two stacks of one name in two regions would want the same.
      dashboardName: `${stackName}-${Aws.REGION}`,
      defaultInterval: Duration.hours(3),
      periodOverride: PeriodOverride.INHERIT,
      widgets: [
        [new TextWidget({ markdown: introduction(stackName, props), width: GRID_COLUMNS, height: 3 })],
        [heading('Is it working?')],
        [alarms('Pages', [notWorking, ...bySeverity.page]), alarms('Notices', bySeverity.notice)],
        ...questions(props.callsPerMinute, props.memoryMb).flatMap(([question, graphs]): ConcreteWidget[][] => [
          [heading(question)],
          graphs.map((graph) => this.graph(graph, props)),
        ]),
      ],
    });
    this.url = `https://${Aws.REGION}.console.aws.amazon.com/cloudwatch/home?region=${Aws.REGION}#dashboards/dashboard/${dashboard.dashboardName}`;
  }

  private graph({ title, width, lines, period = MINUTE, annotation }: Graph, props: DashboardProps): GraphWidget {
    const left: IMetric[] = lines.map(([label, signal]) => signalOf(this, props, signal, period, label));
    const leftAnnotations = annotation === undefined ? [] : [annotation];
    return new GraphWidget({
      title,
      width,
      height: HEIGHT,
      left,
      leftAnnotations,
      leftYAxis: { min: 0, showUnits: false },
    });
  }
}

const heading = (question: string): TextWidget =>
  new TextWidget({ markdown: `## ${question}`, width: GRID_COLUMNS, height: 1 });

function introduction(stackName: string, { logQueries, runbookUrl }: DashboardProps): string {
  const runbook = runbookUrl === undefined ? 'docs/runbook.md' : `[the runbook](${runbookUrl})`;
  const queries = [...logQueries.links].map(([name, url]) => `[${name}](${url})`).join(' · ');
  return [
    `# Password resets: ${stackName}`,
    `Begin with \`resets status\`, then ${runbook}.`,
    `Log queries (also in Logs Insights, under *Saved queries*): ${queries}`,
  ].join('\n\n');
}
