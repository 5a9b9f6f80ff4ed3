import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { LEDGER } from '../../functions/contract/ledger-table.ts';

/** The table that remembers every request. It must outlive the stack: without it a redelivered message resets a password again. */
export class Ledger extends Construct {
  readonly table: Table;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: { name: LEDGER.partitionKey, type: AttributeType.STRING },
      timeToLiveAttribute: LEDGER.timeToLive,
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      // No key is named: DynamoDB then encrypts with its own, which costs nothing, needs no permission and cannot fail a call.
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.table.addGlobalSecondaryIndex({
      indexName: LEDGER.campaignIndex,
      partitionKey: { name: LEDGER.campaignKey, type: AttributeType.STRING },
      sortKey: { name: LEDGER.stateReasonTimeKey, type: AttributeType.STRING },
      // Reports list status, times and the API's words. Every write of the worker changes the index's sort key, so a smaller projection
      // would be written just as often, and an item is mostly below half of the kilobyte that one write unit covers.
      projectionType: ProjectionType.ALL,
    });
  }
}
