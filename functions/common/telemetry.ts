import type { FailureReason } from '../contract/dead-letter.ts';
import type { Lane } from '../contract/reset-request.ts';

export const METRIC_NAMESPACE = 'PasswordResets';
export const SERVICE_NAME = 'reset-worker';
/** The dimensions beside the service: the stack, so that two stages in one account do not add up, and the lane. */
export const STACK_DIMENSION = 'stack';
export const LANE_DIMENSION = 'lane';

/**
 * Metric names. Those of events are counts, one per event. The `…Held` are gauges of 0 and 1, one value per invocation that read the budget:
 * what holds calls now. `queuedAge` is in seconds, and ours because SQS's age metric ignores messages received three times or more.
 * `tokenDaysLeft` is in days, with a fraction, and below 0 once the token has expired; there is none where the secret does not say when it does.
 */
export const METRICS = {
  resets: 'Resets',
  calls: 'Calls',
  throttledCalls: 'ThrottledCalls',
  unavailableCalls: 'UnavailableCalls',
  unknownCalls: 'UnknownCalls',
  unauthorizedCalls: 'UnauthorizedCalls',
  deadLetters: 'DeadLetters',
  cancelled: 'Cancelled',
  duplicates: 'DuplicateMessages',
  deferred: 'Deferred',
  givenBack: 'GivenBack',
  credentialHeld: 'CredentialHeld',
  outageHeld: 'OutageHeld',
  brakeHeld: 'BrakeHeld',
  operatorHeld: 'OperatorHeld',
  unrecordedResets: 'UnrecordedResets',
  ledgerUnreachable: 'LedgerUnreachable',
  lettersNotSent: 'LettersNotSent',
  notHidden: 'NotHidden',
  shortTimeouts: 'ShortTimeouts',
  unexpectedErrors: 'UnexpectedErrors',
  queuedAge: 'QueuedAge',
  tokenDaysLeft: 'TokenDaysLeft',
} as const;
export type MetricName = (typeof METRICS)[keyof typeof METRICS];

type Level = 'debug' | 'info' | 'warn' | 'error';
interface Entry {
  level: Level;
  sentence: string;
  metric?: MetricName;
}

/** Every line that the worker can log. Nothing is logged outside this catalogue. */
export const EVENTS = {
  RESET_MADE: { level: 'info', sentence: 'The password was reset.', metric: METRICS.resets },
  RESET_NOT_RECORDED: {
    level: 'error',
    sentence: 'The password was reset, but the ledger could not be told. The request is shown as unconfirmed.',
    metric: METRICS.unrecordedResets,
  },
  CALL_THROTTLED: {
    level: 'info',
    sentence: 'The API answered that calls come too often.',
    metric: METRICS.throttledCalls,
  },
  CALL_UNAVAILABLE: {
    level: 'warn',
    sentence: 'The API was not available; nothing was done.',
    metric: METRICS.unavailableCalls,
  },
  CALL_UNKNOWN: {
    level: 'warn',
    sentence: 'The outcome of the call is unknown; the reset may have been made.',
    metric: METRICS.unknownCalls,
  },
  CALL_UNAUTHORIZED: {
    level: 'warn',
    sentence: 'The API did not accept the token.',
    metric: METRICS.unauthorizedCalls,
  },
  TOKEN_REJECTED: {
    level: 'error',
    sentence: 'The secret holds no newer token than the rejected one. Calls are held; nothing is dead-lettered for it.',
  },
  TOKEN_UNUSABLE: {
    level: 'error',
    sentence: 'The secret gives no usable token. Calls are held; nothing is dead-lettered for it.',
  },
  CREDENTIAL_HELD: { level: 'warn', sentence: 'No call is made until the API token is probed again.' },
  TOKEN_REFRESHED: { level: 'info', sentence: 'The secret holds another token; it is tried.' },
  OUTAGE_HELD: {
    level: 'warn',
    sentence: 'The API is not available to several requests. Calls are held.',
  },
  OUTAGE_PROBED: { level: 'info', sentence: 'An outage was probed with the probe address.' },
  BRAKE_HELD: {
    level: 'error',
    sentence: 'Many requests of a lane were rejected in a row; the fault is probably ours. The lane is held.',
  },
  DEAD_LETTERED: {
    level: 'warn',
    sentence: 'The request was given up and its message sent to the dead-letter queue.',
    metric: METRICS.deadLetters,
  },
  CANCELLED: {
    level: 'info',
    sentence: 'The request was dropped without a call: its campaign is cancelled.',
    metric: METRICS.cancelled,
  },
  DUPLICATE: {
    level: 'info',
    sentence: 'A message for a request that has ended was acknowledged without a call.',
    metric: METRICS.duplicates,
  },
  DEFERRED: { level: 'info', sentence: 'The message waits in its queue for a later try.', metric: METRICS.deferred },
  GIVEN_BACK: {
    level: 'info',
    sentence: 'The message got no turn before the time was up and went back to its queue.',
    metric: METRICS.givenBack,
  },
  NOT_HIDDEN: {
    level: 'warn',
    sentence: 'The waiting time could not be set; the queue shows the message when its visibility timeout ends.',
    metric: METRICS.notHidden,
  },
  LEDGER_UNREACHABLE: {
    level: 'error',
    sentence: 'The ledger could not be reached. No call is made without it.',
    metric: METRICS.ledgerUnreachable,
  },
  LETTER_NOT_SENT: {
    level: 'error',
    sentence: 'The dead letter could not be sent; the message stays in its queue and is tried again.',
    metric: METRICS.lettersNotSent,
  },
  TIMEOUT_TOO_SHORT: {
    level: 'error',
    sentence: "The function's timeout leaves no room for a call. No call is made; the messages go back to their queue.",
    metric: METRICS.shortTimeouts,
  },
  TIME_UP: {
    level: 'error',
    sentence: 'The work on a message did not end in time; the message stays in its queue.',
    metric: METRICS.unexpectedErrors,
  },
  UNEXPECTED: {
    level: 'error',
    sentence: 'A defect: the work on a message threw. The message stays in its queue.',
    metric: METRICS.unexpectedErrors,
  },
} as const satisfies Record<string, Entry>;
export type EventCode = keyof typeof EVENTS;

/** What may stand beside an event. Ids have a closed alphabet; there is no field for a body, an address, a token or free text. */
export interface EventFields {
  lane?: Lane;
  requestId?: string;
  campaignId?: string;
  messageId?: string;
  status?: number;
  reason?: FailureReason;
  /** A word for a cause: one of ours, of the transport, or an error's class. Never somebody else's message. */
  why?: string;
  calls?: number;
  failedCalls?: number;
  unknowns?: number;
  receiveCount?: number;
  delayMs?: number;
  /** What was left of the invocation when it began, and what a call needs. */
  leftMs?: number;
  neededMs?: number;
  /** The class name of a defect and where it was thrown; messages may quote input and are left out. */
  errorName?: string;
  errorPlace?: string;
}

export interface Telemetry {
  event(code: EventCode, fields: EventFields): void;
  /** Adds to a metric that no event counts. */
  measure(metric: MetricName, value: number): void;
}
