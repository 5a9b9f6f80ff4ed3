import type { Options, Overrides, ServiceFaults } from '../world/options.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;

const NO_FAULTS: ServiceFaults = { failsBefore: 0, failsAfter: 0, throttled: 0, unreachable: [] };

/** A world in which nothing goes wrong, as it would be deployed. */
function healthyOptions(): Options {
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
      troubled: [],
      always500: 0,
    },
    operator: {
      everyMs: 0,
      redrives: 0,
      redrivesTwice: 0,
      mostRedrives: 0,
      releasesEveryMs: 0,
      marks: 0,
      cutOff: 0,
      discards: 0,
      marksGone: 0,
    },
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
      copies: { interactive: 5, bulk: 2 },
      batchSize: { interactive: 10, bulk: 10 },
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
    table: { latency: { medianMs: 5, p99Ms: 25 }, faults: NO_FAULTS, lagMs: 0 },
    budget: { quota: 'known', perMinute: 60, burst: 10, reserve: 3 },
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
export function optionsWith(overrides: Overrides): Options {
  const options: Record<string, unknown> = { ...healthyOptions() };
  for (const [name, value] of Object.entries(overrides)) {
    const known = options[name];
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
    options[name] = isGroup ? { ...(known as object), ...value } : value;
  }
  return options as unknown as Options;
}
