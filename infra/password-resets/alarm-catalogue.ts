import { METRICS, type MetricName } from '../../functions/common/telemetry.ts';
import type { Lane } from '../../functions/contract/reset-request.ts';
import type { Measured, Signal, Statistic } from './metrics.ts';

/** A page wakes somebody up; a notice is read in the morning. */
export const SEVERITIES = ['page', 'notice'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What an alarm says to somebody who did not expect it. */
export interface AlarmText {
  /** What it means for users. */
  impact: string;
  /** The section in `docs/runbook.md`. */
  heading: string;
  /** Why missing data counts as healthy, or does not. */
  silence: string;
}

export interface AlarmEntry extends AlarmText {
  /** The construct's id. */
  id: string;
  /** The impact in a few words: what a phone shows after the stack's name. At most 36 characters. */
  name: string;
  severity: Severity;
  signal: Signal;
  periodSeconds: number;
  /** How many of the last periods must be at the threshold or above it. */
  breaching: { of: number; least: number };
  threshold: number;
  /** `keeps`: without data the alarm stays as it is. `healthy`: no data counts as good. */
  onSilence: 'keeps' | 'healthy';
  /** Whether the end is told too. Not of what counts events: "no further event" is no all-clear. */
  endIsTold: boolean;
  /** Whether it means that password resets are not working. */
  stopsResets: boolean;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY_HOURS = 24;

const own = (metric: MetricName, lane: Lane, statistic: Statistic): Measured => ({ own: metric, lane, statistic });
const visible = (queue: Lane | 'deadLetters'): Measured => ({
  queue,
  name: 'ApproximateNumberOfMessagesVisible',
  statistic: 'Maximum',
});
const inFlight = (queue: Lane | 'deadLetters'): Measured => ({
  queue,
  name: 'ApproximateNumberOfMessagesNotVisible',
  statistic: 'Maximum',
});
const one = (measured: Measured): Signal => ({ expression: 'it', metrics: { it: measured } });
/**
 * Both lanes added up. CloudWatch takes what is missing in a sum for 0, and gives no point where all is missing: for a gauge of 0 and 1 the
 * sum says whether either lane tells of it. Its `MAX` would do too, but AWS advises against it in alarms.
 */
const bothLanes = (metric: MetricName, statistic: Statistic): Signal => ({
  expression: 'interactive + bulk',
  metrics: { interactive: own(metric, 'interactive', statistic), bulk: own(metric, 'bulk', statistic) },
});
/** Minutes without an invocation count as the last one that had any. */
const repeated = ({ expression, metrics }: Signal): Signal => ({ expression: `FILL(${expression}, REPEAT)`, metrics });

/** In one of the last two minutes: a copy that looked before the hold began may report 0 a moment after it. */
const AT_ONCE = { periodSeconds: MINUTE, breaching: { of: 2, least: 1 }, threshold: 1 } as const;
/** At once, and then for a quarter of an hour: a cause that shows every few minutes rings once, not every few minutes all night. */
const ANY = { periodSeconds: MINUTE, breaching: { of: 15, least: 1 }, threshold: 1 } as const;
/** A single failure is tried again and passes; what goes on shows in a second minute. */
const TWICE = { periodSeconds: MINUTE, breaching: { of: 5, least: 2 }, threshold: 1 } as const;

/** A state that the worker or AWS reports. */
const STATE = { onSilence: 'keeps', endIsTold: true } as const;
/** Events that are counted: nothing is reported where none occurs. */
const EVENTS = { onSilence: 'healthy', endIsTold: false } as const;

const UNTIL_A_CALL =
  'Silence says nothing: it is reported only while requests are processed, so the alarm stays as it is until they are.';
const NO_FURTHER =
  'Silence means that no further one was counted, which does not undo the first: the end is not announced.';
const WHO_WAITS: Record<Lane, string> = { interactive: 'Single requests', bulk: 'Campaigns' };

/** The whole list. @param functionTimeoutSeconds the function's timeout, from which two limits follow. */
export const alarmCatalogue = (functionTimeoutSeconds: number): AlarmEntry[] => [
  ...holds(),
  ...nothingCanBeCalled(),
  ...waiting(functionTimeoutSeconds),
  ...outcomes(),
  ...campaigns(),
  ...theFunction(functionTimeoutSeconds),
];

/** The composite alarm of those that stop resets. Each of them pages by itself, so this one is a notice. */
export const NOT_WORKING: AlarmText & { id: string; name: string; severity: Severity } = {
  id: 'NotWorking',
  name: 'password-resets-not-working',
  severity: 'notice',
  impact:
    'Users who ask for a password reset do not get it. Their requests are kept and go on once the cause is fixed.',
  heading: 'Password resets are not working',
  silence:
    'It rings while one of the alarms rings that mean this, and each of those says what its silence means. The end is not announced.',
};

const holds = (): AlarmEntry[] => [
  {
    id: 'CredentialHeld',
    name: 'all-resets-held-token-not-accepted',
    severity: 'page',
    signal: bothLanes(METRICS.credentialHeld, 'Maximum'),
    ...AT_ONCE,
    ...STATE,
    stopsResets: true,
    impact:
      'Nobody gets a password reset: the API does not accept our token, or the secret has none. Requests are kept and wait; ' +
      'after 12 days they are given up.',
    heading: 'Credential',
    silence: UNTIL_A_CALL,
  },
  {
    id: 'OutageHeld',
    name: 'all-resets-held-15-min-api-outage',
    severity: 'page',
    signal: repeated(bothLanes(METRICS.outageHeld, 'Maximum')),
    periodSeconds: MINUTE,
    breaching: { of: 15, least: 15 },
    threshold: 1,
    ...STATE,
    stopsResets: true,
    impact:
      'Nobody has got a password reset for 15 minutes: the API is down or cannot be reached. Requests are kept and go on when a ' +
      'probe succeeds.',
    heading: 'Outage',
    silence: `Minutes without a report count as the last one before. ${UNTIL_A_CALL}`,
  },
  ...(['interactive', 'bulk'] as const).map(
    (lane): AlarmEntry => ({
      id: `BrakeHeld-${lane}`,
      name: lane === 'interactive' ? 'single-resets-held-all-rejected' : 'campaigns-held-all-rejected',
      severity: 'page',
      signal: one(own(METRICS.brakeHeld, lane, 'Maximum')),
      ...AT_ONCE,
      ...STATE,
      stopsResets: lane === 'interactive',
      impact:
        `${WHO_WAITS[lane]} wait: the API rejected 20 requests of lane ${lane} in a row, so the URL, the token's owner or the ` +
        'list of users is probably wrong. The rest of the lane is kept.',
      heading: 'Brake',
      silence: UNTIL_A_CALL,
    }),
  ),
  ...(['interactive', 'bulk'] as const).map(
    (lane): AlarmEntry => ({
      id: `Paused-${lane}`,
      name: lane === 'interactive' ? 'single-resets-paused-for-24-h' : 'campaigns-paused-for-24-h',
      severity: 'notice',
      // Not repeated: while something waits it is told about every 20 minutes at least, and a lane that is resumed when nothing waits tells no end.
      signal: one(own(METRICS.operatorHeld, lane, 'Minimum')),
      periodSeconds: HOUR,
      breaching: { of: DAY_HOURS, least: DAY_HOURS },
      threshold: 1,
      ...STATE,
      endIsTold: false,
      stopsResets: false,
      impact:
        `${WHO_WAITS[lane]} have waited for 24 hours because somebody paused lane ${lane}, or all. Perhaps it was forgotten: ` +
        'after 12 days what waits is given up.',
      heading: 'Operator',
      silence:
        'Hours without a report do not count: a pause of an empty lane harms nobody, and is told a day after requests come.',
    }),
  ),
];

const nothingCanBeCalled = (): AlarmEntry[] => [
  {
    id: 'LedgerUnreachable',
    name: 'no-resets-ledger-unreachable',
    severity: 'page',
    signal: bothLanes(METRICS.ledgerUnreachable, 'Sum'),
    ...TWICE,
    ...EVENTS,
    stopsResets: true,
    impact:
      'Nobody gets a password reset: the table that remembers requests cannot be reached. Requests are kept and wait.',
    heading: 'The ledger is out of reach',
    silence: NO_FURTHER,
  },
  {
    id: 'LettersNotSent',
    name: 'given-up-requests-cannot-be-stored',
    severity: 'page',
    signal: bothLanes(METRICS.lettersNotSent, 'Sum'),
    ...TWICE,
    ...EVENTS,
    stopsResets: false,
    impact:
      'Requests that were given up cannot be put into the dead-letter queue. They are kept in their lane and tried again; nobody ' +
      'sees that these users wait. All other requests go on.',
    heading: 'Letters cannot be sent',
    silence: NO_FURTHER,
  },
  {
    id: 'ShortTimeouts',
    name: 'no-resets-function-timeout-too-short',
    severity: 'page',
    signal: bothLanes(METRICS.shortTimeouts, 'Sum'),
    ...ANY,
    ...EVENTS,
    stopsResets: true,
    impact:
      "Nobody gets a password reset: the function's timeout was changed and leaves no time for a call. Requests are kept and wait.",
    heading: "The function's timeout is too short",
    silence: NO_FURTHER,
  },
];

const waiting = (functionTimeoutSeconds: number): AlarmEntry[] => [
  {
    id: 'SingleRequestsWait',
    name: 'single-resets-wait-over-5-min',
    severity: 'page',
    // Not the maximum: one request whose own calls fail grows old among hundreds that are made at once.
    // And repeated while the lane is not empty: at night a lone request is received every quarter of an hour, which is never in three minutes
    // of five.
    signal: {
      expression: 'IF((waiting + inFlight) > 0, FILL(age, REPEAT), 0)',
      metrics: {
        waiting: visible('interactive'),
        inFlight: inFlight('interactive'),
        age: own(METRICS.queuedAge, 'interactive', 'p90'),
      },
    },
    periodSeconds: MINUTE,
    breaching: { of: 20, least: 3 },
    threshold: 5 * MINUTE,
    onSilence: 'healthy',
    endIsTold: true,
    stopsResets: true,
    impact:
      'People who asked for a reset have waited for more than 5 minutes and expected seconds: the quota is used up, something ' +
      'holds the work, or calls fail.',
    heading: 'Single requests wait',
    silence:
      'Silence is healthy: no single request was received. If some wait and are not received, the alarm about requests that are ' +
      'not picked up rings.',
  },
  ...(['interactive', 'bulk'] as const).map((lane): AlarmEntry => {
    // The worker reports when an invocation ends, and each may last as long as the function's timeout.
    const minutes = Math.max(5, Math.ceil(functionTimeoutSeconds / MINUTE) + 3);
    return {
      id: `NothingMoves-${lane}`,
      name: lane === 'interactive' ? 'single-resets-not-picked-up' : 'campaigns-not-picked-up',
      severity: 'page',
      // 1 where messages wait and none was received. Per lane, and by what the worker received rather than by Lambda's invocations: one
      // lane's event source may be off while the other's works, and a function that crashes when it starts is invoked all the same.
      signal: {
        expression: '(waiting > 0) - (received > 0)',
        metrics: { waiting: visible(lane), received: own(METRICS.queuedAge, lane, 'SampleCount') },
      },
      periodSeconds: MINUTE,
      breaching: { of: minutes, least: minutes },
      threshold: 1,
      onSilence: 'healthy',
      endIsTold: true,
      stopsResets: lane === 'interactive',
      impact:
        `${WHO_WAITS[lane]} wait in lane ${lane} and nothing has received any for ${minutes} minutes: the event source or the ` +
        'function is off, crashes, or has no concurrency left. Nothing is lost for 14 days.',
      heading: 'Nothing moves',
      silence: 'Silence is healthy: SQS reports nothing for a queue that was empty and unused for six hours.',
    };
  }),
];

const outcomes = (): AlarmEntry[] => [
  {
    id: 'SingleRequestsGivenUp',
    name: 'single-resets-given-up',
    severity: 'page',
    signal: one(own(METRICS.deadLetters, 'interactive', 'Sum')),
    ...ANY,
    ...EVENTS,
    stopsResets: false,
    impact:
      'Single requests were given up: these users wait for a reset that will not come on its own. Each message is in the ' +
      'dead-letter queue with its reason, for 14 days. All other requests go on.',
    heading: 'Dead letters are waiting',
    silence: NO_FURTHER,
  },
  {
    id: 'UnrecordedResets',
    name: 'resets-made-but-not-recorded',
    severity: 'page',
    signal: bothLanes(METRICS.unrecordedResets, 'Sum'),
    ...ANY,
    ...EVENTS,
    stopsResets: false,
    impact:
      'Passwords were reset and the ledger could not be told. The users have their reset; the same request, sent again, would ' +
      'reset them a second time.',
    heading: 'Unrecorded resets',
    silence: NO_FURTHER,
  },
  {
    id: 'UnexpectedErrors',
    name: 'resets-delayed-by-unexpected-errors',
    severity: 'page',
    signal: {
      // Lambda's own count has the crashes and timeouts of which the worker can say nothing.
      expression: 'interactive + bulk + crashed',
      metrics: {
        ...bothLanes(METRICS.unexpectedErrors, 'Sum').metrics,
        crashed: { lambda: 'Errors', statistic: 'Sum' },
      },
    },
    ...ANY,
    ...EVENTS,
    stopsResets: false,
    impact:
      'The worker met an error that it does not know, or crashed. The requests in hand come back when their visibility timeout ends ' +
      '(12 minutes unless set) and are tried again; if all meet it, nobody gets a reset.',
    heading: 'Unexpected errors',
    silence: NO_FURTHER,
  },
];

const campaigns = (): AlarmEntry[] => [
  {
    id: 'CampaignFails',
    name: 'many-requests-of-a-campaign-fail',
    severity: 'notice',
    signal: {
      // In percent, and only of 20 ended requests or more: 1 of 1 is no share.
      expression: 'IF(failed + made >= 20, 100 * failed / (failed + made), 0)',
      metrics: {
        failed: own(METRICS.deadLetters, 'bulk', 'Sum'),
        made: own(METRICS.resets, 'bulk', 'Sum'),
      },
    },
    periodSeconds: 15 * MINUTE,
    breaching: { of: 1, least: 1 },
    threshold: 10,
    ...EVENTS,
    stopsResets: false,
    impact:
      'Of the campaign requests that ended within 15 minutes, one in ten or more was given up: these users were not reset. A few ' +
      'unknown users are ordinary; this many mean an old or wrong list, or a fault.',
    heading: 'Many of a campaign fail',
    silence: 'Silence is healthy: no campaign request has ended.',
  },
  {
    id: 'DeadLettersForgotten',
    name: 'given-up-requests-wait-for-7-days',
    severity: 'notice',
    // Hour by hour, the most seen: whoever reads the letters takes them in flight for a moment.
    signal: {
      expression: 'waiting + inFlight',
      metrics: {
        waiting: visible('deadLetters'),
        inFlight: inFlight('deadLetters'),
      },
    },
    periodSeconds: HOUR,
    breaching: { of: 7 * DAY_HOURS, least: 7 * DAY_HOURS },
    threshold: 1,
    ...EVENTS,
    stopsResets: false,
    impact:
      'Requests that were given up have waited for a decision for 7 days. After 14 days SQS deletes them, and nobody can redrive ' +
      'them any more.',
    heading: 'Dead letters are forgotten',
    silence: 'Silence is healthy: SQS reports nothing for a queue that was empty and unused for six hours.',
  },
];

const theFunction = (functionTimeoutSeconds: number): AlarmEntry[] => [
  {
    id: 'Throttled',
    name: 'resets-slow-function-throttled',
    severity: 'notice',
    signal: one({ lambda: 'Throttles', statistic: 'Sum' }),
    periodSeconds: 5 * MINUTE,
    breaching: { of: 3, least: 2 },
    threshold: 1,
    ...EVENTS,
    stopsResets: false,
    impact:
      'Resets are slower than they could be: the account has no free concurrency for the function. Nothing is lost.',
    heading: 'The function is throttled or slow',
    silence: 'Silence is healthy: Lambda reports throttles only where the function is invoked.',
  },
  {
    id: 'NearTimeout',
    name: 'function-near-its-timeout',
    severity: 'notice',
    signal: one({ lambda: 'Duration', statistic: 'Maximum' }),
    periodSeconds: 5 * MINUTE,
    breaching: { of: 3, least: 2 },
    // An invocation waits for turns by design, and its last call may end 10 s before the timeout. The worker stops itself 1.5 s before.
    threshold: (functionTimeoutSeconds - 5) * 1000,
    ...EVENTS,
    stopsResets: false,
    impact:
      'Invocations end in the last five seconds of their time, after which Lambda kills them: a reset may then be made and not ' +
      'recorded. DynamoDB or SQS probably answers slowly.',
    heading: 'The function is throttled or slow',
    silence: 'Silence is healthy: the function did not run.',
  },
  {
    id: 'TokenExpires',
    name: 'api-token-expires-within-7-days',
    severity: 'notice',
    signal: {
      // What is missing counts as 0 in a comparison, so each lane's answer counts only where it has reported.
      expression: '(interactive < 7) * interactiveCount + (bulk < 7) * bulkCount',
      metrics: {
        interactive: own(METRICS.tokenDaysLeft, 'interactive', 'Minimum'),
        interactiveCount: own(METRICS.tokenDaysLeft, 'interactive', 'SampleCount'),
        bulk: own(METRICS.tokenDaysLeft, 'bulk', 'Minimum'),
        bulkCount: own(METRICS.tokenDaysLeft, 'bulk', 'SampleCount'),
      },
    },
    periodSeconds: HOUR,
    breaching: { of: 1, least: 1 },
    threshold: 1,
    onSilence: 'keeps',
    endIsTold: false,
    stopsResets: false,
    impact:
      'Within 7 days the API will no longer accept our token, and nobody will get a password reset until there is a new one.',
    heading: 'The token expires soon',
    silence:
      'Silence says nothing: the days are reported only while requests are processed, and only if the secret has an expiresAt. The ' +
      'alarm stays as it is.',
  },
];
