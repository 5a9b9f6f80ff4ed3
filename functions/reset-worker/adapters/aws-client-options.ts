/** Times in milliseconds. The SDK waits without an end unless told otherwise, and only warns unless told to throw. */
export const AWS_CLIENT_OPTIONS = {
  maxAttempts: 2,
  requestHandler: {
    connectionTimeout: 1000,
    requestTimeout: 3000,
    throwOnRequestTimeout: true,
    socketTimeout: 3000,
  },
} as const;

/** By default the SDK takes SQS's host from the queue's URL, past all that the environment says of endpoints, and prints a line about it. */
export const SQS_CLIENT_OPTIONS = { ...AWS_CLIENT_OPTIONS, useQueueUrlAsEndpoint: false } as const;
