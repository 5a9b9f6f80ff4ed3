import type { BudgetFactory } from '../world/budget.ts';
import type { World } from '../world/world.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

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
}

export type QuotaModel = 'token-bucket' | 'fixed-window' | 'sliding-window';

/** What happens to the API for everybody in a period. */
export type ApiPhase = Period &
  (
    | { kind: 'outage' }
    /** 404 for every user, as behind a wrong base URL. */
    | { kind: 'wrong-url' }
    /** 401 whatever the token. */
    | { kind: 'unauthorized' }
    /** The quota is this many times the usual. */
    | { kind: 'quota'; factor: number }
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
  /** What is looked at in the middle of the run: operators' acts, for example. */
  acts: readonly { atMs: number; what: string; act: (world: World) => void }[];

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
    /** When the campaign is cancelled. */
    campaignCancelledAtMs?: number;
  };

  operator: {
    /** Looks at the dead-letter queue this often and redrives each letter with the odds below; 0 for never. */
    everyMs: number;
    redrives: number;
    /** A redriven letter is sent back a second time. */
    redrivesTwice: number;
    /** After the faults have stopped, releases a brake that still holds this often: with none but rejected users left it would hold for good. 0 for never. */
    releasesBrakeEveryMs: number;
    /** A letter is redriven at most this often, so that runs end. */
    mostRedrives: number;
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
    /** Concurrent invocations a lane. */
    copies: number;
    batchSize: number;
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

  table: { latency: Latency; faults: ServiceFaults };

  budget: {
    factory: BudgetFactory;
    /** What the deployment is told of the API's quota. */
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

export type Overrides = {
  [Name in keyof Options]?: Options[Name] extends object ? Partial<Options[Name]> : Options[Name];
};

const NO_FAULTS: ServiceFaults = { failsBefore: 0, failsAfter: 0, throttled: 0, unreachable: [] };

/** A world in which nothing goes wrong, as it would be deployed. */
export function healthyOptions(factory: BudgetFactory): Options {
  return {
    seed: 1,
    faultsUntilMs: 0,
    drainMs: 13 * DAY_MS,
    acts: [],
    producers: {
      bulkJobs: 0,
      interactiveJobs: 0,
      singleEveryMs: 0,
      singles: 0,
      sentTwice: 0,
      invalid: 0,
      withoutId: 0,
      inCampaign: 0,
    },
    operator: { everyMs: 0, redrives: 0, redrivesTwice: 0, mostRedrives: 0, releasesBrakeEveryMs: 0 },
    queue: {
      visibilityMs: 720 * SECOND_MS,
      retentionMs: 14 * DAY_MS,
      maxReceiveCount: 1_000,
      deliversTwice: 0,
      survivesDelete: 0,
      oldReceiptDeletes: 0.5,
      reorderWindow: 50,
      latency: { medianMs: 8, p99Ms: 40 },
      faults: NO_FAULTS,
      deleteFails: 0,
      idlePolls: 5,
      pollMs: 20 * SECOND_MS,
    },
    worker: {
      copies: 2,
      batchSize: 10,
      timeoutMs: 120 * SECOND_MS,
      memoryMb: 512,
      coldStart: { medianMs: 350, p99Ms: 900 },
      idleMs: 10 * MINUTE_MS,
      killedInInvocation: 0,
      killedBeforeAnswer: 0,
      stallsBeforeAnswer: 0,
      stalls: 0,
      longestStallMs: 0,
      skewMs: 0,
      earlyTimers: 0,
    },
    table: { latency: { medianMs: 5, p99Ms: 25 }, faults: NO_FAULTS },
    budget: { factory, perMinute: 60, burst: 10, reserve: 3 },
    api: {
      model: 'token-bucket',
      perMinute: 60,
      burst: 10,
      countsRefused: false,
      retryAfter: false,
      latency: { medianMs: 250, p99Ms: 1_500 },
      phases: [],
      ghosts504: 0,
      ghostsUnanswered: 0,
      lost504: 0,
      lostUnanswered: 0,
      refusedConnections: 0,
      flaky503: 0,
      flaky429: 0,
      failingUsers: 0,
    },
    secret: { latency: { medianMs: 15, p99Ms: 80 }, faults: NO_FAULTS },
  };
}

/** The healthy world with what differs in it. */
export function optionsWith(factory: BudgetFactory, overrides: Overrides): Options {
  const options: Record<string, unknown> = { ...healthyOptions(factory) };
  for (const [name, value] of Object.entries(overrides)) {
    const known = options[name];
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
    options[name] = isGroup ? { ...(known as object), ...value } : value;
  }
  return options as unknown as Options;
}
