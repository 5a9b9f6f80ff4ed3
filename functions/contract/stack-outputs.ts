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
  logGroupName: 'LogGroupName',
  producerPolicyArn: 'ProducerPolicyArn',
  /** The deployed ceiling: what `budget set` replaces and `budget clear` goes back to. */
  quota: 'Quota',
  callsPerMinute: 'CallsPerMinute',
  callBurst: 'CallBurst',
  interactiveReserve: 'InteractiveReserve',
  /** Whom pages notify. Absent if they notify nobody. */
  alarmTopicArn: 'AlarmTopicArn',
  /** Whom notices notify. Absent if they notify nobody. */
  noticeTopicArn: 'NoticeTopicArn',
  dashboardUrl: 'DashboardUrl',
} as const;

/** The stack's name unless the configuration gives another. */
export const DEFAULT_STACK_NAME = 'PasswordResets';
