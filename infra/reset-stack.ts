import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { OUTPUTS } from '../functions/contract/stack-outputs.ts';
import type { Configuration } from './config.ts';
import { PasswordResets } from './password-resets/password-resets.ts';

/** The construct, deployed as a stack of its own, and the outputs by which others find it. */
export class ResetStack extends Stack {
  readonly passwordResets: PasswordResets;

  constructor(scope: Construct, id: string, configuration: Configuration) {
    super(scope, id, {
      stackName: configuration.stackName,
      description: 'A queue of password-reset requests for F5 Distributed Cloud, processed by a function.',
    });
    // The CDK leaves an id of `Default` out of logical ids. Any other id would replace the retained queues, table and secret.
    this.passwordResets = new PasswordResets(this, 'Default', configuration);
    const { lanes, ledger, apiToken, worker, topics, dashboard } = this.passwordResets;
    const { interactive, bulk } = lanes.queues;
    const values: Record<keyof typeof OUTPUTS, string | undefined> = {
      interactiveQueueUrl: interactive.queueUrl,
      interactiveQueueArn: interactive.queueArn,
      bulkQueueUrl: bulk.queueUrl,
      bulkQueueArn: bulk.queueArn,
      deadLetterQueueUrl: lanes.deadLetters.queueUrl,
      deadLetterQueueArn: lanes.deadLetters.queueArn,
      ledgerTableName: ledger.table.tableName,
      ledgerTableArn: ledger.table.tableArn,
      apiTokenSecretArn: apiToken.secretArn,
      functionName: worker.function.functionName,
      functionArn: worker.function.functionArn,
      logGroupName: worker.logGroup.logGroupName,
      producerPolicyArn: lanes.producerPolicy.managedPolicyArn,
      quota: configuration.quota,
      callsPerMinute: `${configuration.callsPerMinute}`,
      callBurst: `${configuration.callBurst}`,
      interactiveReserve: `${configuration.interactiveReserve}`,
      alarmTopicArn: topics.bySeverity.page?.topicArn,
      noticeTopicArn: topics.bySeverity.notice?.topicArn,
      dashboardUrl: dashboard.url,
    };
    for (const [key, name] of Object.entries(OUTPUTS)) {
      const value = values[key as keyof typeof OUTPUTS];
      if (value !== undefined) new CfnOutput(this, name, { value });
    }
  }
}
