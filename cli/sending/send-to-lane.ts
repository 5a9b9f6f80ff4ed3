import type { Lane } from '../../functions/contract/reset-request.ts';
import type { Connection, Context } from '../deployment/connect.ts';
import { EXIT, type ExitCode } from '../terminal/io.ts';
import { progressLineOn } from '../terminal/progress-line.ts';
import { counted, number } from '../terminal/text.ts';
import { type Outgoing, type SendReport, sendAll } from './send-all.ts';

export const NOTHING_SENT = 'Nothing was sent.';

export function preview(count: number, lane: Lane, { deployment }: Connection, campaign: string | undefined): string {
  const ofCampaign = campaign === undefined ? '' : ` of campaign ${campaign}`;
  return `About to enqueue ${counted(count, 'password reset')}${ofCampaign} in lane ${lane} of ${deployment.name}.`;
}

export async function sendToLane(
  context: Context,
  { deployment, queues }: Connection,
  lane: Lane,
  outgoing: AsyncIterable<Outgoing> | Iterable<Outgoing>,
  total: number,
  onSent?: (outgoing: Outgoing, messageId: string) => void,
): Promise<SendReport> {
  const progress = progressLineOn(context);
  let sent = 0;
  try {
    return await context.graceful((interrupted) =>
      sendAll({
        queues,
        clock: context.clock,
        queueUrl: deployment.laneQueueUrls[lane],
        outgoing,
        interrupted,
        onSent(one, messageId) {
          sent += 1;
          progress.show(`Sent ${number(sent)} of ${number(total)}`);
          onSent?.(one, messageId);
        },
      }),
    );
  } finally {
    progress.end();
  }
}

export function exitCodeOf(report: SendReport): ExitCode {
  switch (report.end) {
    case 'all-sent':
      return EXIT.done;
    case 'interrupted':
      return EXIT.interrupted;
    case 'failed':
      return report.sent > 0 ? EXIT.partly : EXIT.failed;
  }
}
