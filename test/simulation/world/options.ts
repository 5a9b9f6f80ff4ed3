import type { QuotaKind } from '../../../functions/contract/quota.ts';
import type { Lane } from '../../../functions/contract/reset-request.ts';

/** Log-normal: half of all take longer than the median, one in a hundred longer than `p99Ms`. */
export interface Latency {
  medianMs: number;
  p99Ms: number;
}

/** Times from the start of the simulation. */
export interface Period {
  fromMs: number;
  toMs: number;
}

/** What can go wrong with one AWS call. All odds are from 0 to 1, a call. */
export interface ServiceFaults {
  failsBefore: number;
  /** It was done, and the answer was an error. */
  failsAfter: number;
  /** Answered with a throttling error; nothing was done. */
  throttled: number;
  /** Not to be reached at all, for anybody. */
  unreachable: readonly Period[];
  /** Refused at once, for everybody: a missing permission, a missing table, or throttling that does not end. */
  refuses?: readonly (Period & { error: ServiceError })[];
}

export type ServiceError = 'AccessDeniedException' | 'ResourceNotFoundException' | 'ThrottlingException';

export type QuotaModel = 'token-bucket' | 'fixed-window' | 'sliding-window';

/** How an outage shows itself: as a status, as silence (`hang`), as no connection (`refused`) or as one that breaks (`cut`). */
export const OUTAGE_FORMS = ['503', '504', '502', '500', 'hang', 'refused', 'cut', 'proxy-503'] as const;
export type OutageForm = (typeof OUTAGE_FORMS)[number];

export interface Outage {
  kind: 'outage';
  /** `mixed`: each call meets one of all forms. `proxy-503`: a proxy lost its upstream after it had passed the request on. */
  form: OutageForm | 'mixed';
  /** The share of calls that meet it; all where left out. */
  odds?: number;
  /** Only every so-many-th call meets it. */
  every?: number;
  /** Of the calls whose outcome nobody can know, the share that made the reset. */
  ghosts?: number;
}

/** What happens to the API in a period, for everybody where it does not say otherwise. */
export type ApiPhase = Period &
  (
    | Outage
    /** 200 with a page of HTML, as a sign-in page in front of the API or a catch-all behind a wrong URL answers. */
    | { kind: 'html' }
    /** 404 for every user, as behind a wrong base URL. */
    | { kind: 'wrong-url' }
    /** 401 whatever the token. */
    | { kind: 'unauthorized' }
    /** The quota is this many times the usual; 0 where somebody else uses all of it. */
    | { kind: 'quota'; factor: number }
  );

/** Users whose every call goes wrong: it hangs, or answers 500, 503 or 404. */
export type Trouble = 'hanging' | 'always500' | 'always503' | 'notFound';

/** Requests of such users, `count` at a time: once, or again and again. */
export interface TroubledUsers {
  trouble: Trouble;
  lane: Lane;
  count: number;
  atMs: number;
  everyMs?: number;
  /** The last time at which they are sent, where they are sent again. */
  untilMs?: number;
}

export type Scope = 'all' | Lane;

/** What an operator does by hand. */
export type OperatorAct = { atMs: number } & (
  | { act: 'redrive all' }
  /** Ends every hold that is not an operator's own. */
  | { act: 'release' }
  | { act: 'pause'; scope: Scope; untilMs?: number }
  | { act: 'resume'; scope: Scope }
  /** Of the deployed pace, the share that is allowed from then on. */
  | { act: 'set'; share: number }
  | { act: 'clear' }
  | { act: 'brake off'; scope: Scope; untilMs: number }
);

/** All odds and sizes of a simulated world. Odds are from 0 to 1; times are milliseconds unless the name says otherwise. */
export interface Options {
  seed: number;
  /** Simulated time after which all faults end, and the world is given `drainMs` to come to rest. */
  faultsUntilMs: number;
  /** How long the queues may take to drain once the faults have stopped and the producers have ended. */
  drainMs: number;
  /** Ends the simulation, drained or not. */
  endsAtMs?: number;
  acts: readonly OperatorAct[];

  producers: {
    /** Messages in the bulk lane at the start. */
    bulkJobs: number;
    /** Messages in the interactive lane at the start. */
    interactiveJobs: number;
    /** One request into the interactive lane each time this passes; 0 for none. */
    singleEveryMs: number;
    /** Singles sent at most; none is sent after the bulk lane is empty where this is left at 0. */
    singles: number;
    /** A message is sent twice under the same request id, at once or within the minute. */
    sentTwice: number;
    /** Bodies that are no valid request. */
    invalid: number;
    /** Requests without an id of their own, which go by their message's. */
    withoutId: number;
    /** Requests that belong to the campaign. */
    inCampaign: number;
    troubled: readonly TroubledUsers[];
    /** Of the messages in the bulk lane, the share of users who always answer 500. */
    always500: number;
    /** Messages in the bulk lane, all at once, later. */
    bulkAgain?: { atMs: number; jobs: number };
    /** When the campaign is cancelled. */
    campaignCancelledAtMs?: number;
  };

