import { LedgerUnreachable } from '../../../../functions/ledger/ledger.ts';
import type { Roster } from '../../../campaigns/roster.ts';
import { explanationOf } from '../../../deployment/aws-errors.ts';
import type { Connection, Context } from '../../../deployment/connect.ts';

const EVERY_MS = 1_000;
/** Without the ledger nobody could stop the campaign. */
const SILENT_MS = 10_000;

export interface Checkpoints {
  /** SQS has taken the first so many in the order of the request ids. */
  taken(places: number): void;
  /** Given when the campaign must not be sent on. */
  lost: AbortSignal;
  /** Why, as a whole sentence. */
  why(): string | undefined;
  isCancelled(): boolean;
  /** Writes the last one. @returns whether how far the campaign is sent is written down. */
  close(): Promise<boolean>;
}

/** Writes down about every second how far a campaign is sent, and hears of it when it is cancelled. */
export function checkpointsOf(
  { clock }: Pick<Context, 'clock'>,
  { campaigns, deployment, now }: Pick<Connection, 'campaigns' | 'deployment' | 'now'>,
  { roster, setDigest, sentBy, from }: { roster: Roster; setDigest: string; sentBy: string; from: number },
): Checkpoints {
  const lost = new AbortController();
  let why: string | undefined;
  let isCancelled = false;
  let unwritten = `AWS did not answer for ledger table ${deployment.ledgerTableName}.`;
  let places = from;
  let writtenAt = clock.now();

  const lose = (sentence: string): void => {
    why ??= sentence;
    lost.abort();
  };
  const write = async (): Promise<boolean> => {
    const isAll = places === roster.size;
    const { requestId: sentBelow } = roster.person(isAll ? places - 1 : places);
    try {
      const told = { sentBy, sentBelow, sentRows: places, ...(isAll ? { sentAt: now() } : {}) };
      if (await campaigns.checkpoint(roster.campaignId, setDigest, told)) {
        writtenAt = clock.now();
        return true;
      }
      isCancelled = true;
      lose(
        `The campaign has been cancelled meanwhile, and stays cancelled; give another --id, and leave out with --not-in ${roster.campaignId} who was reset in it.`,
      );
    } catch (error) {
      if (!(error instanceof LedgerUnreachable)) throw error;
      unwritten = explanationOf(`ledger table ${deployment.ledgerTableName}`, error.cause);
      loseIfSilent();
    }
    return false;
  };
  const loseIfSilent = (): void => {
    if (clock.now() - writtenAt <= SILENT_MS) return;
    lose(`How far it is sent could not be written down for ${SILENT_MS / 1000} s. ${unwritten}`);
  };
  const beats = clock.every(EVERY_MS, async () => void (await write()));

  return {
    taken(count) {
      places = count;
      loseIfSilent();
    },
    lost: lost.signal,
    why: () => why,
    isCancelled: () => isCancelled,
    async close() {
      await beats.stop();
      return write();
    },
  };
}
