import { METRICS, type MetricName } from '../../functions/common/telemetry.ts';
import type { Lane } from '../../functions/contract/reset-request.ts';
import type { Reported } from '../support/cloudwatch/alarm-states.ts';

/** What happened, in words and in what was reported of it. */
interface History {
  because: string;
  reported: Reported[];
}

interface Histories {
  rings: History & {
    /** The minute at which it rings, counted from the beginning of the history. */
    atMinute: number;
  };
  quiet: History;
}

const HOUR = 60;
const DAY = 24 * HOUR;

/** The values of a lane's metric in each of these minutes. */
const own = (metric: MetricName, lane: Lane, minutes: readonly number[], ...values: number[]): Reported[] =>
  minutes.map((minute) => ({ metric: `${metric} ${lane}`, minute, values }));
const byAws = (metric: string, minutes: readonly number[], ...values: number[]): Reported[] =>
  minutes.map((minute) => ({ metric, minute, values }));
const waiting = (queue: string, minutes: readonly number[], count: number) =>
  byAws(`ApproximateNumberOfMessagesVisible ${queue}`, minutes, count);
const inFlight = (queue: string, minutes: readonly number[], count: number) =>
  byAws(`ApproximateNumberOfMessagesNotVisible ${queue}`, minutes, count);
/** From the first minute to the one before the last, every so many. */
const minutes = (from: number, before: number, every = 1): number[] =>
  Array.from({ length: Math.ceil((before - from) / every) }, (_, index) => from + index * every);

const held = (metric: MetricName, lane: Lane): Histories => ({
  rings: {
    because: 'one invocation says that the work is held',
    reported: [...own(metric, lane, [0, 1, 2], 0), ...own(metric, lane, [3], 0, 1)],
    atMinute: 4,
  },
  quiet: {
    because: 'every invocation says that it is free, and the night between says nothing',
    reported: [...own(metric, lane, minutes(0, 10), 0), ...own(metric, lane, minutes(500, 510), 0)],
  },
});

/** Faults that are tried again. */
const goesOn = (metric: MetricName): Histories => ({
  rings: {
    because: 'it goes on in a second minute',
    reported: [...own(metric, 'bulk', [2], 1), ...own(metric, 'bulk', [5], 1)],
    atMinute: 6,
  },
  quiet: { because: 'it passed within a minute', reported: own(metric, 'bulk', [2], 1, 1, 1) },
});

const any = (metric: MetricName, lane: Lane): Histories => ({
  rings: { because: 'there is one', reported: own(metric, lane, [2], 1), atMinute: 3 },
  quiet: {
    because: 'resets are made and none of them is one',
    reported: own(METRICS.resets, lane, minutes(0, 20), 1),
  },
});

const paused = (lane: Lane): Histories => ({
  rings: {
    because: 'the lane was paused for 24 hours, and what waits came back every 20 minutes',
    reported: own(METRICS.operatorHeld, lane, minutes(0, 26 * HOUR, 20), 1),
    atMinute: DAY,
  },
  quiet: {
    because: 'it was resumed for a moment in the twentieth hour',
    reported: [
      ...own(METRICS.operatorHeld, lane, minutes(0, 26 * HOUR, 20), 1),
      ...own(METRICS.operatorHeld, lane, [20 * HOUR + 5], 0),
    ],
  },
});

const notPickedUp = (lane: Lane): Histories => ({
  rings: {
    because: 'messages wait and none was received for five minutes',
    reported: [...waiting(lane, minutes(0, 20), 3), ...own(METRICS.queuedAge, lane, minutes(0, 10), 1)],
    atMinute: 15,
  },
  quiet: {
    because: 'messages wait, and invocations that end every two minutes have received some',
    reported: [...waiting(lane, minutes(0, 30), 500), ...own(METRICS.queuedAge, lane, minutes(0, 30, 2), 900, 900)],
  },
});

