import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Lane } from '../functions/contract/reset-request.ts';
import { OUTPUTS } from '../functions/contract/stack-outputs.ts';
import type { Configuration } from './config.ts';
import { Alarms } from './password-resets/alarms.ts';
import { ApiToken } from './password-resets/api-token.ts';
import { Lanes } from './password-resets/lanes.ts';
import { Ledger } from './password-resets/ledger.ts';
import { Worker } from './password-resets/worker.ts';

export class ResetStack extends Stack {
  private readonly lanes: Lanes;

  constructor(scope: Construct, id: string, configuration: Configuration) {
    super(scope, id, {
      stackName: configuration.stackName,
      description: 'A queue of password-reset requests for F5 Distributed Cloud, worked off by a function.',
    });
    const lanes = new Lanes(this, 'Lanes', configuration);
    const ledger = new Ledger(this, 'Ledger');
    const apiToken = new ApiToken(this, 'ApiToken', {
      secretArn: configuration.apiTokenSecretArn,
      keyArn: configuration.apiTokenKeyArn,
    });
    const worker = new Worker(this, 'Worker', { configuration, lanes, ledger, apiToken });
    new Alarms(this, 'Alarms', { deadLetters: lanes.deadLetters, topicArn: configuration.alarmTopicArn });
    this.lanes = lanes;
    const { interactive, bulk } = lanes.queues;
    this.output({
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
      producerPolicyArn: lanes.producerPolicy.managedPolicyArn,
    });
  }

  /** Lets a producer of the same CDK app enqueue; others attach the policy of the output `ProducerPolicyArn`. */
  grantEnqueue(grantee: IGrantable, lanes?: readonly Lane[]): Grant {
    return this.lanes.grantEnqueue(grantee, lanes);
  }

  private output(values: Record<keyof typeof OUTPUTS, string>): void {
    for (const [key, name] of Object.entries(OUTPUTS)) {
      new CfnOutput(this, name, { value: values[key as keyof typeof OUTPUTS] });
    }
  }
}
