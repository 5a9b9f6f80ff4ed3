import type { Lane } from '../contract/reset-request.ts';

/** The function's environment variables. The stack sets them by these names. */
export const VARIABLES = {
  apiBaseUrl: 'API_BASE_URL',
  apiTokenSecretArn: 'API_TOKEN_SECRET_ARN',
  interactiveQueueUrl: 'INTERACTIVE_QUEUE_URL',
  bulkQueueUrl: 'BULK_QUEUE_URL',
  deadLetterQueueUrl: 'DEAD_LETTER_QUEUE_URL',
  ledgerTableName: 'LEDGER_TABLE_NAME',
  callsPerMinute: 'CALLS_PER_MINUTE',
  callBurst: 'CALL_BURST',
  interactiveReserve: 'INTERACTIVE_RESERVE',
  ledgerRetentionDays: 'LEDGER_RETENTION_DAYS',
} as const;

export interface Settings {
  apiBaseUrl: URL;
  apiTokenSecretArn: string;
  queueUrls: Record<Lane, string>;
  deadLetterQueueUrl: string;
  ledgerTableName: string;
  callsPerMinute: number;
  callBurst: number;
  interactiveReserve: number;
  ledgerRetentionDays: number;
}

export class InvalidSettings extends Error {
  override name = 'InvalidSettings';
}

/**
 * Reads and checks the whole environment once.
 * @throws {InvalidSettings} one error that names every variable at fault.
 */
export function readSettings(environment: Record<string, string | undefined>): Settings {
  const problems: string[] = [];
  const text = (name: string): string => {
    const value = environment[name]?.trim();
    if (!value) problems.push(`${name} is missing`);
    return value ?? '';
  };
  const whole = (name: string, least: number): number => {
    const value = text(name);
    if (value && !(/^\d{1,9}$/.test(value) && Number(value) >= least)) {
      problems.push(`${name} is not a whole number from ${least}`);
    }
    return Number(value);
  };
  const baseUrl = (name: string): URL => {
    const value = text(name);
    const parsed = parseApiBaseUrl(value);
    if (parsed.ok) return parsed.url;
    if (value) problems.push(`${name} ${parsed.problem}`);
    return new URL('https://invalid.invalid');
  };
  const settings: Settings = {
    apiBaseUrl: baseUrl(VARIABLES.apiBaseUrl),
    apiTokenSecretArn: text(VARIABLES.apiTokenSecretArn),
    queueUrls: { interactive: text(VARIABLES.interactiveQueueUrl), bulk: text(VARIABLES.bulkQueueUrl) },
    deadLetterQueueUrl: text(VARIABLES.deadLetterQueueUrl),
    ledgerTableName: text(VARIABLES.ledgerTableName),
    callsPerMinute: whole(VARIABLES.callsPerMinute, 1),
    callBurst: whole(VARIABLES.callBurst, 1),
    interactiveReserve: whole(VARIABLES.interactiveReserve, 0),
    ledgerRetentionDays: whole(VARIABLES.ledgerRetentionDays, 1),
  };
  if (problems.length > 0) throw new InvalidSettings(`The function's environment: ${problems.join('; ')}.`);
  return settings;
}

export type ParsedBaseUrl = { ok: true; url: URL } | { ok: false; problem: string };

/** The API's base URL: https (http on loopback hosts alone), a path of its own allowed, nothing secret and nothing after the path. */
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
      problem: 'must begin with https:// (http:// is for loopback hosts alone): the API token travels with each call',
    };
  }
  if (url.username || url.password) return { ok: false, problem: 'must not carry a user name or password' };
  if (url.search || url.hash) return { ok: false, problem: 'must end with its path: no query and no fragment' };
  return { ok: true, url };
}
