/** The stack's outputs, by which `resets` and other systems find a deployment. */
export const OUTPUTS = {
  interactiveQueueUrl: 'InteractiveQueueUrl',
  interactiveQueueArn: 'InteractiveQueueArn',
  bulkQueueUrl: 'BulkQueueUrl',
  bulkQueueArn: 'BulkQueueArn',
  deadLetterQueueUrl: 'DeadLetterQueueUrl',
  deadLetterQueueArn: 'DeadLetterQueueArn',
  ledgerTableName: 'LedgerTableName',
  ledgerTableArn: 'LedgerTableArn',
  apiTokenSecretArn: 'ApiTokenSecretArn',
  functionName: 'FunctionName',
  functionArn: 'FunctionArn',
  producerPolicyArn: 'ProducerPolicyArn',
} as const;

/** The stack's name unless the configuration gives another. */
export const DEFAULT_STACK_NAME = 'PasswordResets';