/** By the construct's id: for each alarm a history that raises it, and one that looks like it and does not. */
export const HISTORIES: Readonly<Record<string, Histories>> = {
  CredentialHeld: {
    ...held(METRICS.credentialHeld, 'bulk'),
    rings: {
      because: 'only the bulk lane runs, and says that the token is not accepted',
      reported: own(METRICS.credentialHeld, 'bulk', [3], 1),
      atMinute: 4,
    },
  },
  OutageHeld: {
    rings: {
      because: 'the outage has lasted for 15 minutes, told of every four minutes and by either lane',
      reported: [
        ...own(METRICS.outageHeld, 'bulk', [0], 0),
        ...own(METRICS.outageHeld, 'bulk', minutes(1, 20, 8), 1),
        ...own(METRICS.outageHeld, 'interactive', minutes(5, 20, 8), 1),
      ],
      atMinute: 16,
    },
    quiet: {
      because: 'an outage of 13 minutes has ended',
      reported: [
        ...own(METRICS.outageHeld, 'bulk', minutes(0, 13), 1),
        ...own(METRICS.outageHeld, 'bulk', minutes(13, 40), 0),
      ],
    },
  },
  'BrakeHeld-interactive': held(METRICS.brakeHeld, 'interactive'),
  'BrakeHeld-bulk': {
    ...held(METRICS.brakeHeld, 'bulk'),
    quiet: { because: "the other lane's brake is on", reported: own(METRICS.brakeHeld, 'interactive', [3, 4], 1) },
  },
  'Paused-interactive': paused('interactive'),
  'Paused-bulk': paused('bulk'),
  LedgerUnreachable: goesOn(METRICS.ledgerUnreachable),
  LettersNotSent: goesOn(METRICS.lettersNotSent),
  ShortTimeouts: any(METRICS.shortTimeouts, 'interactive'),
  SingleRequestsWait: {
    rings: {
      because: 'for three of five minutes most of what is received is older than five minutes',
      reported: [
        ...own(METRICS.queuedAge, 'interactive', [2, 4, 5], 290, 310, 340),
        ...own(METRICS.queuedAge, 'interactive', [3], 1),
        ...waiting('interactive', minutes(0, 6), 20),
      ],
      atMinute: 6,
    },
    quiet: {
      because: 'one request whose own calls fail is old, and hundreds are received at once',
      reported: [
        ...own(METRICS.queuedAge, 'interactive', minutes(0, 30), 0.1, 0.2, 0.1, 0.3, 1, 2, 0.1, 0.1, 0.2, 9_000),
        ...inFlight('interactive', minutes(0, 30), 1),
      ],
    },
  },
  'NothingMoves-interactive': notPickedUp('interactive'),
  'NothingMoves-bulk': {
    ...notPickedUp('bulk'),
    rings: {
      because: "its event source is off, while the other lane's works",
      reported: [...waiting('bulk', minutes(0, 20), 3), ...own(METRICS.queuedAge, 'interactive', minutes(0, 20), 1)],
      atMinute: 5,
    },
  },
  SingleRequestsGivenUp: {
    ...any(METRICS.deadLetters, 'interactive'),
    quiet: { because: 'a campaign gave one up', reported: own(METRICS.deadLetters, 'bulk', [2], 1) },
  },
  UnrecordedResets: any(METRICS.unrecordedResets, 'bulk'),
  UnexpectedErrors: {
    ...any(METRICS.unexpectedErrors, 'bulk'),
    rings: {
      because: 'the function crashes when it starts, and can say nothing itself',
      reported: byAws('Errors', [2], 0, 1),
      atMinute: 3,
    },
  },
  CampaignFails: {
    rings: {
      because: 'two of twenty are given up within a quarter of an hour',
      reported: [
        ...own(METRICS.resets, 'bulk', minutes(15, 24), 1, 1),
        ...own(METRICS.deadLetters, 'bulk', [17, 21], 1),
      ],
      atMinute: 30,
    },
    quiet: {
      because: 'one of one is given up, then two of a hundred',
      reported: [
        ...own(METRICS.deadLetters, 'bulk', [3, 40, 41], 1),
        ...own(METRICS.resets, 'bulk', minutes(31, 45), 1, 1, 1, 1, 1, 1, 1),
      ],
    },
  },
  DeadLettersForgotten: {
    rings: {
      because: 'a letter has been there for seven days, two hours of them in flight because somebody looked at it',
      reported: [
        ...waiting('deadLetters', [...minutes(0, 2 * DAY, 20), ...minutes(2 * DAY + 2 * HOUR, 8 * DAY, 20)], 1),
        ...waiting('deadLetters', minutes(2 * DAY, 2 * DAY + 2 * HOUR, 20), 0),
        ...inFlight('deadLetters', minutes(2 * DAY, 2 * DAY + 2 * HOUR, 20), 1),
      ],
      atMinute: 7 * DAY,
    },
    quiet: {
      because: 'the queue was emptied on the sixth day, and a new letter came a day later',
      reported: [
        ...waiting('deadLetters', minutes(0, 6 * DAY, 20), 1),
        ...waiting('deadLetters', minutes(6 * DAY, 7 * DAY, 20), 0),
        ...waiting('deadLetters', minutes(7 * DAY, 10 * DAY, 20), 1),
      ],
    },
  },
  Throttled: {
    rings: {
      because: 'it is throttled again and again within a quarter of an hour',
      reported: byAws('Throttles', [1, 6], 3),
      atMinute: 10,
    },
    quiet: {
      because: 'it was throttled once',
      reported: [...byAws('Throttles', [1], 3), ...byAws('Throttles', minutes(2, 60), 0)],
    },
  },
  NearTimeout: {
    rings: {
      because: 'invocations end 2 s before the timeout of 120 s',
      reported: byAws('Duration', [1, 6], 900, 118_000),
      atMinute: 10,
    },
    quiet: {
      because: 'invocations wait for turns, and their last call ends 10 s before the timeout',
      reported: byAws('Duration', minutes(0, 60), 110_300, 111_000),
    },
  },
  TokenExpires: {
    rings: {
      because: 'the token of a lane that is little used expires in less than a week',
      reported: own(METRICS.tokenDaysLeft, 'bulk', [70], 6.9),
      atMinute: 2 * HOUR,
    },
    quiet: {
      because: 'it is good for a month, and hours without a request say nothing',
      reported: own(METRICS.tokenDaysLeft, 'interactive', minutes(0, DAY, 5 * HOUR), 30),
    },
  },
};
