import type { Lane } from '../../functions/contract/reset-request.ts';
import type { CarriedOut, RunningAction } from '../changes/carry-out.ts';
import { type Connection, type Context, placeOf } from '../deployment/connect.ts';
import { EXIT, type ExitCode } from '../terminal/io.ts';
import { counted } from '../terminal/text.ts';
import { sendingProgressOn } from './progress.ts';
import { type Outgoing, type SendReport, sendAll } from './send-all.ts';

export const NOTHING_SENT = 'Nothing was sent.';

export function preview(count: number, lane: Lane, connection: Connection, campaign: string | undefined): string {
  const ofCampaign = campaign === undefined ? '' : ` of campaign ${campaign}`;
  return `About to enqueue ${counted(count, 'password reset')}${ofCampaign} in lane ${lane} of ${placeOf(connection)}.`;
}

export interface Batch {
  lane: Lane;
  outgoing: AsyncIterable<Outgoing> | Iterable<Outgoing>;
  total: number;
  /** @param index the place of a message among them, counted from 0. */
  onSent?: (index: number, messageId: string) => void;
}

/** Sends until all is sent or the action is stopped, and counts what was sent as done. */
export async function sendToLane(
  context: Context,
  { deployment, queues }: Connection,
  action: RunningAction,
  { lane, outgoing, total, onSent }: Batch,
): Promise<SendReport> {
  const progress = sendingProgressOn(context, { total });
  let sent = 0;
  try {
    return await sendAll({
      queues,
      clock: context.clock,
      queueUrl: deployment.laneQueueUrls[lane],
      outgoing,
      stopped: action.stopped,
      onSent(index, messageId) {
        sent += 1;
        action.done(sent);
        progress.show(sent);
        onSent?.(index, messageId);
      },
    });
  } finally {
    progress.end();
  }
}

/** Why sending ended before all was sent: a whole sentence or two. */
export function whyStopped(
  report: { end: 'stopped' } | { end: 'failed'; why: string },
  { end, actionId }: Pick<CarriedOut<unknown>, 'end' | 'actionId'>,
  { command }: Pick<Context, 'command'>,
): string {
  if (report.end === 'failed') return report.why;
  return end === 'aborted'
    ? `Aborted by another operator (who that was: ${command(`actions show ${actionId}`)}).`
    : 'Interrupted.';
}

export function exitCodeOf(report: SendReport, end: CarriedOut<unknown>['end']): ExitCode {
  if (report.end === 'all-sent') return EXIT.done;
  if (report.end === 'stopped' && end !== 'aborted') return EXIT.interrupted;
  return report.sent > 0 ? EXIT.partly : EXIT.failed;
}
