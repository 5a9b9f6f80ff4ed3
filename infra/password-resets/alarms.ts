import { createHash } from 'node:crypto';
import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmBase,
  AlarmRule,
  ComparisonOperator,
  CompositeAlarm,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { type AlarmEntry, type AlarmText, alarmCatalogue, NOT_WORKING, type Severity } from './alarm-catalogue.ts';
import { type MeasuredResources, signalOf } from './metrics.ts';

export interface AlarmsProps extends MeasuredResources {
  /** Whom alarms of each severity notify. */
  topics: Record<Severity, ITopic | undefined>;
  /** Where the runbook can be read. @default the alarms name the file in the repository */
  runbookUrl: string | undefined;
  /** The function's timeout. */
  functionTimeoutSeconds: number;
}

/** What a phone shows of a notification. */
const LONGEST_NAME = 60;

const ON_SILENCE: Record<AlarmEntry['onSilence'], TreatMissingData> = {
  keeps: TreatMissingData.IGNORE,
  healthy: TreatMissingData.NOT_BREACHING,
};

/** The alarms of the catalogue, and the one that says whether resets work at all. */
export class Alarms extends Construct {
  readonly notWorking: CompositeAlarm;
  readonly bySeverity: Record<Severity, AlarmBase[]> = { page: [], notice: [] };

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const stops: AlarmBase[] = [];
    for (const entry of alarmCatalogue(props.functionTimeoutSeconds)) {
      const alarm = this.alarm(entry, props);
      this.bySeverity[entry.severity].push(alarm);
      if (entry.stopsResets) stops.push(alarm);
    }
    this.notWorking = new CompositeAlarm(this, NOT_WORKING.id, {
      compositeAlarmName: alarmName(Stack.of(this).stackName, NOT_WORKING.name),
      alarmDescription: descriptionOf(NOT_WORKING, props.runbookUrl),
      alarmRule: AlarmRule.anyOf(...stops),
    });
    notify(this.notWorking, props.topics[NOT_WORKING.severity], false);
  }

  private alarm(entry: AlarmEntry, props: AlarmsProps): Alarm {
    const alarm = new Alarm(this, entry.id, {
      alarmName: alarmName(Stack.of(this).stackName, entry.name),
      alarmDescription: descriptionOf(entry, props.runbookUrl),
      metric: signalOf(this, props, entry.signal, Duration.seconds(entry.periodSeconds)),
      threshold: entry.threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: entry.breaching.of,
      datapointsToAlarm: entry.breaching.least,
      treatMissingData: ON_SILENCE[entry.onSilence],
    });
    notify(alarm, props.topics[entry.severity], entry.endIsTold);
    return alarm;
  }
}

function notify(alarm: AlarmBase, topic: ITopic | undefined, endIsTold: boolean): void {
  if (topic === undefined) return;
  const action = new SnsAction(topic);
  alarm.addAlarmAction(action);
  if (endIsTold) alarm.addOkAction(action);
}

/** Stage and impact. A stack's name that is too long is cut, and told from others that begin alike by four digits of its hash. */
export function alarmName(stackName: string, impact: string): string {
  const room = LONGEST_NAME - impact.length - 1;
  if (stackName.length <= room) return `${stackName}-${impact}`;
  const hash = createHash('sha256').update(stackName).digest('hex').slice(0, 4);
  return `${stackName.slice(0, room - hash.length - 1)}-${hash}-${impact}`;
}

/** The address comes last, so that no mail client takes a full stop for a part of it. */
function descriptionOf({ impact, heading, silence }: AlarmText, runbookUrl: string | undefined): string {
  const address = runbookUrl === undefined ? '' : ` ${runbookUrl}#${anchorOf(heading)}`;
  return `${impact} What to do: docs/runbook.md, "${heading}". ${silence}${address}`;
}

/** As GitHub and most renderers of Markdown make it of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
