import { type Chance, chance } from '../engine/chance.ts';
import {
  type ApiPhase,
  type OperatorAct,
  type Options,
  OUTAGE_FORMS,
  type Period,
  type QuotaModel,
  type ServiceFaults,
  type TroubledUsers,
} from '../world/options.ts';
import { optionsWith } from './healthy.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MODELS = ['token-bucket', 'fixed-window', 'sliding-window'] as const satisfies readonly QuotaModel[];

/** One of many worlds in which much goes wrong: which things and how often is drawn from the seed. */
export function randomOptions(seed: number): Options {
  const draw = chance(seed, 'options');
  /** Absent in half of all worlds, so that each fault is also met without the others. */
  const odds = (most: number): number => (draw.hits(0.5) ? 0 : draw.between(0, most));
  const faultsUntilMs = draw.pick([10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS]);
  const period = (longestMs: number): Period => {
    const fromMs = draw.whole(0, faultsUntilMs / 2);
    return { fromMs, toMs: Math.min(faultsUntilMs, fromMs + draw.whole(1_000, longestMs)) };
  };
  const faults = (most: number): ServiceFaults => ({
    failsBefore: odds(most),
    failsAfter: odds(most),
    throttled: odds(most),
    unreachable: draw.hits(0.2) ? [period(10 * MINUTE_MS)] : [],
  });
  const perMinute = draw.pick([20, 60, 300, 600]);
  const burst = draw.whole(4, 30);
  return optionsWith({
    seed,
    faultsUntilMs,
    acts: actsOf(chance(seed, 'acts'), faultsUntilMs),
    // The longest waits are an hour for a Retry-After and twenty minutes for a message that came often.
    drainMs: 2 * 24 * HOUR_MS,
    producers: {
      bulkJobs: draw.whole(0, 120),
      interactiveJobs: draw.whole(0, 20),
      singleEveryMs: draw.whole(5_000, 120_000),
      singles: draw.whole(1, 40),
      sentTwice: odds(0.3),
      invalid: odds(0.1),
      withoutId: odds(0.3),
      inCampaign: odds(1),
      troubled: draw.hits(0.4) ? troubledOf(draw, faultsUntilMs) : [],
      always500: draw.hits(0.1) ? draw.between(0, 0.3) : 0,
      ...(draw.hits(0.2) ? { campaignCancelledAtMs: draw.whole(0, 5 * MINUTE_MS) } : {}),
    },
    operator: { ...operatorOf(draw, odds), ...marksOf(chance(seed, 'marks')) },
    queue: {
      deliversTwice: odds(0.5),
      survivesDelete: odds(0.2),
      oldReceiptDeletes: draw.next(),
      reorderWindow: draw.whole(1, 200),
      faults: faults(0.1),
      deleteFails: odds(0.1),
    },
    worker: {
      copies: { interactive: draw.pick([2, 5, 5, 10]), bulk: draw.pick([2, 2, 5, 10]) },
      // Drawn apart: the other odds of a seed stay what they are.
      probeAddress: chance(seed, 'probe address').hits(0.3),
      killedInInvocation: odds(0.2),
      killedBeforeAnswer: odds(0.01),
      stallsBeforeAnswer: odds(0.05),
      stalls: odds(0.2),
      longestStallMs: draw.pick([1_000, 10_000, 60_000]),
      skewMs: draw.pick([0, 1_000]),
      earlyTimers: odds(0.5),
    },
    table: {
      faults: faults(0.1),
      latency: { medianMs: 5, p99Ms: draw.pick([25, 250, 2_000]) },
      lagMs: draw.pick([0, 0, 30, 300, 1_000]),
    },
    budget: {
      // Sometimes the operator is wrong in what he says he knows.
      quota: chance(seed, 'quota').pick(['known', 'ceiling']),
      perMinute: perMinute * draw.pick([1, 1, 5]),
      burst,
      reserve: Math.min(3, burst - 1),
    },
    api: {
      model: draw.pick(MODELS),
      perMinute,
      burst,
      countsRefused: draw.hits(0.2),
      retryAfter: draw.hits(0.5),
      // Sometimes so slow that calls come near their time-out and leases near their end.
      latency: draw.pick([
        { medianMs: 250, p99Ms: 1_500 },
        { medianMs: 250, p99Ms: 25_000 },
        { medianMs: 6_000, p99Ms: 25_000 },
      ]),
      phases: phasesOf(draw, period),
      ghosts504: odds(0.05),
      ghostsUnanswered: odds(0.05),
      lost504: odds(0.05),
      lostUnanswered: odds(0.05),
      refusedConnections: odds(0.05),
      flaky503: odds(0.1),
      flaky429: odds(0.1),
      failingUsers: odds(0.2),
    },
    secret: secretOf(draw, faultsUntilMs, faults(0.2)),
  });
}

