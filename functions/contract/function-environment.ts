/** The function's environment variables. The stack sets them by these names. */
export const VARIABLES = {
  /** The stack's name, which stands on every metric. */
  stackName: 'STACK_NAME',
  apiBaseUrl: 'API_BASE_URL',
  apiTokenSecretArn: 'API_TOKEN_SECRET_ARN',
  interactiveQueueUrl: 'INTERACTIVE_QUEUE_URL',
  bulkQueueUrl: 'BULK_QUEUE_URL',
  deadLetterQueueUrl: 'DEAD_LETTER_QUEUE_URL',
  ledgerTableName: 'LEDGER_TABLE_NAME',
  quota: 'QUOTA',
  callsPerMinute: 'CALLS_PER_MINUTE',
  callBurst: 'CALL_BURST',
  interactiveReserve: 'INTERACTIVE_RESERVE',
  ledgerRetentionDays: 'LEDGER_RETENTION_DAYS',
  callTimeoutSeconds: 'CALL_TIMEOUT_SECONDS',
  /** Optional: a test user of the tenant, with whose address outages are probed. */
  probeAddress: 'PROBE_ADDRESS',
} as const;

export type ParsedBaseUrl = { ok: true; url: URL } | { ok: false; problem: string };

/** The API's base URL: https (http only on loopback hosts), a path of its own allowed, nothing secret and nothing after the path. */
export function parseApiBaseUrl(value: string): ParsedBaseUrl {
  if (!URL.canParse(value)) {
    return { ok: false, problem: 'is not a URL such as https://example-corp.console.ves.volterra.io' };
  }
  const url = new URL(value);
  const loopback =
    url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
    return {
      ok: false,
      problem: 'must begin with https:// (http:// is for loopback hosts only): the API token travels with each call',
    };
  }
  if (url.username || url.password) return { ok: false, problem: 'must not carry a user name or password' };
  if (url.search || url.hash) return { ok: false, problem: 'must end with its path: no query and no fragment' };
  return { ok: true, url };
}
