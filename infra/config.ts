import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as z from 'zod';
import { parseApiBaseUrl } from '../functions/contract/function-environment.ts';
import { CEILING_BOUNDS, QUOTA_KINDS } from '../functions/contract/quota.ts';
import { emailSchema, LANES } from '../functions/contract/reset-request.ts';
import { DEFAULT_STACK_NAME } from '../functions/contract/stack-outputs.ts';

/** AWS's advice for a queue that feeds a function: time for its own retries of a throttled batch. The batch window comes on top. */
const VISIBILITY_PER_TIMEOUT = 6;
const LEAST_FUNCTION_SECONDS = 60;
/** No call starts unless its time-out and this much are left. */
const AFTER_CALL_SECONDS = 10;
/** A function that had time for one call only would return most of its messages unprocessed. */
const BEFORE_CALL_SECONDS = 30;
/** At 60 calls a minute an invocation gets some 90 turns: more messages would only be given back. */
const MAX_BATCH_SIZE = 100;
/** Options that name a person: their values are never printed. */
const PRIVATE_OPTIONS = ['probeAddress', 'alarmEmail'];

const text = (pattern: RegExp, rule: string) => z.string(rule).regex(pattern, rule);

/** A number as in `cdk.json`, or the text that `-c` turns it into. */
const whole = (least: number, most: number) => {
  const rule = `must be a whole number from ${least} to ${most}`;
  return z.preprocess(
    (value) => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value),
    z.int(rule).min(least, rule).max(most, rule),
  );
};

const LOG_RETENTIONS_DAYS = Object.values(RetentionDays).filter(
  (days): days is RetentionDays => typeof days === 'number' && days !== RetentionDays.INFINITE,
);

const topicArn = text(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]+$/, 'must be the ARN of an SNS topic');

