import * as z from 'zod/mini';
import { parseApiBaseUrl, VARIABLES } from '../contract/function-environment.ts';
import { QUOTA_KINDS, type QuotaKind } from '../contract/quota.ts';
import { emailSchema, type Lane } from '../contract/reset-request.ts';

export interface Settings {
  stackName: string;
  apiBaseUrl: URL;
  apiTokenSecretArn: string;
  queueUrls: Record<Lane, string>;
  deadLetterQueueUrl: string;
  ledgerTableName: string;
  quota: QuotaKind;
  callsPerMinute: number;
  callBurst: number;
  interactiveReserve: number;
  ledgerRetentionDays: number;
  callTimeoutMs: number;
  probeAddress?: string;
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
  const quotaKind = (name: string): QuotaKind => {
    const value = text(name);
    const kind = QUOTA_KINDS.find((candidate) => candidate === value);
    if (value && !kind) problems.push(`${name} is neither ${QUOTA_KINDS.join(' nor ')}`);
    return kind ?? 'known';
  };
  const address = (name: string): string | undefined => {
    const value = environment[name]?.trim();
    if (!value) return undefined;
    if (!z.safeParse(emailSchema, value).success) problems.push(`${name} is not an address that the API accepts`);
    return value;
  };
  const baseUrl = (name: string): URL => {
    const value = text(name);
    const parsed = parseApiBaseUrl(value);
    if (parsed.ok) return parsed.url;
    if (value) problems.push(`${name} ${parsed.problem}`);
    return new URL('https://invalid.invalid');
  };
  const probeAddress = address(VARIABLES.probeAddress);
  const settings: Settings = {
    stackName: text(VARIABLES.stackName),
    apiBaseUrl: baseUrl(VARIABLES.apiBaseUrl),
    apiTokenSecretArn: text(VARIABLES.apiTokenSecretArn),
    queueUrls: { interactive: text(VARIABLES.interactiveQueueUrl), bulk: text(VARIABLES.bulkQueueUrl) },
    deadLetterQueueUrl: text(VARIABLES.deadLetterQueueUrl),
    ledgerTableName: text(VARIABLES.ledgerTableName),
    quota: quotaKind(VARIABLES.quota),
    callsPerMinute: whole(VARIABLES.callsPerMinute, 1),
    callBurst: whole(VARIABLES.callBurst, 1),
    interactiveReserve: whole(VARIABLES.interactiveReserve, 0),
    ledgerRetentionDays: whole(VARIABLES.ledgerRetentionDays, 1),
    callTimeoutMs: whole(VARIABLES.callTimeoutSeconds, 1) * 1000,
    ...(probeAddress === undefined ? {} : { probeAddress }),
  };
  if (problems.length > 0) throw new InvalidSettings(`The function's environment: ${problems.join('; ')}.`);
  return settings;
}
