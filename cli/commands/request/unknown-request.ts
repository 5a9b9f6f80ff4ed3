import { LANES } from '../../../functions/contract/reset-request.ts';
import type { CampaignItem } from '../../../functions/ledger/items.ts';
import type { Connection, Context } from '../../deployment/connect.ts';
import { laneCounts, queuedIn } from '../../queries/lane-counts.ts';
import { readingOf } from '../../queries/reading.ts';
import { rfc3339 } from '../../queries/rfc3339.ts';
import { type Sent, sentBy } from '../../queries/sent-by.ts';
import { holdJson, holdsOn, holdWords, type StandingHold, standingHolds } from '../../queries/standing-holds.ts';
import { CommandFailed, EXIT, type ExitCode, print } from '../../terminal/io.ts';
import { ago, counted, plain, printJson, time } from '../../terminal/text.ts';

/** What was sent is counted, or received, within this time. */
const SEEN_WITHIN_MS = 5 * 60_000;

interface Unknown {
  requestId: string;
  /** Undefined where the request was not meant by a person. */
  campaign: CampaignItem | undefined;
  json: boolean;
}

/**
 * Tells of a request that the ledger does not know: until its message is received that is as it should be.
 * @throws CommandFailed where nothing is queued, so that it cannot be waiting.
 */
export async function tellOfUnknown(
  context: Context,
  connection: Connection,
  { requestId, campaign, json }: Unknown,
): Promise<ExitCode> {
  const { ledger, now } = connection;
  const sent = await sentBy(ledger, requestId, now());
  const { queued, holds } = await lanesAndHolds(connection);
  const hasEnded = campaign?.totals !== undefined;
  const isLost = hasEnded || (queued === 0 && (sent === undefined || now() - sent.at > SEEN_WITHIN_MS));
  const relevant = isLost || holds === undefined ? [] : sent?.lane === undefined ? holds : holdsOn(sent.lane, holds);
  if (json) {
    const told = holds === undefined ? null : relevant.map(holdJson);
    await printJson(context, { found: false, requestId, sent: sent ? sentJson(sent) : null, queued, holds: told });
  }
  if (hasEnded) throw new CommandFailed(endedWords(campaign.campaignId));
  if (isLost) throw new CommandFailed(lostWords(requestId, sent));
  if (!json) {
    const sentence = sent ? sentWords(sent, now()) : queuedWords(queued);
    await print(context.stdout, `${requestId}  ${sentence}`);
    if (holds === undefined) await print(context.stdout, '  held by  not known: the holds cannot be read');
    for (const hold of relevant) await print(context.stdout, `  held by  ${holdWords(hold, now())}`);
  }
  return EXIT.done;
}

/** Null and undefined where they cannot be read: then it may be queued, and held. */
async function lanesAndHolds(connection: Connection): Promise<{
  queued: number | null;
  holds: StandingHold[] | undefined;
}> {
  const { budget, now } = connection;
  const [state, counts] = await Promise.all([readingOf(budget.read()), laneCounts(connection)]);
  return {
    queued: queuedIn(LANES, counts) ?? null,
    holds: state.ok ? standingHolds(state.value, counts, now()) : undefined,
  };
}

const sentJson = ({ actionId, who, at, lane, state }: Sent) => ({
  actionId,
  who,
  at: rfc3339(at),
  lane: lane ?? null,
  state,
});

function sentWords({ who, at, lane, state }: Sent, now: number): string {
  const how =
    state === 'done' ? 'Sent' : state === 'running' ? 'Being sent' : `Perhaps sent, as the command was ${state},`;
  const place = lane === undefined ? '' : ` to lane ${lane}`;
  return `${how} by ${plain(who)} at ${time(at)} (${ago(at, now)})${place}, and not received yet.`;
}

const lostWords = (requestId: string, sent: Sent | undefined): string =>
  sent === undefined
    ? `The ledger has no request ${requestId}, and nothing is queued: it was never sent, or ended longer ago than the ledger keeps requests.`
    : `The ledger has no request ${requestId}, and nothing is queued: ${plain(sent.who)} sent it at ${time(sent.at)}, and its message was removed from the queue since.`;

const endedWords = (campaignId: string): string =>
  `Campaign ${campaignId} has ended, and the ledger has no request of it for this address: it was not among the rows that were sent, or ended longer ago than the ledger keeps requests.`;

const queuedWords = (queued: number | null): string =>
  queued === null
    ? 'Not received yet, or never sent: what is queued cannot be counted.'
    : `Not received yet, or never sent: ${counted(queued, 'message is', 'messages are')} queued.`;
