/** SQS takes and gives at most this many messages in one call. */
export const BATCH_SIZE = 10;
