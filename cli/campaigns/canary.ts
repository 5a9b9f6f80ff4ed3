import type { Lane } from '../../functions/contract/reset-request.ts';
import type { RequestItem } from '../../functions/ledger/items.ts';
import { failureOf } from '../deployment/aws-errors.ts';
import type { Connection, Context } from '../deployment/connect.ts';
import { holdsNow } from '../queries/holds-now.ts';
import { holdsOn, holdWords, type StandingHold } from '../queries/standing-holds.ts';
import { wayOutOf } from '../queries/way-out.ts';
import { CommandFailed, print } from '../terminal/io.ts';
import { type ProgressLine, progressLineOn } from '../terminal/progress-line.ts';
import { number } from '../terminal/text.ts';
import { type CanaryTally, isRejection, tallyOf } from './canary-tally.ts';
import type { MaxFailures } from './max-failures.ts';

/** Those of a canary that are open after so long, holds not counted, count as failed. */
export const CANARY_MS = 10 * 60_000;
const LOOK_EVERY_MS = 2_000;
const LONGEST_UNREAD_MS = 60_000;
/** Copies' clocks differ by as much. */
const SKEW_MS = 2_000;

/** The first requests of a campaign, which are sent and watched before the rest. */
export interface Canary {
  campaignId: string;
  requestIds: readonly string[];
  lane: Lane;
  max: MaxFailures;
  /** Given when the operator interrupts the command, or another one aborts it. */
  stopped: AbortSignal;
  /** The command that goes on with the campaign, to be pasted. */
  wayOn: string;
}

export interface CanaryResult extends CanaryTally {
  /** `interrupted`: nothing was decided. */
  end: 'passed' | 'stopped' | 'interrupted';
  /** Of `stopped`: why. */
  why?: 'failures' | 'time' | 'cancelled' | 'brake';
  max: MaxFailures;
  /** An operator has switched the lane's brake off until a time that lies ahead. */
  isBrakeOff: boolean;
}

/** How a canary stands at one moment. */
interface Look {
  at: number;
  items: readonly RequestItem[];
  isCancelled: boolean;
  /** On its lane. */
  holds: readonly StandingHold[];
  isBrakeOff: boolean;
}

/**
 * Watches a canary in the ledger until it is decided, and tells its progress on stderr.
 * @throws CommandFailed where the ledger can't be read for more than a minute.
 */
export async function watchCanary(context: Context, connection: Connection, canary: Canary): Promise<CanaryResult> {
  const progress = progressLineOn(context);
  const tellHold = holdTeller(context, connection, progress);
  const { requestIds, max, stopped } = canary;
  let result: CanaryResult = { ...tallyOf(requestIds.length, []), end: 'interrupted', max, isBrakeOff: false };
  let watchedMs = 0;
  let readAt = connection.now();
  try {
    for (;;) {
      const look = await lookAt(connection, canary);
      if ('failure' in look) {
        if (connection.now() - readAt > LONGEST_UNREAD_MS) throw givenUp(look.failure, canary);
        progress.show(`${progressWords(result)}; the ledger cannot be read, trying again`);
      } else {
        if (look.holds.length === 0) watchedMs += look.at - readAt;
        readAt = look.at;
        result = judged(look, canary, watchedMs);
        if (result.end !== 'interrupted') return result;
        for (const hold of look.holds) await tellHold(hold, look.at);
        progress.show(`${progressWords(result)}${heldWords(look)}`);
      }
      if (stopped.aborted) return result;
      await context.clock.sleep(LOOK_EVERY_MS, stopped);
    }
  } finally {
    progress.end();
  }
}

async function lookAt(
  connection: Connection,
  { campaignId, requestIds, lane }: Canary,
): Promise<Look | { failure: CommandFailed }> {
  try {
    const [items, campaign, { state, holds }] = await Promise.all([
      connection.ledger.findEach(requestIds),
      connection.ledger.findCampaign(campaignId),
      holdsNow(connection),
    ]);
    const at = connection.now();
    return {
      at,
      items: [...items.values()],
      isCancelled: campaign?.state === 'cancelled',
      holds: holdsOn(lane, holds),
      isBrakeOff: (state?.holds.brakeOff[lane]?.until ?? 0) > at,
    };
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    return { failure };
  }
}

const givenUp = (failure: CommandFailed, { wayOn }: Canary): CommandFailed =>
  new CommandFailed(
    `What becomes of the canary cannot be seen: ${failure.message} Its requests are sent, and the rest is not. When that is put right, go on with: ${wayOn}`,
    undefined,
    failure,
  );

/** @param watchedMs how long it has been watched while nothing held its lane. */
function judged(look: Look, { requestIds, max }: Canary, watchedMs: number): CanaryResult {
  const tally = tallyOf(requestIds.length, look.items);
  const told = { ...tally, max, isBrakeOff: look.isBrakeOff };
  if (look.isCancelled) return { ...told, end: 'stopped', why: 'cancelled' };
  if (hasBraked(look)) return { ...told, end: 'stopped', why: 'brake' };
  const decision = decisionOn(tally, max.of(tally.size));
  if (decision === 'stopped') return { ...told, end: 'stopped', why: 'failures' };
  if (decision === 'passed') return { ...told, end: 'passed' };
  return watchedMs < CANARY_MS ? { ...told, end: 'interrupted' } : { ...told, end: 'stopped', why: 'time' };
}

/** What a canary shows, as soon as the requests that are open cannot change it. @param allowed how many may fail. */
export function decisionOn(
  { failed, open }: Pick<CanaryTally, 'failed' | 'open'>,
  allowed: number,
): 'passed' | 'stopped' | undefined {
  if (failed > allowed) return 'stopped';
  return failed + open <= allowed ? 'passed' : undefined;
}

/** Whether the canary itself is what the brake holds: it began later, and one of the canary was rejected. Others' brake is a hold like any. */
function hasBraked({ holds, items }: Look): boolean {
  const brake = holds.find(({ why }) => why === 'brake');
  const sentAt = Math.min(...items.map(({ firstSentAt }) => firstSentAt));
  return (brake?.since ?? 0) >= sentAt - SKEW_MS && items.some(isRejection);
}

const progressWords = (tally: CanaryTally): string => `Canary  ${tallyWords(tally)}`;

/** "12 of 50 reset, 3 failed, 35 open". */
export const tallyWords = ({ size, reset, failed, open }: CanaryTally): string =>
  `${number(reset)} of ${number(size)} reset, ${number(failed)} failed${open === 0 ? '' : `, ${number(open)} open`}`;

const heldWords = ({ holds: [hold], at }: Look): string =>
  hold === undefined ? '' : `; its clock stands still: ${holdWords(hold, at)}`;

/** Says of each hold once, on a line of its own, that it stands and what ends it. */
function holdTeller(context: Context, { deployment }: Connection, progress: ProgressLine) {
  const told = new Set<string>();
  return async (hold: StandingHold, now: number): Promise<void> => {
    const { why, scope, since } = hold;
    const key = `${why} ${scope} ${since}`;
    if (told.has(key)) return;
    told.add(key);
    progress.end();
    await print(
      context.stderr,
      `Held: ${holdWords(hold, now)}. The canary's ten minutes stand still until it ends. Next: ${wayOutOf(hold, { deployment, command: context.command })}`,
    );
  };
}