function phasesOf(draw: Chance, period: (longestMs: number) => Period): ApiPhase[] {
  const phases: ApiPhase[] = [];
  if (draw.hits(0.4)) {
    const form = draw.pick(['mixed', ...OUTAGE_FORMS] as const);
    const share = draw.hits(0.3) ? { odds: draw.next() } : draw.hits(0.1) ? { every: draw.whole(2, 5) } : {};
    phases.push({ kind: 'outage', form, ...share, ghosts: draw.hits(0.5) ? draw.next() : 0, ...period(HOUR_MS) });
  }
  if (draw.hits(0.1)) phases.push({ kind: 'wrong-url', ...period(20 * MINUTE_MS) });
  if (draw.hits(0.2)) phases.push({ kind: 'unauthorized', ...period(HOUR_MS) });
  if (draw.hits(0.2)) phases.push({ kind: 'quota', factor: draw.pick([0.25, 0.5, 2]), ...period(HOUR_MS) });
  return phases;
}

/** Mostly somebody who looks now and then; sometimes one who redrives at once, while what became of the last redrive is still being written down. */
function operatorOf(draw: Chance, odds: (most: number) => number): Omit<Options['operator'], MarkOdds> {
  const isQuick = draw.hits(0.25);
  return {
    everyMs: isQuick ? draw.whole(100, 5_000) : draw.whole(MINUTE_MS, 30 * MINUTE_MS),
    redrives: isQuick ? 1 : odds(1),
    redrivesTwice: odds(0.5),
    mostRedrives: isQuick ? 20 : 3,
    releasesEveryMs: HOUR_MS,
  };
}

/** In some worlds the operator turns every knob once, and back again before the faults end. */
function actsOf(draw: Chance, faultsUntilMs: number): OperatorAct[] {
  if (!draw.hits(0.3)) return [];
  const atMs = () => draw.whole(0, faultsUntilMs / 2);
  const laterMs = () => draw.whole(faultsUntilMs / 2, faultsUntilMs);
  const scope = () => draw.pick(['all', 'interactive', 'bulk'] as const);
  const [paused, untilMs] = [scope(), laterMs()];
  return [
    { atMs: atMs(), act: 'pause', scope: paused },
    { atMs: laterMs(), act: 'resume', scope: paused },
    { atMs: atMs(), act: 'pause', scope: scope(), untilMs },
    // Not above the deployed pace: all permits are counted against that.
    { atMs: atMs(), act: 'set', share: draw.next() },
    { atMs: laterMs(), act: 'clear' },
    { atMs: atMs(), act: 'brake off', scope: scope(), untilMs: laterMs() },
    { atMs: atMs(), act: 'release' },
  ];
}

type MarkOdds = 'marks' | 'cutOff' | 'discards' | 'marksGone';

/** Drawn apart, as the probe address is. Absent in some worlds, so that each is also met without the others. */
function marksOf(draw: Chance): Pick<Options['operator'], MarkOdds> {
  const odds = (most: number): number => (draw.hits(0.4) ? 0 : draw.between(0, most));
  return { marks: odds(1), cutOff: odds(0.3), discards: odds(0.3), marksGone: odds(1) };
}

/** Two who always answer 503 at most: three would be an outage, of which nobody is left to show the end. */
function troubledOf(draw: Chance, faultsUntilMs: number): TroubledUsers[] {
  const lane = () => draw.pick(['interactive', 'bulk'] as const);
  const atMs = () => draw.whole(0, faultsUntilMs / 2);
  return [
    { trouble: draw.pick(['hanging', 'always500', 'notFound']), lane: lane(), count: draw.whole(1, 12), atMs: atMs() },
    { trouble: draw.pick(['hanging', 'always500']), lane: lane(), count: draw.whole(0, 3), atMs: atMs() },
    { trouble: 'always503', lane: lane(), count: draw.whole(0, 2), atMs: atMs() },
  ];
}

function secretOf(draw: Chance, faultsUntilMs: number, faults: ServiceFaults): Partial<Options['secret']> {
  const kind = draw.whole(0, 5);
  const atMs = draw.whole(0, faultsUntilMs / 2);
  const laterMs = draw.whole(atMs, faultsUntilMs);
  if (kind === 0) return { faults, expiresAtMs: atMs, replacedAtMs: laterMs };
  if (kind === 1) return { faults, expiresAtMs: atMs, renewedAtMs: laterMs };
  if (kind === 2) return { faults, emptyUntilMs: atMs };
  // Put in place ahead of time: nobody should notice.
  return kind === 3 ? { faults, replacedAtMs: atMs, expiresAtMs: laterMs } : { faults };
}