const configurationSchema = z
  .strictObject({
    stackName: text(
      // The queues' names are built from it, and a queue's name has at most 80 characters.
      /^[A-Za-z][A-Za-z0-9-]{0,49}$/,
      'must begin with a letter and have at most 50 letters, digits and hyphens',
    ).default(DEFAULT_STACK_NAME),
    apiBaseUrl: z.string('must be a URL').superRefine((value, context) => {
      const parsed = parseApiBaseUrl(value);
      if (!parsed.ok) context.addIssue(parsed.problem);
    }),
    /** Whether `callsPerMinute` is the API's quota, or a guess from above. */
    quota: z.enum(QUOTA_KINDS, `must be ${QUOTA_KINDS.join(' or ')}`),
    callsPerMinute: whole(...CEILING_BOUNDS.perMinute),
    callBurst: whole(...CEILING_BOUNDS.burst),
    interactiveReserve: whole(0, 999),
    /**
     * Concurrent invocations per lane. An invocation is busy until its slowest message is done: with only two, two users whose calls hang
     * would stop everybody else's single requests. Two is the lowest limit that an event source accepts.
     */
    interactiveConcurrency: whole(2, 50),
    bulkConcurrency: whole(2, 50),
    interactiveBatchSize: whole(1, MAX_BATCH_SIZE),
    bulkBatchSize: whole(1, MAX_BATCH_SIZE),
    interactiveBatchWindowSeconds: whole(0, 300),
    bulkBatchWindowSeconds: whole(0, 300),
    functionTimeoutSeconds: whole(LEAST_FUNCTION_SECONDS, 900),
    // SQS allows 12 h from the receive; one hour is left for the processing itself.
    visibilityTimeoutSeconds: whole(360, 39_600),
    /** How long one call may take. Leases and the minimum function timeout follow from it. */
    callTimeoutSeconds: whole(2, 60),
    memoryMb: whole(256, 3_008),
    // The ledger must outlive every message: 14 days in a lane and 14 more as a dead letter.
    ledgerRetentionDays: whole(30, 3_650),
    logRetentionDays: z.preprocess(
      (value) => (typeof value === 'string' && value !== '' ? Number(value) : value),
      z.literal(LOG_RETENTIONS_DAYS, `must be one of ${LOG_RETENTIONS_DAYS.join(', ')}`),
    ),
    /** An existing secret. Without it the stack creates an empty one. */
    apiTokenSecretArn: text(
      /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+-[A-Za-z0-9]{6}$/,
      'must be the full ARN of a secret, including the six random characters at its end',
    ).optional(),
    /** The customer managed key of that secret, if it has one. */
    apiTokenKeyArn: text(
      /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
      'must be the ARN of a KMS key, not of an alias',
    ).optional(),
    /** The address of a test user of the tenant, used to probe during an outage: resetting that user harms nobody. */
    probeAddress: z
      .string()
      .refine((value) => emailSchema.safeParse(value).success, 'must be an address that the API accepts')
      .optional(),
    /** SNS topic for pages: what wakes somebody up. */
    alarmTopicArn: topicArn.optional(),
    /** SNS topic for notices: what can wait till morning. */
    noticeTopicArn: topicArn.optional(),
    /** Subscribed to both topics; a topic that is not given is created then. */
    alarmEmail: text(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'must be one mail address').optional(),
    /** Where the runbook can be read, for the alarms' texts and the dashboard. An alarm's text has 1,024 characters. */
    runbookUrl: text(
      /^https:\/\/[^\s#()]{1,192}$/,
      'must be an https URL of at most 200 characters, without a fragment, blanks and parentheses',
    ).optional(),
  })
  .superRefine((value, context) => {
    const { callBurst, callTimeoutSeconds, functionTimeoutSeconds } = value;
    const refuse = (option: string, rule: string) =>
      context.addIssue({ code: 'custom', path: [option], message: rule, input: value[option as keyof typeof value] });
    if (value.interactiveReserve >= callBurst) {
      refuse('interactiveReserve', `must be below callBurst (${callBurst}): the bulk lane may use only the rest`);
    }
    for (const lane of LANES) {
      if (
        value[`${lane}BatchSize`] > 10 &&
        value[`${lane}BatchSize`] <= MAX_BATCH_SIZE &&
        value[`${lane}BatchWindowSeconds`] < 1
      ) {
        const rule = `must be at most 10 unless ${lane}BatchWindowSeconds is 1 or more: a rule of Lambda`;
        refuse(`${lane}BatchSize`, rule);
      }
    }
    const leastFunctionSeconds = callTimeoutSeconds + AFTER_CALL_SECONDS + BEFORE_CALL_SECONDS;
    if (functionTimeoutSeconds >= LEAST_FUNCTION_SECONDS && functionTimeoutSeconds < leastFunctionSeconds) {
      refuse(
        'functionTimeoutSeconds',
        `must be at least ${leastFunctionSeconds}: callTimeoutSeconds (${callTimeoutSeconds}) + ${AFTER_CALL_SECONDS}, without which no call starts, + ${BEFORE_CALL_SECONDS} to get as far as a call`,
      );
    }
    const windowSeconds = Math.max(...LANES.map((lane) => value[`${lane}BatchWindowSeconds`]));
    const leastSeconds = VISIBILITY_PER_TIMEOUT * functionTimeoutSeconds + windowSeconds;
    if (value.visibilityTimeoutSeconds < leastSeconds) {
      refuse(
        'visibilityTimeoutSeconds',
        `must be at least ${leastSeconds}: ${VISIBILITY_PER_TIMEOUT} times functionTimeoutSeconds (${functionTimeoutSeconds}) plus the longer batch window (${windowSeconds}), or a message becomes visible again while it is being processed`,
      );
    }
    if (value.apiTokenKeyArn !== undefined && value.apiTokenSecretArn === undefined) {
      refuse('apiTokenKeyArn', 'applies only to an existing secret: give apiTokenSecretArn as well, or leave it out');
    }
  });

export type Configuration = z.infer<typeof configurationSchema>;

/** `problems` has one line per mistake. */
export class InvalidConfiguration extends Error {
  override name = 'InvalidConfiguration';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/**
 * Reads the configuration from an app's whole context, which also holds entries of the CDK's own.
 * @throws {InvalidConfiguration}
 */
export function readConfiguration(context: Record<string, unknown>): Configuration {
  const options = Object.fromEntries(Object.entries(context).filter(([name]) => !isOfTheCdk(name)));
  const parsed = configurationSchema.safeParse(options);
  if (parsed.success) return parsed.data;
  throw new InvalidConfiguration(parsed.error.issues.flatMap((issue) => describe(issue, options)));
}

/** The CDK's feature flags, look-ups and switches have a colon or a slash in their names; its command line adds two without. */
const isOfTheCdk = (name: string): boolean =>
  /[:/]/.test(name) || name === 'cli-telemetry' || name === 'acknowledged-issue-numbers';

const REMEDY = 'Set it under "context" in cdk.json, or give';

function describe(issue: z.core.$ZodIssue, options: Record<string, unknown>): string[] {
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(configurationSchema.shape).join(', ');
    return issue.keys.map((name) => `Unknown option ${name}. The options are: ${known}.`);
  }
  const option = String(issue.path[0]);
  const value = options[option];
  if (value === undefined || value === '') {
    const isOptional = configurationSchema.shape[option as keyof Configuration]?.safeParse(undefined).success;
    const orLeave = isOptional ? ', or leave it out' : '';
    return [`Option ${option} is ${value === '' ? 'empty' : 'missing'}. ${REMEDY} -c ${option}=VALUE${orLeave}.`];
  }
  // A URL may contain a password, with a slash or an at sign in it, and that may be the very mistake reported.
  const shown = PRIVATE_OPTIONS.includes(option) ? 'not valid' : JSON.stringify(value).replace(/\/\/.*@/s, '//***@');
  return [`Option ${option} is ${shown}: it ${issue.message}. ${REMEDY} -c ${option}=VALUE.`];
}
