import { Construct } from 'constructs';
import { Alarms } from './alarms.ts';
import { ApiToken } from './api-token.ts';
import { Dashboard } from './dashboard.ts';
import { Lanes, type LanesProps } from './lanes.ts';
import { Ledger } from './ledger.ts';
import { LogQueries } from './log-queries.ts';
import { Topics, type TopicsProps } from './topics.ts';
import { Worker, type WorkerOptions } from './worker.ts';

export interface PasswordResetsProps extends LanesProps, WorkerOptions, TopicsProps {
  /** An existing secret with the API token. @default an empty secret is created */
  apiTokenSecretArn?: string | undefined;
  /** The customer managed key of that secret. @default the secret is encrypted with AWS's own key */
  apiTokenKeyArn?: string | undefined;
  /** Where the runbook can be read. @default alarms and dashboard name the file in the repository */
  runbookUrl?: string | undefined;
}

/** The whole system: lanes, ledger, API token, worker, and what tells people of it. */
export class PasswordResets extends Construct {
  readonly lanes: Lanes;
  readonly ledger: Ledger;
  readonly apiToken: ApiToken;
  readonly worker: Worker;
  readonly topics: Topics;
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: PasswordResetsProps) {
    super(scope, id);
    this.lanes = new Lanes(this, 'Lanes', props);
    this.ledger = new Ledger(this, 'Ledger');
    this.apiToken = new ApiToken(this, 'ApiToken', {
      secretArn: props.apiTokenSecretArn,
      keyArn: props.apiTokenKeyArn,
    });
    const { lanes, ledger, apiToken } = this;
    this.worker = new Worker(this, 'Worker', { ...props, lanes, ledger, apiToken });
    this.topics = new Topics(this, 'Topics', props);
    const { runbookUrl, functionTimeoutSeconds, callsPerMinute, memoryMb } = props;
    const measured = { lanes, ledger, worker: this.worker, runbookUrl };
    const alarms = new Alarms(this, 'Alarms', { ...measured, functionTimeoutSeconds, topics: this.topics.bySeverity });
    const logQueries = new LogQueries(this, 'LogQueries', this.worker.logGroup);
    this.dashboard = new Dashboard(this, 'Dashboard', { ...measured, alarms, logQueries, callsPerMinute, memoryMb });
  }
}
