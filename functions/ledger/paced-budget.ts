import type { Lane } from '../contract/reset-request.ts';
import type { CallBudget, Clock, EpochMs, Turn } from '../reset-worker/ports.ts';
import { clampRetryAfter } from '../reset-worker/retry-policy.ts';
import type { Telemetry } from '../reset-worker/telemetry.ts';
import { afterReport, type Holds, heldForCredential, NO_HOLDS, passage } from './holds.ts';
import { fullBucket, type Pace, takePermit } from './permits.ts';

/** Permits and holds of one copy of the function, which knows nothing of the others: each paces itself at its part of the quota. */
export function pacedBudget(pace: Pace, clock: Clock, telemetry: Telemetry): CallBudget {
  let bucket = fullBucket(pace, clock.now());
  let holds: Holds = NO_HOLDS;
  let quietUntil: EpochMs = 0;
  /** Turns are given in the order in which they were asked for: each waits for the one before. */
  let line: Promise<unknown> = Promise.resolve();
  /** Wakes the head of the line when a hold may have ended early. */
  let news = new AbortController();

  const tryNow = (lane: Lane, now: EpochMs): Turn => {
    const way = passage(holds, now);
    if (way.kind === 'held') return { kind: 'none', retryAt: way.until, why: way.why };
    if (now < quietUntil) return { kind: 'none', retryAt: quietUntil, why: 'pace' };
    const permit = takePermit(bucket, pace, lane, now);
    bucket = permit.bucket;
    if (!permit.granted) return { kind: 'none', retryAt: now + permit.waitMs, why: 'pace' };
    if (way.kind === 'probe') holds = way.holds;
    return { kind: 'granted' };
  };

  const headOfLine = async (lane: Lane, latest: EpochMs): Promise<Turn> => {
    for (;;) {
      const now = clock.now();
      if (now > latest) return { kind: 'none', retryAt: now, why: 'pace' };
      const turn = tryNow(lane, now);
      if (turn.kind === 'granted') return turn;
      // Waiting here, not in the queue, is what slows the intake: batches are fetched as fast as they are given back.
      await clock.sleep(Math.min(turn.retryAt, latest) - now, news.signal);
      if (clock.now() >= latest) return turn;
    }
  };

  return {
    turn(lane, latest) {
      const turn = line.then(() => headOfLine(lane, latest));
      line = turn.catch(() => undefined);
      return turn;
    },
    report(report) {
      const now = clock.now();
      const before = holds.hold;
      holds = afterReport(holds, report, now);
      if (holds.hold && holds.hold !== before) telemetry.event('OUTAGE_HELD', { delayMs: holds.hold.lengthMs });
      if (report.kind === 'throttled') {
        // The API counts more than we do: start from an empty bucket, and not before it says.
        bucket = { permits: 0, at: now };
        quietUntil = Math.max(quietUntil, now + clampRetryAfter(report.retryAfterMs ?? 0));
      }
      news.abort('news');
      news = new AbortController();
    },
    holdForCredential() {
      const held = heldForCredential(holds, clock.now());
      holds = held;
      return held.hold.until;
    },
  };
}
