import { Construct } from 'constructs';
import { Alarms } from './alarms.ts';
import { ApiToken } from './api-token.ts';
import { Lanes, type LanesProps } from './lanes.ts';
import { Ledger } from './ledger.ts';
import { Worker, type WorkerOptions } from './worker.ts';

export interface PasswordResetsProps extends LanesProps, WorkerOptions {
  /** An existing secret with the API token. @default an empty secret is created */
  apiTokenSecretArn?: string | undefined;
  /** The customer managed key of that secret. @default the secret is encrypted with AWS's own key */
  apiTokenKeyArn?: string | undefined;
  /** SNS topic for alarm notifications. @default the alarms are visible in the console only */
  alarmTopicArn?: string | undefined;
}

/** The whole system: lanes, ledger, API token, worker and alarms. */
export class PasswordResets extends Construct {
  readonly lanes: Lanes;
  readonly ledger: Ledger;
  readonly apiToken: ApiToken;
  readonly worker: Worker;

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
    new Alarms(this, 'Alarms', { deadLetters: lanes.deadLetters, topicArn: props.alarmTopicArn });
  }
}