  operator: {
    /** Looks at the dead-letter queue this often and redrives each letter with the odds below; 0 for never. */
    everyMs: number;
    redrives: number;
    /** A redriven letter is sent back a second time. */
    redrivesTwice: number;
    /** After the faults have stopped, releases what still holds this often: with only troubled users left it would hold for good. 0 for never. */
    releasesEveryMs: number;
    /** A letter is redriven at most this often, so that runs end. */
    mostRedrives: number;
    /** A redrive is the command's, which marks it in the ledger: copy, mark, delete. The others are the console's: copy, delete. */
    marks: number;
    /** A command is cut off after each of its steps. */
    cutOff: number;
    /** A letter that is looked at is discarded rather than redriven. */
    discards: number;
    /** A request whose letter is no longer in the queue is marked so. */
    marksGone: number;
  };

  queue: {
    visibilityMs: number;
    retentionMs: number;
    maxReceiveCount: number;
    /** A message is delivered again while it is in flight. */
    deliversTwice: number;
    /** A deleted message is seen once more. */
    survivesDelete: number;
    /** Deletion by a receipt that is not the newest works. */
    oldReceiptDeletes: number;
    /** Messages are taken at random from so many at the head of the queue. */
    reorderWindow: number;
    latency: Latency;
    /** Of `ChangeMessageVisibility` and of sending letters. */
    faults: ServiceFaults;
    /** A poller's `DeleteMessageBatch` fails. */
    deleteFails: number;
    /** Long polls that Lambda keeps open on an idle queue, and their length. Counted, not simulated. */
    idlePolls: number;
    pollMs: number;
  };

  worker: {
    /** Concurrent invocations per lane. */
    copies: Readonly<Record<Lane, number>>;
    /** Outages are probed with a test user's address in place of a waiting request. */
    probeAddress?: boolean;
    batchSize: Readonly<Record<Lane, number>>;
    timeoutMs: number;
    memoryMb: number;
    coldStart: Latency;
    /** An idle sandbox is ended after this. */
    idleMs: number;
    /** Odds, an invocation, to be killed at some moment of it. */
    killedInInvocation: number;
    /** Odds, a call to a service, to be killed between what it did and the answer. */
    killedBeforeAnswer: number;
    /** Odds, a call to a service or the API, to stand still at that moment. */
    stallsBeforeAnswer: number;
    /** Odds, an invocation, to stand still for a while, and the longest while. */
    stalls: number;
    longestStallMs: number;
    /** Each sandbox's clock is wrong by up to this, either way: two of them differ by up to twice as much. */
    skewMs: number;
    /** Timers end a millisecond early with these odds. */
    earlyTimers: number;
  };

  table: {
    latency: Latency;
    faults: ServiceFaults;
    /** A read that is not consistent gives the item as it was up to this long ago. */
    lagMs: number;
  };

  budget: {
    /** What the deployment is told of the API's quota: it is known, or a guess from above. */
    quota: QuotaKind;
    perMinute: number;
    burst: number;
    reserve: number;
  };

  api: {
    model: QuotaModel;
    /** The real quota. `burst` is the token bucket's; a window allows `perMinute` in each. */
    perMinute: number;
    burst: number;
    /** Refused calls count against a window, too. */
    countsRefused: boolean;
    /** 429 and 503 name the seconds to wait. */
    retryAfter: boolean;
    latency: Latency;
    phases: readonly ApiPhase[];
    /** Odds, a call that is let in. */
    ghosts504: number;
    ghostsUnanswered: number;
    lost504: number;
    lostUnanswered: number;
    refusedConnections: number;
    flaky503: number;
    flaky429: number;
    /** Odds, a user, to be answered with an error for good: 400, 403, 404, 409 or 500. */
    failingUsers: number;
  };

  secret: {
    latency: Latency;
    faults: ServiceFaults;
    /** The first value stops to be accepted. */
    expiresAtMs?: number;
    /** The same value is accepted again. */
    renewedAtMs?: number;
    /** A new value is put into the secret; the API accepts it. */
    replacedAtMs?: number;
    /** The secret has no value before this. */
    emptyUntilMs?: number;
  };
}

/** What differs from the healthy world. */
export type Overrides = {
  [Name in keyof Options]?: Options[Name] extends object ? Partial<Options[Name]> : Options[Name];
};
