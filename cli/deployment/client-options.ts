const noLog = (): void => {};

/** For every client. All else, endpoints, credentials and region, comes from the ordinary AWS environment. */
export const CLIENT_OPTIONS = {
  // Each for one of three tries; the SDK itself would wait forever. The request's time ends with the head of its answer, and the socket's begins
  // anew with each byte: it is longer than a poll of a queue, and ends an answer that stalls.
  requestHandler: { connectionTimeout: 1000, requestTimeout: 3000, socketTimeout: 8000, throwOnRequestTimeout: true },
  // The SDK warns on the console, which would mix with the results.
  logger: { trace: noLog, debug: noLog, info: noLog, warn: noLog, error: noLog },
};

/**
 * By default the SDK takes SQS's host from the queue's URL: aimed at an emulator, the command line would reach AWS itself. Without its own
 * digests of bodies, which take a tenth of the time of sending: TLS has made sure of the bytes.
 */
export const SQS_CLIENT_OPTIONS = { ...CLIENT_OPTIONS, useQueueUrlAsEndpoint: false, md5: false as const };
